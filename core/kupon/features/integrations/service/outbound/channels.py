"""What became of deliveries to customers' profiles, as the customers' feeds tell it.

An engagement platform is a channel: what a customer holds is written there for messages to tell.

Source: spec adapters-marketing, section 1.5; events-webhooks-data, section 4.4.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kupon.features.customers.schemas import dump_simple_customer
from kupon.hooks.manifest import Manifest
from kupon.jobs.described import EFFECT, Described
from kupon.kit.timestamps import format_moment
from kupon.storage.queries.customers import find_customers
from kupon.storage.queries.outbound_people import hold_customers
from kupon.storage.queries.outbox import EventRow
from kupon.storage.uow import UnitOfWork

SENT: Final = "sent"
RECOVERED: Final = "recovered"
FAILED: Final = "failed"


@dataclass(frozen=True, slots=True)
class Ending:
    """How the delivery of a customer's profile has ended; RECOVERED is sent after a failure."""

    customer_id: str
    how: str


def is_channel(manifest: Manifest) -> bool:
    """Whether an adapter's platform is one that sends messages to customers."""
    return manifest.kind == "cep" and manifest.can("profiles.push")


def types_of(manifests: Iterable[Manifest]) -> list[str]:
    """The types of events that tell of endings, for all channels among some adapters."""
    return [
        f"customer.{each.id}.{how}"
        for each in manifests
        if is_channel(each)
        for how in (SENT, RECOVERED, FAILED)
    ]


def stage(uow: UnitOfWork, manifest: Manifest, endings: Sequence[Ending]) -> None:
    """Have the feeds of customers tell how deliveries have ended.

    Locks:  the customers' rows against removal, by id: nothing is staged of who is gone.
    """
    if not endings or not is_channel(manifest):
        return
    held = hold_customers(uow, [each.customer_id for each in endings])
    known = find_customers(uow, sorted(held))
    for each in endings:
        if each.customer_id in known:
            customer = dump_simple_customer(known[each.customer_id])
            payload = {"customer": customer, f"{each.how}_at": format_moment(uow.now)}
            uow.stage(f"customer.{manifest.id}.{each.how}", each.customer_id, payload)


def describe(_: UnitOfWork, events: Sequence[EventRow], __: bool) -> Iterator[Described]:
    """Endings, as they are."""
    for event in events:
        payload: Mapping[str, Any] = event.payload
        customer_id = payload["customer"]["id"]
        yield Described(
            event=event,
            type=event.name,
            data=payload,
            entity_id=customer_id,
            category=EFFECT,
            customer_id=customer_id,
        )

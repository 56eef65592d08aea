"""Of what happened, what each connection's platform is to be told.

Source: spec adapters-marketing, sections 1.4, 1.5 and 1.7.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from kupon.features.integrations.service.outbound import event_names, retelling
from kupon.features.integrations.service.outbound.projecting import FIELDS, USUAL, Attribute
from kupon.hooks.manifest import Manifest
from kupon.hooks.tenancy import Tenancy
from kupon.jobs.described import Described
from kupon.kit.timestamps import format_moment
from kupon.storage.queries import outbound_items, outbound_people, sync_runs
from kupon.storage.queries.mirrored_codes import CAMPAIGN
from kupon.storage.queries.outbound_items import CODES, EVENTS, PROFILES, NewItem
from kupon.storage.uow import UnitOfWork

# What was rejected or given up may be told again for so long.
KEPT: Final = timedelta(days=90)

# An event that has gone round so often between platforms goes no further.
MOST_HOPS: Final = 3
HOPS: Final = "kupon_hops"

# What a platform has told of a profile it need not hear again; what followed from it, it must.
_ECHOES: Final = ("customer.created", "customer.updated", event_names.CUSTOM)
# Nothing that is projected changes with these.
_WITHOUT_PROFILE: Final = ("customer.validation.", event_names.CUSTOM, "customer.deleted")
_OF_CODES: Final = frozenset({
    "business_validation_rule.assignment.created",
    "business_validation_rule.assignment.deleted",
    "customer.publication.succeeded",
    "redemption.succeeded",
    "redemption.rollback.succeeded",
    "voucher.created",
    "voucher.deleted",
    "voucher.disabled",
    "voucher.enabled",
    "voucher.updated",
})  # fmt: skip
# How a delivery ended, or what somebody was refused.
_ENDINGS: Final = (".failed", ".recovered", ".sent")


@dataclass(frozen=True, slots=True)
class Receiver:
    """A connection whose platform is told of something, and what it asked for."""

    id: str
    manifest: Manifest
    outbound: Mapping[str, Any]

    def is_origin_of(self, event: Described) -> bool:
        """Whether the platform itself has caused an event."""
        return event.event.origin == f"connection:{self.id}"

    def name_of(self, type: str) -> str:
        """What the platform calls a type of events."""
        names = self.outbound.get("names") or {}
        style = names.get("style") or self.manifest.event_names
        return event_names.name_of(type, style, names.get("own") or {})

    @property
    def attributes(self) -> Sequence[Attribute]:
        """The attributes of profiles."""
        chosen = self.outbound.get("attributes")
        if chosen is None:
            return USUAL
        return [
            Attribute(
                each["field"],
                each["attribute"],
                each.get("type") or FIELDS[each["field"]][0],
                each.get("campaign"),
            )
            for each in chosen
            if each["field"] in FIELDS
        ]

    def mirrors(self, voucher: Mapping[str, Any]) -> bool:
        """Whether a code is to exist on the platform."""
        campaigns = (self.outbound.get("codes") or {}).get("campaigns")
        if campaigns is None:
            return True
        return voucher.get("campaign_id") in campaigns or voucher.get("campaign") in campaigns


def has_receivers(uow: UnitOfWork, tenants: Tenancy) -> bool:
    """Whether any platform of the unit's project is told of anything."""
    return bool(_receivers(uow, tenants))


def announce(uow: UnitOfWork, tenants: Tenancy, described: Sequence[Described]) -> None:
    """Keep for each platform what it is to be told, in the transaction that was told of it.

    Shapes:  nothing is kept of a customer that is gone.
    Locks:   the customers' rows against removal, by id.
    """
    receivers = _receivers(uow, tenants)
    if not receivers:
        return
    named = [each.customer_id for each in described if each.customer_id is not None]
    known = outbound_people.hold_customers(uow, named)
    items = [item for each in receivers for item in _items(each, described, known)]
    outbound_items.insert_items(uow, items)
    retelling.announce(uow, _mirrors(receivers), described)


def hear_of_codes(uow: UnitOfWork, tenants: Tenancy, campaign_ids: Sequence[str]) -> None:
    """Have the codes of campaigns told that have changed without an event of their own."""
    mirrors = _mirrors(_receivers(uow, tenants))
    retelling.begin(uow, mirrors, CAMPAIGN, campaign_ids)


def sweep(uow: UnitOfWork) -> None:
    """Have told and pulled what waits although nobody works on it."""
    outbound_people.ask_pending(uow)
    outbound_items.wake_forgotten(uow)
    sync_runs.enqueue_forgotten(uow)


def purge(uow: UnitOfWork) -> None:
    """Forget what nobody wanted to tell again."""
    outbound_items.purge_items(uow, uow.now - KEPT)


def _receivers(uow: UnitOfWork, tenants: Tenancy) -> list[Receiver]:
    """Connections that are broken or paused are among them: what happens meanwhile waits."""
    adapters = tenants.contributions.adapters
    return [
        Receiver(row.id, adapters[row.adapter].manifest(), row.outbound)
        for row in outbound_items.list_receivers(uow)
        if row.adapter in adapters and adapters[row.adapter].manifest().can("*.push")
    ]


def _mirrors(receivers: Iterable[Receiver]) -> list[str]:
    return [each.id for each in receivers if each.manifest.can("codes.push")]


def _items(
    receiver: Receiver, described: Sequence[Described], known: set[str]
) -> Iterator[NewItem]:
    can = receiver.manifest.can
    of_known = [each for each in described if each.is_of_feed and each.customer_id in known]
    if can("events.push"):
        yield from (_event(receiver, each) for each in of_known if _hears(receiver, each))
    if can("profiles.push"):
        yield from _profiles(receiver, of_known)
    if can("codes.push"):
        yield from _codes(receiver, described)


def _hears(receiver: Receiver, event: Described) -> bool:
    if not event_names.wants(receiver.outbound.get("events"), event.type):
        return False
    if event.type != event_names.CUSTOM:
        return True
    return not receiver.is_origin_of(event) and hops_of(metadata_of(event.data)) < MOST_HOPS


def hops_of(metadata: Mapping[str, Any]) -> int:
    """How often a custom event has been told to a platform that told it again.

    Shapes:  templates of platforms make texts of numbers.
    """
    try:
        return int(metadata.get(HOPS) or 0)
    except (TypeError, ValueError):
        return 0


def metadata_of(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The metadata of a custom event, by what is told of it."""
    found: Mapping[str, Any] = (data.get("event") or {}).get("metadata") or {}
    return found


def _event(receiver: Receiver, event: Described) -> NewItem:
    payload = {
        "type": event.type,
        "occurred_at": format_moment(event.happened_at),
        "data": dict(event.data),
    }
    return NewItem(
        connection_id=receiver.id,
        kind=EVENTS,
        item_id=event.id,
        customer_id=event.customer_id,
        payload=payload,
    )


def _profiles(receiver: Receiver, described: Iterable[Described]) -> Iterator[NewItem]:
    changed = {
        each.customer_id
        for each in described
        if not each.type.startswith(_WITHOUT_PROFILE)
        and not each.type.endswith(_ENDINGS)
        and not (each.type in _ECHOES and receiver.is_origin_of(each))
    }
    for customer_id in sorted(filter(None, changed)):
        yield NewItem(
            connection_id=receiver.id,
            kind=PROFILES,
            item_id=customer_id,
            customer_id=customer_id,
            payload={},
        )


def _codes(receiver: Receiver, described: Iterable[Described]) -> Iterator[NewItem]:
    vouchers = {
        voucher["id"]: voucher
        for each in described
        if each.type in _OF_CODES
        and (voucher := each.data.get("voucher")) is not None
        and receiver.mirrors(voucher)
    }
    for voucher_id, voucher in vouchers.items():
        yield NewItem(
            connection_id=receiver.id,
            kind=CODES,
            item_id=voucher_id,
            customer_id=None,
            payload={"code": voucher["code"]},
        )

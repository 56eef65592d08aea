"""Bringing published codes to customers through the channels of plugins."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from kupon.features.customers import service as customers
from kupon.features.publications import service as publications
from kupon.features.vouchers import service as vouchers
from kupon.hooks.errors import Retry, Skip
from kupon.hooks.tenancy import Tenancy
from kupon.hooks.types import Channel, Message
from kupon.jobs.registry import Again
from kupon.storage.queries.holders import find_codes
from kupon.storage.queries.project_plugins import find_active, load_activations
from kupon.storage.queries.publications import find_publications
from kupon.storage.uow import UnitOfWork

DELIVER = "plugins.deliver"
_LONGEST_S = 900.0
# About a day.
_MOST_TRIES = 100

Row = Mapping[str, Any]

_log = logging.getLogger("kupon.plugins")


def has_channels(uow: UnitOfWork, tenants: Tenancy) -> bool:
    """Whether any plugin brings codes to customers of the unit's project."""
    owners = {owner for owner, _ in tenants.contributions.channels.values()}
    return bool(find_active(uow, sorted(owners)))


def send_through(uow: UnitOfWork, tenants: Tenancy, publication_ids: Sequence[str]) -> None:
    """Leave publications whose channel is an active plugin's to the worker, each by itself."""
    rows = find_publications(uow, list(publication_ids))
    for publication_id, row in rows.items():
        owner, channel = _channel(tenants, row)
        if channel is not None and find_active(uow, [owner]):
            uow.enqueue(DELIVER, {"publication_id": publication_id}, order_key=publication_id)


def deliver(uow: UnitOfWork, tenants: Tenancy, arguments: Mapping[str, Any]) -> Again | None:
    """Bring one code of a publication to its customer, and go on with the next.

    Each has a transaction of its own: whatever becomes of one, those before are not sent again.

    Shapes:  done counts the codes that were brought, tries the failures of the one that is next.
    """
    row = find_publications(uow, [arguments["publication_id"]]).get(arguments["publication_id"])
    owner, channel = _channel(tenants, row)
    activation = load_activations(uow).get(owner)
    done, tries = arguments.get("done", 0), arguments.get("tries", 0)
    if row is None or channel is None or activation is None or done >= len(row["voucher_ids"]):
        return None
    message = _message(uow, row, row["voucher_ids"][done], activation.opened(tenants))
    try:
        if message is not None:
            channel.deliver(message, tenants.http(f"{owner}:{uow.project_id}"))
    except Skip as refusal:
        _log.warning("message refused", extra={"channel": channel.name, "why": refusal.reason})
    except Retry as failure:
        if tries == _MOST_TRIES:
            raise
        wait_s = failure.retry_after_s or min(_LONGEST_S, 2.0**tries)
        return Again({**arguments, "tries": tries + 1}, timedelta(seconds=wait_s))
    return Again({**arguments, "done": done + 1, "tries": 0})


def _channel(tenants: Tenancy, row: Row | None) -> tuple[str, Channel | None]:
    """The channel of a publication and the plugin that has it; none for others."""
    name = row["channel"] if row is not None else ""
    return tenants.contributions.channels.get(name, ("", None))


def _message(
    uow: UnitOfWork, row: Row, voucher_id: str, settings: Mapping[str, Any]
) -> Message | None:
    """What a channel is told of a code; None where it is no longer there."""
    codes = vouchers.dump_all(uow, find_codes(uow, [voucher_id]))
    if not codes:
        return None
    [publication] = publications.dump_rows(uow, [row])
    customer = customers.describe_customers(uow, [row["customer_id"]])[row["customer_id"]]
    return Message(
        project_id=uow.project_id,
        customer=customer,
        voucher=codes[0],
        publication=publication,
        settings=settings,
    )

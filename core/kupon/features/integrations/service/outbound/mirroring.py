"""Codes by the campaign: drawn ones, and those that were there before the platform was.

Single codes are told of as they change, by `outbound`; those that are drawn in bulk have no events
of their own.

Source: spec adapters-commerce, sections 1.2 and 5.4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from kupon.features.integrations.service.entering import enter
from kupon.features.integrations.service.outbound.hearing import Receiver
from kupon.features.integrations.service.outbound.telling import get_outbound
from kupon.features.integrations.service.tenants import Tenants
from kupon.hooks.tenancy import Tenancy
from kupon.jobs.described import Described
from kupon.jobs.registry import Again
from kupon.kit.errors import invalid_payload
from kupon.storage.queries import connections, mirrored_codes, outbound_items
from kupon.storage.uow import UnitOfWork

MIRROR: Final = "integrations.mirror"
# Short enough that nobody waits for the items of these codes.
SLICE: Final = 5_000
# What ends a drawing; one that failed has drawn some.
_DRAWN: Final = frozenset(
    ("campaign.vouchers.generation.completed", "campaign.vouchers.generation.failed")
)


def announce(uow: UnitOfWork, tenants: Tenancy, described: Sequence[Described]) -> None:
    """Have the codes told that campaigns have drawn."""
    drawn = {
        campaign["id"]: campaign
        for each in described
        if each.type in _DRAWN and (campaign := each.data.get("campaign")) is not None
    }
    if not drawn:
        return
    adapters = tenants.contributions.adapters
    for row in outbound_items.list_receivers(uow):
        manifest = adapters[row.adapter].manifest() if row.adapter in adapters else None
        if manifest is None or not manifest.can("codes.push"):
            continue
        receiver = Receiver(row.id, manifest, row.outbound)
        for id, campaign in drawn.items():
            if receiver.mirrors({"campaign_id": id, "campaign": campaign.get("name")}):
                _begin(uow, row.id, id)


def mirror_codes(
    uow: UnitOfWork, tenants: Tenants, project_id: str, reference: str
) -> dict[str, Any]:
    """Have a platform told of all codes that it is to have, by workers; what waits for it.

    Raises:  not_found; invalid_payload where the platform takes no codes.
    """
    row = enter(uow, project_id, reference)
    adapter = tenants.contributions.adapters.get(row.adapter)
    if adapter is None or not adapter.manifest().can("codes.push"):
        raise invalid_payload(f"Adapter {row.adapter} takes no codes")
    chosen = (row.outbound.get("codes") or {}).get("campaigns")
    campaigns = [None] if chosen is None else mirrored_codes.find_chosen(uow, list(chosen))
    for campaign_id in campaigns:
        _begin(uow, row.id, campaign_id)
    return get_outbound(uow, tenants, project_id, reference)


def _begin(uow: UnitOfWork, connection_id: str, campaign_id: str | None) -> None:
    arguments = {"connection_id": connection_id, "campaign_id": campaign_id, "after": ""}
    uow.enqueue(MIRROR, arguments, order_key=f"{connection_id}:{campaign_id or '*'}")


def mirror(uow: UnitOfWork, arguments: Mapping[str, Any]) -> Again | None:
    """Have the next slice of codes told; with what to go on."""
    if connections.find_connection(uow, arguments["connection_id"]) is None:
        return None
    last = mirrored_codes.tell_codes(
        uow, arguments["connection_id"], arguments["campaign_id"], arguments["after"], SLICE
    )
    return None if last is None else Again({**arguments, "after": last})

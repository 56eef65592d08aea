"""Codes that platforms know, told anew when something befalls their campaign.

Source: spec adapters-commerce, section 5.4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from kupon.jobs.described import Described
from kupon.jobs.registry import Again
from kupon.storage.queries import connections, mirrored_codes
from kupon.storage.uow import UnitOfWork

RETELL: Final = "integrations.retell"
# Short enough that nobody waits for the items of these codes.
_SLICE: Final = 5_000
_OCCASIONS: Final = frozenset({
    "business_validation_rule.assignment.created",
    "business_validation_rule.assignment.deleted",
    "campaign.deleted",
    "campaign.disabled",
    "campaign.enabled",
    "campaign.updated",
})  # fmt: skip


def announce(
    uow: UnitOfWork, connection_ids: Sequence[str], described: Sequence[Described]
) -> None:
    """Have some connections' platforms told of the codes of campaigns that are others now."""
    changed = {
        campaign["id"]
        for each in described
        if each.type in _OCCASIONS and (campaign := each.data.get("campaign")) is not None
    }
    for connection_id in connection_ids:
        for campaign_id in sorted(changed):
            arguments = {"connection_id": connection_id, "campaign_id": campaign_id, "after": ""}
            uow.enqueue(RETELL, arguments, order_key=f"{connection_id}:{campaign_id}")


def retell(uow: UnitOfWork, arguments: Mapping[str, Any]) -> Again | None:
    """Have the next slice of codes told; with what to go on."""
    connection_id, campaign_id = arguments["connection_id"], arguments["campaign_id"]
    if connections.find_connection(uow, connection_id) is None:
        return None
    last = mirrored_codes.tell_again(uow, connection_id, campaign_id, arguments["after"], _SLICE)
    return None if last is None else Again({**arguments, "after": last})

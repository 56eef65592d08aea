"""Codes that platforms know, told anew when something befalls their campaign or their rule.

Source: spec adapters-commerce, section 5.4.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from kupon.jobs.described import Described
from kupon.jobs.registry import Again
from kupon.storage.queries import connections, mirrored_codes
from kupon.storage.queries.mirrored_codes import CAMPAIGN, RULE
from kupon.storage.uow import UnitOfWork

RETELL: Final = "integrations.retell"
# Short enough that nobody waits for the items of these codes.
_SLICE: Final = 5_000
# What befalls all codes of a campaign, or all that have a rule.
_OCCASIONS: Final = {
    "business_validation_rule.assignment.created": CAMPAIGN,
    "business_validation_rule.assignment.deleted": CAMPAIGN,
    "business_validation_rule.updated": RULE,
    "campaign.deleted": CAMPAIGN,
    "campaign.disabled": CAMPAIGN,
    "campaign.enabled": CAMPAIGN,
    "campaign.updated": CAMPAIGN,
}


def announce(
    uow: UnitOfWork, connection_ids: Sequence[str], described: Sequence[Described]
) -> None:
    """Have some connections' platforms told of the codes of what is another now."""
    causes = {
        (kind, cause["id"])
        for each in described
        if (kind := _OCCASIONS.get(each.type)) and (cause := each.data.get(kind)) is not None
    }
    for kind, cause in sorted(causes):
        begin(uow, connection_ids, kind, [cause])


def begin(uow: UnitOfWork, connection_ids: Iterable[str], kind: str, causes: Sequence[str]) -> None:
    """Have some connections' platforms told of the codes of campaigns, or of those with rules."""
    for connection_id in connection_ids:
        for cause in causes:
            arguments = {
                "connection_id": connection_id,
                "kind": kind,
                "cause": cause,
                "after": "",
            }
            uow.enqueue(RETELL, arguments, order_key=f"{connection_id}:{cause}")


def retell(uow: UnitOfWork, arguments: Mapping[str, Any]) -> Again | None:
    """Have the next slice of codes told; with what to go on."""
    connection_id, kind, cause, after = (
        arguments[name] for name in ("connection_id", "kind", "cause", "after")
    )
    if connections.find_connection(uow, connection_id) is None:
        return None
    if kind == RULE and not after:
        begin(uow, [connection_id], CAMPAIGN, mirrored_codes.find_ruled(uow, cause))
    last = mirrored_codes.tell_again(uow, connection_id, kind, cause, after, _SLICE)
    return None if last is None else Again({**arguments, "after": last})

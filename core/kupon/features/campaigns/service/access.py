"""The areas and stores that a campaign is assigned to.

Source: spec rules-and-qualification, section 20.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kupon.engine.access import may_edit
from kupon.kit.errors import KuponError, invalid_payload
from kupon.storage.queries import areas, campaign_access
from kupon.storage.tables.campaigns import Campaign
from kupon.storage.uow import UnitOfWork

MOST_ASSIGNMENTS = 100


def set_access(uow: UnitOfWork, row: Campaign, body: Mapping[str, Any], *, is_new: bool) -> None:
    """Change a campaign's assignments as its body says; what is in both of its lists is assigned.

    Raises:  not_found for an area or store; invalid_payload for too many; forbidden for a
        restricted key that does not have all places that the campaign has in the end.
    Locks:   the campaign must be new, or locked.
    """
    settings = body.get("access_settings") or {}
    gone, come = (
        areas.hold_places(uow, uow.project_id, settings.get(part, {}))
        for part in ("unassign", "assign")
    )
    if not (gone or come or (is_new and uow.scope is not None)):
        return
    places = campaign_access.change_access(uow, row.id, gone, come)
    if len(places) > MOST_ASSIGNMENTS:
        raise invalid_payload(
            f"Property .access_settings must NOT leave more than {MOST_ASSIGNMENTS} assignments"
        )
    if uow.scope is not None and not may_edit(uow.scope, places):
        raise KuponError(
            "forbidden", "Campaign must be assigned to areas and stores of the restricted key only"
        )

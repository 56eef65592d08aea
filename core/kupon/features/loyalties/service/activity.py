"""The activity feeds of members: what of their customers' feeds concerns the programme.

Source: spec campaigns-loyalty-referral-gift, section 7.12.
"""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from kupon.features.loyalties.schemas.activity import NAMES, dump_member_activity
from kupon.features.loyalties.service.members import find_member
from kupon.kit.pages import PageRequest, list_body
from kupon.storage.queries import activities
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.uow import UnitOfWork


def list_activity(
    uow: UnitOfWork,
    project: ProjectFacts,
    programme: str | None,
    member: str,
    request: PageRequest,
) -> dict[str, Any]:
    """One page of a member's feed; nothing where nobody holds the card.

    Raises:  not_found.
    """
    card = find_member(uow, project, programme, member).voucher
    page = activities.list_of_campaign(
        uow,
        card.holder_id or "",
        card.campaign_id or "",
        sorted(NAMES),
        request,
        ZoneInfo(project.timezone),
    )
    return list_body(
        "data",
        [dump_member_activity(row, card.id) for row in page.rows],
        has_more=page.has_more,
        more_starting_after=page.rows[-1].id if page.has_more else None,
    )

"""Members of programmes: a member is a card, which a customer joins by.

Source: spec campaigns-loyalty-referral-gift, section 7.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from kupon.engine.points import LOYALTY_CARD
from kupon.features.loyalties.service.programmes import find_programme
from kupon.features.publications import service as publications
from kupon.features.publications.service import Declined
from kupon.features.vouchers import service as vouchers
from kupon.kit.errors import not_found
from kupon.kit.pages import PageRequest
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.queries.vouchers import FoundVoucher
from kupon.storage.queries.vouchers import get_voucher as get_stored_voucher
from kupon.storage.uow import UnitOfWork


def find_member(
    uow: UnitOfWork, project: ProjectFacts, programme: str | None, member: str
) -> FoundVoucher:
    """A card by its id or code.

    Shapes:  programme is the id or name of the campaign that the card must be of, None for any.
    Raises:  not_found for the programme or the card; forbidden for a restricted key.
    """
    campaign_id = None if programme is None else find_programme(uow, programme).id
    key = vouchers.code_key(member, is_case_sensitive=project.case_sensitive_codes)
    found = get_stored_voucher(uow, member, key)
    if found.voucher.type != LOYALTY_CARD or campaign_id not in (None, found.voucher.campaign_id):
        raise not_found("voucher", member)
    return found


def get_member(
    uow: UnitOfWork, project: ProjectFacts, programme: str | None, member: str
) -> dict[str, Any]:
    """One card.

    Raises:  not_found.
    """
    found = find_member(uow, project, programme, member)
    return vouchers.get_voucher(uow, project, found.voucher.id)


def list_members(
    uow: UnitOfWork, project: ProjectFacts, programme: str, request: PageRequest
) -> dict[str, Any]:
    """One page of the cards of a programme.

    Raises:  not_found.
    """
    shortcuts = {**request.shortcuts, "campaign_id": find_programme(uow, programme).id}
    return vouchers.list_vouchers(uow, project, replace(request, shortcuts=shortcuts))


def add_member(
    uow: UnitOfWork, project: ProjectFacts, programme: str, body: Mapping[str, Any]
) -> dict[str, Any] | Declined:
    """Give a customer a card; who has one already keeps it.

    Refuses: as publications.publish.
    Raises:  not_found for the programme or the card; as publications.publish.
    """
    campaign = find_programme(uow, programme)
    if body.get("voucher"):
        find_member(uow, project, campaign.id, body["voucher"])
    wanted = {**body, "campaign": {"name": campaign.id, "count": 1}, "join_once": True}
    outcome = publications.publish(uow, project, wanted)
    if isinstance(outcome, Declined):
        return outcome
    card: dict[str, Any] = outcome["voucher"]
    return card

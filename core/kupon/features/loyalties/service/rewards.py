"""The rewards that programmes offer: assigning several, and what one member can have.

Source: spec campaigns-loyalty-referral-gift, section 8.2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kupon.features.loyalties.service.members import find_member
from kupon.features.rewards import schemas
from kupon.features.rewards import service as rewards
from kupon.features.rewards.service import Offer
from kupon.features.vouchers import service as vouchers
from kupon.kit.errors import invalid_payload
from kupon.kit.pages import list_body
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.uow import UnitOfWork


def assign_rewards(
    uow: UnitOfWork, name: str, bodies: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Offer several rewards in a programme, all or none of them.

    Shapes:  the first assignment: the reference answers an object for the array that it takes.
    Raises:  invalid_payload for an empty array; as rewards.create_assignment.
    """
    if not bodies:
        raise invalid_payload("Payload must NOT have fewer than 1 items")
    campaign = rewards.programme_of(uow, name)
    # Rewards are locked by id, whatever order they are listed in.
    places = sorted(range(len(bodies)), key=lambda place: str(bodies[place]["reward"]))
    made = {
        place: rewards.create_assignment(uow, bodies[place]["reward"], campaign.id, bodies[place])
        for place in places
    }
    return made[0]


def list_for_member(
    uow: UnitOfWork, project: ProjectFacts, member: str, *, is_affordable: bool
) -> dict[str, Any]:
    """The rewards that a member can choose from, at the prices of the member's tier.

    Shapes:  is_affordable leaves out what there are too few points for; what is paid for by the
        amount of an order can be afforded with any.
    Raises:  not_found.
    """
    card = find_member(uow, project, None, member).voucher
    today = vouchers.today_of(uow, project)
    offers = []
    if card.campaign_id is not None:
        offers = rewards.list_offers(uow, card.campaign_id, card.id, today)
    if is_affordable:
        most = card.balance.left
        offers = [offer for offer in offers if (offer.price or 1) <= most]
    rows = [_dump(offer) for offer in offers]
    return list_body("data", rows, total=len(rows))


def _dump(offer: Offer) -> dict[str, Any]:
    return {
        "reward": schemas.dump_reward(offer.reward),
        "assignment": schemas.dump_assignment(offer.assignment, offer.price),
        "object": "loyalty_reward",
    }

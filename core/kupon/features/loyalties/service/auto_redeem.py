"""Rewards that programmes redeem by themselves, as soon as a card has the points.

Source: spec campaigns-loyalty-referral-gift, section 7.11.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from kupon.features.redemptions import service as redemptions
from kupon.features.redemptions.service import AUTO_REDEEM, Caller, Failed
from kupon.features.rewards import service as rewards
from kupon.features.rewards.service import Offer
from kupon.features.vouchers import service as vouchers
from kupon.kit.errors import KuponError
from kupon.storage.points import Card, lock_cards
from kupon.storage.queries import auto_redemptions
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.savepoints import savepoint
from kupon.storage.tables.rewards import RewardAssignment
from kupon.storage.uow import UnitOfWork

# How many of a reward one redemption gives.
MOST_AT_ONCE = 25


def auto_redeem(uow: UnitOfWork, project: ProjectFacts, card_ids: Collection[str]) -> None:
    """Have cards buy what their programmes redeem by themselves, as often as they have the points.

    A reward that can't be given is left for the next time; that has been recorded.

    Locks:   the cards by ascending id, then as redemptions.redeem.
    """
    cards = lock_cards(uow, card_ids)
    campaigns = (card.campaign_id for card in cards.values() if card.campaign_id is not None)
    automatic = auto_redemptions.find_automatic(uow, campaigns)
    for card in cards.values():
        assignment = automatic.get(card.campaign_id or "")
        if assignment is not None and card.holder_id is not None and card.is_active:
            _redeem_all(uow, project, card, card.holder_id, assignment)


def _redeem_all(
    uow: UnitOfWork,
    project: ProjectFacts,
    card: Card,
    customer_id: str,
    assignment: RewardAssignment,
) -> None:
    today = vouchers.today_of(uow, project)
    while (offer := _offer(uow, card, assignment, today)) is not None:
        quantity = _affordable(card, offer)
        if not quantity or not auto_redemptions.admit(uow, assignment.id, customer_id, today):
            return
        redemption_id = _redeem(uow, project, card, customer_id, offer, quantity)
        if redemption_id is None:
            return
        auto_redemptions.count_redemption(uow, assignment.id, customer_id, today, redemption_id)
        card = lock_cards(uow, [card.id])[card.id]


def _offer(uow: UnitOfWork, card: Card, assignment: RewardAssignment, today: date) -> Offer | None:
    return rewards.find_offer(
        uow, assignment.campaign_id, card.id, today, assignment_id=assignment.id
    )


def _affordable(card: Card, offer: Offer) -> int:
    """How many a card buys at once; of what a tier makes free nobody takes any by itself."""
    if not offer.price:
        return 0
    reward = offer.reward
    left = MOST_AT_ONCE if reward.stock is None else reward.stock - reward.redeemed
    return max(min(card.available // offer.price, left, MOST_AT_ONCE), 0)


def _redeem(
    uow: UnitOfWork,
    project: ProjectFacts,
    card: Card,
    customer_id: str,
    offer: Offer,
    quantity: int,
) -> str | None:
    """Redeem a reward; the redemption's id, None where it was refused.

    What the customer never asked for must not keep points from coming.
    """
    caller = Caller(offer.assignment.id, AUTO_REDEEM, is_settling=True)
    bought = {"assignment_id": offer.assignment.id, "quantity": quantity}
    body = {
        "redeemables": [{"object": "voucher", "id": card.id, "reward": bought}],
        "customer": {"id": customer_id},
    }
    try:
        with savepoint(uow):
            outcome = redemptions.redeem(uow, project, caller, body)
    except KuponError:
        return None
    if isinstance(outcome, Failed):
        return None
    redemption_id: str = outcome["redemptions"][0]["id"]
    return redemption_id

"""Loyalty cards in a request: which reward each is to be spent on, and what that comes to.

Source: spec discounts-and-stacking, section 8; campaigns-loyalty-referral-gift, section 8.3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from kupon.engine.points import LOYALTY_CARD, NoReward, PointsPayment, PointsSpending
from kupon.engine.refusals import Refusal
from kupon.features.rewards import service as rewards
from kupon.features.rewards.service import Offer
from kupon.kit.calendar import Calendar
from kupon.storage.definitions import Definitions
from kupon.storage.snapshots import VoucherFacts
from kupon.storage.uow import UnitOfWork

Sent = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Payment:
    """What a card is spent on.

    Shapes:  offer is None where the card can't have the reward, which worth tells of.
    """

    worth: PointsPayment | PointsSpending | NoReward
    offer: Offer | None = None
    quantity: int = 1


def find_payments(
    uow: UnitOfWork,
    sent: Sequence[Sent],
    known: Mapping[tuple[str, str], Any],
    definitions: Definitions,
    customer: Mapping[str, Any] | None,
) -> dict[tuple[str, str], Payment]:
    """What the loyalty cards among a request's redeemables are spent on, by kind and id as sent.

    Shapes:  nothing is read unless there is such a card.
    """
    payments = {}
    for each in sent:
        key = (each["object"], each["id"])
        facts = known.get(key)
        if isinstance(facts, VoucherFacts) and facts.type == LOYALTY_CARD:
            today = Calendar(uow.now, definitions.timezone).today
            payments[key] = _payment(uow, facts, each.get("reward") or {}, customer, today)
    return payments


def as_money(
    uow: UnitOfWork, card: VoucherFacts, definitions: Definitions
) -> tuple[PointsPayment, Offer] | None:
    """What a card can pay of an order without being told how much; None where nothing.

    Shapes:  with the reward by which it pays, the newest if there are several.
    """
    today = Calendar(uow.now, definitions.timezone).today
    for offer in rewards.list_offers(uow, card.campaign_id or "", card.id, today):
        payment = _worth(card, offer, None, 1)
        if isinstance(payment, PointsPayment):
            return replace(payment, is_partial=True), offer
    return None


def _payment(
    uow: UnitOfWork, card: VoucherFacts, asked: Sent, customer: Sent | None, today: date
) -> Payment:
    if not (asked.get("id") or asked.get("assignment_id")):
        return Payment(NoReward(Refusal("missing_reward", card.code)))
    # UNCERTAIN: who names no customer is taken for the holder (discounts-and-stacking, section 8).
    if card.holder_id is None or (customer is not None and customer["id"] != card.holder_id):
        details = f"Card {card.code} is not held by the customer"
        return Payment(NoReward(Refusal("invalid_customer", details)))
    offer = rewards.find_offer(
        uow,
        card.campaign_id or "",
        card.id,
        today,
        reward_id=asked.get("id"),
        assignment_id=asked.get("assignment_id"),
    )
    if offer is None:
        return Payment(NoReward(_unknown(asked)))
    quantity = asked.get("quantity", 1)
    return Payment(_worth(card, offer, asked.get("points"), quantity), offer, quantity)


def _unknown(asked: Sent) -> Refusal:
    kind = "reward" if asked.get("id") else "reward_assignment"
    name = asked.get("id") or asked["assignment_id"]
    return Refusal(
        "not_found",
        f"Cannot find {kind.replace('_', ' ')} with id {name}",
        resource_id=name,
        resource_type=kind,
    )


def _worth(
    card: VoucherFacts, offer: Offer, asked: int | None, quantity: int
) -> PointsPayment | PointsSpending:
    balance, locked = card.balance.left, card.locked_credits
    if offer.price is not None:
        return PointsSpending(points=offer.price * quantity, balance=balance, locked=locked)
    coin = offer.reward.parameters["coin"]
    return PointsPayment(
        exchange_ratio=Decimal(str(coin["exchange_ratio"])),
        points_ratio=coin["points_ratio"],
        balance=balance,
        locked=locked,
        asked=asked,
        multiplier=offer.multiplier,
    )

"""What the loyalty cards of a request buy: given before anything is charged, told of afterwards.

Source: spec campaigns-loyalty-referral-gift, section 8.3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from kupon.engine.model import Step
from kupon.engine.refusals import Refusal
from kupon.features.redemptions.service.rows import AUTO_REDEEM, Caller
from kupon.features.rewards import service as rewards
from kupon.features.rewards.service import Given, Offer
from kupon.features.validations.service import Case
from kupon.features.vouchers import service as vouchers
from kupon.kit.errors import KuponError
from kupon.storage import snapshots
from kupon.storage.ledger import AUTOMATIC, MANUAL, POINTS_REDEMPTION, Line
from kupon.storage.points import spend_of_redemption
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.snapshots import VoucherFacts
from kupon.storage.uow import UnitOfWork

Row = Mapping[str, Any]


class Sale(NamedTuple):
    """A reward that a card buys, and what was given of it."""

    offer: Offer
    given: Given

    def ledger(self, caller: Caller) -> dict[str, Any]:
        """What the line of the card's ledger says of the reward."""
        reward = self.offer.reward
        return {
            "type": POINTS_REDEMPTION,
            "operation_type": AUTOMATIC if caller.channel_type == AUTO_REDEEM else MANUAL,
            "details": {"reward": {"id": reward.id, "name": reward.name}},
        }


@dataclass(frozen=True, slots=True)
class SoldOut:
    """A reward that can't be given; is_first tells that none was given before it."""

    step: Step
    refusal: Refusal
    is_first: bool


def sell(
    uow: UnitOfWork, project: ProjectFacts, case: Case, applied: Sequence[Step]
) -> dict[str, Sale] | SoldOut:
    """Give the holders of loyalty cards what these are spent on; by the card's id.

    Locks:  as rewards.grant, rewards by id.
    """
    wanted = []
    for step in applied:
        payment, card = case.payment_of(step.redeemable), case.facts_of(step.redeemable)
        if payment is not None and payment.offer is not None and isinstance(card, VoucherFacts):
            wanted.append((step, payment.offer, payment.quantity, card))
    sold: dict[str, Sale] = {}
    for step, offer, quantity, card in sorted(wanted, key=lambda each: each[1].reward.id):
        holder = card.holder_id or ""
        given = rewards.grant(
            uow, project, offer.reward, holder, quantity=quantity, paying_id=card.id
        )
        if isinstance(given, KuponError):
            return SoldOut(step, _as_refusal(given), is_first=not sold)
        sold[card.id] = Sale(offer, given)
    return sold


def _as_refusal(error: KuponError) -> Refusal:
    return Refusal(
        error.key,
        error.details,
        message=error.message,
        resource_id=error.extra.get("resource_id"),
        resource_type=error.extra.get("resource_type"),
    )


class Sold(NamedTuple):
    """What became of the cards that have bought something, and how redemptions tell of that."""

    cards: Mapping[str, VoucherFacts]
    rewards: Mapping[str, dict[str, Any]]
    rows: Mapping[str, Row]


NOTHING_SOLD = Sold({}, {}, {})


def settle(
    uow: UnitOfWork,
    project: ProjectFacts,
    sold: Mapping[str, Sale],
    children: Sequence[Row],
    lines: Sequence[Line],
) -> Sold:
    """Take the points from where they end soonest, and keep what was given for them.

    Shapes:  children are the rows of the redemptions; the rewards and the rows of what was given
        are by the redemption's id, the cards by their own.
    Locks:   the cards must have been written by this transaction.
    """
    if not sold:
        return NOTHING_SOLD
    spend_of_redemption(uow, lines, today=vouchers.today_of(uow, project))
    cards = snapshots.find_vouchers(uow, list(sold))
    rows = {
        child["id"]: _record(uow, sold[child["voucher_id"]], child, cards[child["voucher_id"]])
        for child in children
        if child["voucher_id"] in sold
    }
    return Sold(cards, rewards.dump_given_rewards(uow, list(rows.values())), rows)


def _record(uow: UnitOfWork, sale: Sale, child: Row, card: VoucherFacts) -> Row:
    return rewards.record(
        uow,
        sale.given,
        source_type="redemption",
        source_id=child["id"],
        customer_id=card.holder_id or "",
        card_id=card.id,
        campaign_id=card.campaign_id,
        assignment=sale.offer.assignment,
        tier_id=sale.offer.tier_id,
    )


def tell(
    uow: UnitOfWork,
    caller: Caller,
    sold: Mapping[str, Sale],
    done: Sold,
    redemptions: Sequence[Row],
) -> None:
    """Stage what was bought; redemptions are the wire's."""
    for redemption in redemptions:
        row = done.rows.get(redemption["id"])
        if row is not None:
            rewards.stage_given(
                uow,
                row,
                done.rewards[redemption["id"]],
                assignment=sold[row["voucher_id"]].offer.assignment,
                redemption=redemption,
                balance={"points": redemption["amount"]},
            )
    if not caller.is_settling:
        vouchers.stage_points_changed(uow, done.cards.values())

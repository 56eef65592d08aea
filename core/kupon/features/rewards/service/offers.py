"""What a card can be spent on: its programme's rewards, at the prices of the tier that it is in.

Source: spec campaigns-loyalty-referral-gift, sections 7.9 and 8.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from kupon.engine.loyalty.mappings import Custom, Disabled, Multiply, PointsMapping, parse_mapping
from kupon.storage.queries import loyalty_tiers, reward_assignments, rewards
from kupon.storage.tables.loyalties import LoyaltyTier
from kupon.storage.tables.rewards import Reward, RewardAssignment
from kupon.storage.uow import UnitOfWork


@dataclass(frozen=True, slots=True)
class Offer:
    """A reward as one card can have it.

    Shapes:  tier_id is the tier that the card is in, if any; mapping is what that makes of the
        price, None where nothing.
    """

    reward: Reward
    assignment: RewardAssignment
    tier_id: str | None = None
    mapping: PointsMapping | None = None

    @property
    def price(self) -> int | None:
        """What it costs, None for what is paid for by the amount.

        Units: points.
        """
        points = self.assignment.points
        return points if points is None or self.mapping is None else self.mapping.apply(points)

    @property
    def multiplier(self) -> Decimal:
        """What makes paying by the amount dearer or cheaper; no tier sets a price for that."""
        return self.mapping.multiplier if isinstance(self.mapping, Multiply) else Decimal(1)


def list_offers(uow: UnitOfWork, campaign_id: str, voucher_id: str, today: date) -> list[Offer]:
    """All that a card of a programme can be spent on, the newest first.

    Units:   today is the project's day.
    """
    return list(
        _offers(uow, reward_assignments.list_of_campaign(uow, campaign_id), voucher_id, today)
    )


def find_offer(
    uow: UnitOfWork,
    campaign_id: str,
    voucher_id: str,
    today: date,
    *,
    reward_id: str | None = None,
    assignment_id: str | None = None,
) -> Offer | None:
    """How a card can have a reward; None where it can't.

    Shapes:  the reward is named by its own id, by that of its assignment, or by both.
    """
    meant = [
        row
        for row in reward_assignments.list_of_campaign(uow, campaign_id)
        if reward_id in (None, row.reward_id) and assignment_id in (None, row.id)
    ]
    return next(_offers(uow, meant, voucher_id, today), None)


def _offers(
    uow: UnitOfWork, assigned: Sequence[RewardAssignment], voucher_id: str, today: date
) -> Iterator[Offer]:
    known = rewards.find_rewards(uow, [row.reward_id for row in assigned])
    tier = _tier_of(uow, voucher_id, today) if assigned else None
    for row in assigned:
        mapping = None if tier is None else _mapping(tier, row)
        if not isinstance(mapping, Disabled):
            yield Offer(known[row.reward_id], row, None if tier is None else tier.id, mapping)


def _tier_of(uow: UnitOfWork, voucher_id: str, today: date) -> LoyaltyTier | None:
    """The tier that a card is in today; one that is still to begin does nothing yet."""
    membership = loyalty_tiers.find_memberships(uow, [voucher_id]).get(voucher_id)
    if membership is None or membership.starts_on > today:
        return None
    return loyalty_tiers.find_tiers(uow, [membership.tier_id]).get(membership.tier_id)


def _mapping(tier: LoyaltyTier, row: RewardAssignment) -> PointsMapping | None:
    """What a tier says of an assignment, by its id or (C9) by that of the reward."""
    raw = tier.rewards.get(row.id) or tier.rewards.get(row.reward_id)
    if raw is None:
        return None
    mapping = parse_mapping(raw, ".rewards")
    return None if isinstance(mapping, Custom) and row.points is None else mapping

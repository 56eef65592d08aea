"""Loyalty points as a discount: paying with points, and spending them on other rewards.

Source: spec discounts-and-stacking, section 8.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import ClassVar, Final

from kupon.engine.order import Order
from kupon.engine.pricing import take_from_order
from kupon.engine.refusals import Refusal
from kupon.engine.situation import PLAIN, Applied, Outcome, Situation

# What the wire calls a loyalty card.
LOYALTY_CARD: Final = "LOYALTY_CARD"
_MINOR_PER_MAJOR = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsPayment:
    """A card's points as money.

    Units:  exchange_ratio is in MAJOR units per points_ratio points, as on the wire; multiplier
        makes the points dearer or cheaper for a tier; locked are the points that other sessions
        hold; asked is how many points the request wants to spend, None for as many as the order
        needs.
    Shapes: is_partial says that a card with too few points pays a part.
    """

    type: ClassVar[str] = "COIN"
    effect: ClassVar[str] = "APPLY_TO_ORDER"
    exchange_ratio: Decimal
    points_ratio: int
    balance: int
    locked: int = 0
    asked: int | None = None
    multiplier: Decimal = Decimal(1)
    is_partial: bool = False

    @property
    def available(self) -> int:
        """What may be spent."""
        return max(0, self.balance - self.locked)

    def refuse(self, order: Order) -> Refusal | None:
        """Return why the card can't pay, before any rule is asked.

        Refuses: missing_amount, loyalty_card_points_exceeded.
        """
        left = order.total_amount
        if left is None:
            return Refusal("missing_amount")
        wanted = self.needed(left) if self.asked is None else self.asked
        if self.is_partial:
            # An empty card can't be used at all.
            wanted = 1
        return Refusal("loyalty_card_points_exceeded") if wanted > self.available else None

    def needed(self, left: int) -> int:
        """How many points pay what is left, in whole steps of points_ratio.

        Units:  minor units in, points out (450.00 at 20 for 100 points is 2300).
        """
        if not self.exchange_ratio:
            return 0
        steps = ceil(Fraction(left) / (Fraction(self.exchange_ratio) * _MINOR_PER_MAJOR))
        return ceil(steps * self._step)

    @property
    def _step(self) -> Fraction:
        return self.points_ratio * Fraction(self.multiplier)

    def worth(self, points: int) -> int:
        """What points are worth, rounded down.

        Units:  minor units. UNCERTAIN: parts of a step count (discounts-and-stacking, section 8).
        """
        if not self._step:
            return 0
        return floor(Fraction(self.exchange_ratio) * _MINOR_PER_MAJOR * points / self._step)

    def apply(self, order: Order, situation: Situation = PLAIN) -> Outcome:
        """Return the order with the points' worth taken off; no point is spent in vain."""
        needed = self.needed(order.total_amount or 0)
        points = needed if self.asked is None else min(self.asked, needed)
        if self.is_partial:
            points = min(points, self.available)
        return Applied(order=take_from_order(order, self.worth(points)), points=points)


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsSpending:
    """Points for a reward that changes no money; spending them always counts as an effect.

    Units:  locked are the points that other sessions hold.
    """

    type: ClassVar[str] = "REWARD"
    effect: ClassVar[str] = "APPLY_TO_ORDER"
    points: int
    balance: int
    locked: int = 0

    def refuse(self, order: Order) -> Refusal | None:
        """Return why the card can't pay.

        Refuses: loyalty_card_points_exceeded.
        """
        too_few = self.points > self.balance - self.locked
        return Refusal("loyalty_card_points_exceeded") if too_few else None

    def apply(self, order: Order, situation: Situation = PLAIN) -> Outcome:
        """Return the order as it was; the points are spent."""
        return Applied(order=order, points=self.points)


@dataclass(frozen=True, slots=True)
class NoReward:
    """What a card comes to that is asked for no reward, or for one that it can't have."""

    type: ClassVar[str] = "REWARD"
    effect: ClassVar[str] = "APPLY_TO_ORDER"
    locked: ClassVar[int] = 0
    refusal: Refusal

    def refuse(self, order: Order) -> Refusal | None:
        """Return why."""
        return self.refusal

    def apply(self, order: Order, situation: Situation = PLAIN) -> Outcome:
        """Return why once more."""
        return self.refusal

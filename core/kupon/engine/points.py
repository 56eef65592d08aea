"""Loyalty points as a discount: paying with points, and spending them on other rewards.

Source: spec discounts-and-stacking, section 8.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import ClassVar

from kupon.engine.order import Order
from kupon.engine.pricing import take_from_order
from kupon.engine.refusals import Refusal
from kupon.engine.situation import PLAIN, Applied, Outcome, Situation

_MINOR_PER_MAJOR = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsPayment:
    """A card's points as money.

    Units:  exchange_ratio is in MAJOR units per points_ratio points, as on the wire; asked is how
        many points the request wants to spend, None for as many as the order needs.
    """

    type: ClassVar[str] = "COIN"
    effect: ClassVar[str] = "APPLY_TO_ORDER"
    exchange_ratio: Decimal
    points_ratio: int
    balance: int
    asked: int | None = None

    def refuse(self, order: Order) -> Refusal | None:
        """Return why the card can't pay, before any rule is asked.

        Refuses: missing_amount, loyalty_card_points_exceeded.
        """
        left = order.total_amount
        if left is None:
            return Refusal("missing_amount")
        wanted = self.needed(left) if self.asked is None else self.asked
        return Refusal("loyalty_card_points_exceeded") if wanted > self.balance else None

    def needed(self, left: int) -> int:
        """How many points pay what is left, in whole steps of points_ratio.

        Units:  minor units in, points out (450.00 at 20 for 100 points is 2300).
        """
        if not self.exchange_ratio:
            return 0
        steps = Fraction(left) / (Fraction(self.exchange_ratio) * _MINOR_PER_MAJOR)
        return -(-steps.numerator // steps.denominator) * self.points_ratio

    def worth(self, points: int) -> int:
        """What points are worth, rounded down.

        Units:  minor units. UNCERTAIN: parts of a step count (discounts-and-stacking, section 8).
        """
        exact = Fraction(self.exchange_ratio) * _MINOR_PER_MAJOR * points / self.points_ratio
        return exact.numerator // exact.denominator

    def apply(self, order: Order, situation: Situation = PLAIN) -> Outcome:
        """Return the order with the points' worth taken off; no point is spent in vain."""
        needed = self.needed(order.total_amount or 0)
        points = needed if self.asked is None else min(self.asked, needed)
        return Applied(order=take_from_order(order, self.worth(points)), points=points)


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsSpending:
    """Points for a reward that changes no money; spending them always counts as an effect."""

    type: ClassVar[str] = "REWARD"
    effect: ClassVar[str] = "APPLY_TO_ORDER"
    points: int
    balance: int

    def refuse(self, order: Order) -> Refusal | None:
        """Return why the card can't pay.

        Refuses: loyalty_card_points_exceeded.
        """
        too_few = self.points > self.balance
        return Refusal("loyalty_card_points_exceeded") if too_few else None

    def apply(self, order: Order, situation: Situation = PLAIN) -> Outcome:
        """Return the order as it was; the points are spent."""
        return Applied(order=order, points=self.points)

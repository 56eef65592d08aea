"""Gift credits as a discount: what a card pays of an order, or of some of its lines.

Source: spec discounts-and-stacking, section 8; K18.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from kupon.engine.discounts.effects import APPLY_TO_ITEMS, APPLY_TO_ORDER
from kupon.engine.order import Order
from kupon.engine.pricing import take_from_items, take_from_order
from kupon.engine.refusals import Refusal
from kupon.engine.selection import Pick, limited, select
from kupon.engine.situation import PLAIN, Applied, Outcome, Situation
from kupon.engine.values import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class GiftCredits:
    """A card's credits as one request may use them.

    Units:  minor units; locked are the credits that other sessions hold; asked is what the
        request wants to pay, None for as much as there is.
    """

    type: ClassVar[str] = "GIFT"
    effect: str = APPLY_TO_ORDER
    balance: int
    locked: int = 0
    asked: int | None = None

    @property
    def available(self) -> int:
        """What may be spent."""
        return max(0, self.balance - self.locked)

    def refuse(self, order: Order) -> Refusal | None:
        """Return why the card can't pay, before any rule is asked.

        Refuses: missing_amount, gift_amount_exceeded.
        """
        if self.asked is None:
            return Refusal("missing_amount") if order.amount is None else None
        return Refusal("gift_amount_exceeded") if self.asked > self.available else None

    def apply(self, order: Order, situation: Situation = PLAIN) -> Outcome:
        """Return the order with the credits taken off; what is not needed stays on the card.

        Refuses: missing_order_items_amount when no priced line is meant.
        """
        credits = self.available if self.asked is None else self.asked
        if self.effect == APPLY_TO_ITEMS:
            return self._pay_items(order, situation, credits)
        after = take_from_order(order, credits)
        return Applied(order=after, credits=after.discount_amount - order.discount_amount)

    def _pay_items(self, order: Order, situation: Situation, credits: int) -> Outcome:
        picks = limited(select(order, situation), order, situation)
        if not picks:
            return Refusal("missing_order_items_amount")
        after = take_from_items(
            order, picks, _whole_subtotal, situation, aggregated_amount_limit=Value(credits)
        )
        paid = after.items_discount_amount - order.items_discount_amount
        return Applied(order=after, credits=paid)


def _whole_subtotal(pick: Pick) -> int:
    return (pick.item.amount or 0) - pick.item.discount_amount

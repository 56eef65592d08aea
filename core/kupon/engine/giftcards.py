"""Gift cards: what new ones hold, and what a card pays of an order or of some of its lines.

Source: spec discounts-and-stacking, section 8; K18; campaigns-loyalty-referral-gift, section 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from kupon.engine.definitions import Fields
from kupon.engine.discounts.effects import APPLY_TO_ITEMS, APPLY_TO_ORDER
from kupon.engine.order import Order
from kupon.engine.pricing import take_from_items, take_from_order
from kupon.engine.refusals import Refusal
from kupon.engine.selection import Pick, limited, select
from kupon.engine.situation import PLAIN, Applied, Outcome, Situation
from kupon.engine.values import Value

# What the wire calls a gift card.
GIFT_VOUCHER: Final = "GIFT_VOUCHER"


@dataclass(frozen=True, slots=True)
class Gift:
    """What a new card holds, and what it pays.

    Units:  minor units.
    """

    amount: int
    effect: str = APPLY_TO_ORDER


def parse_gift(definition: object, path: str = ".gift") -> Gift:
    """Read what new cards are to hold; a balance that is sent along says nothing new.

    Raises:  DefinitionError.
    """
    fields = Fields(definition, path)
    effect = fields.choice("effect", (APPLY_TO_ORDER, APPLY_TO_ITEMS), APPLY_TO_ORDER)
    return Gift(fields.required_whole("amount"), effect)


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
        if self.asked is None and order.amount is None:
            return Refusal("missing_amount")
        # An empty card can't be used at all, whatever is asked of it.
        wanted = max(1, self.asked or 0)
        return Refusal("gift_amount_exceeded") if wanted > self.available else None

    def apply(self, order: Order, situation: Situation = PLAIN) -> Outcome:
        """Return the order with the credits taken off; what is not needed stays on the card.

        Shapes:  where no amount is known, what is asked for is paid.
        Refuses: missing_order_items_amount when no priced line is meant.
        """
        credits = self.available if self.asked is None else self.asked
        if self.effect == APPLY_TO_ITEMS:
            return self._pay_items(order, situation, credits)
        if order.amount is None:
            return Applied(order=order, credits=credits)
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

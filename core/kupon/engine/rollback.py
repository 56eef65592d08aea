"""The verb "roll back": the order without one request's discounts, and the uses to give back.

Source: spec discounts-and-stacking, section 11.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kupon.engine.effects import Restore
from kupon.engine.figures import earlier_items
from kupon.engine.order import Item, Order


@dataclass(frozen=True, slots=True, kw_only=True)
class RedeemedOrder:
    """A stored order, and what the request to take back had made of it.

    Shapes: stored and status are the order of today; before and after are the same order when
        the request came in and when it was answered (root figures, not a step's).
    """

    stored: Order
    status: str
    before: Order
    after: Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    """What rolling back asks storage to write; without an order, order and status are None."""

    effects: tuple[Restore, ...]
    order: Order | None = None
    status: str | None = None


def decide(effects: Sequence[Restore], mode: str, redeemed: RedeemedOrder | None) -> Rollback:
    """Take a whole redemption request back.

    Shapes: effects give back what its children used, one each; mode is the stacking rules'
        redeemables_rollback_order_mode.
    """
    restored = tuple(effects)
    if redeemed is None:
        return Rollback(effects=restored)
    if mode == "WITHOUT_ORDER":
        return Rollback(effects=restored, order=redeemed.stored, status=redeemed.status)
    # UNCERTAIN: CANCELED also where other requests' discounts stay (discounts-and-stacking, 11.2).
    return Rollback(effects=restored, order=without(redeemed), status="CANCELED")


def without(redeemed: RedeemedOrder) -> Order:
    """Subtract what one request took off and put in, and nothing else.

    Shapes: a line is found again by its id, else by its place; lines that came later stay, one
        that the request appended and that has no unit left goes. A kind of discount of which
        nothing is left counts as never evaluated.
    """
    stored = redeemed.stored
    part = redeemed.after.discount_amount - redeemed.before.discount_amount
    parts = {
        _key(place, new): (new, old)
        for place, (new, old) in enumerate(earlier_items(redeemed.after, redeemed.before))
    }
    items = [_less(item, parts.get(_key(place, item))) for place, item in enumerate(stored.items)]
    gone = sum(
        (old.amount or 0) - (new.amount or 0) for old, new in zip(stored.items, items, strict=True)
    )
    left = tuple(item for item in items if item.quantity != 0 or item.initial_quantity != 0)
    discount_amount = max(0, stored.discount_amount - part)
    return stored.changed(
        amount=None if stored.amount is None else stored.amount - gone,
        discount_amount=discount_amount,
        items=left,
        has_order_discount=discount_amount > 0,
        has_item_discount=any(item.discount_amount for item in left),
    )


def _key(place: int, item: Item) -> str | int:
    return place if item.id is None else item.id


def _less(item: Item, part: tuple[Item, Item] | None) -> Item:
    """A line without what came about between two of its moments."""
    if part is None:
        return item
    new, old = part
    off = new.discount_amount - old.discount_amount
    free = new.discount_quantity - old.discount_quantity
    changes: dict[str, int] = {
        "discount_amount": max(0, item.discount_amount - off),
        "discount_quantity": max(0, item.discount_quantity - free),
    }
    if new.quantity != old.quantity:
        added = (new.quantity or 0) - (old.quantity or 0)
        changes["quantity"] = max(0, (item.quantity or 0) - added)
        if item.amount is not None:
            changes["amount"] = max(0, item.amount - ((new.amount or 0) - (old.amount or 0)))
    return item.changed(**changes)

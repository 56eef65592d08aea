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
    its = [parts.get(_key(place, item)) for place, item in enumerate(stored.items)]
    items = [_less(item, part) for item, part in zip(stored.items, its, strict=True)]
    gone = sum(
        (old.amount or 0) - (new.amount or 0) for old, new in zip(stored.items, items, strict=True)
    )
    left = tuple(item for item, part in zip(items, its, strict=True) if not _is_gone(item, part))
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
    if _has_moved(part):
        added = (new.quantity or 0) - (old.quantity or 0)
        item = item.without_units(added, (new.amount or 0) - (old.amount or 0))
    off = item.discount_amount - (new.discount_amount - old.discount_amount)
    free = item.discount_quantity - (new.discount_quantity - old.discount_quantity)
    # What later requests took off or made free may have been the units that go.
    return item.changed(
        discount_amount=max(0, min(off, item.amount or 0)),
        discount_quantity=max(0, min(free, item.quantity or 0)),
    )


def _has_moved(part: tuple[Item, Item]) -> bool:
    new, old = part
    return new.quantity != old.quantity or new.amount != old.amount


def _is_gone(item: Item, part: tuple[Item, Item] | None) -> bool:
    """Whether a line was only there because of what has been taken back."""
    if part is None or item.amount or item.quantity != 0 or item.initial_quantity != 0:
        return False
    return _has_moved(part)

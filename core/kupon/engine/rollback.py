"""The verb "roll back": the order without one request's discounts, and the uses to give back.

Source: spec discounts-and-stacking, section 11.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kupon.engine.effects import RestoreVoucher
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

    effects: tuple[RestoreVoucher, ...]
    order: Order | None = None
    status: str | None = None


def decide(voucher_ids: Sequence[str], mode: str, redeemed: RedeemedOrder | None) -> Rollback:
    """Take a whole redemption request back.

    Shapes: voucher_ids are those of all children, one effect each; mode is the stacking rules'
        redeemables_rollback_order_mode.
    """
    effects = tuple(RestoreVoucher(voucher_id) for voucher_id in voucher_ids)
    if redeemed is None:
        return Rollback(effects=effects)
    if mode == "WITHOUT_ORDER":
        return Rollback(effects=effects, order=redeemed.stored, status=redeemed.status)
    # UNCERTAIN: CANCELED also where other requests' discounts stay (discounts-and-stacking, 11.2).
    return Rollback(effects=effects, order=without(redeemed), status="CANCELED")


def without(redeemed: RedeemedOrder) -> Order:
    """Subtract what one request took off, and nothing else.

    Shapes: a line is found again by its id, else by its place; lines that came later stay. A kind
        of discount of which nothing is left counts as never evaluated.
    """
    stored = redeemed.stored
    part = redeemed.after.discount_amount - redeemed.before.discount_amount
    parts = _item_parts(redeemed.before.items, redeemed.after.items)
    items = tuple(
        _less(item, parts.get(_key(place, item), 0)) for place, item in enumerate(stored.items)
    )
    discount_amount = max(0, stored.discount_amount - part)
    return Order(
        amount=stored.amount,
        initial_amount=stored.initial_amount,
        discount_amount=discount_amount,
        items=items,
        has_order_discount=discount_amount > 0,
        has_item_discount=any(item.discount_amount for item in items),
        metadata=stored.metadata,
    )


def _key(place: int, item: Item) -> str | int:
    return place if item.id is None else item.id


def _item_parts(before: Sequence[Item], after: Sequence[Item]) -> dict[str | int, int]:
    pairs = zip(before, after, strict=True)
    return {
        _key(place, new): new.discount_amount - old.discount_amount
        for place, (old, new) in enumerate(pairs)
    }


def _less(item: Item, off: int) -> Item:
    return item.discounted(-min(off, item.discount_amount)) if off else item

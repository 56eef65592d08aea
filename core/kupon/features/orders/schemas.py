"""Wire shapes of orders and their lines, stored ones and those that a calculation made.

An order is printed from its columns: a stored row has them all, a calculation yields them by
`order_columns`. So one function prints both; `dump_calculated` does the same for what is told by
the dozen and never stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from marshmallow import validate

from kupon.engine.figures import add_item_figures, figures
from kupon.engine.order import Item as EngineItem
from kupon.engine.order import Order as EngineOrder
from kupon.features.customers.schemas import CustomerBody
from kupon.kit.timestamps import format_moment
from kupon.web.fields import (
    CountedList,
    Flag,
    Json,
    Many,
    Moment,
    Money,
    Number,
    Part,
    Text,
    Whole,
    WireSchema,
    at_most,
    between,
    identifier,
    one_of,
)
from kupon.web.query import ListQuery

STATUSES = ("CREATED", "PAID", "CANCELED", "FULFILLED")
RELATED_OBJECTS = ("product", "sku")
MOST_ITEMS = 500
KEY = at_most(512)


class ItemProduct(WireSchema):
    """A product as an order line carries it."""

    id = Text(validate=KEY, allow_none=True)
    source_id = Text(validate=KEY, allow_none=True)
    name = Text(allow_none=True)
    price = Number(validate=between(0, 2**53), allow_none=True)
    metadata = Json(allow_none=True)
    override = Flag(allow_none=True)


class ItemSku(WireSchema):
    """A SKU as an order line carries it."""

    id = Text(validate=KEY, allow_none=True)
    source_id = Text(validate=KEY, allow_none=True)
    sku = Text(allow_none=True)
    price = Number(validate=between(0, 2**53), allow_none=True)
    metadata = Json(allow_none=True)
    override = Flag(allow_none=True)


class ItemBody(WireSchema):
    """One line of an order as it is sent; `id` comes back from earlier answers.

    The reference's SDK writes null for what was not set: it means as much as absence.
    """

    id = Text(validate=KEY, allow_none=True)
    sku_id = Text(validate=KEY, allow_none=True)
    product_id = Text(validate=KEY, allow_none=True)
    source_id = Text(validate=KEY, allow_none=True)
    related_object = Text(validate=one_of(*RELATED_OBJECTS), allow_none=True)
    quantity = Whole(validate=between(0), allow_none=True)
    price = Money(allow_none=True)
    amount = Money(allow_none=True)
    discount_amount = Money(allow_none=True)
    discount_quantity = Whole(validate=between(0), allow_none=True)
    initial_quantity = Whole(validate=between(0), allow_none=True)
    initial_amount = Money(allow_none=True)
    product = Part(ItemProduct, allow_none=True)
    sku = Part(ItemSku, allow_none=True)
    metadata = Json(allow_none=True)


class OrderUpdate(WireSchema):
    """Body of an update; what is absent or null stays, but a null referrer_id clears."""

    source_id = Text(allow_none=True, validate=identifier())
    status = Text(validate=one_of(*STATUSES), allow_none=True)
    amount = Money(allow_none=True)
    initial_amount = Money(allow_none=True)
    discount_amount = Money(allow_none=True)
    items = Many(
        Part(ItemBody),
        allow_none=True,
        validate=validate.Length(
            max=MOST_ITEMS, error=f"must NOT have more than {MOST_ITEMS} items"
        ),
    )
    metadata = Json(allow_none=True)
    created_at = Moment(allow_none=True)
    customer = Part(CustomerBody, allow_none=True)
    referrer = Part(CustomerBody, allow_none=True)
    referrer_id = Text(allow_none=True)


class OrderBody(OrderUpdate):
    """An order as creation, validation, qualification and redemption take it."""

    id = Text(allow_none=True)


class Party(WireSchema):
    """A customer or a referrer of an order."""

    id = Text(required=True)
    object = Text(required=True)


class RedemptionEntry(WireSchema):
    """What one redemption request did to an order."""

    date = Moment()
    rollback_id = Text()
    rollback_date = Moment()
    related_object_type = Text()
    related_object_id = Text()
    related_object_parent_id = Text()
    stacked = Many(Text())
    rollback_stacked = Many(Text())


class ApplicationDetails(WireSchema):
    """Units of one line that gave way to units of another."""

    source_index = Whole()
    source_applied_quantity = Whole()
    source_applied_quantity_amount = Whole()
    target_index = Whole()
    target_applied_quantity = Whole()
    target_applied_quantity_amount = Whole()
    target_applied_discount_amount = Whole()


class OrderItem(WireSchema):
    """A line of an order."""

    object = Text(required=True)
    id = Text()
    source_id = Text()
    related_object = Text(validate=one_of(*RELATED_OBJECTS))
    product_id = Text()
    sku_id = Text()
    quantity = Whole()
    initial_quantity = Whole()
    discount_quantity = Whole()
    applied_quantity = Whole()
    applied_discount_quantity = Whole()
    price = Whole()
    amount = Whole()
    initial_amount = Whole()
    discount_amount = Whole()
    applied_discount_amount = Whole()
    applied_quantity_amount = Whole()
    subtotal_amount = Whole()
    application_details = Many(Part(ApplicationDetails))
    product = Part(ItemProduct)
    sku = Part(ItemSku)
    metadata = Json()


class CalculatedOrder(WireSchema):
    """An order with its sums; one that was not stored has no id, status and dates."""

    id = Text()
    source_id = Text(allow_none=True)
    created_at = Moment()
    updated_at = Moment(allow_none=True)
    status = Text(validate=one_of(*STATUSES))
    amount = Whole()
    initial_amount = Whole()
    discount_amount = Whole()
    items_discount_amount = Whole()
    total_discount_amount = Whole()
    applied_discount_amount = Whole()
    items_applied_discount_amount = Whole()
    total_applied_discount_amount = Whole()
    total_amount = Whole()
    items = Many(Part(OrderItem))
    metadata = Json()
    customer = Part(Party)
    customer_id = Text(allow_none=True)
    referrer = Part(Party)
    referrer_id = Text(allow_none=True)
    redemptions = Json()
    object = Text()


class OrderList(CountedList):
    """A page of orders."""

    orders = Many(Part(CalculatedOrder), required=True)


class OrderListQuery(ListQuery):
    """Parameters of the listing."""

    class Meta(ListQuery.Meta):
        exclude = (
            "created_at",
            "updated_at",
            "start_date",
            "end_date",
            "starting_after_id",
            "filters",
        )


# A line that an effect added: nothing had been taken off it before.
_NEW_LINE = EngineItem()


def order_columns(order: EngineOrder, *, since: EngineOrder) -> dict[str, Any]:
    """The columns that a calculation decides; `applied_*` is what came off since another moment.

    Shapes:  amount, initial_amount, the discount amounts (None where that kind was never
        evaluated), items as answers print them, metadata.
    """
    numbers = figures(order, since=since)
    return {
        "amount": order.amount,
        "initial_amount": order.initial_amount,
        **{name: numbers.get(name) for name in _DISCOUNTS},
        "items": dump_items(order.items, since.items),
        "metadata": dict(order.metadata),
    }


_DISCOUNTS = (
    "discount_amount",
    "items_discount_amount",
    "applied_discount_amount",
    "items_applied_discount_amount",
)


def dump_items(items: Sequence[EngineItem], since: Sequence[EngineItem]) -> list[dict[str, Any]]:
    """The wire's lines; `applied_*` is what came off since another moment of the same order."""
    return [
        _dump_item(lasting.stated, item, before) for item, before, lasting in _pairs(items, since)
    ]


def _dump_item(named: Mapping[str, Any], item: EngineItem, before: EngineItem) -> dict[str, Any]:
    return add_item_figures({"object": "order_item", **named}, item, before)


def _pairs(
    items: Sequence[EngineItem], since: Sequence[EngineItem]
) -> Iterator[tuple[EngineItem, EngineItem, EngineItem]]:
    """Each line, the line before, and the one that says what lasts of it.

    That is the earlier one: it is told many times over, for each incentive that was looked at.
    """
    for index, item in enumerate(items):
        if index < len(since):
            yield item, since[index], since[index]
        else:
            yield item, _NEW_LINE, item


def dump_order(row: Mapping[str, Any], *, is_step: bool = False) -> dict[str, Any]:
    """The wire's order.

    Shapes:  row has the columns of a stored order; a calculated one may lack id, source_id,
        status, redemptions and the dates, which are left out then. A step is an order inside a
        child of a stack: without status, customer and product objects.
    """
    body: dict[str, Any] = {
        name: row[name] for name in ("id", "source_id", "status") if name in row
    }
    if "created_at" in row:
        updated_at = row["updated_at"]
        body["created_at"] = format_moment(row["created_at"])
        body["updated_at"] = None if updated_at is None else format_moment(updated_at)
    body |= _dump_figures(row)
    body |= {
        "items": row["items"],
        "metadata": row["metadata"],
        "customer_id": row["customer_id"],
        "referrer_id": row["referrer_id"],
    }
    if is_step:
        body.pop("status", None)
        body["items"] = [_without_parts(item) for item in row["items"]]
    else:
        for party in ("customer", "referrer"):
            if row[f"{party}_id"] is not None:
                body[party] = {"id": row[f"{party}_id"], "object": "customer"}
        if "redemptions" in row:
            body["redemptions"] = row["redemptions"]
    return body | {"object": "order"}


def dump_calculated(
    order: EngineOrder, *, since: EngineOrder, is_step: bool = False
) -> dict[str, Any]:
    """The wire's order of a calculation that is not stored and nobody's.

    Shapes:  as `dump_order` prints the columns of it.
    """
    if is_step:
        items = [
            _dump_item(lasting.named, item, before)
            for item, before, lasting in _pairs(order.items, since.items)
        ]
    else:
        items = dump_items(order.items, since.items)
    return {
        **figures(order, since=since),
        "items": items,
        "metadata": order.metadata,
        "customer_id": None,
        "referrer_id": None,
        "object": "order",
    }


def dump_older_order(order: Mapping[str, Any]) -> dict[str, Any]:
    """The wire's order for older calls, which declare no null: what is unset is left out."""
    return {name: value for name, value in order.items() if value is not None}


def dump_simple_order(order: Mapping[str, Any]) -> dict[str, Any]:
    """The wire's order in short, from its whole form."""
    body = {name: order[name] for name in _SIMPLE if order.get(name) is not None}
    body["items"] = [
        {name: item[name] for name in _SIMPLE_ITEM if name in item} for item in order["items"]
    ]
    return body


_SIMPLE = (
    "id",
    "source_id",
    "status",
    "customer_id",
    "referrer_id",
    "amount",
    *_DISCOUNTS,
    "total_discount_amount",
    "total_applied_discount_amount",
    "total_amount",
    "metadata",
    "object",
)
_SIMPLE_ITEM = (
    "object",
    "source_id",
    "related_object",
    "product_id",
    "sku_id",
    "quantity",
    "discount_quantity",
    "amount",
    "discount_amount",
    "applied_discount_amount",
    "price",
    "subtotal_amount",
)


def _without_parts(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name not in RELATED_OBJECTS}


def _dump_figures(row: Mapping[str, Any]) -> dict[str, int]:
    """The sums of an order; a kind of discount that was never evaluated is left out."""
    body: dict[str, int] = {}
    amount, initial_amount = row["amount"], row["initial_amount"]
    if amount is not None:
        body["amount"] = amount
        if initial_amount not in (None, amount):
            body["initial_amount"] = initial_amount
    body |= {name: row[name] for name in _DISCOUNTS if row[name] is not None}
    off = (row["discount_amount"] or 0) + (row["items_discount_amount"] or 0)
    if row["discount_amount"] is not None or row["items_discount_amount"] is not None:
        body["total_discount_amount"] = off
        body["total_applied_discount_amount"] = (row["applied_discount_amount"] or 0) + (
            row["items_applied_discount_amount"] or 0
        )
    if amount is not None:
        body["total_amount"] = max(0, amount - off)
    return body

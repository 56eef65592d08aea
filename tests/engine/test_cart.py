"""From an order body to an order: prices, amounts, previous discounts."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest

from kupon.engine.cart import build_order
from kupon.engine.order import Item, Order

STORED = {"sku_1": 1700, "prod_1": 2100, "SKU-SOURCE": 1750, "PROD-SOURCE": 2150, "bare": None}


@pytest.mark.parametrize(
    ("line", "price"),
    [
        pytest.param({"price": 900, "sku_id": "sku_1", "sku": {"price": 5}}, 900, id="its own"),
        pytest.param({"price": 0, "sku_id": "sku_1"}, 0, id="its own, for nothing"),
        pytest.param({"sku": {"price": 800.0}, "sku_id": "sku_1"}, 800, id="embedded SKU"),
        pytest.param({"sku_id": "sku_1", "product_id": "prod_1"}, 1700, id="SKU beats product"),
        pytest.param(
            {"sku_id": "sku_1", "product": {"price": 5}}, 1700, id="stored SKU, embedded product"
        ),
        pytest.param({"sku": {"id": "sku_1"}}, 1700, id="embedded SKU by id"),
        pytest.param({"sku": {"source_id": "SKU-SOURCE"}}, 1750, id="embedded SKU by source id"),
        pytest.param(
            {"source_id": "SKU-SOURCE", "related_object": "sku"}, 1750, id="SKU by source id"
        ),
        pytest.param({"product": {"price": 700}, "product_id": "prod_1"}, 700, id="embedded"),
        pytest.param({"product_id": "prod_1"}, 2100, id="stored product"),
        pytest.param({"sku_id": "bare", "product_id": "prod_1"}, 2100, id="SKU without price"),
        pytest.param(
            {"source_id": "PROD-SOURCE", "related_object": "product"}, 2150, id="product by source"
        ),
        pytest.param({"source_id": "PROD-SOURCE"}, None, id="source id of nobody knows what"),
        pytest.param({"product_id": "prod_unknown"}, None, id="unknown product"),
        pytest.param({}, None, id="nothing at all"),
    ],
)
def test_price(line: dict[str, Any], price: int | None) -> None:
    (item,) = build_order({"items": [{"quantity": 2, **line}]}, STORED).items
    assert item.price == price
    assert item.amount == (None if price is None else 2 * price)


@pytest.mark.parametrize(
    ("line", "amount"),
    [
        pytest.param({"quantity": 3, "price": 100}, 300, id="price times quantity"),
        pytest.param({"quantity": 3, "price": 100, "amount": 250}, 250, id="as sent"),
        pytest.param({"quantity": 3, "price": 100, "amount": 0}, 0, id="as sent, nothing"),
        pytest.param({"amount": 250}, 250, id="without quantity"),
        pytest.param({"price": 100}, None, id="without quantity and amount"),
        pytest.param({"quantity": 3}, None, id="without price and amount"),
        pytest.param({"quantity": 0, "price": 100}, 0, id="no units"),
    ],
)
def test_line_amount(line: dict[str, Any], amount: int | None) -> None:
    (item,) = build_order({"items": [line]}, {}).items
    assert item.amount == amount
    assert item.quantity == line.get("quantity")
    assert item.initial_quantity == line.get("quantity")
    assert item.initial_amount == amount


@pytest.mark.parametrize(
    ("body", "amount"),
    [
        pytest.param({}, None, id="empty"),
        pytest.param({"items": None, "metadata": None}, None, id="nulls"),
        pytest.param({"items": []}, None, id="no lines"),
        pytest.param({"items": [{"quantity": 1}]}, None, id="no known line"),
        pytest.param({"amount": 0}, 0, id="nothing to pay"),
        pytest.param({"amount": 5, "items": [{"amount": 7}]}, 5, id="as sent"),
        pytest.param({"items": [{"amount": 7}, {"quantity": 1}, {"amount": 4}]}, 11, id="sum"),
    ],
)
def test_order_amount(body: dict[str, Any], amount: int | None) -> None:
    order = build_order({"initial_amount": 99, **body}, {})
    assert order.amount == amount
    assert order.initial_amount == amount


def test_previous_discounts_are_taken_over() -> None:
    order = build_order(
        {
            "amount": 1000,
            "discount_amount": 300,
            "metadata": {"channel": "web"},
            "items": [
                {"quantity": 1, "price": 600, "discount_amount": 200, "discount_quantity": 0},
                {"quantity": 1, "price": 100, "discount_amount": 250},
                {"quantity": 1, "discount_amount": 50, "discount_quantity": 1},
            ],
        },
        {},
    )
    assert order.discount_amount == 300
    # Never more than the line is worth.
    assert [item.discount_amount for item in order.items] == [200, 100, 0]
    assert [item.discount_quantity for item in order.items] == [0, 0, 1]
    assert order.has_order_discount
    assert order.has_item_discount
    assert order.total_discount_amount == 600
    assert order.total_amount == 400
    assert order.metadata == {"channel": "web"}


def test_discounts_of_zero_count_as_never_evaluated() -> None:
    body = {"amount": 9, "discount_amount": 0, "items": [{"amount": 9, "discount_amount": 0}]}
    order = build_order(body, {})
    assert not order.has_order_discount
    assert not order.has_item_discount


def test_a_line_keeps_what_names_it() -> None:
    line: dict[str, Any] = {
        "id": "ordli_1",
        "source_id": "S",
        "related_object": "sku",
        "product": {"id": "prod_1", "name": "Tea"},
        "sku": {"id": "sku_1", "metadata": {}},
        "metadata": {"gift": True},
        "quantity": 1,
        "initial_quantity": 0,
        "initial_amount": 0.0,
    }
    assert build_order({"items": [line]}, STORED) == Order(
        amount=1700,
        initial_amount=1700,
        items=(
            Item(
                id="ordli_1",
                source_id="S",
                related_object="sku",
                product_id="prod_1",
                sku_id="sku_1",
                product=line["product"],
                sku=line["sku"],
                metadata={"gift": True},
                quantity=1,
                price=1700,
                amount=1700,
                initial_quantity=0,
                initial_amount=0,
            ),
        ),
    )


def test_a_discounted_line_is_another_line() -> None:
    line = Item(id="ordli_1", quantity=2, price=5, amount=10, discount_amount=3)
    assert line.discounted(4) == replace(line, discount_amount=7)
    assert line.discounted(-3) == replace(line, discount_amount=0)
    assert line.discount_amount == 3
    with pytest.raises(FrozenInstanceError):
        line.discounted(4).discount_amount = 0  # type: ignore[misc]


def test_order_totals() -> None:
    assert Order().total_amount is None
    assert Order(amount=5, discount_amount=9).total_amount == 0
    assert Item().subtotal_amount is None
    assert Item(amount=9, discount_amount=4).subtotal_amount == 5

"""From an order body to an order: prices, amounts, previous discounts."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from fractions import Fraction
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
                {"quantity": 1, "discount_amount": 50, "discount_quantity": 4},
                {"amount": 100, "discount_quantity": 4},
            ],
        },
        {},
    )
    assert order.discount_amount == 300
    # Never more than the line is worth, nor more units than it has.
    assert [item.discount_amount for item in order.items] == [200, 100, 0, 0]
    assert [item.discount_quantity for item in order.items] == [0, 0, 1, 0]
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
                product_facts=line["product"],
                sku_facts=line["sku"],
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


def test_facts_are_kept_apart_from_what_is_printed() -> None:
    facts = {"id": "prod_1", "source_id": "TEA", "metadata": {"color": "red"}}
    sent = {"product": {"id": "prod_1"}, "product_facts": facts, "sku_id": "sku_1", "quantity": 1}
    (item,) = build_order({"items": [sent]}, {}).items
    assert item.product == {"id": "prod_1"}
    assert item.product_facts == facts
    assert item.product_names == frozenset(("prod_1", "TEA"))
    assert item.sku_names == frozenset(("sku_1",))
    assert item.is_sku


def test_what_answers_state_of_a_line_lacks_what_the_line_lacks() -> None:
    product = {"id": "prod_1", "name": "Tea", "price": None}
    line = Item(id="ordli_1", product_id="prod_1", product=product, metadata={"gift": True})
    stated = {
        "id": "ordli_1",
        "product_id": "prod_1",
        "product": {"id": "prod_1", "name": "Tea"},
        "metadata": {"gift": True},
    }
    assert line.stated == stated
    assert line.discounted(5).stated is line.stated
    assert Item(sku={}).stated == {}


@pytest.mark.parametrize(
    ("item", "price", "units"),
    [
        pytest.param(Item(price=5, amount=99, quantity=2), 5, 2, id="as sent"),
        pytest.param(Item(amount=5, quantity=2), Fraction(5, 2), 2, id="from the amount"),
        pytest.param(Item(amount=5), 5, 1, id="one unit where none is known"),
        pytest.param(Item(amount=5, quantity=0), None, 0, id="of no units"),
        pytest.param(Item(quantity=3), None, 3, id="unknown"),
    ],
)
def test_price_of_a_unit(item: Item, price: Any, units: int) -> None:
    assert (item.unit_price, item.units) == (price, units)


@pytest.mark.parametrize(
    ("item", "taken", "left"),
    [
        pytest.param(
            Item(quantity=3, amount=30, initial_quantity=1, initial_amount=10),
            (2, 20),
            (1, 10),
            id="some",
        ),
        pytest.param(
            Item(quantity=1, amount=10, initial_quantity=3, initial_amount=30),
            (-2, -20),
            (3, 30),
            id="back again",
        ),
        pytest.param(
            Item(quantity=2, amount=20, initial_quantity=0, initial_amount=0),
            (2, 20),
            (0, 0),
            id="all that was added",
        ),
        pytest.param(Item(quantity=2, amount=20), (2, 20), (None, None), id="what was not sent"),
        pytest.param(Item(quantity=2), (1, 10), (1, None), id="no amount"),
        pytest.param(
            Item(quantity=1, amount=5, initial_quantity=1, initial_amount=5),
            (2, 10),
            (0, 0),
            id="more than there is",
        ),
    ],
)
def test_units_off_a_line(item: Item, taken: tuple[int, int], left: Any) -> None:
    rest = item.without_units(*taken)
    assert (rest.quantity, rest.amount) == left


def test_orders_differ_by_discounts_and_quantities() -> None:
    line = Item(quantity=1, amount=10)
    order = Order(amount=10, items=(line,))
    assert not order.differs_from(order.changed(items=(line.changed(price=10),), amount=99))
    assert order.differs_from(order.changed(discount_amount=1))
    assert order.differs_from(order.changed(items=()))
    for change in ({"quantity": 2}, {"discount_amount": 1}, {"discount_quantity": 1}):
        assert order.differs_from(order.changed(items=(line.changed(**change),)))


def test_sums_of_lines_follow_the_lines() -> None:
    order = Order(amount=10, items=(Item(amount=10, discount_amount=4),))
    assert order.items_discount_amount == 4
    assert order.changed(discount_amount=5).items_discount_amount == 4
    emptied = order.changed(items=(), discount_amount=2)
    assert (emptied.items_discount_amount, emptied.total_discount_amount) == (0, 2)


def test_order_totals() -> None:
    assert Order().total_amount is None
    assert Order(amount=5, discount_amount=9).total_amount == 0
    assert Item().subtotal_amount is None
    assert Item(amount=9, discount_amount=4).subtotal_amount == 5

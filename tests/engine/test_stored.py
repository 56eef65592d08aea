"""Orders read back from their printed figures."""

from __future__ import annotations

from kupon.engine.order import Item, Order
from kupon.engine.stored import moments, restore_order

LINE = {
    "id": "ordli_1",
    "product_id": "prod_1",
    "sku_id": "sku_1",
    "source_id": "S",
    "related_object": "sku",
    "product": {"name": "Tea"},
    "sku": {"sku": "Green"},
    "metadata": {"gift": True},
    "quantity": 2,
    "initial_quantity": 1,
    "discount_quantity": 1,
    "price": 500,
    "amount": 1000,
    "initial_amount": 500,
    "discount_amount": 600,
    "applied_discount_amount": 200,
    "subtotal_amount": 400,
}
PRINTED = {
    "amount": 1300,
    "initial_amount": 800,
    "discount_amount": 90,
    "applied_discount_amount": 40,
    "metadata": {"channel": "web"},
    "items": [LINE, {"quantity": 1}],
}


def test_everything_is_restored() -> None:
    assert restore_order(PRINTED) == Order(
        amount=1300,
        initial_amount=800,
        discount_amount=90,
        has_order_discount=True,
        has_item_discount=True,
        metadata={"channel": "web"},
        items=(
            Item(
                id="ordli_1",
                product_id="prod_1",
                sku_id="sku_1",
                source_id="S",
                related_object="sku",
                product={"name": "Tea"},
                sku={"sku": "Green"},
                metadata={"gift": True},
                quantity=2,
                initial_quantity=1,
                discount_quantity=1,
                price=500,
                amount=1000,
                initial_amount=500,
                discount_amount=600,
            ),
            Item(quantity=1),
        ),
    )


def test_the_moment_before_lacks_what_was_applied() -> None:
    before, after = moments(PRINTED)
    assert after == restore_order(PRINTED)
    assert before.discount_amount == 50
    assert [item.discount_amount for item in before.items] == [400, 0]
    assert before.has_order_discount
    assert before.has_item_discount


def test_the_moment_before_a_first_discount_had_none() -> None:
    before, _ = moments(
        {
            "amount": 100,
            "discount_amount": 10,
            "applied_discount_amount": 10,
            "items": [{"amount": 100, "discount_amount": 5, "applied_discount_amount": 5}],
        }
    )
    assert (before.discount_amount, before.items) == (0, (Item(amount=100),))
    assert not before.has_order_discount
    assert not before.has_item_discount


def test_the_moment_before_lacks_the_units_that_were_added() -> None:
    grown = {
        "quantity": 5,
        "initial_quantity": 2,
        "price": 100,
        "amount": 500,
        "initial_amount": 200,
        "applied_quantity": 3,
        "applied_quantity_amount": 300,
        "discount_quantity": 3,
        "applied_discount_quantity": 3,
        "discount_amount": 300,
        "applied_discount_amount": 300,
    }
    appended = {
        "quantity": 1,
        "initial_quantity": 0,
        "amount": 40,
        "initial_amount": 0,
        "applied_quantity": 1,
        "applied_quantity_amount": 40,
    }
    unsent = {"quantity": 1, "applied_quantity": 1}
    before, after = moments(
        {"amount": 540, "initial_amount": 200, "items": [grown, appended, unsent]}
    )
    assert (before.amount, before.initial_amount, after.amount) == (200, 200, 540)
    assert before.items == (
        Item(quantity=2, initial_quantity=2, price=100, amount=200, initial_amount=200),
        Item(quantity=0, initial_quantity=0, amount=0, initial_amount=0),
        Item(),
    )


def test_an_order_without_discounts() -> None:
    plain = Order(amount=100, initial_amount=100)
    assert restore_order({"amount": 100, "discount_amount": None, "items": []}) == plain
    assert moments({"amount": 100, "items": []}) == (plain, plain)

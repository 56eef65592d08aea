"""The printed numbers: which members there are, and in which order."""

from __future__ import annotations

import pytest

from kupon.engine.figures import earlier_items, figures, item_figures
from kupon.engine.order import Item, Order


def printed(answer: dict[str, int]) -> list[tuple[str, int]]:
    return list(answer.items())


def test_order_without_amount_prints_nothing() -> None:
    assert figures(Order(), since=Order()) == {}


def test_order_that_was_never_discounted() -> None:
    order = Order(amount=100, initial_amount=100)
    assert printed(figures(order, since=order)) == [("amount", 100), ("total_amount", 100)]


def test_initial_amount_is_printed_where_it_differs() -> None:
    order = Order(amount=150, initial_amount=100)
    assert printed(figures(order, since=order)) == [
        ("amount", 150),
        ("initial_amount", 100),
        ("total_amount", 150),
    ]


def test_item_discount_prints_items_and_totals_even_as_zero() -> None:
    order = Order(amount=100, has_item_discount=True, items=(Item(amount=100),))
    assert printed(figures(order, since=order)) == [
        ("amount", 100),
        ("items_discount_amount", 0),
        ("items_applied_discount_amount", 0),
        ("total_discount_amount", 0),
        ("total_applied_discount_amount", 0),
        ("total_amount", 100),
    ]


def test_both_kinds_since_a_moment() -> None:
    since = Order(amount=100, discount_amount=5, items=(Item(amount=100, discount_amount=20),))
    order = Order(
        amount=100,
        discount_amount=15,
        items=(Item(amount=100, discount_amount=90),),
        has_order_discount=True,
        has_item_discount=True,
    )
    assert printed(figures(order, since=since)) == [
        ("amount", 100),
        ("discount_amount", 15),
        ("applied_discount_amount", 10),
        ("items_discount_amount", 90),
        ("items_applied_discount_amount", 70),
        ("total_discount_amount", 105),
        ("total_applied_discount_amount", 80),
        ("total_amount", 0),
    ]


@pytest.mark.parametrize(
    ("item", "since", "answer"),
    [
        pytest.param(Item(), Item(), [], id="nothing known"),
        pytest.param(
            Item(quantity=2, initial_quantity=2, price=None, discount_quantity=1),
            Item(quantity=2, initial_quantity=2),
            [
                ("quantity", 2),
                ("initial_quantity", 2),
                ("discount_quantity", 1),
                ("applied_discount_quantity", 1),
            ],
            id="no price",
        ),
        pytest.param(
            Item(quantity=2, initial_quantity=2, discount_quantity=1),
            None,
            [
                ("quantity", 2),
                ("initial_quantity", 2),
                ("discount_quantity", 1),
                ("applied_discount_quantity", 0),
            ],
            id="free units of an earlier step",
        ),
        pytest.param(
            Item(quantity=1, discount_quantity=0),
            Item(quantity=3, discount_quantity=2),
            [
                ("quantity", 1),
                ("discount_quantity", 0),
                ("applied_discount_quantity", -2),
                ("applied_quantity", -2),
            ],
            id="free units that are gone",
        ),
        pytest.param(
            Item(quantity=3, initial_quantity=0, price=50, amount=150, initial_amount=0),
            Item(quantity=0, amount=0),
            [
                ("quantity", 3),
                ("initial_quantity", 0),
                ("price", 50),
                ("applied_quantity", 3),
                ("applied_quantity_amount", 150),
                ("amount", 150),
                ("initial_amount", 0),
                ("subtotal_amount", 150),
            ],
            id="an appended line",
        ),
        pytest.param(
            Item(quantity=2, amount=30, discount_amount=0),
            Item(quantity=2, amount=50, discount_amount=40),
            [
                ("quantity", 2),
                ("applied_quantity", 0),
                ("applied_quantity_amount", -20),
                ("amount", 30),
                ("discount_amount", 0),
                ("applied_discount_amount", -40),
                ("subtotal_amount", 30),
            ],
            id="a line whose amount and discount are gone",
        ),
        pytest.param(
            Item(quantity=2, initial_quantity=2, price=50, amount=100, initial_amount=100),
            Item(quantity=2, amount=100),
            [
                ("quantity", 2),
                ("initial_quantity", 2),
                ("price", 50),
                ("amount", 100),
                ("initial_amount", 100),
                ("subtotal_amount", 100),
            ],
            id="never discounted",
        ),
        pytest.param(
            Item(amount=100, discount_amount=30),
            Item(amount=100, discount_amount=10),
            [
                ("amount", 100),
                ("discount_amount", 30),
                ("applied_discount_amount", 20),
                ("subtotal_amount", 70),
            ],
            id="K3, subtotal is less all discounts",
        ),
        pytest.param(
            Item(amount=100, discount_amount=30),
            Item(amount=100, discount_amount=30),
            [
                ("amount", 100),
                ("discount_amount", 30),
                ("applied_discount_amount", 0),
                ("subtotal_amount", 70),
            ],
            id="nothing applied since",
        ),
    ],
)
def test_line(item: Item, since: Item | None, answer: list[tuple[str, int]]) -> None:
    """Since None is since the line as it is now."""
    assert printed(item_figures(item, item if since is None else since)) == answer


def test_lines_are_paired_with_themselves_and_appended_ones_with_nothing() -> None:
    old, new = Item(amount=1), Item(amount=2)
    pairs = list(earlier_items(Order(items=(old, new)), Order(items=(old,))))
    assert pairs == [(old, old), (new, Item(quantity=0, amount=0))]

"""CHEAPEST_ITEM: which units are meant, and what is taken off them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kupon.hooks.types import DefinitionError, Item, Order
from kupon_cheapest_item.discount import parse


def order(*lines):
    """An order of lines given as (price, quantity)."""
    items = tuple(
        Item(price=price, quantity=quantity, amount=price * quantity, id=f"line-{place}")
        for place, (price, quantity) in enumerate(lines)
    )
    total = sum(price * quantity for price, quantity in lines)
    return Order(amount=total, initial_amount=total, items=items)


def off(lines, **definition):
    discount = parse({"type": "CHEAPEST_ITEM", **definition}, ".discount")
    after = discount.apply(order(*lines)).order
    return [item.discount_amount for item in after.items]


@pytest.mark.parametrize(
    ("lines", "parameters", "expected"),
    [
        pytest.param([(500, 1), (300, 1)], {}, [500, 300], id="one of one: everything"),
        pytest.param([(500, 1), (300, 1)], {"among": 2}, [0, 300], id="one of two"),
        pytest.param([(500, 1), (300, 1)], {"among": 3}, [0, 0], id="too few"),
        pytest.param([(500, 3), (300, 3)], {"among": 3}, [0, 600], id="two of six"),
        pytest.param([(500, 5), (300, 1)], {"among": 3}, [500, 300], id="over two lines"),
        pytest.param([(500, 4)], {"among": 4, "units": 2}, [1000], id="two of four"),
        pytest.param([(400, 1), (400, 1)], {"among": 2}, [400, 0], id="the earlier of equals"),
        pytest.param([], {"among": 1}, [], id="an empty cart"),
    ],
)
def test_the_cheapest_units_are_free(lines, parameters, expected):
    assert off(lines, parameters=parameters) == expected


def test_a_share_of_them():
    assert off([(333, 1), (999, 1)], percent_off=50, parameters={"among": 2}) == [167, 0]


def test_what_was_taken_off_before_counts():
    before = order((500, 1), (300, 1))
    reduced = before.items[0].discounted(400)
    before = before.changed(items=(reduced, before.items[1]))
    after = parse({"parameters": {"among": 2}}, ".discount").apply(before).order
    assert [item.discount_amount for item in after.items] == [500, 0]


@given(
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(1, 9)), max_size=8),
    st.integers(1, 6),
    st.integers(1, 6),
    st.integers(0, 100),
)
def test_never_more_than_all_and_never_less_than_nothing(lines, among, units, percent):
    units = min(units, among)
    taken = off(lines, percent_off=percent, parameters={"among": among, "units": units})
    for (price, quantity), each in zip(lines, taken, strict=True):
        assert 0 <= each <= price * quantity


@pytest.mark.parametrize("units", [0, 1001, "x", 1.5])
def test_bad_parameters_are_refused(units):
    with pytest.raises(DefinitionError, match=r"\.discount\.parameters\.units"):
        parse({"parameters": {"units": units}}, ".discount")

"""Numbers that a definition gives, or a formula that falls back on them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from kupon.engine.definitions import LARGEST_WHOLE, DefinitionError, Fields
from kupon.engine.formulas import Operands
from kupon.engine.order import Item
from kupon.engine.values import NO_VALUE, Value, money, percentage, units

READERS = {"money": money, "percentage": percentage, "units": units}


def read(reader: str, **members: Any) -> Value:
    return READERS[reader](Fields(members, ".discount"), "x")


def nobody() -> Operands:
    raise AssertionError("a static value asks for no operands")


@pytest.mark.parametrize(
    ("reader", "sent", "number"),
    [
        pytest.param("money", "150.0", 150, id="minor units"),
        pytest.param("units", 3, 3, id="units"),
        pytest.param("percentage", 2.5, Decimal("2.5"), id="percent"),
    ],
)
def test_static_number_is_taken_as_sent(reader: str, sent: Any, number: Any) -> None:
    value = read(reader, x=sent)
    assert value.of(nobody) == number
    assert value.is_given
    assert not value.is_per_item


@pytest.mark.parametrize(
    ("reader", "text", "number"),
    [
        pytest.param("money", "10", 1000, id="major units"),
        pytest.param("money", "10.005", 1001, id="half a cent goes up"),
        pytest.param("money", "10.0049", 1000, id="less than half a cent goes down"),
        pytest.param("money", "0 - 1", 0, id="money below zero"),
        pytest.param("money", "POW(10;17)", LARGEST_WHOLE, id="money beyond all bounds"),
        pytest.param("percentage", "100 / 8", Decimal("12.5"), id="percent"),
        pytest.param("percentage", "250", Decimal(100), id="percent above everything"),
        pytest.param("percentage", "-5", Decimal(0), id="percent below zero"),
        pytest.param("units", "7 / 2", 3, id="units are cut"),
        pytest.param("units", "POW(10;17)", LARGEST_WHOLE, id="units beyond all bounds"),
    ],
)
def test_formula_is_scaled_to_the_wire_s_unit(reader: str, text: str, number: Any) -> None:
    result = read(reader, x=1, x_formula=text).of(Operands)
    assert result == number
    assert type(result) is type(number)


@pytest.mark.parametrize(
    ("members", "number"),
    [
        pytest.param({"x": 700}, 700, id="with a static value"),
        pytest.param({}, None, id="without one"),
    ],
)
def test_formula_that_lacks_an_operand_falls_back(members: Any, number: int | None) -> None:
    value = read("money", x_formula='ORDER_METADATA("missing") * 2', **members)
    assert value.of(Operands) == number
    assert value.is_given


def test_formula_about_lines_is_asked_for_each() -> None:
    value = read("money", x=5, x_formula="ORDER_ITEM_PRICE / 2")
    assert value.is_per_item
    assert value.of(lambda: Operands(item=Item(price=1000))) == 500
    assert value.of(Operands) == 5


def test_nothing_given() -> None:
    assert read("money") is NO_VALUE
    assert read("units", x=None) is NO_VALUE
    assert NO_VALUE.of(nobody) is None
    assert not NO_VALUE.is_given


@pytest.mark.parametrize(
    ("members", "path", "text"),
    [
        pytest.param({}, "", "should have required property 'x'", id="missing"),
        pytest.param({"x": -1}, ".x", "must be >= 0", id="negative"),
        pytest.param({"x": -1, "x_formula": "1"}, ".x", "must be >= 0", id="bad fallback"),
        pytest.param({"x_formula": 7}, ".x_formula", "must be string", id="formula of no text"),
    ],
)
@pytest.mark.parametrize("reader", [money, units])
def test_refused(reader: Any, members: Any, path: str, text: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        reader(Fields(members, ".discount"), "x", is_required=True)
    assert (caught.value.path, caught.value.text) == (f".discount{path}", text)


def test_broken_formula_is_refused_where_it_stands() -> None:
    with pytest.raises(DefinitionError) as caught:
        read("percentage", x_formula="1 +")
    assert caught.value.path == ".discount.x_formula"
    assert caught.value.text.startswith("is not a valid formula")

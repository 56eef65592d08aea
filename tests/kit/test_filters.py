from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kupon.kit.filters import BadFilter, Condition, Filters, as_number, parse_filters


@pytest.mark.parametrize(
    ("tree", "filters"),
    [
        pytest.param({}, Filters("and", ()), id="empty"),
        pytest.param(
            {"code": {"conditions": {"$is": "A"}}},
            Filters("and", (Condition("code", "$is", ("A",)),)),
            id="one value",
        ),
        pytest.param(
            {"junction": "OR", "code": {"conditions": {"$in": ["A", 1, True]}}, "n": {"$is": 2}},
            Filters("or", (Condition("code", "$in", ("A", 1, True)), Condition("n", "$is", (2,)))),
            id="junction in any case, several values, conditions left out",
        ),
        pytest.param(
            {"active": {"$enabled": {}}, "name": {"conditions": {"$has_value": None}}},
            Filters("and", (Condition("active", "$enabled"), Condition("name", "$has_value"))),
            id="operators without a value",
        ),
        pytest.param(
            {"x": {"conditions": {"$ends_with ": ["a"], "$in": []}}},
            Filters("and", (Condition("x", "$ends_with", ("a",)), Condition("x", "$in"))),
            id="blank behind the operator, empty list",
        ),
    ],
)
def test_filters_are_read(tree: dict[str, Any], filters: Filters) -> None:
    assert parse_filters(tree) == filters


@pytest.mark.parametrize(
    ("tree", "complaint"),
    [
        ([], "Property .filters must be object"),
        ("x", "Property .filters must be object"),
        ({"junction": "xor"}, "Property .filters.junction must be one of: and, or"),
        ({"junction": ["and"]}, "Property .filters.junction must be one of: and, or"),
        ({"code": "A"}, "Property .filters.code must be object"),
        ({"code": {"conditions": ["$is"]}}, "Property .filters.code.conditions must be object"),
        (
            {"code": {"conditions": {"$is": {"a": "b"}}}},
            "Property .filters.code.conditions.$is must be string, number or boolean",
        ),
        (
            {"code": {"conditions": {"$in": ["A", None]}}},
            "Property .filters.code.conditions.$in must be string, number or boolean",
        ),
        (
            {"code": {"conditions": {"$in": ["A\0"]}}},
            "Property .filters.code.conditions.$in must not contain a null character",
        ),
        ({"a\0": {}}, "Property .filters must not contain a null character"),
        (
            {f"f{i}": {"$is": "x"} for i in range(101)},
            "Property .filters must have at most 100 conditions",
        ),
    ],
)
def test_other_filters_are_refused(tree: object, complaint: str) -> None:
    with pytest.raises(BadFilter) as refused:
        parse_filters(tree)
    assert str(refused.value) == complaint


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), st.fixed_dictionaries({"conditions": _json}) | _json))
def test_any_json_is_read_or_refused(tree: dict[str, Any]) -> None:
    try:
        filters = parse_filters(tree)
    except BadFilter:
        return
    assert {condition.field for condition in filters.conditions} <= tree.keys()


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (5, Decimal(5)),
        (-5.25, Decimal("-5.25")),
        (1e16, Decimal(10**16)),
        ("007", Decimal(7)),
        ("-0.10", Decimal("-0.1")),
        ("", None),
        ("1e3", None),
        ("٣", None),
        ("NaN", None),
        (float("inf"), None),
        (True, None),
        (10**31, None),
    ],
)
def test_numbers(value: Any, number: Decimal | None) -> None:
    assert as_number(value) == number


def test_values_by_type() -> None:
    values = ("a", 5, True, False, 0.5, 1e20)
    texts = ["a", "5", "true", "false", "0.5", "1" + "0" * 20]
    assert Condition("x", "$in", values).texts() == texts
    assert Condition("x", "$in", ("5", 6)).numbers() == [Decimal(5), Decimal(6)]
    assert Condition("x", "$in", ("TRUE", False)).flags() == [True, False]


def test_values_of_another_type_are_refused() -> None:
    condition = Condition("x", "$in", ("5", "five"))
    for read, wanted in ((condition.numbers, "number"), (condition.flags, "boolean")):
        with pytest.raises(BadFilter) as refused:
            read()
        assert str(refused.value) == f"Property .filters.x.conditions.$in must be {wanted}"
    assert str(condition.unsupported()) == "Property .filters.x.conditions.$in is not supported"

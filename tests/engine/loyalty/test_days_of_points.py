"""Expiration rules that are refused, and buckets at their edges."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from kupon.engine.definitions import DefinitionError
from kupon.engine.loyalty.buckets import Bucket, next_expiration, refill, take
from kupon.engine.loyalty.expiration import parse_expiration, points_expire_on

TODAY = date(2025, 3, 10)
MONTH = {"period_type": "MONTH", "period_value": 1}


@pytest.mark.parametrize(
    ("raw", "details"),
    [
        ([], "Property .e must be object"),
        ({"fixed_day": 1}, "Property .e should have required property 'period_type'"),
        ({"period_type": "DAY"}, "Property .e.period_type must be equal to one of"),
        ({"period_type": "MONTH"}, "Property .e should have required property 'period_value'"),
        (MONTH | {"period_value": -1}, "Property .e.period_value must be >= 0"),
        (MONTH | {"period_value": 1201}, "Property .e.period_value must be <= 1200"),
        (MONTH | {"rounding_type": "UP"}, "Property .e.rounding_type must be equal to one of"),
        (MONTH | {"rounding_type": "PARTICULAR_MONTH"}, "Property .e should have required"),
        (
            MONTH | {"rounding_type": "PARTICULAR_MONTH", "rounding_value": 0},
            "Property .e.rounding_value must be between 1 and 12",
        ),
        (
            {"period_type": "FIXED_DAY_OF_YEAR", "fixed_month": 13, "fixed_day": 1},
            "Property .e.fixed_month must be between 1 and 12",
        ),
        (
            {"period_type": "FIXED_DAY_OF_YEAR", "fixed_month": 1, "fixed_day": 32},
            "Property .e.fixed_day must be between 1 and 31",
        ),
    ],
)
def test_refused_rules(raw: Any, details: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse_expiration(raw, ".e")
    assert caught.value.details.startswith(details)


def test_the_rules_nearest_to_the_points_count() -> None:
    rule = parse_expiration(MONTH, "")
    campaign = parse_expiration(MONTH | {"period_value": 12}, "")
    assert parse_expiration({}, "") is parse_expiration(None, "") is None
    assert points_expire_on(TODAY, rule, campaign) == date(2025, 4, 10)
    assert points_expire_on(TODAY, None, campaign) == date(2026, 3, 10)
    assert points_expire_on(TODAY, None, None) is None


def test_the_longest_rules() -> None:
    rule = parse_expiration(MONTH | {"period_value": 1200}, "")
    assert points_expire_on(TODAY, rule) == date(2125, 3, 10)


def test_taking_more_than_there_is() -> None:
    with pytest.raises(ValueError, match="3 points more"):
        take([Bucket("a", TODAY, 5), Bucket("b", None, 2)], 10)


def test_single_points() -> None:
    assert take([Bucket("a", TODAY, 1)], 1) == ((Bucket("a", TODAY, 1), 1),)
    assert next_expiration([Bucket("a", TODAY, 1)]) == (TODAY, 1)


def test_what_ends_next() -> None:
    assert next_expiration([]) is None
    assert next_expiration([Bucket("a", None, 5), Bucket("b", TODAY, 0)]) is None


@pytest.mark.uncertain
def test_points_come_back_to_their_day() -> None:
    yesterday, later = date(2025, 3, 9), date(2025, 6, 30)
    taken = [(yesterday, 3), (TODAY, 4), (None, 5), (later, 6)]
    assert refill(taken, TODAY, later) == {later: 9, TODAY: 4, None: 5}
    assert refill(taken, TODAY, None) == {None: 8, TODAY: 4, later: 6}

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kupon.kit.money import percent_of


@pytest.mark.parametrize(
    ("base", "percent", "share"),
    [
        pytest.param(50350, "3", 1511, id="half a cent rounds up"),
        pytest.param(103350, "3", 3101, id="half a cent rounds up again"),
        pytest.param(50349, "3", 1510, id="less than half a cent rounds down"),
        pytest.param(1, "50", 1, id="half of one cent is one cent"),
        pytest.param(1, "49.999999999", 0, id="not quite half"),
        pytest.param(20050, "10.0", 2005, id="trailing zero"),
        pytest.param(2000, "12.5", 250, id="fraction of a percent"),
        pytest.param(0, "100", 0, id="nothing"),
        pytest.param(12345, "0", 0, id="none of it"),
        pytest.param(12345, "100", 12345, id="all of it"),
        pytest.param(10**30 + 1, "100", 10**30 + 1, id="beyond a Decimal's 28 digits"),
    ],
)
def test_percent_of_rounds_half_up(base: int, percent: str, share: int) -> None:
    assert percent_of(base, Decimal(percent)) == share


@settings(max_examples=500)
@given(st.integers(0, 10**15), st.decimals(0, 100, places=6))
def test_percent_of_is_within_half_a_cent_of_the_exact_share(base: int, percent: Decimal) -> None:
    distance = percent_of(base, percent) - base * Fraction(percent) / 100
    assert Fraction(-1, 2) < distance <= Fraction(1, 2)

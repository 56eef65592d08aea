"""Amounts of currencies: whole smallest units, whatever they are called."""

from __future__ import annotations

from decimal import InvalidOperation

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kupon.kit.currencies import decimal_text, exponent_of, is_exact, minor_units

CASES = [
    pytest.param("500", "JPY", 500, id="no digits"),
    pytest.param("12.29", "USD", 1229, id="two digits, which a float has not exactly"),
    pytest.param("0.07", "EUR", 7, id="less than one"),
    pytest.param("1.234", "KWD", 1234, id="three digits"),
    pytest.param("1.2345", "CLF", 12345, id="four digits"),
    pytest.param("-5.00", "PLN", -500, id="a refund"),
]


@pytest.mark.parametrize(("text", "currency", "minor"), CASES)
def test_amounts_come_and_go_exactly(text, currency, minor):
    assert minor_units(text, currency) == minor
    assert decimal_text(minor, currency) == text
    assert is_exact(text, currency)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("12.345", "EUR", 1234), ("12.355", "EUR", 1236), ("0.5", "JPY", 0), ("1.5", "JPY", 2)],
)
def test_what_is_finer_is_rounded_half_to_even(text, currency, minor):
    assert minor_units(text, currency) == minor
    assert not is_exact(text, currency)


@pytest.mark.parametrize("text", ["12.0", "12.00", "12", "1.2e1"])
def test_an_amount_may_be_written_in_many_ways(text):
    assert minor_units(text, "EUR") == 1200
    assert is_exact(text, "EUR")


def test_what_is_no_number_is_refused():
    with pytest.raises(InvalidOperation):
        minor_units("12,00", "EUR")


def test_a_shop_may_write_other_digits():
    assert decimal_text(1200, "EUR", digits=0) == "12"
    assert decimal_text(1234, "EUR", digits=4) == "12.3400"


def test_unknown_currencies_have_two_digits():
    assert (exponent_of("XTS"), exponent_of("jpy")) == (2, 0)


@given(st.integers(-(10**15), 10**15), st.sampled_from(["JPY", "EUR", "KWD", "CLF"]))
def test_every_amount_round_trips(minor, currency):
    assert minor_units(decimal_text(minor, currency), currency) == minor

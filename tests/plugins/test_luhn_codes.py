"""Check characters: the published examples, every single typing error, and most swaps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kupon_luhn_codes.checking import append_check_character, is_right

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def append(code):
    return append_check_character(code, lambda count: 0)


@pytest.mark.parametrize(
    ("code", "checked"),
    [
        # The example of ISO/IEC 7812-1, annex B, and one of every textbook.
        pytest.param("7992739871", "79927398713", id="digits"),
        pytest.param("1789372997", "17893729974", id="more digits"),
        pytest.param("GIFT-2024", "GIFT-2024" + append("GIFT2024")[-1], id="dashes don't count"),
        pytest.param("abc", append("ABC").lower(), id="small letters"),
        pytest.param("", "0", id="nothing"),
    ],
)
def test_check_characters(code, checked):
    assert append(code) == checked


@pytest.mark.parametrize("code", ["", "0", "-", "79927398710", "ÄÖ"])
def test_codes_that_are_not_right(code):
    assert not is_right(code)


@given(st.text(ALPHABET, min_size=1, max_size=30))
def test_what_was_appended_is_right(code):
    assert is_right(append(code))


@given(st.text("0123456789", min_size=1, max_size=20), st.data())
def test_one_wrong_digit_is_always_noticed(code, data):
    right = append(code)
    place = data.draw(st.integers(0, len(right) - 1))
    wrong = data.draw(st.sampled_from([each for each in "0123456789" if each != right[place]]))
    assert not is_right(right[:place] + wrong + right[place + 1 :])


@given(
    st.text(ALPHABET, min_size=2, max_size=20).filter(lambda code: not code.isdigit()), st.data()
)
def test_one_wrong_letter_is_always_noticed(code, data):
    right = append(code)
    place = data.draw(st.integers(0, len(right) - 1))
    wrong = data.draw(st.sampled_from([each for each in ALPHABET if each != right[place]]))
    broken = right[:place] + wrong + right[place + 1 :]
    # Without its only letter a code is judged as digits.
    assert broken.isdigit() or not is_right(broken)

"""Generators of plugins, and tables that plugins extend."""

from __future__ import annotations

import secrets

import pytest

from kupon.engine.codes import GENERATORS, CodePattern, draw, finished, parse_code_config
from kupon.engine.definitions import DefinitionError
from kupon.engine.registry import DuplicateEntry, Registry


@pytest.fixture
def pattern():
    GENERATORS.add("test_suffix", lambda code, random: f"{code}-{random(10)}")
    GENERATORS.add("test_long", lambda code, _: code * 300)
    return CodePattern(pattern="##", charset="ab", generator="test_suffix")


def test_codes_are_finished(pattern):
    codes = finished(pattern, draw(pattern, 200, secrets.token_bytes), secrets.token_bytes)
    assert all(code[:2].strip("ab") == "" and code[2] == "-" for code in codes)
    assert {code[3] for code in codes} == set("0123456789")


def test_without_a_generator_they_are_left_alone():
    plain = CodePattern(pattern="##", charset="ab")
    assert finished(plain, ["x", "y"], secrets.token_bytes) == ["x", "y"]


def test_a_generator_is_named_in_the_config(pattern):
    assert parse_code_config({"generator": "test_suffix"}).generator == "test_suffix"
    assert parse_code_config({"generator": None}).generator == ""
    with pytest.raises(DefinitionError, match=r"allowed values: .*test_suffix") as caught:
        parse_code_config({"generator": "dice"})
    assert caught.value.key == "invalid_code_config"


@pytest.mark.parametrize(
    ("name", "complaint"), [("gone", "is not installed"), ("test_long", "1 to 200 characters")]
)
def test_what_is_no_use_is_refused(pattern, name, complaint):
    broken = CodePattern(pattern="##", charset="ab", generator=name)
    with pytest.raises(DefinitionError, match=complaint):
        finished(broken, ["ab"], secrets.token_bytes)


def test_added_entries_give_way_to_later_ones_and_never_to_standard_ones():
    table = Registry("kind", {"standard": 1})
    table.add("added", 2)
    table.add("added", 3)
    assert (table.find("standard"), table.find("added"), list(table)) == (
        1,
        3,
        ["standard", "added"],
    )
    with pytest.raises(DuplicateEntry, match="kind standard is a standard one"):
        table.add("standard", 4)

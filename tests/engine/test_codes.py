"""Code patterns: what they say, how many codes they hold, and the codes themselves."""

from __future__ import annotations

import random
import re
import secrets
from collections import Counter
from typing import Any

import pytest

from kupon.engine.codes import (
    ALPHANUMERIC,
    CodePattern,
    code_at,
    code_key,
    draw,
    parse_code_config,
    require_room,
)
from kupon.engine.definitions import DefinitionError

LOWER = "abcdefghijklmnopqrstuvwxyz"
EIGHT = CodePattern(pattern="########", charset=ALPHANUMERIC)


@pytest.mark.parametrize(
    ("config", "pattern"),
    [
        pytest.param(None, EIGHT, id="nothing said"),
        pytest.param({}, EIGHT, id="empty"),
        pytest.param({"initial_count": 5, "prefix": None, "length": None}, EIGHT, id="ignored"),
        pytest.param(
            {"length": 3.0}, CodePattern(pattern="###", charset=ALPHANUMERIC), id="length"
        ),
        pytest.param(
            {"length": "3", "charset": "numbers"},
            CodePattern(pattern="###", charset="0123456789"),
            id="length as text",
        ),
        pytest.param(
            {"length": 3, "pattern": "A-#"},
            CodePattern(pattern="A-#", charset=ALPHANUMERIC),
            id="a pattern replaces the length",
        ),
        pytest.param(
            {"pattern": "#", "prefix": "P%", "postfix": "#S", "charset": "aab"},
            CodePattern(pattern="#", prefix="P%", postfix="#S", charset="ab"),
            id="all parts, characters counted once",
        ),
        pytest.param(
            {"charset": "alphabetic lower"},
            CodePattern(pattern="########", charset=LOWER),
            id="lower",
        ),
        pytest.param(
            {"charset": "alphabetic upper"},
            CodePattern(pattern="########", charset=LOWER.upper()),
            id="upper",
        ),
        pytest.param(
            {"charset": "alphabetic"},
            CodePattern(pattern="########", charset=LOWER + LOWER.upper()),
            id="both",
        ),
        pytest.param(
            {"charset": "alphanumeric"},
            EIGHT,
            id="62 characters",
        ),
    ],
)
def test_config(config: dict[str, Any] | None, pattern: CodePattern) -> None:
    assert parse_code_config(config) == pattern


def test_default_charset_is_the_projects() -> None:
    assert parse_code_config({"length": 2}, "numbers").charset == "0123456789"
    assert parse_code_config({"charset": "xy"}, "numbers").charset == "xy"


def test_a_code_is_folded_where_case_is_ignored() -> None:
    assert code_key("Straße", is_case_sensitive=True) == "Straße"
    assert code_key("Straße", is_case_sensitive=False) == "strasse"


def test_without_case_the_first_of_two_letters_stays() -> None:
    config = {"charset": "aBAbc1"}
    assert parse_code_config(config, is_case_sensitive=False).charset == "aBc1"
    assert parse_code_config(config).charset == "aBAbc1"


@pytest.mark.parametrize(
    ("config", "path", "text"),
    [
        pytest.param([], "", "must be object", id="no object"),
        pytest.param({"pattern": 5}, ".pattern", "must be string", id="pattern"),
        pytest.param({"prefix": {}}, ".prefix", "must be string", id="prefix"),
        pytest.param({"postfix": 1}, ".postfix", "must be string", id="postfix"),
        pytest.param({"charset": ["a"]}, ".charset", "must be string", id="charset"),
        pytest.param({"length": "x"}, ".length", "must be number", id="length"),
        pytest.param({"length": 0}, ".length", "must be from 1 to 200", id="length 0"),
        pytest.param({"length": 201}, ".length", "must be from 1 to 200", id="length 201"),
        pytest.param(
            {"pattern": ""}, "", "must make codes of 1 to 200 characters", id="empty code"
        ),
        pytest.param(
            {"prefix": "x" * 193}, "", "must make codes of 1 to 200 characters", id="long code"
        ),
        pytest.param(
            {"postfix": "x" * 193}, "", "must make codes of 1 to 200 characters", id="long end"
        ),
        *(
            pytest.param(
                {"charset": charset},
                ".charset",
                "must hold printable characters other than blanks",
                id=name,
            )
            for charset, name in (("", "empty"), ("a b", "blank"), ("a\n", "line end"))
        ),
        pytest.param(
            {"charset": "".join(map(chr, range(0x4E00, 0x4E00 + 257)))},
            ".charset",
            "must hold at most 256 characters",
            id="257 characters",
        ),
    ],
)
def test_config_refused(config: Any, path: str, text: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse_code_config(config, path=".voucher.code_config")
    error = caught.value
    assert (error.path, error.text) == (f".voucher.code_config{path}", text)
    assert error.key == "invalid_code_config"


@pytest.mark.parametrize(
    ("pattern", "capacity"),
    [
        pytest.param(CodePattern(pattern="###", charset="0123456789"), 1000, id="numbers"),
        pytest.param(CodePattern(pattern="FIXED", charset="ab"), 1, id="nothing varies"),
        pytest.param(CodePattern(pattern="#-#", prefix="##", charset="ab"), 4, id="prefix is not"),
    ],
)
def test_capacity(pattern: CodePattern, capacity: int) -> None:
    assert pattern.capacity == capacity


@pytest.mark.parametrize(
    "config",
    [
        pytest.param({"length": 200}, id="the longest length"),
        pytest.param({"pattern": "#", "prefix": "x" * 100, "postfix": "x" * 99}, id="all parts"),
        pytest.param({"charset": "".join(map(chr, range(0x4E00, 0x4E00 + 256)))}, id="charset"),
        pytest.param({"length": 1}, id="the shortest"),
        pytest.param({"pattern": "#", "postfix": "xx"}, id="more fixed than varies"),
    ],
)
def test_largest_and_smallest(config: dict[str, Any]) -> None:
    assert draw(parse_code_config(config), 1, secrets.token_bytes)


def test_room() -> None:
    pattern = CodePattern(pattern="###", charset="0123456789")
    require_room(pattern, 1000)
    require_room(pattern, 400, 600)
    with pytest.raises(DefinitionError) as caught:
        require_room(pattern, 401, 600)
    assert caught.value.key == "invalid_code_config"
    assert caught.value.details == (
        "Property .code_config has room for 400 more codes, not for 401"
    )


def test_every_number_has_its_code() -> None:
    pattern = CodePattern(prefix="%s-", pattern="#x#", postfix="#", charset="abc")
    assert [code_at(pattern, number) for number in range(pattern.capacity)] == [
        f"%s-{first}x{second}#" for first in "abc" for second in "abc"
    ]


def test_drawn_codes_follow_the_pattern() -> None:
    pattern = parse_code_config({"prefix": "100%-", "pattern": "##_#", "charset": "numbers"})
    codes = draw(pattern, 500, secrets.token_bytes)
    assert len(codes) == 500
    assert all(re.fullmatch(r"100%-\d\d_\d", code) for code in codes)


def test_nothing_to_draw() -> None:
    assert draw(EIGHT, 0, secrets.token_bytes) == []
    assert draw(CodePattern(prefix="1%", pattern="X", charset="a"), 2, secrets.token_bytes) == [
        "1%X",
        "1%X",
    ]


def test_what_chance_leaves_out_is_drawn_again() -> None:
    # 200 characters: bytes from 200 on say nothing.
    charset = "".join(map(chr, range(0x4E00, 0x4E00 + 200)))
    supply = iter([bytes([255, 254, 0]), bytes([200, 201]), bytes([199, 7, 8])])
    codes = draw(CodePattern(pattern="##", charset=charset), 1, lambda _count: next(supply))
    assert codes == [charset[0] + charset[199]]


@pytest.mark.parametrize("size", [1, 2, 3, 10, 62, 200, 256])
def test_every_character_is_as_likely_as_the_next(size: int) -> None:
    charset = "".join(map(chr, range(0x4E00, 0x4E00 + size)))
    chance = random.Random(size)
    codes = draw(CodePattern(pattern="#" * 100, charset=charset), size * 20, chance.randbytes)
    counts = Counter("".join(codes))
    assert set(counts) == set(charset)
    # Each is expected 2,000 times; six standard deviations.
    assert all(abs(count - 2000) < 270 for count in counts.values())

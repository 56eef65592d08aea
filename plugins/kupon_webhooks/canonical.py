"""JSON as JavaScript's JSON.stringify writes what JSON.parse has read.

Receivers check signatures over what they get by writing it themselves, so our bytes must be the
ones that they write.

Source: spec events-webhooks-data, section 3.4; ECMAScript, Number::toString and JSON.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

_LARGEST_WHOLE: Final = 2**53 - 1
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,9}")
_MOST_INDEX: Final = 2**32 - 2
_LONE: Final = re.compile("[\ud800-\udfff]")


def write(value: Any) -> bytes:
    """The JSON of plain data.

    Raises:  ValueError for what JSON has no word for.
    """
    return "".join(_parts(value)).encode()


def _parts(value: Any) -> Iterator[str]:
    match value:
        case None:
            yield "null"
        case bool():
            yield "true" if value else "false"
        case int():
            yield str(value) if abs(value) <= _LARGEST_WHOLE else _number(float(value))
        case float():
            yield _number(value)
        case str():
            yield _text(value)
        case Mapping():
            yield from _members(value)
        case list() | tuple():
            yield from _list(value)
        case _:
            raise ValueError(f"{type(value).__name__} is not JSON")


def _members(value: Mapping[str, Any]) -> Iterator[str]:
    separator = "{"
    for name in _ordered(value):
        yield separator
        yield _text(name)
        yield ":"
        yield from _parts(value[name])
        separator = ","
    yield "}" if value else "{}"


def _ordered(value: Mapping[str, Any]) -> Sequence[str]:
    """The members as JavaScript has them: those that look like indexes first, ascending."""
    indexes = [name for name in value if _is_index(name)]
    if not indexes:
        return list(value)
    return [*sorted(indexes, key=int), *(name for name in value if not _is_index(name))]


def _is_index(name: str) -> bool:
    return _INDEX.fullmatch(name) is not None and int(name) <= _MOST_INDEX


def _list(value: Sequence[Any]) -> Iterator[str]:
    separator = "["
    for each in value:
        yield separator
        yield from _parts(each)
        separator = ","
    yield "]" if value else "[]"


def _text(value: str) -> str:
    written = json.dumps(value, ensure_ascii=False)
    return _LONE.sub(lambda found: f"\\u{ord(found[0]):04x}", written)


def _number(value: float) -> str:
    if not math.isfinite(value):
        raise ValueError("JSON has no word for this number")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    return sign + _magnitude(*_digits(abs(value)))


def _digits(value: float) -> tuple[str, int]:
    """The shortest digits that tell a number, and how many of them are before the point."""
    mantissa, _, exponent = repr(value).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    lost = len(whole + fraction) - len(digits)
    point = len(whole) - lost + int(exponent or 0)
    return digits.rstrip("0"), point


def _magnitude(digits: str, point: int) -> str:
    count = len(digits)
    if count <= point <= 21:
        return digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"0.{'0' * -point}{digits}"
    power = point - 1
    fraction = f".{digits[1:]}" if count > 1 else ""
    return f"{digits[0]}{fraction}e{'+' if power > 0 else '-'}{abs(power)}"

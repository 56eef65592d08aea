"""Check characters: Luhn's formula modulo 10, or modulo 36 where a code has letters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from marshmallow import Schema, fields

from kupon.hooks.types import RouteRequest


class CodeCheck(Schema):
    """What a check comes to."""

    object = fields.String(required=True)
    code = fields.String(required=True)
    valid = fields.Boolean(required=True)


def append_check_character(code: str, _: Callable[[int], int]) -> str:
    """The code with its check character; a letter is small where the code's last letter is."""
    counted = _counted(code)
    character = _ALPHABET[_check_value(counted)]
    letters = [each for each in code if each.isascii() and each.isalpha()]
    return code + (character.lower() if letters and letters[-1].islower() else character)


def is_right(code: str) -> bool:
    """Whether the last character is the check character of those before it."""
    counted = _counted(code)
    return len(counted) > 1 and _check_value(counted[:-1], _base(counted)) == counted[-1]


def answer_check(request: RouteRequest) -> dict[str, Any]:
    """Answer a till."""
    code = request.arguments["code"]
    return {"object": "code_check", "code": code, "valid": is_right(code)}


_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _counted(code: str) -> list[int]:
    """The values of the characters that count."""
    return [_ALPHABET.index(each) for each in code.upper() if each in _ALPHABET]


def _base(values: Sequence[int]) -> int:
    return 36 if any(value > 9 for value in values) else 10


def _check_value(values: Sequence[int], base: int | None = None) -> int:
    base = base or _base(values)
    total = 0
    for place, value in enumerate(reversed(values)):
        # Every other value counts twice, from the one beside the check character on.
        counted = value if place % 2 else value * 2
        total += counted // base + counted % base
    return -total % base

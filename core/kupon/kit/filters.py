"""Filters as callers send them, in a query string or in a JSON body, before a table is known.

Source: spec api-conventions, section 8; rules-and-qualification, section 15.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

Scalar = str | int | float | bool
Junction = Literal["and", "or"]

MOST_CONDITIONS = 100

# As many digits as every database certainly holds.
_NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")


class BadFilter(ValueError):
    """A filter that can't be understood; it reads like the wire's details."""

    def __init__(self, path: str, text: str) -> None:
        super().__init__(f"Property {path} {text}")


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator on one field.

    Shapes: values keep the caller's order and types; empty for operators that need none.
    """

    field: str
    operator: str
    values: tuple[Scalar, ...] = ()

    def texts(self) -> list[str]:
        """The values as text, spelled as a JSON document would have them, without exponents."""
        return [_spelled(value) for value in self.values]

    def numbers(self) -> list[Decimal]:
        """The values as numbers.

        Raises:  BadFilter when one isn't.
        """
        found = [as_number(value) for value in self.values]
        numbers = [number for number in found if number is not None]
        if len(numbers) < len(found):
            raise self.bad("must be number")
        return numbers

    def flags(self) -> list[bool]:
        """The values as booleans; text in any case is read too.

        Raises:  BadFilter when one isn't.
        """
        texts = [text.lower() for text in self.texts()]
        if not {"true", "false"}.issuperset(texts):
            raise self.bad("must be boolean")
        return [text == "true" for text in texts]

    def bad(self, text: str) -> BadFilter:
        """The complaint that this condition `text`."""
        return BadFilter(f".filters.{self.field}.conditions.{self.operator}", text)

    def unsupported(self) -> BadFilter:
        """The complaint that the field doesn't know the operator."""
        return self.bad("is not supported")


@dataclass(frozen=True, slots=True)
class Filters:
    """Conditions joined by one junction; those of one field must all hold."""

    junction: Junction
    conditions: tuple[Condition, ...]


def as_number(value: Scalar) -> Decimal | None:
    """A value as an exact number, or None when it isn't one of at most 30 digits."""
    text = _spelled(value)
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def _spelled(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else format(Decimal(str(value)), "f")


def parse_filters(tree: object) -> Filters:
    """Read filters from nested mappings.

    Shapes:  `{"junction": "and", "code": {"conditions": {"$in": ["A", "B"]}}}`; a single value may
        stand for a list, and a state such as `{"active": {"$enabled": {}}}` for its conditions.
    Raises:  BadFilter.
    """
    if not isinstance(tree, Mapping):
        raise BadFilter(".filters", "must be object")
    conditions: list[Condition] = []
    for field, node in tree.items():
        if field != "junction":
            conditions.extend(_conditions(field, node))
    if len(conditions) > MOST_CONDITIONS:
        raise BadFilter(".filters", f"must have at most {MOST_CONDITIONS} conditions")
    return Filters(_junction(tree.get("junction", "and")), tuple(conditions))


def _junction(value: object) -> Junction:
    told = value.lower() if isinstance(value, str) else value
    if told == "and":
        return "and"
    if told == "or":
        return "or"
    raise BadFilter(".filters.junction", "must be one of: and, or")


def _conditions(field: str, node: object) -> Iterator[Condition]:
    if "\0" in field:
        raise BadFilter(".filters", "must not contain a null character")
    if not isinstance(node, Mapping):
        raise BadFilter(f".filters.{field}", "must be object")
    tree = node.get("conditions", node)
    if not isinstance(tree, Mapping):
        raise BadFilter(f".filters.{field}.conditions", "must be object")
    for operator, value in tree.items():
        # The reference's own table has an operator with a blank behind it.
        yield _condition(field, operator.strip(), value)


def _condition(field: str, operator: str, value: Any) -> Condition:
    # `{"$enabled": {}}` is how the reference writes an operator without a value.
    if value is None or value == {}:
        return Condition(field, operator)
    values = tuple(value) if isinstance(value, list) else (value,)
    condition = Condition(field, operator, values)
    if not all(isinstance(one, str | int | float) for one in values):
        raise condition.bad("must be string, number or boolean")
    if any(isinstance(one, str) and "\0" in one for one in values):
        raise condition.bad("must not contain a null character")
    return condition

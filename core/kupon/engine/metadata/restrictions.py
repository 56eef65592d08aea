"""What a definition demands of texts and numbers beside their type.

Source: spec rules-and-qualification, section 17.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from kupon.engine.definitions import Fields
from kupon.engine.metadata.checking import shorten
from kupon.engine.metadata.kinds import Test, is_number

Restriction = tuple[str, Test]

_LONGEST_LIST: Final = 1000

_TEXT_RULES: Mapping[str, tuple[str, Callable[[int], Test]]] = {
    "min_length": ("must have at least {} characters", lambda least: lambda v: len(v) >= least),
    "max_length": ("must have at most {} characters", lambda most: lambda v: len(v) <= most),
    "exact_length": ("must have exactly {} characters", lambda size: lambda v: len(v) == size),
}
_NUMBER_RULES: Mapping[str, tuple[str, Callable[[Any], Test]]] = {
    "lt": ("must be less than {}", lambda bound: lambda v: v < bound),
    "lte": ("must be less than or equal to {}", lambda bound: lambda v: v <= bound),
    "gt": ("must be greater than {}", lambda bound: lambda v: v > bound),
    "gte": ("must be greater than or equal to {}", lambda bound: lambda v: v >= bound),
}


def read_restrictions(fields: Fields, type_: str) -> Iterator[Restriction]:
    """Read all restrictions of a definition, each with its words; null restricts nothing.

    Raises:  DefinitionError, also for a restriction that the type does not have.
    """
    for name, owners in _OWNERS.items():
        value = fields.get(name)
        if value is None:
            continue
        if type_ not in owners:
            raise fields.error(name, f"must not be set for type {type_}")
        if name in _TEXT_RULES:
            words, build = _TEXT_RULES[name]
            length = fields.required_whole(name)
            yield words.format(length), build(length)
        elif name in _NUMBER_RULES:
            words, build = _NUMBER_RULES[name]
            yield words.format(value), build(_number(fields, name, value))
        elif choice := _choice(fields, name, type_):
            yield choice


_OWNERS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(_TEXT_RULES, ("string",)),
    **dict.fromkeys(_NUMBER_RULES, ("number",)),
    "eq": ("string", "number"),
    "ne": ("number",),
}


def _choice(fields: Fields, name: str, type_: str) -> Restriction | None:
    """Read the values that are the only right ones (`eq`), or the wrong ones (`ne`), if any."""
    values = fields.get(name)
    if not isinstance(values, list):
        raise fields.error(name, "must be array")
    for index, value in enumerate(values):
        if type_ == "number":
            _number(fields, f"{name}[{index}]", value)
        elif not isinstance(value, str):
            raise fields.error(f"{name}[{index}]", "must be string")
    if not values:
        return None
    listed = shorten(",".join(map(str, values)), _LONGEST_LIST)
    known = frozenset(values)
    if name == "eq":
        return f"must be equal to one of {listed}", lambda value: value in known
    return f"must not be equal to one of {listed}", lambda value: value not in known


def _number(fields: Fields, name: str, value: Any) -> int | float:
    if not is_number(value):
        raise fields.error(name, "must be number")
    if round(value, 2) != value:
        raise fields.error(name, "must have at most 2 decimals")
    number: int | float = value
    return number

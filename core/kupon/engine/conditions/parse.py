"""Conditions as they stand in a definition, read once into tests.

Source: spec rules-and-qualification, section 4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kupon.engine.conditions.moments import Moment
from kupon.engine.conditions.operators import Operator, Test
from kupon.engine.conditions.table import STANDARD_OPERATORS
from kupon.engine.conditions.values import Values
from kupon.engine.definitions import DefinitionError, Fields
from kupon.engine.registry import Registry

# Names collections; the rules on order lines read it.
_FROM: Final = "$from"


@dataclass(frozen=True, slots=True)
class Conditions:
    """Tests of one value, all of which must be passed.

    Shapes: hold tells whether a value passes; None is an absent value, a list is met by any of its
        elements; it never raises.
    """

    hold: Test


def parse_conditions(
    raw: object,
    path: str,
    kind: str = "any",
    key: str = "invalid_payload",
    operators: Registry[Operator] = STANDARD_OPERATORS,
) -> Conditions:
    """Read `{operator: [values]}`; a single value may stand for a list, `$from` is passed over.

    Shapes: kind is the type of the subject as metadata schemas name it, or any without one.
    Raises: DefinitionError.
    """
    members = Fields(raw, path, key).members
    tests = [
        _test(name, value, f"{path}.{name}", kind, key, operators)
        for name, value in members.items()
        if name != _FROM
    ]
    return Conditions(tests[0] if len(tests) == 1 else _every(tests))


def _every(tests: Sequence[Test]) -> Test:
    def test(value: Any, moment: Moment) -> bool:
        for each in tests:  # noqa: SIM110 - a generator costs more than the tests
            if not each(value, moment):
                return False
        return True

    return test


def parse_values(raw: object, path: str, kind: str, key: str) -> Values:
    """Read what stands behind an operator; null is no value.

    Raises: DefinitionError.
    """
    if isinstance(raw, Mapping):
        raise DefinitionError(path, "must be array", key)
    items = tuple(raw) if isinstance(raw, list | tuple) else () if raw is None else (raw,)
    if not all(isinstance(item, str | int | float) for item in items):
        raise DefinitionError(path, "must be string, number or boolean", key)
    return Values(items=items, kind=kind, path=path, key=key)


def _test(
    name: str, raw: object, path: str, kind: str, key: str, operators: Registry[Operator]
) -> Test:
    # The reference's own table has an operator with a blank behind it.
    operator = operators.find(name.strip())
    if operator is None:
        raise DefinitionError(path, "is not supported", key)
    return operator(parse_values(raw, path, kind, key))

"""Conditions: what a rule or a filter asks of one value.

A condition is an operator with values. Operators are functions registered under their wire names;
each reads its values once and returns the test that is run many times. Plugins add operators with
`STANDARD_OPERATORS.extended(...)` and hand the longer table to `parse_conditions`.

Source: spec rules-and-qualification, sections 4 and 15.
"""

from __future__ import annotations

from kupon.engine.conditions.moments import Moment
from kupon.engine.conditions.operators import Operator, Test
from kupon.engine.conditions.parse import Conditions, parse_conditions, parse_values
from kupon.engine.conditions.table import STANDARD_OPERATORS
from kupon.engine.conditions.values import Values

__all__ = [
    "STANDARD_OPERATORS",
    "Conditions",
    "Moment",
    "Operator",
    "Test",
    "Values",
    "parse_conditions",
    "parse_values",
]

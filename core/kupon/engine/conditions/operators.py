"""What an operator is, and how a test of one value becomes one of a list.

Source: spec rules-and-qualification, section 4 (array subjects, absent subjects).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kupon.engine.conditions.moments import Moment
from kupon.engine.conditions.values import Values

# A test of a whole subject: None is absent, a list holds values.
Test = Callable[[Any, Moment], bool]
# A test of one value, which may be of any type but a list; none of them holds of None.
Leaf = Callable[[Any, Moment], bool]
# Reads the values behind an operator, and raises DefinitionError where it can't.
Operator = Callable[[Values], Test]

LISTS = (list, tuple, set, frozenset)


def any_element(leaf: Leaf) -> Test:
    """Return the test that a value passes, or one element of a list."""

    def test(subject: Any, moment: Moment) -> bool:
        if isinstance(subject, LISTS):
            return any(leaf(element, moment) for element in subject)
        return leaf(subject, moment)

    return test


def negated(test: Test) -> Test:
    """Return the test that is passed where another is not: by none of a list, by what is absent."""
    return lambda subject, moment: not test(subject, moment)


def never(subject: Any, moment: Moment) -> bool:
    """Test nothing: no subject passes."""
    return False

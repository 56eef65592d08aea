"""The values of one operator, read with checks when a definition is parsed.

Source: spec rules-and-qualification, section 4 (normalisation) and 15 (flags).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from kupon.engine.conditions.moments import read_when
from kupon.engine.conditions.subjects import Number, read_flag, read_number, read_text
from kupon.engine.definitions import DefinitionError

# As in kit/spans.py.
MOST_DAYS: Final = 36_500


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """What stands behind one operator.

    Shapes: items are str, int, float or bool; kind is how the subject is typed: any, number,
        boolean, date or datetime, everything else is text. No value is refused because of the
        kind, so that a definition stays readable when a schema changes.
    """

    items: tuple[Any, ...]
    kind: str
    path: str
    key: str

    def error(self, text: str) -> DefinitionError:
        """Build the error for these values."""
        return DefinitionError(self.path, text, self.key)

    def texts(self) -> tuple[str, ...]:
        """Return the values as text."""
        return tuple(text for text in map(read_text, self.items) if text is not None)

    def counts(self) -> tuple[Number, ...]:
        """Return the values as numbers that are not negative; refuses others."""
        numbers = tuple(read_number(item) for item in self.items)
        return tuple(self._checked_count(number) for number in numbers)

    def days(self) -> tuple[int, ...]:
        """Return the values as numbers of days; refuses others."""
        return tuple(self._checked_days(read_number(item)) for item in self.items)

    def dates(self) -> tuple[date | datetime, ...]:
        """Return the values as dates and date-times; refuses others."""
        return tuple(self.checked_date(item) for item in self.items)

    def checked_date(self, item: object) -> date | datetime:
        """Return one date or date-time; refuses anything else."""
        when = read_when(item)
        if when is None:
            raise self.error("cannot be recognized as a ISO-8601 compliant date")
        return when

    def flag(self) -> bool:
        """Return the flag; no value and empty text are true. Refuses others."""
        flags = [True if item == "" else read_flag(item) for item in self.items]
        if None in flags:
            raise self.error("must be boolean")
        return all(flags)

    def _checked_count(self, number: Number | None) -> Number:
        if number is None or number < 0:
            raise self.error("must be number >= 0")
        return number

    def _checked_days(self, number: Number | None) -> int:
        if number is None or not 0 <= number <= MOST_DAYS or number % 1:
            raise self.error(f"must be integer between 0 and {MOST_DAYS}")
        return int(number)

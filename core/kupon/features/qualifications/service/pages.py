"""Pages of what qualifies: where one ends, and where the next goes on.

Source: spec rules-and-qualification, section 14.6.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol, TypeVar

from kupon.kit.errors import invalid_payload
from kupon.kit.timestamps import format_moment, parse_moment

_MILLISECOND: Final = timedelta(milliseconds=1)
_MOST_TOLD: Final = 999
_LAST_YEAR: Final = 9999


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page goes on: after so many that qualify of one millisecond.

    Codes that were made together share their moment; the digits that a printed moment does not
    use for milliseconds count how many of them have been told already, so that none is lost.
    """

    moment: datetime
    told: int = 0

    @classmethod
    def parse(cls, text: str | None) -> Cursor | None:
        """Read a cursor as it was printed, or a moment; empty and "null" are none.

        Raises:  invalid_payload.
        """
        if text in (None, "", "null"):
            return None
        moment = _read_moment(str(text))
        if moment is None:
            raise invalid_payload(
                "Property .options.starting_after cannot be recognized as a ISO-8601 compliant date"
            )
        return cls(millisecond(moment), moment.microsecond % 1000)

    @property
    def before(self) -> datetime:
        """What the page holds is older."""
        return self.moment + _MILLISECOND if self.told else self.moment

    def __str__(self) -> str:
        return f"{format_moment(self.moment)[:-1]}{self.told:03d}Z"


def _read_moment(text: str) -> datetime | None:
    try:
        moment = parse_moment(text)
    except (ValueError, OverflowError):
        return None
    # The first and last years of the calendar cannot be reckoned with.
    return moment if 1 < moment.year < _LAST_YEAR else None


def millisecond(moment: datetime) -> datetime:
    """A moment as answers print it."""
    beyond = moment.microsecond % 1000
    return moment.replace(microsecond=moment.microsecond - beyond) if beyond else moment


class _Dated(Protocol):
    @property
    def created_at(self) -> datetime: ...


Result = TypeVar("Result", bound=_Dated)


def next_page(
    results: Iterator[Result], cursor: Cursor | None, limit: int
) -> tuple[list[Result], Cursor | None]:
    """The results behind a cursor, and where the page after them goes on, if there is one.

    Shapes:  results are those older than the cursor's `before`, the newest first. A page has more
        than the limit only where a thousand of one millisecond do not let it end.
    """
    page: list[Result] = []
    last: datetime | None = None
    told = 0
    for result in results:
        moment = millisecond(result.created_at)
        told = told + 1 if moment == last else 0
        if last is not None and len(page) >= limit and told <= _MOST_TOLD:
            return page, Cursor(last, told)
        last = moment
        if cursor is None or moment != cursor.moment or told >= cursor.told:
            page.append(result)
    return page, None

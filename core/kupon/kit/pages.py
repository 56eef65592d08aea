"""What a caller asked of a listing, and the envelope that a listing answers with.

Source: spec api-conventions, section 7.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from kupon.kit.filters import Filters

LARGEST_LIMIT = 100
LAST_PAGE = 1000


@dataclass(frozen=True, slots=True)
class OrderTerm:
    """A field to sort by."""

    field: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Between:
    """Open bounds of a date field.

    Units: a datetime is aware UTC; a plain date means the first instant of that day in the
        project's time zone.
    """

    before: date | None = None
    after: date | None = None


NEWEST_FIRST = (OrderTerm("created_at", descending=True),)


@dataclass(frozen=True, slots=True)
class PageRequest:
    """One page of a listing, as asked for.

    Shapes: shortcuts holds the parameters that only this resource has, without those not sent.
    """

    limit: int = 10
    page: int = 1
    order: tuple[OrderTerm, ...] = NEWEST_FIRST
    created_at: Between = Between()
    updated_at: Between = Between()
    start_date: date | None = None
    end_date: date | None = None
    starting_after_id: str | None = None
    filters: Filters | None = None
    shortcuts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def offset(self) -> int:
        """How many rows stand before this page."""
        return (self.page - 1) * self.limit


def order_terms(text: str) -> tuple[OrderTerm, ...]:
    """Read `-created_at`; an empty text means the newest first."""
    if not text:
        return NEWEST_FIRST
    return (OrderTerm(text.removeprefix("-"), descending=text.startswith("-")),)


def list_body(
    data_ref: str,
    rows: Sequence[Any],
    *,
    total: int | None = None,
    has_more: bool | None = None,
    more_starting_after: str | None = None,
) -> dict[str, Any]:
    """The envelope of a listing.

    Shapes: the rows stand under the name that data_ref gives; what is None is left out, because
        each route prints its own subset.
    Source: spec api-conventions, section 7.1.
    """
    body: dict[str, Any] = {"object": "list", "data_ref": data_ref, data_ref: rows}
    if total is not None:
        body["total"] = total
    if has_more is not None:
        body["has_more"] = has_more
    if more_starting_after is not None:
        body["more_starting_after"] = more_starting_after
    return body

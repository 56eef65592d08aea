"""Pages of rows: a PageRequest against the fields that a resource lets callers sort and filter by.

    VOUCHERS = Listing(
        Voucher,
        fields={"code": TextField(Voucher.code), "created_at": MomentField(Voucher.created_at)},
        metadata=Voucher.voucher_metadata,
        where=(Voucher.binned_at.is_(None),),
    )
    page = fetch_page(uow, VOUCHERS, request, tz=project_tz)

Source: spec api-conventions, sections 7 and 8.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from itertools import groupby
from operator import ge, gt, le, lt
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from kupon.kit.calendar import Calendar
from kupon.kit.errors import invalid_query
from kupon.kit.filters import BadFilter, Condition, Filters
from kupon.kit.pages import OrderTerm, PageRequest
from kupon.storage.criteria import ColumnField, Field, Test
from kupon.storage.documents import JsonField
from kupon.storage.uow import UnitOfWork

Row = TypeVar("Row")

_METADATA = "metadata."
_TIMED = ("id", "created_at")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows of one page. `total` counts all pages; None where nobody asked for it."""

    rows: Sequence[Row]
    total: int | None
    has_more: bool


@dataclass(frozen=True, slots=True)
class Listing(Generic[Row]):
    """What callers may ask of one resource's rows.

    Shapes: entity is a mapped class with project_id and id; fields maps wire names to what may be
        filtered and sorted by; metadata is the column behind `metadata.<key>`; where holds for
        every row. A resource's own parameter narrows by the field of its name, or by what
        shortcuts makes of its value, unless it is one of `ignored`. A listing that is walked by
        starting_after_id takes the order of creation from the ids, so that pages fit together.
    """

    entity: type[Row]
    fields: Mapping[str, Field]
    metadata: Any = None
    where: tuple[Test, ...] = ()
    shortcuts: Mapping[str, Callable[[Any], Test]] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()
    is_walked: bool = False

    def select(self, request: PageRequest, project_id: str, calendar: Calendar) -> Select[Row]:
        """All rows that the request asks for, of one project, in its order.

        Raises:  BadFilter; OverflowError for dates at the edge of what can be told.
        """
        entity: Any = self.entity
        tests = [entity.project_id == project_id, *self.where]
        tests += self._bounds(request, calendar)
        tests += self._narrowed(request.shortcuts, calendar)
        if request.filters is not None:
            tests += self.filter_by(request.filters, calendar)
        rows = select(self.entity).where(*tests)
        if request.starting_after_id is None:
            return rows.order_by(*self._ordering(request.order))
        return self._walk(rows, request.order[0], request.starting_after_id)

    def _walk(self, rows: Select[Row], term: OrderTerm, last_id: str) -> Select[Row]:
        """The rows after one of an earlier page; ids grow with time and tell alone what's left."""
        if term.field not in _TIMED:
            raise BadFilter(".starting_after_id", f"can't be combined with order by {term.field}")
        entity: Any = self.entity
        is_left = entity.id < last_id if term.descending else entity.id > last_id
        return rows.where(is_left).order_by(*self._ordering((OrderTerm("id", term.descending),)))

    def filter_by(self, filters: Filters, calendar: Calendar) -> list[Test]:
        """What filters demand; nothing when they are empty.

        Raises:  BadFilter for fields, operators and values that don't exist.
        """
        grouped = [
            and_(*(self._field(name).test(condition, calendar) for condition in conditions))
            for name, conditions in groupby(filters.conditions, key=lambda c: c.field)
        ]
        if not grouped:
            return []
        return [or_(*grouped) if filters.junction == "or" else and_(*grouped)]

    def _field(self, name: str) -> Field:
        known = self.fields.get(name)
        if known is not None:
            return known
        key = name.removeprefix(_METADATA)
        if self.metadata is None or key in (name, ""):
            raise BadFilter(f".filters.{name}", "is not supported")
        return JsonField(_within(self.metadata, key))

    def _bounds(self, request: PageRequest, calendar: Calendar) -> Iterator[Test]:
        """The bounds of dates; those of a date that the rows don't have mean nothing to them."""
        for name, comparison, when in (
            ("created_at", gt, request.created_at.after),
            ("created_at", lt, request.created_at.before),
            ("updated_at", gt, request.updated_at.after),
            ("updated_at", lt, request.updated_at.before),
            ("created_at", ge, request.start_date),
            ("created_at", le, request.end_date),
        ):
            column = self._column(name)
            if when is not None and column is not None:
                yield comparison(column, calendar.instant(when))

    def _narrowed(self, shortcuts: Mapping[str, Any], calendar: Calendar) -> Iterator[Test]:
        for name, value in shortcuts.items():
            if name in self.shortcuts:
                yield self.shortcuts[name](value)
            elif name not in self.ignored:
                values = tuple(value) if isinstance(value, list) else (value,)
                yield self.fields[name].test(Condition(name, "$in", values), calendar)

    def _column(self, name: str) -> Any:
        known = self.fields.get(name)
        return known.column if isinstance(known, ColumnField) else getattr(self.entity, name, None)

    def _ordering(self, terms: tuple[OrderTerm, ...]) -> Iterator[ColumnElement[Any]]:
        for term in (*terms, OrderTerm("id", terms[0].descending)):
            is_by_id = term.field == "id" or (self.is_walked and term.field in _TIMED)
            column = self._column("id" if is_by_id else term.field)
            # Some listings share a parameter whose other fields mean nothing to them.
            if column is None:
                continue
            ordered = column.desc() if term.descending else column.asc()
            is_nullable = getattr(column, "nullable", True)
            # Rows without a value come last either way; indexes serve the plain order only.
            yield ordered.nulls_last() if term.descending and is_nullable else ordered
            if is_by_id:
                return


def _within(document: Any, key: str) -> Any:
    """The value of a metadata key; `a.b` may also be key b of the nested object a."""
    outer, dot, inner = key.partition(".")
    return func.coalesce(document[key], document[outer][inner]) if dot else document[key]


def fetch_page(
    uow: UnitOfWork,
    listing: Listing[Row],
    request: PageRequest,
    *,
    tz: tzinfo = UTC,
    is_counted: bool = True,
    project_id: str | None = None,
) -> Page[Row]:
    """One page of the unit of work's project, or of the project that is named.

    Shapes:  without is_counted the total is None, which spares a second statement.
    Raises:  KuponError invalid_query_params for filters that the listing doesn't know.
    """
    try:
        rows = listing.select(request, project_id or uow.project_id, Calendar(uow.now, tz))
    except BadFilter as error:
        raise invalid_query(str(error)) from None
    except OverflowError:
        raise invalid_query("Query must name dates between the years 1 and 9999") from None
    window = rows.offset(request.offset).limit(request.limit + 1)
    found = uow.session.scalars(window).all()
    page: Sequence[Any] = found[: request.limit]
    has_more = len(found) > request.limit
    if not is_counted:
        return Page(page, None, has_more)
    if not has_more and (page or request.page == 1):
        return Page(page, request.offset + len(page), has_more)
    total = uow.session.scalar(
        rows.with_only_columns(func.count(), maintain_column_froms=True).order_by(None)
    )
    return Page(page, total, has_more)

"""A table with a column of every kind, for the tests of listings; it goes with its transaction."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from sqlalchemy import Date, DateTime, Numeric, Text, and_, delete, insert, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from kupon.kit.calendar import Calendar
from kupon.kit.filters import parse_filters
from kupon.kit.pages import PageRequest
from kupon.storage.criteria import (
    DayField,
    FlagField,
    MomentField,
    NumberField,
    StateField,
    TextField,
)
from kupon.storage.documents import JsonField
from kupon.storage.listing import Listing, Page, fetch_page
from kupon.storage.uow import UnitOfWork


class Base(DeclarativeBase):
    type_annotation_map: ClassVar = {
        str: Text,
        datetime: DateTime(timezone=True),
        Decimal: Numeric,
    }


class Thing(Base):
    __tablename__ = "things"
    __table_args__: ClassVar = {"prefixes": ["TEMPORARY"]}

    project_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    born_on: Mapped[date | None] = mapped_column(Date)
    name: Mapped[str | None]
    size: Mapped[Decimal | None]
    is_active: Mapped[bool | None]
    tags: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    notes: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")


THINGS = Listing(
    Thing,
    fields={
        "id": TextField(Thing.id),
        "created_at": MomentField(Thing.created_at),
        "seen_at": MomentField(Thing.seen_at),
        "born_on": DayField(Thing.born_on),
        "name": TextField(Thing.name),
        "size": NumberField(Thing.size),
        "is_active": FlagField(Thing.is_active),
        "tags": JsonField(Thing.tags),
        "state": StateField({"$unseen": lambda calendar: Thing.seen_at > calendar.now}),
    },
    metadata=Thing.notes,
    shortcuts={"longer_than": lambda size: Thing.size > size},
    ignored=frozenset({"expand"}),
)


class Things:
    """The table, as one unit of work sees it."""

    listing = THINGS

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        Base.metadata.create_all(uow.session.connection())

    def put(self, *rows: dict[str, Any], project_id: str | None = None) -> None:
        """Add rows; what isn't told is empty, and the older the later in the list."""
        empty = dict.fromkeys(Thing.__table__.columns.keys())
        whole = [
            empty
            | {
                "project_id": project_id or self.uow.project_id,
                "id": f"t_{number:04}",
                "created_at": self.uow.now - timedelta(minutes=number),
                "notes": {},
            }
            | row
            for number, row in enumerate(rows)
        ]
        self.uow.session.execute(insert(Thing.__table__), whole)

    def clear(self) -> None:
        self.uow.session.execute(delete(Thing))
        self.uow.session.expunge_all()

    def page(
        self, request: PageRequest, listing: Listing[Thing] = THINGS, **options: Any
    ) -> Page[Thing]:
        return fetch_page(self.uow, listing, request, **options)

    def find(self, filters: Any = None, *, tz: tzinfo = UTC, **request: Any) -> list[str]:
        """The ids of all that fits, in order."""
        parsed = None if filters is None else parse_filters(filters)
        page = self.page(PageRequest(limit=100, filters=parsed, **request), tz=tz)
        assert page.total == len(page.rows)
        return [row.id for row in page.rows]

    def find_each(self, trees: list[Any], *, tz: tzinfo) -> list[list[str]]:
        """What each of many filters finds, oldest last, in one statement."""
        calendar = Calendar(self.uow.now, tz)
        tests = [
            and_(*THINGS.filter_by(parse_filters(tree), calendar)).label(f"test_{place}")
            for place, tree in enumerate(trees)
        ]
        statement = select(Thing.id, *tests).order_by(Thing.id)
        rows = self.uow.session.execute(statement).all()
        return [[row[0] for row in rows if row[place]] for place in range(1, len(trees) + 1)]


@pytest.fixture
def things(uow: UnitOfWork) -> Things:
    return Things(uow)

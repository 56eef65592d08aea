"""Statements on publications: recording and listing them.

Rows are dicts of the table's columns without project_id. What was made anonymous names no customer
any more: it is counted, and listed nowhere.
Source: spec campaigns-loyalty-referral-gift, section 9.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from sqlalchemy import ARRAY, ScalarSelect, Text, exists, func, literal, or_, select

from kupon.kit.calendar import Calendar
from kupon.kit.errors import RaceLost
from kupon.kit.filters import Condition
from kupon.kit.pages import PageRequest
from kupon.storage.criteria import (
    PATTERNS,
    SAME,
    ColumnField,
    FlagField,
    MomentField,
    Test,
    TextField,
    like,
)
from kupon.storage.listing import Listing, Page, fetch_page
from kupon.storage.queries.campaign_access import narrowed
from kupon.storage.tables.campaigns import REFERRAL_PROGRAM, Campaign
from kupon.storage.tables.customers import Customer
from kupon.storage.tables.publications import Publication
from kupon.storage.uow import UnitOfWork

Row = dict[str, Any]

_COLUMNS = (
    "id, campaign_id, voucher_ids, voucher_codes, voucher_type, customer_id, tracking_id,"
    " source_id, channel, made_by, metadata, result, failure_code, failure_message, created_at"
)
_INSERT = (
    f"INSERT INTO publications (project_id, {_COLUMNS}) VALUES (%(project_id)s, %(id)s,"
    " %(campaign_id)s, %(voucher_ids)s, %(voucher_codes)s, %(voucher_type)s, %(customer_id)s,"
    " %(tracking_id)s, %(source_id)s, %(channel)s, %(made_by)s, %(metadata)s, %(result)s,"
    " %(failure_code)s, %(failure_message)s, %(created_at)s)"
    " ON CONFLICT (project_id, source_id) WHERE result = 'SUCCESS' AND source_id IS NOT NULL"
    " DO NOTHING"
)


def insert_publication(uow: UnitOfWork, row: Mapping[str, Any]) -> None:
    """Store a publication.

    Raises:  RaceLost when another one succeeded with its source id meanwhile.
    Locks:   waits for a transaction that is storing one with the same source id; so the codes are
        taken before.
    """
    values = {**row, "project_id": uow.project_id, "metadata": Jsonb(row["metadata"])}
    if not uow.driver.execute(_INSERT, values).rowcount:
        raise RaceLost


def get_publication(uow: UnitOfWork, publication_id: str) -> Row:
    """A publication that is known to exist."""
    row = _fetch(uow, "id", publication_id)
    if row is None:
        raise RaceLost
    return row


def find_by_source(uow: UnitOfWork, source_id: str) -> Row | None:
    """The publication that succeeded with a source id."""
    return _fetch(uow, "result = 'SUCCESS' AND source_id", source_id)


def find_recent(
    uow: UnitOfWork, *, made_by: str, customer_id: str, campaign_id: str, since: datetime
) -> Row | None:
    """The newest publication of a campaign's code that a customer was given through a key."""
    with uow.driver.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            f"SELECT {_COLUMNS} FROM publications WHERE project_id = %s AND customer_id = %s"
            " AND campaign_id = %s AND made_by = %s AND created_at > %s AND result = 'SUCCESS'"
            " AND source_id IS NULL ORDER BY created_at DESC, id DESC LIMIT 1",
            (uow.project_id, customer_id, campaign_id, made_by, since),
        ).fetchone()


def _fetch(uow: UnitOfWork, column: str, value: str) -> Row | None:
    with uow.driver.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            f"SELECT {_COLUMNS} FROM publications WHERE project_id = %s AND {column} = %s",
            (uow.project_id, value),
        ).fetchone()


def find_publications(uow: UnitOfWork, ids: list[str]) -> dict[str, Row]:
    """Those of the given publications that still name their customer, by id."""
    with uow.driver.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            f"SELECT {_COLUMNS} FROM publications"
            " WHERE project_id = %s AND id = ANY(%s) AND customer_id IS NOT NULL",
            (uow.project_id, ids),
        )
        return {row["id"]: row for row in rows}


class _AnyTextField(ColumnField):
    """A column of several texts: a test holds when it holds for one of them."""

    def finds(self, operator: str, condition: Condition, calendar: Calendar) -> Test:
        """Membership and patterns."""
        if operator in SAME:
            texts = literal(condition.texts(), ARRAY(Text))
            overlaps: Test = self.column.op("&&", is_comparison=True)(texts)
            return overlaps
        if operator in PATTERNS:
            one = func.unnest(self.column).column_valued("one")
            return exists(select(one).where(like(one, operator, condition)))
        if operator == "$has_value":
            some: Test = func.cardinality(self.column) > 0
            return some
        return super().finds(operator, condition, calendar)


_campaign_name: ScalarSelect[str] = (
    select(Campaign.name)
    .where(Campaign.project_id == Publication.project_id, Campaign.id == Publication.campaign_id)
    .correlate(Publication)
    .scalar_subquery()
)


def _of_campaign(name: str) -> Test:
    """From the campaign with this name or id."""
    meant = select(Campaign.id).where(
        Campaign.project_id == Publication.project_id,
        or_(Campaign.id == name, Campaign.name == name),
    )
    test: Test = Publication.campaign_id.in_(meant.correlate(Publication))
    return test


def _of_customer(name: str) -> Test:
    """Of the customer with this id or source id."""
    meant = select(Customer.id).where(
        Customer.project_id == Publication.project_id,
        or_(Customer.id == name, Customer.source_id == name),
    )
    # A customer that was deleted is still known by its id.
    return or_(
        Publication.customer_id == name,
        Publication.customer_id.in_(meant.correlate(Publication)),
    )


_is_referral = (
    exists()
    .where(
        Campaign.project_id == Publication.project_id,
        Campaign.id == Publication.campaign_id,
        Campaign.campaign_type == REFERRAL_PROGRAM,
    )
    .correlate(Publication)
)

_PUBLICATIONS = Listing(
    Publication,
    fields={
        "id": TextField(Publication.id),
        "created_at": MomentField(Publication.created_at),
        "campaign_name": TextField(_campaign_name),
        "parent_object_id": TextField(Publication.campaign_id),
        "related_object_id": _AnyTextField(Publication.voucher_ids),
        "voucher_code": TextField(Publication.voucher_codes[1]),
        "voucher_type": TextField(Publication.voucher_type),
        "is_referral_code": FlagField(_is_referral),
        "customer_id": TextField(Publication.customer_id),
        "tracking_id": TextField(Publication.tracking_id),
        "source_id": TextField(Publication.source_id),
        "channel": TextField(Publication.channel),
        "result": TextField(Publication.result),
        "failure_code": TextField(Publication.failure_code),
    },
    metadata=Publication.publication_metadata,
    where=(Publication.customer_id.is_not(None),),
    shortcuts={
        "campaign": _of_campaign,
        "customer": _of_customer,
        "voucher": lambda voucher_id: Publication.voucher_ids.contains([voucher_id]),
    },
)


def list_publications(uow: UnitOfWork, request: PageRequest, tz: tzinfo) -> Page[Row]:
    """One page of publications, failures included."""
    page = fetch_page(uow, narrowed(uow, _PUBLICATIONS, Publication.campaign_id), request, tz=tz)
    return Page([_as_row(each) for each in page.rows], page.total, page.has_more)


def _as_row(publication: Publication) -> Row:
    return {
        column.name: getattr(publication, attribute.key)
        for attribute in Publication.__mapper__.column_attrs
        for column in attribute.columns
        if column.name != "project_id"
    }

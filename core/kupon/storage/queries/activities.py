"""Statements on the activity feeds of customers.

Source: spec events-webhooks-data, sections 2.3 and 5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any

from psycopg.types.json import Jsonb

from kupon.kit.event_types import prefix_of
from kupon.kit.pages import PageRequest
from kupon.storage.criteria import MomentField, TextField, among
from kupon.storage.listing import Listing, Page, fetch_page
from kupon.storage.queries.outbox import EventRow
from kupon.storage.tables.activities import Activity
from kupon.storage.uow import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What the feed of one customer is to say.

    Shapes: type and data are the wire's, category is ACTION or EFFECT; position counts the entries
        of one event.
    """

    event: EventRow
    customer_id: str
    id: str
    type: str
    category: str
    data: Mapping[str, Any]
    campaign_id: str | None
    campaign_type: str | None
    position: int


def insert_activities(uow: UnitOfWork, entries: Sequence[Entry]) -> None:
    """Write what events mean for feeds; once, however often they are delivered.

    Shapes:  nothing is written for a customer that is gone.
    Locks:   the customers' rows against removal, by id.
    """
    found = uow.driver.execute(
        "SELECT id FROM customers WHERE project_id = %s AND id = ANY(%s) ORDER BY id FOR KEY SHARE",
        (uow.project_id, list({entry.customer_id for entry in entries})),
    )
    known = {row[0] for row in found}
    with uow.driver.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO activities (project_id, id, customer_id, campaign_id, campaign_type,"
            " type, category, data, group_id, event_seq, position, created_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            [
                (
                    uow.project_id,
                    entry.id,
                    entry.customer_id,
                    entry.campaign_id,
                    entry.campaign_type,
                    entry.type,
                    entry.category,
                    Jsonb(entry.data),
                    entry.event.request_id,
                    entry.event.seq,
                    entry.position,
                    entry.event.created_at,
                )
                for entry in entries
                if entry.customer_id in known
            ],
        )


def event_id(type: str, happened_at: datetime, seq: int, position: int = 0) -> str:
    """The id of what an event means, which follows from the event, and sorts as events happened.

    Events of different things may be consumed in another order than they happened.
    """
    milliseconds = int(happened_at.timestamp() * 1000)
    return f"{prefix_of(type)}{milliseconds:011x}{seq:010x}{position:03x}"


def activity_id(happened_at: datetime, seq: int, position: int = 0) -> str:
    """The id of an entry of a feed."""
    return event_id("customer", happened_at, seq, position)


def _starts_after(when: date) -> Any:
    moment = when if isinstance(when, datetime) else datetime.combine(when, time.min, UTC)
    return Activity.created_at < moment


def _names_product(product_id: str) -> Any:
    return Activity.data["data"]["order"]["items"].contains([{"product_id": product_id}])


def list_activities(
    uow: UnitOfWork, customer_id: str, request: PageRequest, tz: tzinfo, *, is_counted: bool
) -> Page[Activity]:
    """One page of a customer's feed."""
    listing = replace(_FEED, where=(Activity.customer_id == customer_id,))
    return fetch_page(uow, listing, request, tz=tz, is_counted=is_counted)


def list_of_campaign(
    uow: UnitOfWork,
    customer_id: str,
    campaign_id: str,
    types: Sequence[str],
    request: PageRequest,
    tz: tzinfo,
) -> Page[Activity]:
    """One page of what a customer's feed has of one campaign and of certain types."""
    where = (
        Activity.customer_id == customer_id,
        Activity.campaign_id == campaign_id,
        among(Activity.type, [*types]),
    )
    return fetch_page(uow, replace(_FEED, where=where), request, tz=tz, is_counted=False)


_FEED = Listing(
    Activity,
    fields={
        "created_at": MomentField(Activity.created_at),
        "campaign_id": TextField(Activity.campaign_id),
        "campaign_type": TextField(Activity.campaign_type),
        "category": TextField(Activity.category),
        "type": TextField(Activity.type),
    },
    shortcuts={"product_id": _names_product, "starting_after": _starts_after},
)

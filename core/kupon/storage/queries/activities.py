"""Statements on the activity feeds of customers.

Source: spec events-webhooks-data, sections 2.3 and 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any

from psycopg.types.json import Jsonb

from kupon.kit.pages import PageRequest
from kupon.storage.criteria import MomentField, TextField
from kupon.storage.listing import Listing, Page, fetch_page
from kupon.storage.queries.outbox import EventRow
from kupon.storage.tables.activities import Activity
from kupon.storage.uow import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What one feed is to say; type and data are the wire's, category ACTION or EFFECT."""

    type: str
    category: str
    data: dict[str, Any]
    campaign_id: str | None = None
    campaign_type: str | None = None


# What no request caused came about inside.
_INTERNAL = {"channel": "INTERNAL"}


@dataclass(frozen=True, slots=True)
class Told:
    """What one event means for the feed of one customer."""

    customer_id: str
    event: EventRow
    entries: Sequence[Entry]


def insert_activities(uow: UnitOfWork, told: Sequence[Told]) -> None:
    """Write what events mean for feeds; once, however often they are delivered.

    Shapes:  nothing is written for a customer that is gone.
    Locks:   the customers' rows against removal, by id.
    """
    found = uow.driver.execute(
        "SELECT id FROM customers WHERE project_id = %s AND id = ANY(%s) ORDER BY id FOR KEY SHARE",
        (uow.project_id, list({one.customer_id for one in told})),
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
                    _activity_id(one.event.created_at, one.event.seq, position),
                    one.customer_id,
                    entry.campaign_id,
                    entry.campaign_type,
                    entry.type,
                    entry.category,
                    Jsonb({"data": entry.data, "event_source": one.event.source or _INTERNAL}),
                    one.event.request_id,
                    one.event.seq,
                    position,
                    one.event.created_at,
                )
                for one in told
                if one.customer_id in known
                for position, entry in enumerate(one.entries)
            ],
        )


def _activity_id(happened_at: datetime, seq: int, position: int) -> str:
    """An id that follows from the event, and sorts as events happened.

    Events of different things may be consumed in another order than they happened.
    """
    milliseconds = int(happened_at.timestamp() * 1000)
    return f"evcus_{milliseconds:011x}{seq:010x}{position:03x}"


def _starts_after(when: date) -> Any:
    moment = when if isinstance(when, datetime) else datetime.combine(when, time.min, UTC)
    return Activity.created_at < moment


def _names_product(product_id: str) -> Any:
    return Activity.data["data"]["order"]["items"].contains([{"product_id": product_id}])


def list_activities(
    uow: UnitOfWork, customer_id: str, request: PageRequest, tz: tzinfo, *, is_counted: bool
) -> Page[Activity]:
    """One page of a customer's feed."""
    listing = Listing(
        Activity,
        fields={
            "created_at": MomentField(Activity.created_at),
            "campaign_id": TextField(Activity.campaign_id),
            "campaign_type": TextField(Activity.campaign_type),
            "category": TextField(Activity.category),
            "type": TextField(Activity.type),
        },
        where=(Activity.customer_id == customer_id,),
        shortcuts={"product_id": _names_product, "starting_after": _starts_after},
    )
    return fetch_page(uow, listing, request, tz=tz, is_counted=is_counted)

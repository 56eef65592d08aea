"""Which segments a customer is in.

Source: spec rules-and-qualification, section 15.
"""

from __future__ import annotations

from datetime import tzinfo
from typing import Any

from kupon.engine.conditions import Moment
from kupon.engine.customer import Customer
from kupon.engine.filters import Surroundings
from kupon.features.customers import schemas
from kupon.features.customers.service.profiles import CustomerRow
from kupon.kit.pages import list_body
from kupon.storage.queries import customers, segments
from kupon.storage.queries.custom_events import EventFigures, count_events
from kupon.storage.queries.customers import Summary
from kupon.storage.queries.locations import load_locations
from kupon.storage.uow import UnitOfWork


def engine_customer(
    row: CustomerRow,
    summary: Summary,
    events: EventFigures,
    static_segments: frozenset[str] = frozenset(),
) -> Customer:
    """A stored customer as filters and rules look at it."""
    profile = {**schemas.dump_customer(row, summary), "events": events}
    return Customer(
        id=row["id"],
        profile=profile,
        static_segments=static_segments,
        loyalty_tiers=summary.tier_ids,
    )


def list_segments(uow: UnitOfWork, reference: str, tz: tzinfo) -> dict[str, Any]:
    """The segments that a customer is in at this moment, the newest first.

    Shapes:  of what changed just now the listing of a segment's members may learn later.
    """
    row = customers.get_customer(uow, reference)
    summary = customers.summarize(uow, [row["id"]])[row["id"]]
    events = count_events(uow, [row["id"]])[row["id"]]
    static_segments = segments.find_static_segments(uow, row["id"])
    customer = engine_customer(row, summary, events, static_segments)
    surroundings = Surroundings(Moment(uow.now, tz), load_locations(uow))
    known = segments.load_segments(uow)
    mine = [
        {"id": each.id, "name": each.name, "object": "segment"}
        for each in segments.find_segments(uow)
        if known.contains(each.id, customer, surroundings)
    ]
    return list_body("data", mine, total=len(mine))

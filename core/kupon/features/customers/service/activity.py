"""The activity feed of a customer: writing it from events, and reading it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import Any

from kupon.features.customers import schemas
from kupon.jobs.described import Described
from kupon.jobs.exact import exact
from kupon.kit.pages import PageRequest, list_body
from kupon.storage.queries import activities, customers
from kupon.storage.queries.activities import Entry
from kupon.storage.uow import UnitOfWork


def record_activities(uow: UnitOfWork, described: Sequence[Described]) -> None:
    """Write what happened into customers' feeds."""
    entries = [_entry(each) for each in described if each.is_of_feed]
    if entries:
        activities.insert_activities(uow, entries)


def _entry(described: Described) -> Entry:
    return Entry(
        event=described.event,
        customer_id=described.customer_id or "",
        id=described.id,
        type=described.type,
        category=described.category,
        data={"data": exact(described.type, described.data), "event_source": described.source},
        campaign_id=described.campaign_id,
        campaign_type=described.campaign_type,
        position=described.position,
    )


def list_activity(
    uow: UnitOfWork, reference: str, request: PageRequest, tz: tzinfo
) -> dict[str, Any]:
    """One page of a customer's feed."""
    customer = customers.get_customer(uow, reference)
    page = activities.list_activities(uow, customer["id"], request, tz, is_counted=False)
    return list_body(
        "data",
        [schemas.dump_activity(row) for row in page.rows],
        has_more=page.has_more,
        more_starting_after=page.rows[-1].id if page.has_more else None,
    )


def list_activities(
    uow: UnitOfWork, reference: str, request: PageRequest, tz: tzinfo
) -> dict[str, Any]:
    """The same, as the deprecated call answers it."""
    customer = customers.get_customer(uow, reference)
    page = activities.list_activities(uow, customer["id"], request, tz, is_counted=True)
    rows = [schemas.dump_activity(row) for row in page.rows]
    return list_body("data", rows, total=page.total)

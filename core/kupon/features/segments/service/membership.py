"""Finding out who is in the segments with a filter, and telling of those who enter and leave.

Source: spec rules-and-qualification, section 15; events-webhooks-data, 4.4. What is decided here:
    those whom a new segment finds have not entered it; those who came after it have.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from kupon.engine.conditions import Moment
from kupon.engine.customer import Customer
from kupon.engine.filters import Surroundings
from kupon.features.customers import service as customer_service
from kupon.features.segments import schemas
from kupon.kit.errors import not_found
from kupon.storage.queries import customers, segment_members, segments
from kupon.storage.queries.custom_events import count_events
from kupon.storage.queries.customers import Row
from kupon.storage.queries.locations import load_locations
from kupon.storage.queries.metadata_kinds import load_kinds
from kupon.storage.queries.outbox import EventRow
from kupon.storage.queries.projects import find_project
from kupon.storage.queries.segment_members import Membership
from kupon.storage.queries.segments import ACTIVE, SegmentFacts
from kupon.storage.uow import UnitOfWork

NO_CAUSES: Mapping[str, EventRow] = {}


def refresh(
    uow: UnitOfWork,
    customer_ids: Sequence[str],
    *,
    only: str | None = None,
    causes: Mapping[str, EventRow] = NO_CAUSES,
) -> None:
    """Bring the memberships of customers up to date, in one segment or in all with a filter.

    Shapes:  causes tell by customer which event led here: its request owns what is staged.
    Locks:   customers by an advisory lock; segments and customers that are put together.
    """
    segment_members.lock_customers(uow, customer_ids)
    # Only now, so that nobody who read older definitions writes after us.
    watched = {
        each.id: each
        for each in segments.find_segments(uow)
        if each.filter is not None and only in (None, each.id)
    }
    if not watched:
        return
    known = _read_customers(uow, customer_ids)
    changes = _compare(uow, known, watched)
    request_id = uow.request_id
    for name, members in (
        ("customer.segment.entered", segment_members.insert_members(uow, changes.entering)),
        ("customer.segment.left", segment_members.delete_members(uow, changes.leaving)),
    ):
        for segment_id, customer_id in sorted(members):
            segment, (row, customer) = watched[segment_id], known[customer_id]
            if _is_told(segment, row):
                cause = causes.get(customer_id)
                uow.request_id = request_id if cause is None else cause.request_id
                uow.stage(name, customer_id, _tell(segment, customer))
    uow.request_id = request_id


def _tell(segment: SegmentFacts, customer: Customer) -> dict[str, Any]:
    # Filters see more of a customer than the wire tells.
    profile = {name: value for name, value in customer.profile.items() if name != "events"}
    return {
        "customer": profile,
        "segment": schemas.dump_simple_segment(segment.id, segment.name),
    }


def _read_customers(uow: UnitOfWork, ids: Iterable[str]) -> dict[str, tuple[Row, Customer]]:
    rows = customers.find_customers(uow, list(ids))
    summaries = customers.summarize(uow, list(rows))
    events = count_events(uow, list(rows))
    return {
        id: (row, customer_service.engine_customer(row, summaries[id], events[id]))
        for id, row in rows.items()
    }


@dataclass(frozen=True, slots=True)
class _Changes:
    entering: Sequence[Membership]
    leaving: Sequence[Membership]


def _compare(
    uow: UnitOfWork,
    known: Mapping[str, tuple[Row, Customer]],
    watched: Mapping[str, SegmentFacts],
) -> _Changes:
    surroundings = _look_around(uow)
    definitions = segments.read_segments(watched.values(), load_kinds(uow, "customer"))
    before = segment_members.find_memberships(uow, list(known))
    now = {
        customer_id: {id for id in watched if definitions.contains(id, customer, surroundings)}
        for customer_id, (_, customer) in known.items()
    }
    return _Changes(
        entering=[(id, each) for each in known for id in now[each] - before.get(each, set())],
        leaving=[
            (id, each)
            for each in known
            for id in before.get(each, set()) & watched.keys() - now[each]
        ],
    )


def _look_around(uow: UnitOfWork) -> Surroundings:
    project = find_project(uow, uow.project_id)
    if project is None:
        raise not_found("project", uow.project_id)
    return Surroundings(Moment(uow.now, ZoneInfo(project.timezone)), load_locations(uow))


def _is_told(segment: SegmentFacts, customer: Row) -> bool:
    if segment.type != ACTIVE:
        return False
    return segment.synced_at is not None or customer["created_at"] > segment.watched_since

"""Walks through all customers: to fill a segment, and to notice what time alone has changed.

Each slice is one transaction of a job, which then goes on from the customer it got to.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from kupon.features.segments.service.membership import refresh
from kupon.storage.queries import segment_members, segments
from kupon.storage.tables.segments import Segment
from kupon.storage.uow import UnitOfWork

SYNC = "segments.sync"
SWEEP = "segments.sweep"

# Small enough that a request which waits for some of these customers waits briefly.
SLICE = 500


def begin_sync(uow: UnitOfWork, segment: Segment) -> None:
    """Find out who is in a new or changed segment; the first slice at once if it is all.

    A job looks at everybody (once more): customers may change before this is committed, and whoever
    hears of that doesn't know the segment yet.
    """
    found = segment_members.next_customers(uow, "", SLICE + 1)
    if len(found) <= SLICE:
        refresh(uow, found, only=segment.id)
        segment.synced_at = uow.now
    since = segment.watched_since.isoformat()
    arguments = {"segment_id": segment.id, "since": since, "after": ""}
    uow.enqueue(SYNC, arguments, order_key=segment.id)


def sync_slice(uow: UnitOfWork, segment_id: str, since: str, after: str) -> str | None:
    """Look at the next customers for one segment; where to go on, None at the end.

    Shapes:  since is when the segment was changed; after a later change another job does this.
    Locks:   the segment, then as refresh.
    """
    segment = segments.lock_segment(uow, segment_id)
    if segment is None or segment.watched_since != datetime.fromisoformat(since):
        return None
    end = _walk(uow, after, only=segment_id)
    if end is None and segment.synced_at is None:
        segment.synced_at = uow.now
    return end


def sweep_slice(uow: UnitOfWork, after: str) -> str | None:
    """Look at the next customers for all segments; where to go on, None at the end."""
    return _walk(uow, after, only=None)


def _walk(uow: UnitOfWork, after: str, only: str | None) -> str | None:
    found = segment_members.next_customers(uow, after, SLICE)
    if found:
        refresh(uow, found, only=only)
    return found[-1] if len(found) == SLICE else None


def begin_sweeps(uow: UnitOfWork) -> None:
    """Have the customers of every project looked at once on each of its days.

    Filters speak of days ago and of next month; locations and metadata schemas change too.
    """
    for project_id, timezone, swept_on in segment_members.swept_days(uow):
        today = uow.now.astimezone(ZoneInfo(timezone)).date()
        if swept_on < today:
            segment_members.begin_sweep(uow, project_id, SWEEP, today)

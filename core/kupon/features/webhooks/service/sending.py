"""Sending what is due for a receiver, and what follows from how it answers.

Source: spec events-webhooks-data, sections 3.5 and 18.4.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias
from zlib import crc32

from kupon.features.webhooks.service import queueing
from kupon.features.webhooks.service.opening import open_endpoint
from kupon.hooks.contained import hand_over
from kupon.hooks.errors import Misconfigured
from kupon.hooks.tenancy import Tenancy
from kupon.hooks.types import Sent
from kupon.jobs.registry import Again
from kupon.runtime import clock
from kupon.storage.queries import event_endpoints, send_outs
from kupon.storage.queries.send_outs import FAILED, RETRYING, SUCCEEDED, DueSendOut, Tried
from kupon.storage.tables.event_sinks import EventEndpoint
from kupon.storage.uow import UnitOfWork

# From the first try on.
LADDER: Final = tuple(
    timedelta(seconds=seconds)
    for seconds in (60, 120, 240, 480, 960, 1920, 3840, 7680, 15360, 30720, 61440, 86400)
)
_LATEST: Final = timedelta(hours=24)
_JITTER: Final = 0.1

BATCH: Final = 25
# After so many failures in a row one event at a time is tried, and ever less often.
PROBING: Final = 10
_SHORTEST_WAIT_S: Final = 5
_LONGEST_WAIT_S: Final = 300
_MISCONFIGURED_WAIT: Final = timedelta(minutes=1)

_LONGEST_ERROR: Final = 500

_FindNext: TypeAlias = Callable[[DueSendOut, datetime, float | None], datetime | None]

_log = logging.getLogger("kupon.webhooks")


def send(uow: UnitOfWork, tenants: Tenancy, arguments: Mapping[str, Any]) -> Again | None:
    """Send some of what is due for a receiver; again if there is more.

    What a receiver takes while the worker dies before it is written down, it gets once more.
    """
    row = event_endpoints.find_endpoint(uow, uow.project_id, arguments["endpoint_id"])
    if row is None or not row.is_active or _is_waited_for(uow, row):
        return None
    is_probing = row.failures >= PROBING
    due = send_outs.find_due(uow, row.id, uow.now, 1 if is_probing else BATCH)
    if not due:
        return None
    try:
        sink, endpoint = open_endpoint(uow, tenants, row)
    except Misconfigured as error:
        _log.warning("receiver can't be opened", extra={"endpoint": row.id, "why": str(error)})
        wait_until = uow.now + _MISCONFIGURED_WAIT
        event_endpoints.save_health(uow, row, failures=row.failures, blocked_until=wait_until)
        return None
    envelopes = [
        queueing.read(uow.project_id, each.envelope, delivery_id=each.id, queued_at=each.created_at)
        for each in due
    ]
    results = hand_over(sink, endpoint, envelopes, tenants.http(row.id))
    keeps_order = bool(getattr(sink, "keeps_order", False))
    return _settle(uow, row, list(zip(due, results, strict=True)), keeps_order=keeps_order)


def _is_waited_for(uow: UnitOfWork, row: EventEndpoint) -> bool:
    return row.blocked_until is not None and row.blocked_until > uow.now


def _settle(
    uow: UnitOfWork,
    row: EventEndpoint,
    results: Sequence[tuple[DueSendOut, Sent]],
    *,
    keeps_order: bool,
) -> Again | None:
    now = clock.now()
    tried = [(each, sent) for each, sent in results if sent.is_done or sent.reason]
    find_next = _same_place if keeps_order else next_try
    outcomes = [_outcome(each, sent, now, find_next) for each, sent in tried]
    send_outs.save_tries(uow, outcomes)
    failures = row.failures
    for _, sent in tried:
        failures = 0 if sent.is_done else failures + 1
    blocked_until = _wait(failures, now, 1 if keeps_order else PROBING)
    event_endpoints.save_health(uow, row, failures=failures, blocked_until=blocked_until)
    if _disable_if_gone(uow, row, tried, outcomes, now) or blocked_until or not tried:
        return None
    # Whether more is due is found out by looking again.
    return Again({"endpoint_id": row.id})


def _outcome(due: DueSendOut, sent: Sent, now: datetime, find_next: _FindNext) -> Tried:
    next_at = None if sent.is_done else find_next(due, now, sent.retry_after_s)
    state = RETRYING if next_at is not None else FAILED
    return Tried(
        id=due.id,
        state=SUCCEEDED if sent.is_done else state,
        status=sent.status,
        answer=sent.body or None,
        error=None if sent.is_done else sent.reason[:_LONGEST_ERROR],
        took_ms=sent.took_ms,
        tried_at=now,
        next_at=next_at,
    )


def next_try(due: DueSendOut, now: datetime, retry_after_s: float | None) -> datetime | None:
    """When to try again what has just failed; None for not at all.

    Shapes:  the rungs count from the first try, each a little later, so that what has failed
        together does not come back together; rungs that were missed are left out.
    """
    first = due.first_tried_at or now
    spread = 1 + _JITTER * (crc32(f"{due.id}{due.attempts}".encode()) % 1000) / 1000
    rungs = (first + rung * spread for rung in LADDER[due.attempts :])
    at = next((rung for rung in rungs if rung > now), None)
    if at is None or retry_after_s is None:
        return at
    return max(at, min(now + timedelta(seconds=retry_after_s), now + _LATEST))


def _same_place(due: DueSendOut, now: datetime, _: float | None) -> datetime | None:
    """Leave what has just failed in its place before all that came later; None for not at all.

    Shapes:  the receiver is waited for, and with it everything behind.
    """
    first = due.first_tried_at or now
    return due.created_at if now - first < _LATEST else None


def _wait(failures: int, now: datetime, patience: int) -> datetime | None:
    """Until when to leave alone a receiver that has failed so often in a row."""
    if failures < patience:
        return None
    seconds = min(_LONGEST_WAIT_S, _SHORTEST_WAIT_S * 2 ** min(failures - patience, 10))
    return now + timedelta(seconds=seconds)


def _disable_if_gone(
    uow: UnitOfWork,
    row: EventEndpoint,
    tried: Sequence[tuple[DueSendOut, Sent]],
    outcomes: Sequence[Tried],
    now: datetime,
) -> bool:
    """Disable a receiver that says it is gone, or took nothing while one event was given up.

    One event that nobody could take would disable a receiver that is well otherwise.
    """
    reason = None
    if any(sent.is_gone for _, sent in tried):
        reason = "the receiver is gone"
    elif _gave_up(tried, outcomes) and not send_outs.has_succeeded_since(
        uow, row.id, now - _LATEST
    ):
        reason = "an event was given up, and none arrived for a day"
    if reason is None or not event_endpoints.disable(uow, row, reason):
        return False
    send_outs.suspend_all(uow, uow.project_id, row.id)
    _log.warning("receiver disabled", extra={"endpoint": row.id, "why": reason})
    return True


def _gave_up(tried: Sequence[tuple[DueSendOut, Sent]], outcomes: Sequence[Tried]) -> bool:
    """Whether the last rung was reached; what somebody sends by hand is tried once."""
    return any(
        outcome.state == FAILED and due.state == RETRYING
        for (due, _), outcome in zip(tried, outcomes, strict=True)
    )

"""Wire shapes of the runs that pull what platforms have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from marshmallow import RAISE, ValidationError

from kupon.engine.periods import parse_period
from kupon.features.integrations.schemas.moments import dump_moments
from kupon.kit.complaints import first_complaint
from kupon.kit.errors import invalid_payload
from kupon.storage.tables.integrations import SyncRun
from kupon.web.fields import (
    Flag,
    Json,
    Many,
    Moment,
    PagedList,
    Part,
    Text,
    Whole,
    WireSchema,
    between,
    one_of,
)

FULL = "FULL"
INCREMENTAL = "INCREMENTAL"
MODES = (FULL, INCREMENTAL)


_SHORTEST = timedelta(minutes=1)
_LONGEST = timedelta(days=366)


def _duration(shortest: timedelta) -> Callable[[str], None]:
    def check(text: str) -> None:
        period = parse_period(text)
        if period is None or not shortest <= period.estimate() <= _LONGEST:
            least = "PT0S" if not shortest else "PT1M"
            raise ValidationError(f"must be an ISO 8601 duration from {least} to P366D")

    return check


class SyncBody(WireSchema):
    """What to pull; INCREMENTAL means what has changed since the last run that came to its end.

    A FULL one with `sweep` marks as deleted what the platform does not have any more.
    """

    resource = Text(required=True)
    mode = Text(load_default=INCREMENTAL, validate=one_of(*MODES))
    sweep = Flag(load_default=False)


class PullSchedule(WireSchema):
    """When a resource is pulled by itself: what has changed, and all there is.

    Durations are those of ISO 8601. `sweep` has pulls of all mark as deleted what is not there any
    more. `overlap` is how far a pull of changes looks back beyond the pull before it, five minutes
    if nothing is said.
    """

    every = Text(validate=_duration(_SHORTEST))
    full_every = Text(validate=_duration(_SHORTEST))
    sweep = Flag()
    overlap = Text(validate=_duration(timedelta(0)))


class ScheduleBody(WireSchema):
    """Schedules of all resources of a connection, by their names; others are not pulled."""

    schedule = Json(required=True)


def read_schedule(sent: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The schedules of resources, those that say nothing left out.

    Raises:  invalid_payload.
    """
    read = {}
    for resource, each in sent.items():
        try:
            loaded = PullSchedule(unknown=RAISE).load({} if each is None else each)
        except ValidationError as error:
            told = first_complaint({"schedule": {resource: error.messages}})
            raise invalid_payload(told) from None
        if loaded:
            read[resource] = loaded
    return read


class SyncQuery(WireSchema):
    """Which runs to list: those before `starting_after`."""

    limit = Whole(load_default=20, validate=between(1, 100))
    starting_after = Text()


class NotTaken(WireSchema):
    """A record that was not taken."""

    id = Text(required=True)
    reason = Text(required=True)


class Sync(WireSchema):
    """A run; `progress` in percent is there where the platform says how much there is.

    `failed` names the first of the records that `skipped` counts.
    """

    object = Text(required=True)
    id = Text(required=True)
    connection_id = Text(required=True)
    resource = Text(required=True)
    mode = Text(required=True)
    sweep = Flag(required=True)
    state = Text(required=True)
    since = Moment()
    done = Whole(required=True)
    skipped = Whole(required=True)
    deleted = Whole()
    total = Whole()
    progress = Whole()
    failed = Many(Part(NotTaken), required=True)
    error = Text()
    created_at = Moment(required=True)
    updated_at = Moment()
    finished_at = Moment()


class SyncList(PagedList):
    """A page of runs."""

    data = Many(Part(Sync), required=True)


def dump_run(row: SyncRun) -> dict[str, Any]:
    """The wire's run."""
    body: dict[str, Any] = {
        "object": "sync_run",
        "id": row.id,
        "connection_id": row.connection_id,
        "resource": row.resource,
        "mode": row.mode,
        "sweep": row.is_sweep,
        "state": row.state,
        "done": row.done,
        "skipped": row.skipped,
        "failed": row.failed,
    }
    if row.is_sweep:
        body["deleted"] = row.deleted
    if row.total is not None:
        body["total"] = row.total
        gone = row.done + row.skipped
        body["progress"] = 100 if not row.total else min(100, gone * 100 // row.total)
    if row.error is not None:
        body["error"] = row.error
    return body | dump_moments(row, ("since", "created_at", "updated_at", "finished_at"))

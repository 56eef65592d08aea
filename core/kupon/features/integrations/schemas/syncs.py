"""Wire shapes of the runs that pull what platforms have."""

from __future__ import annotations

from typing import Any

from kupon.kit.timestamps import format_moment
from kupon.storage.tables.integrations import SyncRun
from kupon.web.fields import Many, Moment, Part, Text, Whole, WireSchema, between, one_of

FULL = "FULL"
INCREMENTAL = "INCREMENTAL"
MODES = (FULL, INCREMENTAL)


class SyncBody(WireSchema):
    """What to pull; INCREMENTAL means what has changed since the last run that came to its end."""

    resource = Text(required=True)
    mode = Text(load_default=INCREMENTAL, validate=one_of(*MODES))


class SyncQuery(WireSchema):
    """How many runs to list."""

    limit = Whole(load_default=20, validate=between(1, 100))


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
    state = Text(required=True)
    since = Moment()
    done = Whole(required=True)
    skipped = Whole(required=True)
    total = Whole()
    progress = Whole()
    failed = Many(Part(NotTaken), required=True)
    error = Text()
    created_at = Moment(required=True)
    updated_at = Moment()
    finished_at = Moment()


class SyncList(WireSchema):
    """The latest runs."""

    object = Text(required=True)
    data_ref = Text(required=True)
    data = Many(Part(Sync), required=True)
    total = Whole(required=True)


def dump_run(row: SyncRun) -> dict[str, Any]:
    """The wire's run."""
    body: dict[str, Any] = {
        "object": "sync_run",
        "id": row.id,
        "connection_id": row.connection_id,
        "resource": row.resource,
        "mode": row.mode,
        "state": row.state,
        "done": row.done,
        "skipped": row.skipped,
        "failed": row.failed,
    }
    if row.total is not None:
        body["total"] = row.total
        gone = row.done + row.skipped
        body["progress"] = 100 if not row.total else min(100, gone * 100 // row.total)
    if row.error is not None:
        body["error"] = row.error
    for name in ("since", "created_at", "updated_at", "finished_at"):
        moment = getattr(row, name)
        if moment is not None:
            body[name] = format_moment(moment)
    return body

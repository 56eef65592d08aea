"""Wire shapes of async actions."""

from __future__ import annotations

from typing import Any

from kupon.kit.timestamps import format_moment
from kupon.storage.tables.async_actions import AsyncAction as AsyncActionRow
from kupon.web.fields import Flag, ListBody, Many, Moment, Part, Text, Whole, WireSchema
from kupon.web.query import ListQuery


class AsyncActionsQuery(ListQuery):
    """Which actions to list."""

    class Meta(ListQuery.Meta):
        exclude = (
            "page",
            "order",
            "created_at",
            "updated_at",
            "start_date",
            "starting_after_id",
            "filters",
        )


class AsyncActionSummary(WireSchema):
    """An action as lists have it."""

    id = Text(required=True)
    type = Text(required=True)
    status = Text(required=True)
    operation_status = Text(required=True)
    progress = Whole(required=True)
    processing_time = Whole()
    request_id = Text()
    created_at = Moment(required=True)
    updated_at = Moment()
    object = Text(required=True)


class AsyncActionList(ListBody):
    """One page of actions."""

    async_actions = Many(Part(AsyncActionSummary), required=True)
    has_more = Flag(required=True)


class Failure(WireSchema):
    """A row of an import that was not taken, named by its code, source_id or number."""

    code = Text()
    source_id = Text()
    row = Whole()
    reason = Text(required=True)


class Problem(WireSchema):
    """A row of a bulk update that failed."""

    message = Text(required=True)
    details = Text(required=True)
    key = Text(required=True)
    source_id = Text()
    code = Text()


class Outcome(WireSchema):
    """What the work came to; which members there are depends on the action's type."""

    message = Text()
    done_count = Whole()
    failed_count = Whole()
    failed = Many(Part(Failure))
    errors = Many(Part(Problem))
    reports = Many(Text())
    reports_available_till = Moment()


class AsyncActionReport(AsyncActionSummary):
    """An action with its result, once there is one."""

    result = Part(Outcome)


def dump_summary(row: AsyncActionRow) -> dict[str, Any]:
    """The wire's action as lists have it."""
    body: dict[str, Any] = {
        "id": row.id,
        "type": row.type,
        "status": row.status,
        "operation_status": row.operation_status,
        "progress": row.progress,
        "processing_time": row.processing_time,
        "request_id": row.request_id,
        "created_at": format_moment(row.created_at),
        "updated_at": format_moment(row.updated_at) if row.updated_at is not None else None,
        "object": "async_action",
    }
    return {name: value for name, value in body.items() if value is not None}


def dump_action(row: AsyncActionRow) -> dict[str, Any]:
    """The wire's action."""
    body = dump_summary(row)
    return body if row.result is None else body | {"result": row.result}

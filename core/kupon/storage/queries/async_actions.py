"""Statements on async actions: what bulk work tells its caller about itself.

Source: spec api-conventions, section 13.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta, tzinfo
from typing import Any

from sqlalchemy import update

from kupon.kit.errors import not_found
from kupon.kit.pages import PageRequest
from kupon.runtime import ids
from kupon.storage.listing import Listing, Page, fetch_page
from kupon.storage.tables.async_actions import AsyncAction
from kupon.storage.uow import UnitOfWork

_LISTING = Listing(AsyncAction, fields={})


def insert_action(uow: UnitOfWork, type: str) -> str:
    """Record work that a worker will do.

    Shapes:  type as the wire names it, such as CAMPAIGN.VOUCHERS_GENERATE; the new id comes back.
    """
    action = AsyncAction(
        project_id=uow.project_id,
        id=ids.new_id("aa_"),
        type=type,
        status="ENQUEUED",
        operation_status="UNKNOWN",
        progress=0,
        request_id=uow.request_id,
        created_at=uow.now,
    )
    uow.session.add(action)
    uow.session.flush()
    return action.id


def report_progress(uow: UnitOfWork, action_id: str, progress: int) -> None:
    """Say how far the work has come; one that is finished stays as it is.

    Units:  percent; 100 only comes with `finish`.
    """
    uow.session.execute(
        update(AsyncAction)
        .where(
            AsyncAction.project_id == uow.project_id,
            AsyncAction.id == action_id,
            AsyncAction.status.in_(("ENQUEUED", "IN_PROGRESS")),
        )
        .values(status="IN_PROGRESS", progress=min(progress, 99), updated_at=uow.now)
    )


def finish(
    uow: UnitOfWork, action_id: str, result: Mapping[str, Any], *, is_failed: bool = False
) -> None:
    """Record the outcome. Rows that failed are told by the result: the work as a whole is done.

    Shapes:  result is the wire's, by the action's type; is_failed for work that gave up.
    """
    action = get_action(uow, action_id)
    action.status = "FAILED" if is_failed else "DONE"
    action.operation_status = "FAILED" if is_failed else "SUCCESS"
    action.progress = action.progress if is_failed else 100
    action.processing_time = (uow.now - action.created_at) // timedelta(milliseconds=1)
    action.result = dict(result)
    action.updated_at = uow.now
    uow.session.flush()


def get_action(uow: UnitOfWork, action_id: str) -> AsyncAction:
    """An action by id.

    Raises:  not_found.
    """
    action = uow.session.get(AsyncAction, (uow.project_id, action_id))
    if action is None:
        raise not_found("async_action", action_id)
    return action


def list_actions(uow: UnitOfWork, request: PageRequest, tz: tzinfo) -> Page[AsyncAction]:
    """One page, without a total, which the wire doesn't print."""
    return fetch_page(uow, _LISTING, request, tz=tz, is_counted=False)

"""Use cases of async actions."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any

from kupon.features.async_actions import schemas
from kupon.kit.pages import PageRequest, list_body
from kupon.storage.queries import async_actions
from kupon.storage.uow import UnitOfWork


def list_async_actions(uow: UnitOfWork, request: PageRequest, tz: tzinfo) -> dict[str, Any]:
    """The latest actions; earlier ones are reached by `end_date`."""
    page = async_actions.list_actions(uow, request, tz)
    rows = [schemas.dump_summary(row) for row in page.rows]
    return list_body("async_actions", rows, has_more=page.has_more)


def get_async_action(uow: UnitOfWork, action_id: str) -> dict[str, Any]:
    """One action with its result."""
    return schemas.dump_action(async_actions.get_action(uow, action_id))

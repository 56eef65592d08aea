"""Statements on the activity feeds of segments and product collections.

Source: spec events-webhooks-data, section 5.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, tzinfo
from typing import Any

from sqlalchemy import delete

from kupon.kit.pages import PageRequest
from kupon.storage.criteria import MomentField, TextField
from kupon.storage.listing import Listing, Page, fetch_page
from kupon.storage.tables.definition_activities import DefinitionActivity
from kupon.storage.uow import UnitOfWork

# What no request caused came about inside.
_INTERNAL = {"channel": "INTERNAL"}


def record(uow: UnitOfWork, entry_id: str, object_id: str, type: str, data: dict[str, Any]) -> None:
    """Write an entry into the feed of a segment or a collection; type and data are the wire's.

    Locks:   call it after the object's row was written, so that entries keep the order of changes.
    """
    uow.session.add(
        DefinitionActivity(
            project_id=uow.project_id,
            id=entry_id,
            related_object_id=object_id,
            type=type,
            category="ACTION",
            data={"data": data, "event_source": uow.source or _INTERNAL},
            group_id=uow.request_id,
            created_at=uow.now,
        )
    )


def forget(uow: UnitOfWork, object_id: str) -> None:
    """Remove the feed of what is deleted."""
    uow.session.execute(
        delete(DefinitionActivity).where(
            DefinitionActivity.project_id == uow.project_id,
            DefinitionActivity.related_object_id == object_id,
        )
    )


def _starts_after(when: date) -> Any:
    moment = when if isinstance(when, datetime) else datetime.combine(when, time.min, UTC)
    return DefinitionActivity.created_at < moment


def list_entries(
    uow: UnitOfWork, object_id: str, request: PageRequest, tz: tzinfo
) -> Page[DefinitionActivity]:
    """One page of a feed, without a total."""
    listing = Listing(
        DefinitionActivity,
        fields={
            "created_at": MomentField(DefinitionActivity.created_at),
            "category": TextField(DefinitionActivity.category),
            "type": TextField(DefinitionActivity.type),
        },
        where=(DefinitionActivity.related_object_id == object_id,),
        shortcuts={"starting_after": _starts_after},
        is_walked=True,
    )
    return fetch_page(uow, listing, request, tz=tz, is_counted=False)

"""Statements on who may be told of what leaves no other trace.

Source: spec events-webhooks-data, section 2.2; adapters-marketing, section 1.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from kupon.storage.queries.projects import bump_revision
from kupon.storage.uow import UnitOfWork

# Named in the changes of definitions.
KIND = "listeners"


class Listeners(NamedTuple):
    """Whom a project has told of more than webhooks tell, and which types of events they want.

    Shapes: connections by their adapters, None for the usual types. ["*"] is all types, which
        means less to webhooks, so that it is left out of theirs.
    """

    connections: tuple[tuple[str, Sequence[str] | None], ...] = ()
    receivers: tuple[Sequence[str], ...] = ()


def load_listeners(uow: UnitOfWork) -> Listeners:
    """The listeners of the unit's project."""
    rows = uow.reader.execute(
        "SELECT adapter, outbound -> 'events' FROM connections WHERE project_id = %(project)s"
        " UNION ALL SELECT NULL, to_jsonb(CASE sink WHEN 'webhook'"
        "  THEN array_remove(events, '*') ELSE events END)"
        " FROM event_endpoints WHERE project_id = %(project)s AND is_active",
        {"project": uow.project_id},
    ).fetchall()
    return Listeners(
        connections=tuple((adapter, events) for adapter, events in rows if adapter is not None),
        receivers=tuple(events for adapter, events in rows if adapter is None),
    )


def note_listeners(uow: UnitOfWork, project_id: str) -> None:
    """Have processes look again who listens in a project."""
    bump_revision(uow, (KIND, ""), project_id=project_id)

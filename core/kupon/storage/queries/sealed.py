"""Statements on encrypted secrets, wherever they are kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from kupon.storage.tables.event_sinks import EventEndpoint, ProjectPlugin
from kupon.storage.tables.integrations import Connection
from kupon.storage.uow import UnitOfWork

_KEEPERS: tuple[type[Any], ...] = (Connection, EventEndpoint, ProjectPlugin)
_BATCH = 500


def reseal_all(uow: UnitOfWork, reseal: Callable[[str], str]) -> int:
    """Replace each secret of all projects by what is made of it; how many there are.

    Locks:  the rows that have secrets.
    """
    done = 0
    for keeper in _KEEPERS:
        statement = select(keeper).where(keeper.secrets.is_not(None)).with_for_update()
        rows = uow.session.scalars(statement.order_by(*keeper.__table__.primary_key))
        for row in rows.yield_per(_BATCH):
            row.secrets = reseal(str(row.secrets))
            done += 1
    uow.session.flush()
    return done

"""Statements on the states of platforms' objects: which one was applied last."""

from __future__ import annotations

from typing import NamedTuple

from kupon.hooks.commands import Stamp
from kupon.kit.timestamps import credible
from kupon.storage.uow import UnitOfWork


class Advance(NamedTuple):
    """What a state that arrived is, beside the one that was known.

    Shapes:  is_news is False for one that is older; was_deleted tells of the known one.
    """

    is_news: bool
    was_deleted: bool = False


_ADVANCE = (
    "WITH known AS (SELECT is_deleted FROM platform_records WHERE project_id = %(project)s"
    "  AND connection_id = %(connection)s AND kind = %(kind)s AND source_id = %(source_id)s)"
    " INSERT INTO platform_records AS r"
    " (project_id, connection_id, kind, source_id, version, at, is_deleted)"
    " VALUES (%(project)s, %(connection)s, %(kind)s, %(source_id)s, %(version)s, %(at)s,"
    "  %(is_deleted)s)"
    " ON CONFLICT (project_id, connection_id, kind, source_id) DO UPDATE SET"
    "  version = coalesce(excluded.version, r.version), at = coalesce(excluded.at, r.at),"
    "  is_deleted = excluded.is_deleted, missing_in = NULL"
    " WHERE CASE"
    "  WHEN excluded.version IS NOT NULL AND r.version IS NOT NULL"
    "   THEN excluded.version >= r.version"
    "  WHEN excluded.at IS NOT NULL AND r.at IS NOT NULL THEN excluded.at >= r.at"
    "  ELSE true END"
    " RETURNING coalesce((SELECT is_deleted FROM known), false)"
)


def advance(
    uow: UnitOfWork,
    connection_id: str,
    kind: str,
    source_id: str,
    stamp: Stamp,
    *,
    is_deleted: bool = False,
) -> Advance:
    """Note the state of an object, unless it is older than the one that is known.

    Shapes:  the same state again counts as news: what it does to Kupon is the same again; so does
        one of a time that can't be. What is told of is not missing. Parts of an object have
        records of their own.
    Locks:   the object's record, so that states of one object are applied one after the other.
    """
    row = uow.driver.execute(
        _ADVANCE,
        {
            "project": uow.project_id,
            "connection": connection_id,
            "kind": f"{kind}/{stamp.part}" if stamp.part else kind,
            "source_id": source_id,
            "version": stamp.version,
            "at": credible(stamp.at, uow.now),
            "is_deleted": is_deleted,
        },
    ).fetchone()
    return Advance(is_news=False) if row is None else Advance(is_news=True, was_deleted=row[0])

"""Statements on rewards that were given.

Rows are dicts of the table's columns without project_id.
Source: spec campaigns-loyalty-referral-gift, section 8.4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from kupon.storage.uow import UnitOfWork

Row = dict[str, Any]

PENDING, COMPLETED, ROLLED_BACK = "PENDING", "COMPLETED", "ROLLED_BACK"

_NAMES = (
    *("id", "state", "source_type", "source_id", "reward_id", "reward_assignment_id"),
    *("voucher_id", "campaign_id", "customer_id", "issued", "created_at", "updated_at"),
)
_COLUMNS = ", ".join(_NAMES)
_VALUES = ", ".join(f"%({name})s" for name in _NAMES)
_INSERT = (
    f"INSERT INTO reward_redemptions (project_id, {_COLUMNS}) VALUES (%(project_id)s, {_VALUES})"
)


def insert_reward_redemption(uow: UnitOfWork, row: Mapping[str, Any]) -> None:
    """Store that a reward was given."""
    values = {**row, "project_id": uow.project_id, "issued": Jsonb(row["issued"])}
    uow.driver.execute(_INSERT, values)


def find_of_sources(uow: UnitOfWork, source_ids: Sequence[str]) -> dict[str, Row]:
    """What was given for each of some redemptions or referrals, by their ids."""
    if not source_ids:
        return {}
    with uow.driver.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            f"SELECT {_COLUMNS} FROM reward_redemptions"
            " WHERE project_id = %s AND source_id = ANY(%s)",
            (uow.project_id, list(source_ids)),
        ).fetchall()
    return {row["source_id"]: row for row in rows}


def mark_rolled_back(uow: UnitOfWork, ids: Sequence[str]) -> None:
    """Write that rewards were taken back."""
    uow.driver.execute(
        "UPDATE reward_redemptions SET state = %s, updated_at = %s"
        " WHERE project_id = %s AND id = ANY(%s)",
        (ROLLED_BACK, uow.now, uow.project_id, list(ids)),
    )

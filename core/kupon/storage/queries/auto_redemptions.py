"""Statements on what programmes redeem by themselves, and on how often.

Source: spec campaigns-loyalty-referral-gift, section 7.11.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import select

from kupon.storage.criteria import among
from kupon.storage.tables.rewards import RewardAssignment
from kupon.storage.uow import UnitOfWork

# How often a day a customer is given one reward so.
MOST_A_DAY = 10


def find_automatic(uow: UnitOfWork, campaign_ids: Iterable[str]) -> dict[str, RewardAssignment]:
    """What programmes redeem by themselves, by programme; most have nothing of the kind."""
    wanted = sorted(set(campaign_ids))
    if not wanted:
        return {}
    found = uow.session.scalars(
        select(RewardAssignment).where(
            RewardAssignment.project_id == uow.project_id,
            among(RewardAssignment.campaign_id, wanted),
            RewardAssignment.auto_redeem,
        )
    )
    return {row.campaign_id: row for row in found}


_BLOCK = (
    "UPDATE auto_redemptions SET is_blocked = is_blocked OR (day = %(day)s AND count >= %(most)s)"
    " WHERE project_id = %(project_id)s AND assignment_id = %(assignment_id)s"
    " AND customer_id = %(customer_id)s RETURNING is_blocked"
)
_COUNT = (
    "INSERT INTO auto_redemptions AS a"
    " (project_id, assignment_id, customer_id, day, count, redemption_ids)"
    " VALUES (%(project_id)s, %(assignment_id)s, %(customer_id)s, %(day)s, 1,"
    "  ARRAY[%(redemption_id)s])"
    " ON CONFLICT (project_id, assignment_id, customer_id) DO UPDATE SET day = excluded.day,"
    " count = CASE WHEN a.day = excluded.day THEN a.count + 1 ELSE 1 END,"
    " redemption_ids = CASE WHEN a.day = excluded.day"
    "  THEN a.redemption_ids || excluded.redemption_ids ELSE excluded.redemption_ids END"
)


def admit(uow: UnitOfWork, assignment_id: str, customer_id: str, day: date) -> bool:
    """Whether a customer may be given one more of a reward.

    Shapes:  asking for one too many on a day blocks all further ones, until somebody unblocks them.
    Locks:   the customer's card must be locked.
    """
    row = uow.driver.execute(
        _BLOCK,
        {
            "project_id": uow.project_id,
            "assignment_id": assignment_id,
            "customer_id": customer_id,
            "day": day,
            "most": MOST_A_DAY,
        },
    ).fetchone()
    return row is None or not row[0]


def count_redemption(
    uow: UnitOfWork, assignment_id: str, customer_id: str, day: date, redemption_id: str
) -> None:
    """Count that a customer was given a reward; of the day it is kept by which redemptions.

    Locks:   the customer's card must be locked.
    """
    uow.driver.execute(
        _COUNT,
        {
            "project_id": uow.project_id,
            "assignment_id": assignment_id,
            "customer_id": customer_id,
            "day": day,
            "redemption_id": redemption_id,
        },
    )

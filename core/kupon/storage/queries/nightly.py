"""Statements of the nightly work on loyalty cards: whose turn it is, and how far a night has come.

Every walk goes by the cards' ids and skips what is in the bin.

Source: spec campaigns-loyalty-referral-gift, section 7.10.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from kupon.storage.uow import UnitOfWork


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a night goes on: step counts from 1, after is the last card done in it."""

    step: int
    after: str


@dataclass(frozen=True, slots=True)
class LastNight:
    """The last day of a project whose nightly work was begun; None before the first.

    Shapes: since is when the oldest of its programmes was made.
    """

    project_id: str
    timezone: str
    day: date | None
    since: datetime


def last_nights(uow: UnitOfWork) -> list[LastNight]:
    """Every project with a loyalty programme."""
    rows = uow.driver.execute(
        "SELECT p.id, p.timezone,"
        " (SELECT max(n.day) FROM nightly_steps n WHERE n.project_id = p.id), min(c.created_at)"
        " FROM projects p JOIN campaigns c ON c.project_id = p.id"
        " AND c.campaign_type = 'LOYALTY_PROGRAM' GROUP BY p.id ORDER BY p.id"
    )
    return [LastNight(*row) for row in rows]


def begin_nights(uow: UnitOfWork, project_id: str, handler: str, days: Sequence[date]) -> None:
    """Have a worker do the nightly work of days of a project, one after the other.

    Shapes:  a day that was begun before is left alone.
    """
    uow.driver.execute(
        "WITH begun AS (INSERT INTO nightly_steps (project_id, day, step, started_at)"
        "  SELECT %(project_id)s, day, 1, %(now)s FROM unnest(%(days)s::date[]) AS day"
        "  ON CONFLICT DO NOTHING RETURNING day)"
        " INSERT INTO jobs (project_id, handler, order_key, arguments, available_at, created_at)"
        " SELECT %(project_id)s, %(handler)s, '', jsonb_build_object('day', day), %(now)s, %(now)s"
        " FROM (SELECT day FROM begun ORDER BY day) AS ordered",
        {"project_id": project_id, "handler": handler, "days": list(days), "now": uow.now},
    )


def lock_progress(uow: UnitOfWork, day: date) -> Progress | None:
    """Where the work of a day goes on; None when all of it is done, or was never begun.

    Locks:  the row of the current step, so that no two workers do the same.
    """
    row = uow.driver.execute(
        "SELECT step, coalesce(after, ''), finished_at IS NULL FROM nightly_steps"
        " WHERE project_id = %s AND day = %s ORDER BY step DESC LIMIT 1 FOR UPDATE",
        (uow.project_id, day),
    ).fetchone()
    return Progress(row[0], row[1]) if row is not None and row[2] else None


def save_progress(uow: UnitOfWork, day: date, step: int, after: str) -> None:
    """A step has come to a card."""
    uow.driver.execute(
        "UPDATE nightly_steps SET after = %s WHERE project_id = %s AND day = %s AND step = %s",
        (after, uow.project_id, day, step),
    )


def finish_step(uow: UnitOfWork, day: date, step: int, *, next_step: int | None) -> None:
    """A step is done; the next one begins, if there is one."""
    uow.driver.execute(
        "UPDATE nightly_steps SET finished_at = %s"
        " WHERE project_id = %s AND day = %s AND step = %s",
        (uow.now, uow.project_id, day, step),
    )
    if next_step is not None:
        uow.driver.execute(
            "INSERT INTO nightly_steps (project_id, day, step, started_at) VALUES (%s, %s, %s, %s)",
            (uow.project_id, day, next_step, uow.now),
        )


def forget_nights(uow: UnitOfWork, before: date) -> None:
    """Drop what is known of nights long past."""
    uow.driver.execute(
        "DELETE FROM nightly_steps WHERE project_id = %s AND day < %s", (uow.project_id, before)
    )


_CARD = (
    "JOIN vouchers v ON v.project_id = t.project_id AND v.id = t.voucher_id AND v.binned_at IS NULL"
)
_WALK = (
    " WHERE t.project_id = %(project_id)s AND t.voucher_id > %(after)s AND {0}"
    " ORDER BY t.voucher_id LIMIT %(most)s"
)


def cards_to_activate(uow: UnitOfWork, day: date, after: str, most: int) -> list[str]:
    """The next cards with pending points whose day has come."""
    return _walk(
        uow,
        f"SELECT DISTINCT t.voucher_id FROM pending_points t {_CARD}"
        + _WALK.format("t.status = 'PENDING' AND t.activates_on <= %(day)s"),
        {"day": day, "after": after, "most": most},
    )


@dataclass(frozen=True, slots=True)
class Automatic:
    """What a programme redeems by itself."""

    campaign_id: str
    assignment_id: str
    reward_id: str
    points: int


def automatic_assignments(uow: UnitOfWork) -> list[Automatic]:
    """All that programmes redeem by themselves, one reward each at most."""
    rows = uow.driver.execute(
        "SELECT campaign_id, id, reward_id, points FROM reward_assignments"
        " WHERE project_id = %s AND auto_redeem AND points IS NOT NULL ORDER BY campaign_id",
        (uow.project_id,),
    )
    return [Automatic(*row) for row in rows]


def cards_to_redeem(uow: UnitOfWork, prices: Mapping[str, int], after: str, most: int) -> list[str]:
    """The next cards that can afford what their programme redeems by itself.

    Shapes:  prices are the lowest ones by programme.
    """
    return _walk(
        uow,
        "SELECT v.id FROM unnest(%(campaigns)s::text[], %(prices)s::bigint[])"
        "  AS offered(campaign_id, price) JOIN vouchers v ON v.project_id = %(project_id)s"
        "  AND v.campaign_id = offered.campaign_id AND v.type = 'LOYALTY_CARD'"
        "  AND v.holder_id IS NOT NULL AND v.id > %(after)s"
        " WHERE v.binned_at IS NULL AND v.balance_income - v.balance_subtracted"
        "  - v.balance_expired - v.balance_redeemed >= offered.price"
        " ORDER BY v.id LIMIT %(most)s",
        {
            "campaigns": list(prices),
            "prices": list(prices.values()),
            "after": after,
            "most": most,
        },
    )


def cards_to_judge(uow: UnitOfWork, last_day: date, after: str, most: int) -> list[str]:
    """The next cards whose time in their tier ended with a day."""
    return _walk(
        uow,
        f"SELECT t.voucher_id FROM loyalty_tier_memberships t {_CARD}"
        + _WALK.format("t.expires_on <= %(day)s"),
        {"day": last_day, "after": after, "most": most},
    )


def cards_to_expire(uow: UnitOfWork, last_day: date, after: str, most: int) -> list[str]:
    """The next cards with points whose last day is over."""
    return _walk(
        uow,
        f"SELECT DISTINCT t.voucher_id FROM points_buckets t {_CARD}"
        + _WALK.format("t.status = 'ACTIVE' AND t.expires_on <= %(day)s"),
        {"day": last_day, "after": after, "most": most},
    )


def cards_of_programmes(
    uow: UnitOfWork, campaign_ids: Sequence[str], after: str, most: int
) -> list[str]:
    """The next cards that somebody holds, of some programmes."""
    return _walk(
        uow,
        "SELECT v.id FROM vouchers v WHERE v.project_id = %(project_id)s"
        " AND v.campaign_id = ANY(%(campaigns)s) AND v.type = 'LOYALTY_CARD'"
        " AND v.holder_id IS NOT NULL AND v.id > %(after)s AND v.binned_at IS NULL"
        " ORDER BY v.id LIMIT %(most)s",
        {"campaigns": list(campaign_ids), "after": after, "most": most},
    )


def _walk(uow: UnitOfWork, statement: str, parameters: Mapping[str, Any]) -> list[str]:
    rows = uow.driver.execute(statement, {"project_id": uow.project_id, **parameters})
    return [id for (id,) in rows]

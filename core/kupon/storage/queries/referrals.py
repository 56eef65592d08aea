"""Statements on referrals: who brought whom, and what was paid for it.

Source: spec campaigns-loyalty-referral-gift, section 6.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import class_row, dict_row

from kupon.storage.uow import UnitOfWork

BY_REDEMPTION = "redemption"
BY_EVENT = "custom_event"


@dataclass(frozen=True, slots=True, kw_only=True)
class Referral:
    """A row of the table; see `tables.referrals.Referral`."""

    id: str
    campaign_id: str
    voucher_id: str
    referrer_id: str
    referee_id: str
    related_object_type: str
    related_object_id: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class RedeemedCode:
    """A use of a referral code that has an owner, by a customer who is not the owner."""

    redemption_id: str
    campaign_id: str
    voucher_id: str
    referrer_id: str
    referee_id: str
    redeemed_at: datetime


_REDEEMED = (
    "SELECT r.id AS redemption_id, c.id AS campaign_id, v.id AS voucher_id,"
    " v.holder_id AS referrer_id, r.customer_id AS referee_id, r.created_at AS redeemed_at"
    " FROM redemptions r"
    " JOIN vouchers v ON v.project_id = r.project_id AND v.id = r.voucher_id"
    " JOIN campaigns c ON c.project_id = v.project_id AND c.id = v.campaign_id"
    " WHERE r.project_id = %s AND r.id = ANY(%s) AND c.campaign_type = 'REFERRAL_PROGRAM'"
    " AND c.referral_program ->> 'conversion_event_type' = 'redemption'"
    " AND r.status = 'SUCCEEDED' AND v.holder_id <> r.customer_id ORDER BY r.id"
)


def has_programmes(uow: UnitOfWork) -> bool:
    """Whether the project has any referral campaign, or referrals that one has left."""
    row = uow.reader.execute(
        "SELECT EXISTS (SELECT FROM campaigns WHERE project_id = %s"
        " AND campaign_type = 'REFERRAL_PROGRAM')"
        " OR EXISTS (SELECT FROM referrals WHERE project_id = %s)",
        (uow.project_id, uow.project_id),
    ).fetchone()
    return row is not None and bool(row[0])


def find_redeemed_codes(uow: UnitOfWork, redemption_ids: Sequence[str]) -> list[RedeemedCode]:
    """Those of the given redemptions by which their customers were referred.

    Shapes:  of campaigns that count redemptions; nothing for customers that were erased.
    """
    with uow.driver.cursor(row_factory=class_row(RedeemedCode)) as cursor:
        return cursor.execute(_REDEEMED, (uow.project_id, list(redemption_ids))).fetchall()


def insert_referral(uow: UnitOfWork, referral: Referral) -> bool:
    """Store that a customer was referred; whether that is news in the campaign.

    Locks:  the unique key against others who are storing the same.
    """
    stored = uow.driver.execute(
        "INSERT INTO referrals (project_id, id, campaign_id, voucher_id, referrer_id, referee_id,"
        " related_object_type, related_object_id, created_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (
            *(uow.project_id, referral.id, referral.campaign_id, referral.voucher_id),
            *(referral.referrer_id, referral.referee_id, referral.related_object_type),
            *(referral.related_object_id, referral.created_at),
        ),
    )
    return stored.rowcount == 1


def delete_referrals(uow: UnitOfWork, rollback_ids: Sequence[str]) -> list[Referral]:
    """Forget the referrals by redemptions that these rollbacks have undone; what they were."""
    with uow.driver.cursor(row_factory=class_row(Referral)) as cursor:
        return cursor.execute(
            "DELETE FROM referrals f USING redemptions r"
            " WHERE r.project_id = %s AND r.id = ANY(%s) AND f.project_id = r.project_id"
            " AND f.related_object_id = r.redemption_id AND f.related_object_type = 'redemption'"
            " RETURNING f.id, f.campaign_id, f.voucher_id, f.referrer_id, f.referee_id,"
            " f.related_object_type, f.related_object_id, f.created_at",
            (uow.project_id, list(rollback_ids)),
        ).fetchall()


def count_referees(uow: UnitOfWork, campaign_id: str, referrer_id: str) -> int:
    """How many customers a referrer has brought to a campaign."""
    row = uow.driver.execute(
        "SELECT count(*) FROM referrals"
        " WHERE project_id = %s AND campaign_id = %s AND referrer_id = %s",
        (uow.project_id, campaign_id, referrer_id),
    ).fetchone()
    return 0 if row is None else int(row[0])


def has_referral(uow: UnitOfWork, referral_id: str) -> bool:
    """Whether a referral was not taken back since."""
    row = uow.driver.execute(
        "SELECT EXISTS (SELECT FROM referrals WHERE project_id = %s AND id = %s)",
        (uow.project_id, referral_id),
    ).fetchone()
    return row is not None and bool(row[0])


def insert_payout(uow: UnitOfWork, payer_id: str, referrer_id: str, cause: str) -> bool:
    """Remember that something is paid for; False where it was before.

    Locks:  the key against others who are paying for the same.
    """
    stored = uow.driver.execute(
        "INSERT INTO referral_payouts (project_id, payer_id, referrer_id, cause, created_at)"
        " VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (uow.project_id, payer_id, referrer_id, cause, uow.now),
    )
    return stored.rowcount == 1


def delete_payout(uow: UnitOfWork, payer_id: str, referrer_id: str, cause: str) -> None:
    """Forget a payout that nothing came of."""
    uow.driver.execute(
        "DELETE FROM referral_payouts"
        " WHERE project_id = %s AND payer_id = %s AND referrer_id = %s AND cause = %s",
        (uow.project_id, payer_id, referrer_id, cause),
    )


def name_payout(
    uow: UnitOfWork, payer_id: str, referrer_id: str, cause: str, reward_redemption_id: str
) -> None:
    """Remember by what was paid."""
    uow.driver.execute(
        "UPDATE referral_payouts SET reward_redemption_id = %s"
        " WHERE project_id = %s AND payer_id = %s AND referrer_id = %s AND cause = %s",
        (reward_redemption_id, uow.project_id, payer_id, referrer_id, cause),
    )


def list_referrals(uow: UnitOfWork, referee_id: str) -> list[dict[str, Any]]:
    """By whom a customer was referred, the oldest first."""
    with uow.driver.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT * FROM referrals WHERE project_id = %s AND referee_id = %s ORDER BY id",
            (uow.project_id, referee_id),
        ).fetchall()

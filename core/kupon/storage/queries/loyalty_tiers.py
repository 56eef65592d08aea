"""Statements on loyalty tiers, on who is in them, and on what that depends on.

Source: spec campaigns-loyalty-referral-gift, section 7.9.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from psycopg.rows import class_row
from sqlalchemy import select

from kupon.kit.errors import not_found
from kupon.kit.pages import PageRequest
from kupon.storage.criteria import MomentField, among
from kupon.storage.listing import Listing, Page, fetch_page
from kupon.storage.tables.loyalties import LoyaltyTier
from kupon.storage.uow import UnitOfWork

# UNCERTAIN (section 7.9): what counts as earned in a period; what was taken off doesn't lower it.
EARNING = ("POINTS_ACCRUAL", "PENDING_POINTS_ACTIVATION", "POINTS_ADDITION")


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """A card in a tier.

    Shapes: both days are in the project's time zone; expires_on is the last one.
    """

    voucher_id: str
    campaign_id: str
    customer_id: str
    tier_id: str
    starts_on: date
    expires_on: date | None
    created_at: datetime
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, without its end."""

    begins_at: datetime
    ends_at: datetime


def insert_tiers(uow: UnitOfWork, tiers: Sequence[LoyaltyTier]) -> None:
    """Store tiers.

    Locks:  the campaign must be locked, or two changes may make ranges overlap.
    """
    uow.session.add_all(tiers)
    uow.session.flush()


def get_tier(uow: UnitOfWork, campaign_id: str, tier_id: str) -> LoyaltyTier:
    """A tier of a programme.

    Raises:  not_found.
    """
    tier = uow.session.scalar(
        select(LoyaltyTier).where(
            LoyaltyTier.project_id == uow.project_id,
            LoyaltyTier.campaign_id == campaign_id,
            LoyaltyTier.id == tier_id,
        )
    )
    if tier is None:
        raise not_found("loyalty_tier", tier_id)
    return tier


def find_tiers(uow: UnitOfWork, ids: Sequence[str]) -> dict[str, LoyaltyTier]:
    """Those of the given tiers that exist, by id."""
    if not ids:
        return {}
    found = uow.session.scalars(
        select(LoyaltyTier).where(
            LoyaltyTier.project_id == uow.project_id, among(LoyaltyTier.id, [*ids])
        )
    )
    return {tier.id: tier for tier in found}


def find_structures(uow: UnitOfWork, campaign_ids: Iterable[str]) -> dict[str, list[LoyaltyTier]]:
    """The tiers of programmes, the lowest first; nothing of a programme without tiers."""
    found: defaultdict[str, list[LoyaltyTier]] = defaultdict(list)
    rows = uow.session.scalars(
        select(LoyaltyTier)
        .where(
            LoyaltyTier.project_id == uow.project_id,
            among(LoyaltyTier.campaign_id, sorted(set(campaign_ids))),
        )
        .order_by(LoyaltyTier.points_from, LoyaltyTier.id)
        .execution_options(populate_existing=True)
    )
    for tier in rows:
        found[tier.campaign_id].append(tier)
    return dict(found)


def tiered_programmes(uow: UnitOfWork) -> list[str]:
    """The ids of the programmes that have tiers."""
    rows = uow.driver.execute(
        "SELECT DISTINCT campaign_id FROM loyalty_tiers WHERE project_id = %s ORDER BY 1",
        (uow.project_id,),
    )
    return [id for (id,) in rows]


def list_tiers(
    uow: UnitOfWork, campaign_id: str, request: PageRequest, tz: tzinfo
) -> Page[LoyaltyTier]:
    """One page of the tiers of a programme."""
    listing = Listing(
        LoyaltyTier,
        fields={
            "created_at": MomentField(LoyaltyTier.created_at),
            "updated_at": MomentField(LoyaltyTier.updated_at),
        },
        where=(LoyaltyTier.campaign_id == campaign_id,),
    )
    return fetch_page(uow, listing, request, tz=tz)


def save_tier(uow: UnitOfWork, tier: LoyaltyTier) -> None:
    """Write what its caller changed of a tier.

    Locks:  the campaign must be locked, or two changes may make ranges overlap.
    """
    tier.updated_at = uow.now
    uow.session.flush()


def delete_tier(uow: UnitOfWork, tier: LoyaltyTier) -> None:
    """Remove a tier for good; its members are left to their caller.

    Locks:  the campaign must be locked.
    """
    uow.session.delete(tier)
    uow.session.flush()


_MEMBERSHIP = (
    "SELECT voucher_id, campaign_id, customer_id, tier_id, starts_on, expires_on, created_at,"
    " updated_at FROM loyalty_tier_memberships WHERE project_id = %s"
)


def find_memberships(uow: UnitOfWork, voucher_ids: Iterable[str]) -> dict[str, Membership]:
    """The tiers that cards are in, by card.

    Locks:  the cards must be locked where the caller goes on to write.
    """
    with uow.driver.cursor(row_factory=class_row(Membership)) as cursor:
        rows = cursor.execute(
            f"{_MEMBERSHIP} AND voucher_id = ANY(%s)", (uow.project_id, list(voucher_ids))
        ).fetchall()
    return {row.voucher_id: row for row in rows}


_SAVE = (
    "INSERT INTO loyalty_tier_memberships (project_id, voucher_id, campaign_id, customer_id,"
    " tier_id, starts_on, expires_on, created_at)"
    " VALUES (%(project_id)s, %(voucher_id)s, %(campaign_id)s, %(customer_id)s, %(tier_id)s,"
    " %(starts_on)s, %(expires_on)s, %(now)s)"
    " ON CONFLICT (project_id, voucher_id) DO UPDATE SET"
    " customer_id = excluded.customer_id, starts_on = excluded.starts_on,"
    " expires_on = excluded.expires_on,"
    " created_at = CASE WHEN loyalty_tier_memberships.tier_id = excluded.tier_id"
    "  THEN loyalty_tier_memberships.created_at ELSE excluded.created_at END,"
    " updated_at = CASE WHEN loyalty_tier_memberships.tier_id = excluded.tier_id"
    "  THEN excluded.created_at END,"
    " tier_id = excluded.tier_id"
)


def save_memberships(uow: UnitOfWork, kept: Sequence[Membership], left: Sequence[str]) -> None:
    """Write the tiers that cards are in from now on, and forget those of cards that left.

    Shapes:  a membership begins anew with its tier.
    Locks:   the cards must be locked.
    """
    if left:
        uow.driver.execute(
            "DELETE FROM loyalty_tier_memberships WHERE project_id = %s AND voucher_id = ANY(%s)",
            (uow.project_id, list(left)),
        )
    if kept:
        with uow.driver.cursor() as cursor:
            cursor.executemany(
                _SAVE,
                [
                    {
                        "project_id": uow.project_id,
                        "voucher_id": each.voucher_id,
                        "campaign_id": each.campaign_id,
                        "customer_id": each.customer_id,
                        "tier_id": each.tier_id,
                        "starts_on": each.starts_on,
                        "expires_on": each.expires_on,
                        "now": uow.now,
                    }
                    for each in kept
                ],
            )


def sum_earned(uow: UnitOfWork, spans: Mapping[str, Span]) -> dict[str, int]:
    """What cards earned, each in a stretch of time of its own; nothing of those without any."""
    if not spans:
        return {}
    rows = uow.driver.execute(
        "SELECT t.voucher_id, sum(t.amount)::bigint"
        " FROM unnest(%s::text[], %s::timestamptz[], %s::timestamptz[])"
        "  AS span(voucher_id, begins_at, ends_at)"
        " JOIN voucher_transactions t ON t.project_id = %s AND t.voucher_id = span.voucher_id"
        "  AND t.created_at >= span.begins_at AND t.created_at < span.ends_at"
        " WHERE t.type = ANY(%s) GROUP BY t.voucher_id",
        (
            list(spans),
            [span.begins_at for span in spans.values()],
            [span.ends_at for span in spans.values()],
            uow.project_id,
            list(EARNING),
        ),
    )
    return {voucher_id: int(points) for voucher_id, points in rows}

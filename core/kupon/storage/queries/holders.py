"""Statements on the holders of codes, and on taking codes for them.

Source: spec campaigns-loyalty-referral-gift, sections 6.2 and 9.3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb
from sqlalchemy import Select, and_, literal_column, or_, select

from kupon.runtime import ids
from kupon.storage.criteria import among
from kupon.storage.queries.vouchers import FoundVoucher
from kupon.storage.tables.campaigns import Campaign
from kupon.storage.tables.categories import Category
from kupon.storage.tables.vouchers import Voucher
from kupon.storage.uow import UnitOfWork


class Held(NamedTuple):
    """A code that a customer got, and the publication that gave it."""

    voucher_id: str
    publication_id: str


_HELD = (
    "SELECT h.voucher_id, h.publication_id FROM redeemable_holders h"
    " JOIN vouchers v ON v.project_id = h.project_id AND v.id = h.voucher_id"
    " WHERE h.project_id = %(project_id)s AND h.customer_id = %(customer_id)s"
    " AND h.publication_id IS NOT NULL AND v.binned_at IS NULL"
    " AND (h.campaign_id = %(campaign_id)s OR h.voucher_id = %(voucher_id)s)"
    " ORDER BY (h.voucher_id = %(voucher_id)s) IS TRUE DESC, h.id LIMIT 1"
)


def find_held(
    uow: UnitOfWork, customer_id: str, *, campaign_id: str | None, voucher_id: str | None
) -> Held | None:
    """What a customer got of a campaign: this code if it is among it, else the first one."""
    row = uow.driver.execute(
        _HELD,
        {
            "project_id": uow.project_id,
            "customer_id": customer_id,
            "campaign_id": campaign_id,
            "voucher_id": voucher_id,
        },
    ).fetchone()
    return None if row is None else Held(*row)


_USABLE = (
    "SELECT v.id FROM redeemable_holders h"
    " JOIN vouchers v ON v.project_id = h.project_id AND v.id = h.voucher_id"
    " WHERE h.project_id = %s AND h.customer_id = %s AND h.campaign_id = %s"
    " AND h.publication_id IS NOT NULL AND v.binned_at IS NULL AND v.is_active"
    " AND (v.expiration_date IS NULL OR v.expiration_date >= %s)"
    " AND (v.redemption_quantity IS NULL OR v.redeemed_quantity < v.redemption_quantity)"
    " ORDER BY h.id LIMIT 1"
)


def find_usable(uow: UnitOfWork, customer_id: str, campaign_id: str) -> str | None:
    """The oldest code of a campaign that a customer holds and can still use."""
    row = uow.driver.execute(
        _USABLE, (uow.project_id, customer_id, campaign_id, uow.now)
    ).fetchone()
    return None if row is None else str(row[0])


def list_publication_ids(uow: UnitOfWork, voucher_id: str) -> list[str]:
    """The publications that gave a code to those who hold it."""
    rows = uow.reader.execute(
        "SELECT publication_id FROM redeemable_holders WHERE project_id = %s AND voucher_id = %s"
        " AND publication_id IS NOT NULL ORDER BY id",
        (uow.project_id, voucher_id),
    )
    return [row[0] for row in rows]


def find_passed_on(uow: UnitOfWork, customer_id: str, voucher_ids: Sequence[str]) -> frozenset[str]:
    """Those of the given codes that were passed on to a customer by their referrers."""
    rows = uow.reader.execute(
        "SELECT voucher_id FROM redeemable_holders WHERE project_id = %s AND customer_id = %s"
        " AND voucher_id = ANY(%s) AND holder_role = 'REFEREE'",
        (uow.project_id, customer_id, list(voucher_ids)),
    )
    return frozenset(row[0] for row in rows)


def find_publication_metadata(
    uow: UnitOfWork, voucher_ids: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """The metadata of the publications that gave codes away, by code."""
    rows = uow.reader.execute(
        "SELECT voucher_id, metadata FROM redeemable_holders WHERE project_id = %s"
        " AND voucher_id = ANY(%s) AND publication_id IS NOT NULL",
        (uow.project_id, list(voucher_ids)),
    )
    return dict(rows.fetchall())


def _suitable(uow: UnitOfWork, campaign_id: str, count: int) -> Select[Voucher]:
    """Codes that nobody was given, that are on and can still be used."""
    return (
        select(Voucher)
        .where(
            Voucher.project_id == uow.project_id,
            Voucher.campaign_id == campaign_id,
            # Spelled out: by a parameter the index of what is left would not be found.
            Voucher.publish_count == literal_column("0"),
            Voucher.is_active,
            Voucher.binned_at.is_(None),
            or_(Voucher.expiration_date.is_(None), Voucher.expiration_date >= uow.now),
            or_(
                Voucher.redemption_quantity.is_(None),
                Voucher.redeemed_quantity < Voucher.redemption_quantity,
            ),
        )
        .order_by(Voucher.id)
        .limit(count)
        .execution_options(populate_existing=True)
    )


def take_codes(uow: UnitOfWork, campaign_id: str, count: int) -> Sequence[Voucher]:
    """Codes of a campaign that can be given away: as many as asked for, or none.

    Shapes:  codes that other transactions are giving away are passed over.
    Locks:   the codes; none where there are too few, so that the caller may lock what comes before
        codes.
    """
    uow.driver.execute("SAVEPOINT pool")
    suitable = _suitable(uow, campaign_id, count).with_for_update(skip_locked=True)
    found = uow.session.scalars(suitable).all()
    if len(found) < count:
        uow.driver.execute("ROLLBACK TO SAVEPOINT pool")
        return ()
    return found


def take_last_codes(uow: UnitOfWork, campaign_id: str, count: int) -> Sequence[Voucher]:
    """The codes that are left of a campaign, at most so many.

    Shapes:  whether codes that others are giving away remain is waited for.
    Locks:   the codes, by id.
    """
    return uow.session.scalars(_suitable(uow, campaign_id, count).with_for_update()).all()


def take_free_codes(uow: UnitOfWork, campaign_id: str, count: int) -> Sequence[Voucher]:
    """The codes of a campaign that nobody else is giving away, at most so many.

    Locks:   the codes.
    """
    suitable = _suitable(uow, campaign_id, count).with_for_update(skip_locked=True)
    return uow.session.scalars(suitable).all()


def find_codes(uow: UnitOfWork, voucher_ids: Sequence[str]) -> list[FoundVoucher]:
    """Those of the given codes that are not in the bin, in the order of their ids."""
    rows = uow.session.execute(
        select(Voucher, Campaign, Category)
        .outerjoin(
            Campaign,
            and_(Campaign.project_id == Voucher.project_id, Campaign.id == Voucher.campaign_id),
        )
        .outerjoin(
            Category,
            and_(Category.project_id == Voucher.project_id, Category.id == Voucher.category_id),
        )
        .where(
            Voucher.project_id == uow.project_id,
            among(Voucher.id, [*voucher_ids]),
            Voucher.binned_at.is_(None),
            Campaign.binned_at.is_(None),
        )
        .order_by(Voucher.id)
    )
    return [FoundVoucher(*row) for row in rows]


_HOLD = (
    "INSERT INTO redeemable_holders (project_id, id, voucher_id, campaign_id, customer_id,"
    " holder_role, publication_id, metadata, created_at)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
)


def hold_codes(
    uow: UnitOfWork, codes: Sequence[Voucher], publication: Mapping[str, Any], role: str
) -> None:
    """Make the customer of a publication the one who has its codes.

    Shapes:  role is OWNER, or REFERRER of codes that refer.
    Locks:   the codes must be locked.
    """
    for code in codes:
        code.publish_count += 1
        code.holder_id = publication["customer_id"]
        code.updated_at = uow.now
    uow.session.flush()
    metadata = Jsonb(publication["metadata"])
    with uow.driver.cursor() as cursor:
        cursor.executemany(
            _HOLD,
            [
                (
                    *(uow.project_id, holder_id, code.id, code.campaign_id),
                    *(publication["customer_id"], role, publication["id"], metadata, uow.now),
                )
                for holder_id, code in zip(ids.new_ids("rh_", len(codes)), codes, strict=True)
            ],
        )

"""Statements on the buckets of points; `storage.points` writes them.

Source: spec campaigns-loyalty-referral-gift, section 7.6.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from sqlalchemy import select

from kupon.kit.pages import PageRequest
from kupon.storage.criteria import MomentField, among
from kupon.storage.listing import Listing, Page, fetch_page
from kupon.storage.tables.loyalties import PointsBucket
from kupon.storage.uow import UnitOfWork


def list_of_voucher(
    uow: UnitOfWork, voucher_id: str, request: PageRequest, tz: tzinfo
) -> Page[PointsBucket]:
    """One page of a card's active buckets, those that are empty included; soonest first."""
    listing = Listing(
        PointsBucket,
        fields={"expires_on": MomentField(PointsBucket.expires_on)},
        where=(PointsBucket.voucher_id == voucher_id, PointsBucket.status == "ACTIVE"),
    )
    return fetch_page(uow, listing, request, tz=tz)


def find_buckets(uow: UnitOfWork, bucket_ids: Sequence[str]) -> dict[str, PointsBucket]:
    """Those of the given buckets that exist, by id."""
    if not bucket_ids:
        return {}
    rows = uow.session.scalars(
        select(PointsBucket)
        .where(PointsBucket.project_id == uow.project_id, among(PointsBucket.id, [*bucket_ids]))
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in rows}

"""Statements on those who were told of a referral code: its referrer and its referees.

Source: spec campaigns-loyalty-referral-gift, section 6.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import select

from kupon.kit.errors import not_found
from kupon.kit.pages import PageRequest
from kupon.runtime import ids
from kupon.storage.criteria import MomentField, TextField, among
from kupon.storage.listing import Listing, Page, fetch_page
from kupon.storage.tables.publications import REFEREE, RedeemableHolder
from kupon.storage.uow import UnitOfWork

_FIELDS = {
    "id": TextField(RedeemableHolder.id),
    "created_at": MomentField(RedeemableHolder.created_at),
    "holder_role": TextField(RedeemableHolder.holder_role),
    "customer_id": TextField(RedeemableHolder.customer_id),
}


def list_holders(
    uow: UnitOfWork, voucher_id: str, request: PageRequest, tz: tzinfo
) -> Page[RedeemableHolder]:
    """One page of a code's holders."""
    listing = Listing(
        RedeemableHolder,
        fields=_FIELDS,
        is_walked=True,
        where=(RedeemableHolder.voucher_id == voucher_id,),
    )
    return fetch_page(uow, listing, request, tz=tz)


def insert_referees(
    uow: UnitOfWork,
    voucher_id: str,
    campaign_id: str | None,
    customer_ids: Sequence[str],
    metadata: dict[str, Any],
) -> list[RedeemableHolder]:
    """Make customers referees of a code; those who were no holders of it before, in their order.

    Locks:  the unique keys against others who are adding the same.
    """
    made = [
        row[0]
        for holder_id, customer_id in zip(
            ids.new_ids("rh_", len(customer_ids)), customer_ids, strict=True
        )
        for row in uow.driver.execute(
            "INSERT INTO redeemable_holders (project_id, id, voucher_id, campaign_id, customer_id,"
            " holder_role, metadata, created_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (project_id, voucher_id, customer_id) DO NOTHING RETURNING id",
            (
                *(uow.project_id, holder_id, voucher_id, campaign_id, customer_id),
                *(REFEREE, Jsonb(metadata), uow.now),
            ),
        )
    ]
    found = uow.session.scalars(
        select(RedeemableHolder)
        .where(RedeemableHolder.project_id == uow.project_id, among(RedeemableHolder.id, made))
        .order_by(RedeemableHolder.id)
    )
    return list(found)


def lock_holder(uow: UnitOfWork, voucher_id: str, holder_id: str) -> RedeemableHolder:
    """A holder of a code by id.

    Raises:  not_found.
    Locks:   the holder's row.
    """
    holder = uow.session.scalar(
        select(RedeemableHolder)
        .where(
            RedeemableHolder.project_id == uow.project_id,
            RedeemableHolder.voucher_id == voucher_id,
            RedeemableHolder.id == holder_id,
        )
        .with_for_update()
    )
    if holder is None:
        raise not_found("redeemable_holder", holder_id)
    return holder


def delete_holder(uow: UnitOfWork, holder: RedeemableHolder) -> None:
    """Take a code away from one who was told of it."""
    uow.session.delete(holder)
    uow.session.flush()

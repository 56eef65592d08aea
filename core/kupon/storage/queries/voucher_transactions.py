"""Statements on the ledgers of cards; `storage.ledger` writes them.

Source: spec campaigns-loyalty-referral-gift, sections 1.11 and 5.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Any

from sqlalchemy import ColumnElement, select

from kupon.kit.filters import Condition
from kupon.kit.pages import PageRequest
from kupon.storage.criteria import ColumnField, MomentField, TextField, among
from kupon.storage.listing import Listing, Page, fetch_page
from kupon.storage.tables.orders import Order
from kupon.storage.tables.vouchers import VoucherTransaction
from kupon.storage.uow import UnitOfWork


def find_by_source(uow: UnitOfWork, source_id: str) -> VoucherTransaction | None:
    """The movement that a caller has given a name."""
    return uow.session.scalar(
        select(VoucherTransaction).where(
            VoucherTransaction.project_id == uow.project_id,
            VoucherTransaction.source_id == source_id,
        )
    )


def list_of_voucher(
    uow: UnitOfWork, voucher_id: str, request: PageRequest, tz: tzinfo
) -> Page[VoucherTransaction]:
    """One page of a card's ledger."""
    return _list(uow, VoucherTransaction.voucher_id == voucher_id, request, tz)


def list_of_campaign(
    uow: UnitOfWork, campaign_id: str, request: PageRequest, tz: tzinfo
) -> Page[VoucherTransaction]:
    """One page of the ledgers of a campaign's cards."""
    return _list(uow, VoucherTransaction.campaign_id == campaign_id, request, tz)


@dataclass(frozen=True, slots=True)
class _IdField(ColumnField):
    """Ids, which are sorted by as their lines follow each other."""

    def finds(self, operator: str, condition: Condition, calendar: Any) -> ColumnElement[bool]:
        """The rows whose id a condition names."""
        return TextField(VoucherTransaction.id).finds(operator, condition, calendar)


_FIELDS = {
    "id": _IdField(VoucherTransaction.seq),
    "voucher_id": TextField(VoucherTransaction.voucher_id),
    "created_at": MomentField(VoucherTransaction.created_at),
}


def _list(
    uow: UnitOfWork, owner: ColumnElement[bool], request: PageRequest, tz: tzinfo
) -> Page[VoucherTransaction]:
    where = [owner]
    if request.starting_after_id is not None:
        last = (
            select(VoucherTransaction.seq)
            .where(
                VoucherTransaction.project_id == uow.project_id,
                VoucherTransaction.id == request.starting_after_id,
            )
            .scalar_subquery()
        )
        seq = VoucherTransaction.seq
        where.append(seq < last if request.order[0].descending else seq > last)
    listing = Listing(VoucherTransaction, fields=_FIELDS, where=tuple(where), is_walked=True)
    walked = replace(request, starting_after_id=None)
    return fetch_page(uow, listing, walked, tz=tz, is_counted=False)


def find_of_redemptions(
    uow: UnitOfWork, redemption_ids: Sequence[str], types: Sequence[str]
) -> dict[str, VoucherTransaction]:
    """The lines of some types that redemptions have caused, by redemption."""
    found = uow.session.scalars(
        select(VoucherTransaction).where(
            VoucherTransaction.project_id == uow.project_id,
            among(VoucherTransaction.redemption_id, [*redemption_ids]),
            among(VoucherTransaction.type, [*types]),
        )
    )
    return {str(line.redemption_id): line for line in found}


def find_order_names(uow: UnitOfWork, order_ids: Sequence[str]) -> dict[str, str | None]:
    """The source ids of orders, by id."""
    if not order_ids:
        return {}
    found = uow.session.execute(
        select(Order.id, Order.source_id).where(
            Order.project_id == uow.project_id, among(Order.id, [*order_ids])
        )
    )
    return {row.id: row.source_id for row in found}

"""Statements on single vouchers; `voucher_batches` writes many at once.

A binned voucher, and any voucher of a binned campaign, is invisible here; its code stays taken.
Source: spec campaigns-loyalty-referral-gift, section 3; api-conventions, sections 8, 9 and 14.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import tzinfo
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, delete, exists, false, or_, select, true
from sqlalchemy.orm import aliased

from kupon.engine.access import may_edit, may_use
from kupon.kit.errors import not_found
from kupon.kit.pages import PageRequest
from kupon.storage.criteria import (
    ColumnField,
    Field,
    FlagField,
    MomentField,
    NumberField,
    StateField,
    Test,
    TextField,
    among,
)
from kupon.storage.documents import JsonField
from kupon.storage.listing import Listing, Page, fetch_page
from kupon.storage.queries import trash_bin
from kupon.storage.queries.campaign_access import May, check_access, narrowed
from kupon.storage.tables.campaigns import REFERRAL_PROGRAM, Campaign
from kupon.storage.tables.categories import Category
from kupon.storage.tables.customers import Customer
from kupon.storage.tables.vouchers import Voucher
from kupon.storage.timing import has_expired, is_in_time
from kupon.storage.uow import UnitOfWork

ID_PREFIX = "v_"


class FoundVoucher(NamedTuple):
    """A voucher with what it belongs to."""

    voucher: Voucher
    campaign: Campaign | None
    category: Category | None


def get_voucher(uow: UnitOfWork, name: str, code_key: str) -> FoundVoucher:
    """A voucher by id or by code.

    Shapes:  name is what the caller sent, code_key its form as a code; an id goes before a code.
    Raises:  not_found; forbidden for a restricted key that may not use its campaign.
    """
    row = uow.session.execute(_one(uow, name, code_key)).first()
    return _accessible(uow, name, row, may_use)


def find_made(uow: UnitOfWork, code_key: str, made_by: str) -> FoundVoucher | None:
    """The voucher that an integration's key has made of a code."""
    row = uow.session.execute(_one(uow, "", code_key).where(Voucher.made_by == made_by)).first()
    return None if row is None else FoundVoucher(*row)


def lock_voucher(uow: UnitOfWork, name: str, code_key: str, may: May = may_edit) -> FoundVoucher:
    """A voucher by id or by code, for a change.

    Raises:  not_found; forbidden for a restricted key that may not do so.
    Locks:   the voucher's row; what it belongs to must be locked before.
    """
    chosen = _one(uow, name, code_key).with_for_update(of=Voucher)
    row = uow.session.execute(chosen, execution_options={"populate_existing": True}).first()
    return _accessible(uow, name, row, may)


def _accessible(uow: UnitOfWork, name: str, row: Any, may: May) -> FoundVoucher:
    if row is None:
        raise not_found("voucher", name)
    found = FoundVoucher(*row)
    check_access(uow, found.voucher.campaign_id, may, otherwise=("voucher", found.voucher.id))
    return found


def _one(uow: UnitOfWork, name: str, code_key: str) -> Select[Voucher, Campaign, Category]:
    is_meant: ColumnElement[bool] = Voucher.code_key == code_key
    order: list[ColumnElement[Any]] = []
    if name.startswith(ID_PREFIX):
        is_meant = or_(Voucher.id == name, is_meant)
        order.append((Voucher.id == name).desc())
    return (
        select(Voucher, Campaign, Category)
        .outerjoin(Campaign, _owns(Campaign))
        .outerjoin(
            Category,
            and_(Category.project_id == Voucher.project_id, Category.id == Voucher.category_id),
        )
        .where(
            Voucher.project_id == uow.project_id,
            is_meant,
            Voucher.binned_at.is_(None),
            Campaign.binned_at.is_(None),
        )
        .order_by(*order)
        .limit(1)
    )


def _owns(campaign: Any) -> ColumnElement[bool]:
    return and_(campaign.project_id == Voucher.project_id, campaign.id == Voucher.campaign_id)


def save_voucher(uow: UnitOfWork, voucher: Voucher) -> None:
    """Write a changed voucher."""
    voucher.updated_at = uow.now
    uow.session.flush()


def bin_voucher(uow: UnitOfWork, voucher: Voucher) -> None:
    """Put a voucher into the bin; its code stays taken."""
    voucher.binned_at = uow.now
    trash_bin.add_entry(uow, trash_bin.VOUCHER, voucher.id, voucher.code, voucher.campaign_id)


def delete_voucher(uow: UnitOfWork, voucher: Voucher) -> None:
    """Remove a voucher for good; its code is free again."""
    uow.session.execute(
        delete(Voucher).where(Voucher.project_id == uow.project_id, Voucher.id == voucher.id)
    )


def list_vouchers(
    uow: UnitOfWork, request: PageRequest, tz: tzinfo, *, is_case_sensitive: bool
) -> Page[Voucher]:
    """One page of the project's vouchers."""
    listing = _VOUCHERS if is_case_sensitive else _FOLDED_VOUCHERS
    return fetch_page(uow, narrowed(uow, listing, Voucher.campaign_id), request, tz=tz)


_owner = aliased(Campaign)
_own_category = aliased(Category)

_campaign_name = select(_owner.name).where(_owns(_owner)).correlate(Voucher).scalar_subquery()
_category_name = (
    select(_own_category.name)
    .where(_own_category.project_id == Voucher.project_id, _own_category.id == Voucher.category_id)
    .correlate(Voucher)
    .scalar_subquery()
)
_is_referral = (
    exists().where(_owns(_owner), _owner.campaign_type == REFERRAL_PROGRAM).correlate(Voucher)
)
_is_in_bin = exists().where(_owns(_owner), _owner.binned_at.is_not(None)).correlate(Voucher)


def _of_campaign(name: str) -> Test:
    """Of the campaign with this name or id."""
    meant = select(_owner.id).where(
        _owner.project_id == Voucher.project_id, or_(_owner.id == name, _owner.name == name)
    )
    return Voucher.campaign_id.in_(meant.correlate(Voucher))


def _of_category(name: str) -> Test:
    """Of the category with this name or id."""
    meant = select(_own_category.id).where(
        _own_category.project_id == Voucher.project_id,
        or_(_own_category.id == name, _own_category.name == name),
    )
    return Voucher.category_id.in_(meant.correlate(Voucher))


def _held_by(name: str) -> Test:
    """Published to the customer with this id or source id."""
    meant = select(Customer.id).where(
        Customer.project_id == Voucher.project_id,
        or_(Customer.id == name, Customer.source_id == name),
    )
    return Voucher.holder_id.in_(meant.correlate(Voucher))


_FIELDS: dict[str, Field] = {
    "id": TextField(Voucher.id),
    # The key is the code itself here, and it has the index.
    "code": TextField(Voucher.code_key),
    "vouchers": TextField(Voucher.code_key),
    "type": TextField(Voucher.type),
    "voucher_type": TextField(Voucher.type),
    "campaign": TextField(_campaign_name),
    "campaigns": TextField(_campaign_name),
    "campaign_id": TextField(Voucher.campaign_id),
    "campaigns_id": TextField(Voucher.campaign_id),
    "category": TextField(_category_name),
    "categories": TextField(_category_name),
    "category_id": TextField(Voucher.category_id),
    "category_ids": TextField(Voucher.category_id),
    "active": StateField(
        {
            "$enabled": lambda _: Voucher.is_active == true(),
            "$disabled": lambda _: Voucher.is_active == false(),
            "$expired": lambda calendar: has_expired(Voucher, calendar.now),
            "$active": lambda calendar: and_(Voucher.is_active, is_in_time(Voucher, calendar.now)),
        }
    ),
    "additional_info": TextField(Voucher.additional_info),
    "holder_id": TextField(Voucher.holder_id),
    "published_for_customer_id": TextField(Voucher.holder_id),
    "is_referral_code": FlagField(_is_referral),
    "redemption.quantity": NumberField(Voucher.redemption_quantity),
    "redemption.redeemed_quantity": NumberField(Voucher.redeemed_quantity),
    "publish.count": NumberField(Voucher.publish_count),
    "discount.type": JsonField(Voucher.discount["type"]),
    "discount.effect": JsonField(Voucher.discount["effect"]),
    "start_date": MomentField(Voucher.start_date),
    "expiration_date": MomentField(Voucher.expiration_date),
    "validity_timeframe": ColumnField(Voucher.validity_timeframe),
    "validity_day_of_week": JsonField(Voucher.validity_day_of_week),
    "validity_hours": ColumnField(Voucher.validity_hours),
    "created_at": MomentField(Voucher.created_at),
    "created_date": MomentField(Voucher.created_at),
    "updated_at": MomentField(Voucher.updated_at),
}

_VOUCHERS = Listing(
    Voucher,
    fields=_FIELDS,
    metadata=Voucher.voucher_metadata,
    where=(Voucher.binned_at.is_(None), ~_is_in_bin),
    shortcuts={
        "campaign": _of_campaign,
        "category": _of_category,
        "customer": _held_by,
        "ids": lambda ids: among(Voucher.id, ids),
    },
)

# Where case is ignored, filters still see codes as they are written; the shortcut looks one up.
_FOLDED_VOUCHERS = replace(
    _VOUCHERS,
    fields={**_FIELDS, "code": TextField(Voucher.code), "vouchers": TextField(Voucher.code)},
    shortcuts={
        **_VOUCHERS.shortcuts,
        "code": lambda code: Voucher.code_key == code.casefold(),
    },
)

"""Statements on the bin. Deleting for good what has an entry here, takes the entry along.

Source: spec api-conventions, section 14.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

from sqlalchemy import case, delete, or_, select

from kupon.engine.access import may_edit
from kupon.kit.errors import not_found
from kupon.kit.pages import PageRequest
from kupon.runtime import ids
from kupon.storage.criteria import TextField
from kupon.storage.listing import Listing, Page, fetch_page
from kupon.storage.queries.campaign_access import check_access, is_usable
from kupon.storage.tables.campaigns import Campaign
from kupon.storage.tables.products import Product, Sku
from kupon.storage.tables.trash_bin import BinEntry
from kupon.storage.tables.vouchers import Voucher
from kupon.storage.uow import UnitOfWork

Binned = TypeVar("Binned", Campaign, Product, Sku, Voucher)

# What entries are of; their parents are a product for SKUs, a campaign for vouchers.
CAMPAIGN = "campaign"
PRODUCT = "product"
SKU = "sku"
VOUCHER = "voucher"


def add_entry(
    uow: UnitOfWork, type: str, resource_id: str, name: str, parent_id: str | None = None
) -> None:
    """Tell that a resource is in the bin.

    Locks:  the resource must be locked.
    """
    uow.session.add(
        BinEntry(
            project_id=uow.project_id,
            id=ids.new_id("tbe_"),
            resource_type=type,
            resource_id=resource_id,
            resource_name=name,
            resource_parent_id=parent_id,
            created_at=uow.now,
        )
    )
    uow.session.flush()


def get_entry(uow: UnitOfWork, entry_id: str) -> BinEntry:
    """An entry by id, for the permanent deletion of what it stands for.

    Raises:  not_found; forbidden for a restricted key that may not edit its campaign.
    """
    entry = uow.session.scalar(
        select(BinEntry).where(BinEntry.project_id == uow.project_id, BinEntry.id == entry_id)
    )
    if entry is None:
        raise not_found("bin_entry", entry_id)
    if entry.resource_type in (CAMPAIGN, VOUCHER):
        is_campaign = entry.resource_type == CAMPAIGN
        campaign_id = entry.resource_id if is_campaign else entry.resource_parent_id
        refused = (entry.resource_type, entry.resource_id)
        check_access(uow, campaign_id, may_edit, otherwise=refused)
    return entry


def remove_entry(uow: UnitOfWork, entry: BinEntry) -> None:
    """Take an entry out of the list.

    Raises:  not_found when somebody else did so first.
    Locks:   the entry's row, after its resource.
    """
    gone = uow.session.execute(
        delete(BinEntry)
        .where(BinEntry.project_id == uow.project_id, BinEntry.id == entry.id)
        .returning(BinEntry.id)
    ).first()
    if gone is None:
        raise not_found("bin_entry", entry.id)


def remove_children(uow: UnitOfWork, type: str, parent_id: str) -> None:
    """Take the entries out of the list that are gone with their campaign or product.

    Locks:  their rows; the parent must be locked.
    """
    uow.session.execute(
        delete(BinEntry).where(
            BinEntry.project_id == uow.project_id,
            BinEntry.resource_type == type,
            BinEntry.resource_parent_id == parent_id,
        )
    )


def lock_binned(uow: UnitOfWork, table: type[Binned], resource_id: str) -> Binned | None:
    """A resource that is in the bin; None when it is gone already.

    Locks:  its row.
    """
    rows: Any = table
    found: Binned | None = uow.session.scalar(
        select(rows)
        .where(
            rows.project_id == uow.project_id,
            rows.id == resource_id,
            rows.binned_at.is_not(None),
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found


_LISTING = Listing(
    BinEntry,
    fields={
        "id": TextField(BinEntry.id),
        "resource_type": TextField(BinEntry.resource_type),
        "resource_name": TextField(BinEntry.resource_name),
        "resource_id": TextField(BinEntry.resource_id),
    },
    is_walked=True,
)
# What belongs to no campaign is hidden from nobody, except for codes without one.
_CAMPAIGN_ID: Any = case(
    (BinEntry.resource_type == CAMPAIGN, BinEntry.resource_id),
    (BinEntry.resource_type == VOUCHER, BinEntry.resource_parent_id),
)


def list_entries(uow: UnitOfWork, request: PageRequest) -> Page[BinEntry]:
    """One page of the bin, without what the caller's key may not see."""
    listing = _LISTING
    if uow.scope is not None:
        is_visible = or_(
            BinEntry.resource_type.in_((PRODUCT, SKU)), is_usable(uow, uow.scope, _CAMPAIGN_ID)
        )
        listing = replace(listing, where=(is_visible,))
    return fetch_page(uow, listing, request, is_counted=False)

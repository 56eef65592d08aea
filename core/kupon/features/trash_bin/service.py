"""Use cases of the bin.

Source: spec api-conventions, section 14; campaigns-loyalty-referral-gift, section 1.8.
"""

from __future__ import annotations

from typing import Any

from kupon.features.campaigns import service as campaigns
from kupon.features.trash_bin import schemas
from kupon.kit.pages import PageRequest, list_body
from kupon.storage.queries import products, skus, trash_bin, vouchers
from kupon.storage.tables.campaigns import Campaign
from kupon.storage.tables.products import Product, Sku
from kupon.storage.tables.trash_bin import BinEntry
from kupon.storage.tables.vouchers import Voucher
from kupon.storage.uow import UnitOfWork


def list_entries(uow: UnitOfWork, request: PageRequest) -> dict[str, Any]:
    """One page of what is in the bin."""
    page = trash_bin.list_entries(uow, request)
    return list_body(
        "data",
        [schemas.dump_entry(row) for row in page.rows],
        total=len(page.rows),
        has_more=page.has_more,
        more_starting_after=page.rows[-1].id if page.has_more else None,
    )


def purge(uow: UnitOfWork, entry_id: str) -> None:
    """Remove something for good; its names and codes are free again.

    Raises:  not_found; forbidden for a restricted key.
    """
    entry = trash_bin.get_entry(uow, entry_id)
    # What it stands for goes first: those who delete that lock its entry last, too.
    _PURGES[entry.resource_type](uow, entry)
    trash_bin.remove_entry(uow, entry)


def _purge_campaign(uow: UnitOfWork, entry: BinEntry) -> None:
    row = trash_bin.lock_binned(uow, Campaign, entry.resource_id)
    if row is not None:
        campaigns.purge_campaign(uow, row)


def _purge_voucher(uow: UnitOfWork, entry: BinEntry) -> None:
    row = trash_bin.lock_binned(uow, Voucher, entry.resource_id)
    if row is not None:
        vouchers.delete_voucher(uow, row)


def _purge_product(uow: UnitOfWork, entry: BinEntry) -> None:
    row = trash_bin.lock_binned(uow, Product, entry.resource_id)
    if row is not None:
        products.delete_product(uow, row)


def _purge_sku(uow: UnitOfWork, entry: BinEntry) -> None:
    row = trash_bin.lock_binned(uow, Sku, entry.resource_id)
    if row is not None:
        skus.delete_sku(uow, row)


_PURGES = {
    trash_bin.CAMPAIGN: _purge_campaign,
    trash_bin.VOUCHER: _purge_voucher,
    trash_bin.PRODUCT: _purge_product,
    trash_bin.SKU: _purge_sku,
}

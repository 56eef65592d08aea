"""Statements on SKUs, the variants of products.

Source: spec api-conventions, sections 9, 11 and 14.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import tzinfo
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert

from kupon.kit.errors import RaceLost, duplicate_found, not_found
from kupon.kit.pages import PageRequest
from kupon.storage.criteria import MomentField, TextField
from kupon.storage.listing import Listing, Page, fetch_page
from kupon.storage.queries import trash_bin
from kupon.storage.refusing import refusing
from kupon.storage.tables.products import Sku
from kupon.storage.uow import UnitOfWork

_LISTING = Listing(
    Sku,
    fields={
        "created_at": MomentField(Sku.created_at),
        "updated_at": MomentField(Sku.updated_at),
        "product_id": TextField(Sku.product_id),
    },
    where=(Sku.binned_at.is_(None),),
)


def insert_sku(uow: UnitOfWork, **values: Any) -> Sku | None:
    """Store a SKU, or nothing when its id or source id is taken."""
    statement = (
        insert(Sku)
        .values(project_id=uow.project_id, created_at=uow.now, **values)
        .on_conflict_do_nothing()
        .returning(Sku)
    )
    return uow.session.scalar(statement)


def lock_taken_sku(
    uow: UnitOfWork, product_id: str, sku_id: str | None, source_id: str | None
) -> Sku:
    """The SKU of a product that has an id or, if none has, a source id.

    Raises:  duplicate_found when it is in the bin or another product's; RaceLost when there is
        none any more.
    Locks:   the SKU's row.
    """
    row = uow.session.scalar(
        select(Sku)
        .where(Sku.project_id == uow.project_id, or_(Sku.id == sku_id, Sku.source_id == source_id))
        .order_by((Sku.id == sku_id).desc())
        .limit(1)
        .with_for_update(key_share=True)
    )
    if row is None:
        raise RaceLost
    if row.binned_at is not None or row.product_id != product_id:
        what, value = ("id", row.id) if row.id == sku_id else ("source_id", source_id or "")
        raise duplicate_found("sku", what, value)
    return row


def get_sku(
    uow: UnitOfWork, key: str, *, product_id: str | None = None, is_locked: bool = False
) -> Sku:
    """A SKU by id or source id that is not in the bin; of any product, or of the given one.

    Raises:  not_found.
    Locks:   the SKU's row, where asked to.
    """
    statement = (
        select(Sku)
        .where(
            Sku.project_id == uow.project_id,
            Sku.binned_at.is_(None),
            or_(Sku.id == key, Sku.source_id == key),
        )
        .order_by((Sku.id == key).desc())
        .limit(1)
    )
    if product_id is not None:
        statement = statement.where(Sku.product_id == product_id)
    row = uow.session.scalar(statement.with_for_update(key_share=True) if is_locked else statement)
    if row is None:
        raise not_found("sku", key)
    return row


def save_sku(uow: UnitOfWork, sku: Sku) -> None:
    """Write a changed SKU.

    Raises:  duplicate_found when another one of the project has its source id.
    """
    error = duplicate_found("sku", "source_id", sku.source_id or "")
    with refusing("uq_skus_project_id_source_id", error):
        uow.session.flush()


def list_skus(uow: UnitOfWork, product_id: str, request: PageRequest, tz: tzinfo) -> Page[Sku]:
    """One page of a product's SKUs that are not in the bin."""
    of_product = replace(request, shortcuts={"product_id": product_id})
    return fetch_page(uow, _LISTING, of_product, tz=tz)


def find_skus_of(uow: UnitOfWork, product_ids: Sequence[str]) -> Sequence[Sku]:
    """All SKUs of some products that are not in the bin, the oldest first."""
    if not product_ids:
        return []
    return uow.session.scalars(
        select(Sku)
        .where(
            Sku.project_id == uow.project_id,
            Sku.product_id.in_(product_ids),
            Sku.binned_at.is_(None),
        )
        .order_by(Sku.created_at, Sku.id)
    ).all()


def bin_sku(uow: UnitOfWork, sku: Sku) -> None:
    """Put a SKU into the bin; its id and source id stay taken."""
    sku.binned_at = uow.now
    name = sku.sku or sku.source_id or sku.id
    trash_bin.add_entry(uow, trash_bin.SKU, sku.id, name, sku.product_id)


def delete_sku(uow: UnitOfWork, sku: Sku) -> None:
    """Delete a SKU for good."""
    uow.session.delete(sku)
    uow.session.flush()

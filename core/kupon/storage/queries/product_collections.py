"""Statements on product collections; `collection_members` has those on what is in them.

Each change of a collection bumps the project's revision.
Source: spec rules-and-qualification, section 18.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import tzinfo
from functools import lru_cache
from typing import Any

from sqlalchemy import Text, cast, func, or_, select

from kupon.engine.collections import Collection, Collections, parse_collection_filter
from kupon.engine.definitions import DefinitionError
from kupon.engine.filters import Filter
from kupon.kit.errors import not_found
from kupon.kit.pages import PageRequest
from kupon.storage.criteria import MomentField, TextField
from kupon.storage.listing import Listing, Page, fetch_page
from kupon.storage.queries.metadata_kinds import Kinds, load_kinds
from kupon.storage.queries.projects import bump_revision
from kupon.storage.tables.product_collections import ProductCollection
from kupon.storage.tables.validation_rules import ValidationRule
from kupon.storage.uow import UnitOfWork

STATIC = "STATIC"
DYNAMIC = "AUTO_UPDATE"


def insert_collection(uow: UnitOfWork, collection: ProductCollection) -> None:
    """Store a collection."""
    uow.session.add(collection)
    uow.session.flush()
    bump_revision(uow, ("products_collection", collection.id))


def save_collection(uow: UnitOfWork, collection: ProductCollection) -> None:
    """Write a changed collection."""
    collection.updated_at = uow.now
    uow.session.flush()
    bump_revision(uow, ("products_collection", collection.id))


def delete_collection(uow: UnitOfWork, collection: ProductCollection) -> None:
    """Remove a collection."""
    uow.session.delete(collection)
    uow.session.flush()
    bump_revision(uow, ("products_collection", collection.id))


def get_collection(
    uow: UnitOfWork, collection_id: str, *, is_locked: bool = False
) -> ProductCollection:
    """A collection by id.

    Raises:  not_found.
    Locks:   the collection's row, when asked to.
    """
    statement = select(ProductCollection).where(
        ProductCollection.project_id == uow.project_id, ProductCollection.id == collection_id
    )
    row = uow.session.scalar(statement.with_for_update() if is_locked else statement)
    if row is None:
        raise not_found("products_collection", collection_id)
    return row


def count_collections(uow: UnitOfWork) -> int:
    """How many collections the project has."""
    counted = uow.session.scalar(
        select(func.count()).where(ProductCollection.project_id == uow.project_id)
    )
    return counted or 0


_COLLECTIONS = Listing(
    ProductCollection,
    fields={
        "name": TextField(ProductCollection.name),
        "type": TextField(ProductCollection.type),
        "created_at": MomentField(ProductCollection.created_at),
        "updated_at": MomentField(ProductCollection.updated_at),
    },
)


def list_collections(uow: UnitOfWork, request: PageRequest, tz: tzinfo) -> Page[ProductCollection]:
    """One page of the project's collections."""
    return fetch_page(uow, _COLLECTIONS, request, tz=tz)


def find_rules_using(uow: UnitOfWork, collection_id: str) -> list[str]:
    """The ids of the validation rules that name a collection, the oldest first."""
    named = f'"{collection_id}"'
    parts = (ValidationRule.rules, ValidationRule.bundle_rules, ValidationRule.applicable_to)
    return list(
        uow.session.scalars(
            select(ValidationRule.id)
            .where(
                ValidationRule.project_id == uow.project_id,
                or_(*(func.strpos(cast(part, Text), named) > 0 for part in parts)),
            )
            .order_by(ValidationRule.created_at, ValidationRule.id)
        )
    )


def load_collections(uow: UnitOfWork) -> Collections:
    """All collections of the project for the engine.

    Shapes:  one whose filter can't be read any more holds nothing.
    """
    found = uow.reader.execute(
        "SELECT id, products, filter::text FROM product_collections WHERE project_id = %s",
        (uow.project_id,),
    ).fetchall()
    kinds = load_kinds(uow, "product")
    return Collections({id: _read(id, products, text, kinds) for id, products, text in found})


def _read(
    collection_id: str,
    products: Iterable[Mapping[str, Any]] | None,
    text: str | None,
    kinds: Kinds,
) -> Collection:
    listed = products or ()
    return Collection(
        id=collection_id,
        products=frozenset(each["id"] for each in listed if each["object"] == "product"),
        skus=frozenset(each["id"] for each in listed if each["object"] == "sku"),
        filter=None if text is None else _read_filter(text, kinds),
    )


@lru_cache(maxsize=10_000)
def _read_filter(text: str, kinds: Kinds) -> Filter | None:
    try:
        return parse_collection_filter(json.loads(text), kinds=dict(kinds))
    except DefinitionError:
        return None

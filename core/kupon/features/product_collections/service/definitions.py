"""Creating, reading, changing and removing collections.

Source: spec rules-and-qualification, section 18.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

from kupon.engine.collections import ALL_PRODUCTS, parse_collection_filter
from kupon.engine.definitions import DefinitionError
from kupon.features.customers.schemas import dump_activity
from kupon.features.product_collections import schemas
from kupon.kit.errors import KuponError, invalid_payload, not_found
from kupon.kit.pages import PageRequest, list_body
from kupon.runtime import ids
from kupon.storage.queries import definition_activities, product_collections
from kupon.storage.queries.metadata_kinds import load_kinds
from kupon.storage.queries.product_collections import DYNAMIC, STATIC
from kupon.storage.queries.projects import find_project, lock_project
from kupon.storage.tables.product_collections import ProductCollection
from kupon.storage.uow import UnitOfWork

MOST_COLLECTIONS = 100


def create_collection(uow: UnitOfWork, body: Mapping[str, Any]) -> dict[str, Any]:
    """Store a collection."""
    is_static = body["type"] == STATIC
    collection = ProductCollection(
        project_id=uow.project_id,
        id=ids.new_id("pc_"),
        name=body["name"],
        type=body["type"],
        products=list(body.get("products", ())) if is_static else None,
        filter=None if is_static else _read_filter(uow, body.get("filter")),
        created_at=uow.now,
    )
    # So that no two requests both take the last place.
    lock_project(uow, uow.project_id)
    if product_collections.count_collections(uow) >= MOST_COLLECTIONS:
        raise invalid_payload(f"Project must NOT have more than {MOST_COLLECTIONS} collections")
    product_collections.insert_collection(uow, collection)
    _record(uow, collection, "created")
    return schemas.dump_collection(collection)


def get_collection(uow: UnitOfWork, collection_id: str) -> dict[str, Any]:
    """One collection."""
    return schemas.dump_collection(find_collection(uow, collection_id))


def find_collection(uow: UnitOfWork, collection_id: str) -> ProductCollection:
    """A collection by id, the built-in one of all products included; that one is stored nowhere.

    Raises:  not_found.
    """
    if collection_id != ALL_PRODUCTS:
        return product_collections.get_collection(uow, collection_id)
    project = find_project(uow, uow.project_id)
    if project is None:
        raise not_found("project", uow.project_id)
    return ProductCollection(
        project_id=uow.project_id,
        id=ALL_PRODUCTS,
        name="All Products",
        type=DYNAMIC,
        filter={"junction": "and"},
        created_at=project.created_at,
    )


def list_collections(uow: UnitOfWork, request: PageRequest, tz: tzinfo) -> dict[str, Any]:
    """One page of the collections that callers made."""
    page = product_collections.list_collections(uow, request, tz)
    rows = [schemas.dump_collection(row) for row in page.rows]
    return list_body("data", rows, total=page.total)


def update_collection(
    uow: UnitOfWork, collection_id: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    """Change a name or, of a collection that has one, the filter as a whole."""
    _refuse_built_in(collection_id)
    collection = product_collections.get_collection(uow, collection_id, is_locked=True)
    is_static = collection.type == STATIC
    if is_static and "name" not in body:
        raise invalid_payload("Payload must have required property 'name'")
    is_refiltered = not is_static and "filter" in body
    collection.name = body.get("name", collection.name)
    if is_refiltered:
        collection.filter = _read_filter(uow, body["filter"])
    product_collections.save_collection(uow, collection)
    if "name" in body:
        _record(uow, collection, "updated")
    if is_refiltered:
        _record(uow, collection, "filters_updated")
    return schemas.dump_collection(collection)


def delete_collection(uow: UnitOfWork, collection_id: str) -> None:
    """Remove a collection that no validation rule names.

    Raises:  not_found; resource_in_use with the rules.
    Locks:   the collection, and the project: a rule that is being written is seen or comes after.
    """
    _refuse_built_in(collection_id)
    collection = product_collections.get_collection(uow, collection_id, is_locked=True)
    lock_project(uow, uow.project_id)
    rules = product_collections.find_rules_using(uow, collection_id)
    if rules:
        raise _in_use(collection_id, rules)
    product_collections.delete_collection(uow, collection)
    definition_activities.forget(uow, collection_id)


def list_activities(
    uow: UnitOfWork, collection_id: str, request: PageRequest, tz: tzinfo
) -> dict[str, Any]:
    """One page of what happened to a collection."""
    find_collection(uow, collection_id)
    page = definition_activities.list_entries(uow, collection_id, request, tz)
    return list_body(
        "data",
        [dump_activity(row) for row in page.rows],
        has_more=page.has_more,
        more_starting_after=page.rows[-1].id if page.has_more else None,
    )


def _read_filter(uow: UnitOfWork, sent: dict[str, Any] | None) -> dict[str, Any]:
    """A filter as it is stored: as it was sent, but for the junction's case."""
    kinds = dict(load_kinds(uow, "product"))
    try:
        parsed = parse_collection_filter(sent, kinds=kinds)
    except DefinitionError as error:
        raise KuponError(error.key, error.details) from None
    return {**(sent or {}), "junction": parsed.junction}


def _refuse_built_in(collection_id: str) -> None:
    if collection_id == ALL_PRODUCTS:
        raise KuponError(
            "resource_protected",
            f"Resource products_collection with id {collection_id} is built in",
            resource_id=collection_id,
            resource_type="products_collection",
        )


def _in_use(collection_id: str, rules: list[str]) -> KuponError:
    return KuponError(
        "resource_in_use",
        f"Resource products_collection with id {collection_id} is in use by"
        # The doubled s is the wire's.
        f" validation_ruless with ids [{', '.join(rules)}]",
        resource_id=collection_id,
        resource_type="products_collection",
        related_object_ids=rules,
        related_object_type="validation_rules",
        related_object_total=len(rules),
    )


def _record(uow: UnitOfWork, collection: ProductCollection, happened: str) -> None:
    data = {"products_collection": schemas.dump_collection(collection)}
    definition_activities.record(
        uow, ids.new_id("evpc_"), collection.id, f"products_collection.{happened}", data
    )

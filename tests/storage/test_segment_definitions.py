"""Segments and collections as evaluations load them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from kupon.engine.conditions import Moment
from kupon.engine.customer import Customer
from kupon.engine.filters import Surroundings
from kupon.engine.order import Item
from kupon.storage.queries.metadata_kinds import load_kinds
from kupon.storage.queries.product_collections import load_collections
from kupon.storage.queries.segments import (
    find_static_segments,
    load_segments,
    static_segments_of,
)
from kupon.storage.uow import UnitOfWork
from kupon.testing.builders import make_customer
from kupon.testing.client import ApiClient

NOW = Surroundings(Moment(datetime(2026, 3, 1, tzinfo=UTC), UTC))
OF_AGE = {"junction": "and", "metadata.age": {"conditions": {"$more_than_equal": [18]}}}


def _segment(api: ApiClient, **members: Any) -> str:
    made: dict[str, Any] = api.post("/v1/segments", json={"name": "A"} | members).expect()
    id: str = made["id"]
    return id


def test_segments_are_loaded_for_the_engine(api: ApiClient, uow: UnitOfWork) -> None:
    ada = make_customer(api)["id"]
    static = _segment(api, customers=[ada])
    other = _segment(api, customers=[])
    adults = _segment(api, filter=OF_AGE)
    loaded = load_segments(uow)
    assert loaded.by_id.keys() == {static, other, adults}
    mine = find_static_segments(uow, ada)
    assert mine == {static}
    customer = Customer(id=ada, profile={"metadata": {"age": 18}}, static_segments=mine)
    assert [loaded.contains(id, customer, NOW) for id in (static, other, adults)] == [
        True,
        False,
        True,
    ]


def test_static_segments_are_read_along_with_a_customer(api: ApiClient, uow: UnitOfWork) -> None:
    ada, bob = make_customer(api), make_customer(api)
    static = _segment(api, customers=[ada["id"]])
    rows = uow.reader.execute(
        f"SELECT c.id, {static_segments_of('c.id')} FROM customers c"
        " WHERE c.project_id = %(project_id)s",
        {"project_id": uow.project_id},
    ).fetchall()
    assert dict(rows) == {ada["id"]: [static], bob["id"]: []}


def test_a_filter_that_cannot_be_read_any_more_finds_nobody(
    api: ApiClient, uow: UnitOfWork
) -> None:
    adults = _segment(api, filter=OF_AGE)
    filter = {"junction": "and", "price": {"conditions": {"$more_than": [1]}}}
    body = {"name": "A", "type": "AUTO_UPDATE", "filter": filter}
    dear = api.post("/v1/product-collections", json=body).expect()["id"]
    for table in ("segments", "product_collections"):
        uow.driver.execute(
            f"UPDATE {table} SET filter = '{{\"gone\": 5}}' WHERE project_id = %s",
            (uow.project_id,),
        )
    customer = Customer(id="cust_1", profile={"metadata": {"age": 18}})
    assert not load_segments(uow).contains(adults, customer, NOW)
    item = Item(product_id="prod_1", price=100, product_facts={"id": "prod_1", "price": 100})
    assert not load_collections(uow).contains(dear, item, NOW)


def test_collections_are_loaded_for_the_engine(api: ApiClient, uow: UnitOfWork) -> None:
    filter = {"junction": "and", "price": {"conditions": {"$more_than": [1]}}}
    bodies = (
        {"name": "A", "type": "AUTO_UPDATE", "filter": filter},
        {"name": "B", "type": "STATIC", "products": [{"id": "mug", "object": "product"}]},
        {"name": "C", "type": "STATIC", "products": [{"id": "mug-s", "object": "sku"}]},
    )
    ids = [api.post("/v1/product-collections", json=body).expect()["id"] for body in bodies]
    loaded = load_collections(uow)
    mug = Item(product_id="mug", price=1, product_facts={"id": "mug", "price": 1})
    small = Item(
        product_id="mug",
        sku_id="mug-s",
        product_facts={"id": "mug"},
        sku_facts={"id": "mug-s", "price": 2},
    )
    assert [loaded.contains(id, mug, NOW) for id in ids] == [False, True, False]
    assert [loaded.contains(id, small, NOW) for id in ids] == [True, True, True]


def test_a_schema_types_what_filters_compare(
    api: ApiClient, management_api: ApiClient, uow: UnitOfWork
) -> None:
    segment = _segment(api, filter={"metadata.size": {"conditions": {"$is": ["5.0"]}}})
    customer = Customer(id="cust_1", profile={"metadata": {"size": "5"}})
    assert not load_segments(uow).contains(segment, customer, NOW)
    size = {"type": "number", "optional": True, "array": False}
    management_api.post(
        f"/management/v1/projects/{uow.project_id}/metadata-schemas",
        json={"related_object": "customer", "properties": {"size": size}},
    ).expect()
    assert load_segments(uow).contains(segment, customer, NOW)


def test_a_nested_object_has_types_too(
    api: ApiClient, management_api: ApiClient, uow: UnitOfWork
) -> None:
    path = f"/management/v1/projects/{uow.project_id}/metadata-schemas"
    size = {"type": "number", "optional": True, "array": False}
    body = {"type": "object", "object_type": "body", "optional": True, "array": False}
    for name, properties in (("body", {"size": size}), ("customer", {"body": body})):
        sent = {"related_object": name, "properties": properties}
        management_api.post(path, json=sent).expect()
    assert load_kinds(uow, "customer") == (("body", "object"), ("body.size", "number"))

"""What orders need of the catalogue: prices by any key in one statement, and overrides."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine

from kupon.engine.metadata import NO_SCHEMAS
from kupon.kit.errors import KuponError
from kupon.runtime import clock
from kupon.storage.catalogue import CatalogueEntry, find_prices
from kupon.storage.queries.overrides import store_overrides
from kupon.storage.uow import UnitOfWork
from kupon.testing.builders import make_product, make_sku
from kupon.testing.client import ApiClient
from kupon.testing.plugin import ConnectApi, NewProject, ProjectKeys


def product_line(key: str, **members: Any) -> dict[str, Any]:
    return {"quantity": 1, "product": {"source_id": key, "override": True, **members}}


def sku_line(product_key: str, key: str, **members: Any) -> dict[str, Any]:
    sku = {"source_id": key, "override": True, **members}
    return {"quantity": 1, "product_id": product_key, "sku": sku}


def counts(uow: UnitOfWork) -> tuple[int, ...]:
    return tuple(
        uow.driver.execute(
            f"SELECT count(*) FROM {table} WHERE project_id = %s", (uow.project_id,)
        ).fetchone()[0]
        for table in ("products", "skus")
    )


def without_facts(entries: Mapping[str, CatalogueEntry]) -> dict[str, CatalogueEntry]:
    return {key: stripped(entry) for key, entry in entries.items()}


def stripped(entry: CatalogueEntry) -> CatalogueEntry:
    product = None if entry.product is None else stripped(entry.product)
    return replace(entry, facts={}, product=product)


def test_what_else_is_known_of_an_article_comes_along(api: ApiClient, uow: UnitOfWork) -> None:
    make_product(api, source_id="mug", attributes=["size"], metadata={"a": 1})
    facts = find_prices(uow, ["mug"], []).products["mug"].facts
    assert (facts["attributes"], facts["metadata"]) == (["size"], {"a": 1})


def test_shipping_is_known_to_every_project(api: ApiClient, uow: UnitOfWork) -> None:
    keys = ["prod_5h1pp1ng", "5h1pp1ng"]
    known = find_prices(uow, keys, []).products
    assert known == dict.fromkeys(
        keys, CatalogueEntry("prod_5h1pp1ng", "5h1pp1ng", "Shipping", None)
    )
    assert counts(uow) == (0, 0)
    api.put("/v1/products/5h1pp1ng", json={"price": 1900}).expect()
    known = find_prices(uow, keys, []).products
    assert [known[key].price for key in keys] == [1900, 1900]


def test_entries_are_found_by_both_keys(api: ApiClient, uow: UnitOfWork) -> None:
    mug = make_product(api, source_id="mug", name="Mug", price=1000)
    own = make_sku(api, "mug", source_id="large", sku="Large", price=1200)
    plain = make_sku(api, "mug", source_id="small", sku="Small", price=None)
    product = CatalogueEntry(mug["id"], "mug", "Mug", 1000)
    large = CatalogueEntry(own["id"], "large", "Large", 1200, product=product)
    small = CatalogueEntry(plain["id"], "small", "Small", None, product=product)

    found = find_prices(uow, ["mug", mug["id"], "nope"], {"large", plain["id"], "nope"})
    assert without_facts(found.products) == {"mug": product, mug["id"]: product}
    assert without_facts(found.skus) == {"large": large, plain["id"]: small}
    assert (large.product_id, product.product_id) == (mug["id"], mug["id"])


def test_a_price_of_zero_is_a_price(api: ApiClient, uow: UnitOfWork) -> None:
    make_product(api, source_id="mug", price=1000)
    make_sku(api, "mug", source_id="gift", price=0)
    assert find_prices(uow, [], ["gift"]).skus["gift"].price == 0


def test_a_product_and_a_sku_may_share_a_source_id(api: ApiClient, uow: UnitOfWork) -> None:
    make_product(api, source_id="same", price=2100)
    make_sku(api, "same", source_id="same", price=1700)
    found = find_prices(uow, ["same"], ["same"])
    assert (found.products["same"].price, found.skus["same"].price) == (2100, 1700)
    assert find_prices(uow, ["same"], []).skus == {}
    assert find_prices(uow, [], ["same"]).products == {}


def test_an_id_comes_before_the_same_source_id(api: ApiClient, uow: UnitOfWork) -> None:
    first = make_product(api, price=1)
    make_product(api, source_id=first["id"], price=2)
    assert find_prices(uow, [first["id"]], []).products[first["id"]].price == 1


def test_the_bin_and_other_projects_are_not_seen(
    api: ApiClient, uow: UnitOfWork, new_project: NewProject, connect_api: ConnectApi
) -> None:
    make_product(connect_api(new_project()), source_id="theirs")
    make_product(api, source_id="gone")
    make_sku(api, "gone", source_id="gone-sku")
    make_product(api, source_id="kept")
    make_sku(api, "kept", source_id="binned-sku")
    assert api.delete("/v1/products/gone").status == 204
    assert api.delete("/v1/products/kept/skus/binned-sku").status == 204
    found = find_prices(uow, ["theirs", "gone", "kept"], ["gone-sku", "binned-sku"])
    assert (list(found.products), list(found.skus)) == (["kept"], [])


def test_nothing_is_read_for_nothing(uow: UnitOfWork) -> None:
    found = find_prices(uow, [], [])
    assert (found.products, found.skus) == ({}, {})


def test_overrides_create_products_and_skus(api: ApiClient, uow: UnitOfWork) -> None:
    mug = {"name": "Mug", "price": 10.0, "metadata": {"brand": "Acme"}}
    line = product_line("mug", **mug) | {
        "sku": {"override": True, "source_id": "large", "sku": "Large", "price": 12}
    }
    store_overrides(uow, [line, sku_line("mug", "small", sku="Small")], NO_SCHEMAS)
    uow.commit()
    stored = api.get("/v1/products/mug").expect()
    assert {name: stored[name] for name in mug} == mug
    assert stored["updated_at"] is None
    assert [
        (sku["source_id"], sku["sku"], sku["price"], sku["product_id"])
        for sku in stored["skus"]["data"]
    ] == [("large", "Large", 12, stored["id"]), ("small", "Small", None, stored["id"])]


@pytest.mark.parametrize(
    "line",
    [
        {"product": {"source_id": "mug"}},
        {"source_id": "mug", "related_object": "product", "product": {}},
        {"product": {"id": "prod_mug"}},
        {"product_id": "prod_mug", "product": {}},
        {"product_id": "mug", "product": {}},
    ],
)
def test_overrides_replace_what_they_name(
    api: ApiClient, uow: UnitOfWork, line: dict[str, Any]
) -> None:
    made = make_product(api, id="prod_mug", source_id="mug", attributes=["a"], metadata={"a": 1})
    sent = {"override": True, "price": 5, "metadata": {"b": 2}}
    store_overrides(uow, [line | {"product": line["product"] | sent}], NO_SCHEMAS)
    uow.commit()
    stored = api.get("/v1/products/mug").expect()
    assert stored.pop("updated_at") is not None
    del made["updated_at"]
    assert stored == made | {"price": 5, "metadata": {"b": 2}}


def test_an_override_keeps_what_it_leaves_out(api: ApiClient, uow: UnitOfWork) -> None:
    make_product(api, source_id="mug", name="Mug", price=7, metadata={"a": 1})
    make_sku(api, "mug", source_id="large", sku="Large", price=8, metadata={"b": 1})
    store_overrides(
        uow, [product_line("mug", price=None), sku_line("mug", "large", metadata={})], NO_SCHEMAS
    )
    uow.commit()
    stored = api.get("/v1/products/mug").expect()
    assert (stored["name"], stored["price"], stored["metadata"]) == ("Mug", 7, {"a": 1})
    sku = api.get("/v1/skus/large").expect()
    assert (sku["sku"], sku["price"], sku["metadata"]) == ("Large", 8, {"b": 1})


def test_the_last_line_wins(api: ApiClient, uow: UnitOfWork) -> None:
    store_overrides(uow, [product_line("mug", price=1), product_line("mug", price=2)], NO_SCHEMAS)
    uow.commit()
    assert api.get("/v1/products/mug").expect()["price"] == 2


@pytest.mark.parametrize(
    "line",
    [
        {"product_id": "mug", "quantity": 1},
        {"product": {"source_id": "mug", "name": "Mug"}},
        {"product": {"source_id": "mug", "name": "Mug", "override": False}},
        {"product": {"name": "Mug", "override": True}},
        {"source_id": "large", "related_object": "sku", "product": {"override": True}},
        {"product": None, "sku": None},
    ],
)
def test_lines_without_a_named_override_store_nothing(
    uow: UnitOfWork, line: dict[str, Any]
) -> None:
    store_overrides(uow, [line], NO_SCHEMAS)
    assert counts(uow) == (0, 0)


@pytest.mark.parametrize(
    "line", [sku_line("nope", "large"), {"sku": {"source_id": "x", "override": True}}]
)
def test_a_new_sku_needs_a_known_product(uow: UnitOfWork, line: dict[str, Any]) -> None:
    with pytest.raises(KuponError) as refusal:
        store_overrides(uow, [line], NO_SCHEMAS)
    assert refusal.value.key == "invalid_sku"
    assert counts(uow) == (0, 0)


def test_a_known_sku_needs_no_product(api: ApiClient, uow: UnitOfWork) -> None:
    make_sku(api, make_product(api)["id"], source_id="large", price=1)
    store_overrides(
        uow, [{"sku": {"source_id": "large", "override": True, "price": 2}}], NO_SCHEMAS
    )
    uow.commit()
    assert api.get("/v1/skus/large").expect()["price"] == 2


@pytest.mark.parametrize("line", [product_line("mug"), sku_line("other", "large")])
def test_what_is_in_the_bin_stays_there(
    api: ApiClient, uow: UnitOfWork, line: dict[str, Any]
) -> None:
    make_product(api, source_id="mug")
    make_sku(api, "mug", source_id="large")
    make_product(api, source_id="other")
    assert api.delete("/v1/products/mug").status == 204
    with pytest.raises(KuponError) as refusal:
        store_overrides(uow, [product_line("fresh"), line], NO_SCHEMAS)
    assert refusal.value.key == "duplicate_found"


@pytest.mark.race
def test_parallel_overrides_of_the_same_products_all_succeed(
    engine: Engine, project: ProjectKeys, api: ApiClient
) -> None:
    names = [f"p{number}" for number in range(20)]
    lines = [
        {"product": {"source_id": name, "override": True, "price": 1}}
        | {"sku": {"source_id": f"{name}-sku", "override": True}}
        for name in names
    ]

    def store(ordered: list[dict[str, Any]]) -> None:
        for _ in range(5):
            with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
                store_overrides(uow, ordered, NO_SCHEMAS)
                uow.commit()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(store, (lines, lines[::-1], lines[10:] + lines[:10])))
    body = api.get("/v1/products", query={"limit": 100}).expect()
    assert sorted(row["source_id"] for row in body["products"]) == sorted(names)
    assert all(row["skus"]["total"] == 1 for row in body["products"])

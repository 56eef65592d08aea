"""What orders take from the catalogue, and what they bring to it."""

from __future__ import annotations

from typing import Any

import pytest

from kupon.testing.builders import make_product, make_sku
from kupon.testing.client import ApiClient


def line(api: ApiClient, **members: Any) -> dict[str, Any]:
    """The one line of an order, as answered."""
    made: dict[str, Any] = api.post("/v1/orders", json={"items": [members]}).expect()["items"][0]
    return made


@pytest.fixture
def mug(api: ApiClient) -> dict[str, Any]:
    return make_product(api, source_id="mug", name="Mug", price=1000)


@pytest.fixture
def large(api: ApiClient, mug: dict[str, Any]) -> dict[str, Any]:
    return make_sku(api, mug["id"], source_id="large", sku="Large mug", price=1200)


@pytest.mark.parametrize("name", ["product_id", "related", "embedded id", "embedded source id"])
def test_a_known_product_gives_price_and_name(
    api: ApiClient, mug: dict[str, Any], name: str
) -> None:
    naming = {
        "product_id": {"product_id": mug["id"]},
        "related": {"source_id": "mug", "related_object": "product"},
        "embedded id": {"product": {"id": mug["id"]}},
        "embedded source id": {"product": {"source_id": "mug"}},
    }[name]
    made = line(api, quantity=2, **naming)
    made.pop("id")
    assert made == {
        "object": "order_item",
        "source_id": "mug",
        "related_object": "product",
        "product_id": mug["id"],
        "quantity": 2,
        "initial_quantity": 2,
        "price": 1000,
        "amount": 2000,
        "initial_amount": 2000,
        "subtotal_amount": 2000,
        "product": {"id": mug["id"], "source_id": "mug", "name": "Mug", "price": 1000},
    }


def test_a_known_sku_gives_its_own_price_and_its_product(
    api: ApiClient, mug: dict[str, Any], large: dict[str, Any]
) -> None:
    made = line(api, quantity=1, source_id="large", related_object="sku")
    assert (made["sku_id"], made["product_id"]) == (large["id"], mug["id"])
    assert (made["price"], made["source_id"], made["related_object"]) == (1200, "large", "sku")
    assert made["sku"] == {
        "id": large["id"],
        "source_id": "large",
        "sku": "Large mug",
        "price": 1200,
    }
    assert made["product"]["name"] == "Mug"


def test_a_sku_without_a_price_costs_what_its_product_costs(
    api: ApiClient, mug: dict[str, Any]
) -> None:
    make_sku(api, mug["id"], source_id="plain", price=None)
    assert line(api, quantity=1, source_id="plain", related_object="sku")["price"] == 1000
    sent = {"product": {"price": 700}, "source_id": "plain", "related_object": "sku"}
    assert line(api, quantity=1, **sent)["price"] == 700


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize(
    ("sent", "price"),
    [
        ({"price": 1}, 1),
        ({"sku": {"price": 2}, "product": {"price": 3}}, 2),
        ({"product": {"price": 3}}, 1200),
        ({"sku": {"price": 1700.0}}, 1700),
    ],
    ids=str,
)
def test_what_is_sent_counts_more(api: ApiClient, sent: dict[str, Any], price: int) -> None:
    made = line(api, quantity=1, source_id="large", related_object="sku", **sent)
    assert made["price"] == price


def test_names_that_are_sent_count_more(api: ApiClient, mug: dict[str, Any]) -> None:
    made = line(
        api, quantity=1, product_id=mug["id"], product={"name": "Cup", "metadata": {"a": 1}}
    )
    assert made["product"]["name"] == "Cup"
    assert made["product"]["metadata"] == {"a": 1}
    assert api.get("/v1/products/mug").expect()["name"] == "Mug"


def test_what_the_catalogue_lacks_is_taken_as_sent(api: ApiClient) -> None:
    made = line(api, quantity=1, source_id="unknown", related_object="product")
    assert set(made) == {
        "object",
        "id",
        "source_id",
        "related_object",
        "quantity",
        "initial_quantity",
    }
    assert api.get("/v1/products").expect()["total"] == 0


@pytest.mark.usefixtures("mug")
def test_binned_products_have_no_price(api: ApiClient) -> None:
    api.delete("/v1/products/mug").expect(204)
    assert "price" not in line(api, quantity=1, source_id="mug", related_object="product")


def test_a_product_is_stored_where_it_says_so(api: ApiClient) -> None:
    cup = {"source_id": "cup", "name": "Cup", "price": 500, "metadata": {"a": 1}}
    line(api, quantity=1, product=cup)
    api.get("/v1/products/cup").refused(404, "not_found")
    made = line(api, quantity=1, product=cup | {"override": True})
    stored = api.get("/v1/products/cup").expect()
    assert (stored["name"], stored["price"], stored["metadata"]) == ("Cup", 500, {"a": 1})
    assert (made["product_id"], made["amount"]) == (stored["id"], 500)
    assert made["product"]["override"] is True


@pytest.mark.usefixtures("mug")
def test_a_change_of_an_order_can_store_products_too(api: ApiClient) -> None:
    api.post("/v1/orders", json={"source_id": "o1"}).expect()
    product = {"price": 900, "override": True}
    items = [
        {"source_id": "mug", "related_object": "product", "product": product, "quantity": 1},
        {
            "source_id": "tiny",
            "related_object": "sku",
            "product": {"source_id": "mug"},
            "sku": {"sku": "Tiny mug", "price": 300, "override": True},
            "quantity": 1,
        },
    ]
    changed = api.put("/v1/orders/o1", json={"items": items}).expect()
    assert changed["amount"] == 1200
    assert api.get("/v1/products/mug").expect()["price"] == 900
    assert api.get("/v1/skus/tiny").expect()["price"] == 300


@pytest.mark.usefixtures("mug")
def test_an_order_keeps_its_prices(api: ApiClient) -> None:
    items = [{"source_id": "mug", "related_object": "product", "quantity": 1}]
    api.post("/v1/orders", json={"source_id": "o1", "items": items}).expect()
    api.put("/v1/products/mug", json={"price": 1}).expect()
    assert api.put("/v1/orders/o1", json={"status": "PAID"}).expect()["amount"] == 1000
    assert api.put("/v1/orders/o1", json={"discount_amount": 10}).expect()["amount"] == 1000
    assert api.put("/v1/orders/o1", json={"items": items}).expect()["amount"] == 1


@pytest.mark.usefixtures("mug")
def test_a_refused_order_stores_no_product(api: ApiClient) -> None:
    product = {"price": 1, "override": True}
    items = [
        {"source_id": "mug", "related_object": "product", "product": product, "quantity": 1},
        {"quantity": 2**53, "price": 2**53},
    ]
    api.post("/v1/orders", json={"items": items}).refused(400, "invalid_amount")
    assert api.get("/v1/products/mug").expect()["price"] == 1000

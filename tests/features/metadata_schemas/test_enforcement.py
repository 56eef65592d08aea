"""Metadata is checked wherever it is written, and in what evaluations are sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kupon.storage.definitions import load_definitions
from kupon.storage.uow import UnitOfWork
from kupon.testing.builders import (
    amount_off,
    make_campaign,
    make_customer,
    make_product,
    make_promotion,
    make_sku,
    make_voucher,
    redeemable,
    tier,
)
from kupon.testing.client import ApiClient

FAILED = "metadata_validation_failed"
WRONG = {"size": "XXL"}
RIGHT = {"size": "S"}
RULE = "must be a string, property is required, must be equal to one of S,M"

Body = dict[str, Any]
Define = Callable[..., None]


@pytest.fixture
def define(api: ApiClient) -> Define:
    """Gives objects of a kind a schema with one key, `size`, that their creation must name."""

    def make(related_object: str, **members: Any) -> None:
        definition = {"type": "string", "array": False, "optional": False, "eq": ["S", "M"]}
        body = {"related_object": related_object, "properties": {"size": definition | members}}
        api.post("/v1/metadata-schemas", json=body).expect()

    return make


def refused(answer: Any, related_object: str, details: str) -> None:
    refusal = answer.refused(400, FAILED)
    del refusal["request_id"]
    assert refusal == {
        "code": 400,
        "key": FAILED,
        "message": "Metadata validation failed",
        "details": details,
        "resource_type": related_object,
    }


def refused_wrong(answer: Any, related_object: str) -> None:
    refused(answer, related_object, f"size: {RULE} (actual value is 'XXL')")


def refused_incomplete(answer: Any, related_object: str) -> None:
    refused(answer, related_object, f"size: {RULE}")


def discount_body() -> Body:
    return {"type": "DISCOUNT_VOUCHER", "discount": amount_off(100)}


def campaign_body(**members: Any) -> Body:
    return {
        "name": "Summer",
        "campaign_type": "DISCOUNT_COUPONS",
        "type": "AUTO_UPDATE",
        "voucher": discount_body(),
    } | members


CREATIONS: dict[str, tuple[str, str, Body]] = {
    "customer": ("customer", "/v1/customers", {"source_id": "ada"}),
    "product": ("product", "/v1/products", {"source_id": "mug", "name": "Mug"}),
    "order": ("order", "/v1/orders", {"source_id": "first", "amount": 1000}),
    "voucher": ("voucher", "/v1/vouchers/CODE", discount_body()),
    "campaign": ("campaign", "/v1/campaigns", campaign_body()),
    "campaign for its codes": (
        "voucher",
        "/v1/campaigns",
        campaign_body(use_voucher_metadata_schema=True),
    ),
}
LISTS = {"/v1/vouchers/CODE": "/v1/vouchers"}


@pytest.mark.parametrize("name", CREATIONS)
def test_a_creation_must_be_whole_and_right(api: ApiClient, define: Define, name: str) -> None:
    related_object, path, body = CREATIONS[name]
    define(related_object)
    refused_incomplete(api.post(path, json=body), related_object)
    refused_incomplete(api.post(path, json=body | {"metadata": {}}), related_object)
    refused_wrong(api.post(path, json=body | {"metadata": WRONG}), related_object)
    assert api.get(LISTS.get(path, path)).expect()["total"] == 0
    made = api.post(path, json=body | {"metadata": RIGHT}).expect()
    assert made["metadata"] == RIGHT


@pytest.mark.parametrize("name", CREATIONS)
def test_a_change_must_be_right_in_what_it_names(api: ApiClient, define: Define, name: str) -> None:
    related_object, path, body = CREATIONS[name]
    define(related_object)
    made = api.post(path, json=body | {"metadata": RIGHT}).expect()
    one = f"{LISTS.get(path, path)}/{made['id']}"
    refused_wrong(api.put(one, json={"metadata": WRONG}), related_object)
    assert api.get(one).expect()["metadata"] == RIGHT
    changed = api.put(one, json={"metadata": {"size": None, "colour": "red"}}).expect()
    assert changed["metadata"] == {"size": None, "colour": "red"}
    api.put(one, json={}).expect()


@pytest.mark.parametrize("name", ["customer", "product", "order"])
def test_a_creation_that_finds_its_object_is_a_change(
    api: ApiClient, define: Define, name: str
) -> None:
    related_object, path, body = CREATIONS[name]
    api.post(path, json=body).expect()
    define(related_object)
    api.post(path, json=body).expect()
    refused_wrong(api.post(path, json=body | {"metadata": WRONG}), related_object)
    assert api.post(path, json=body | {"metadata": RIGHT}).expect()["metadata"] == RIGHT


@pytest.mark.uncertain
def test_skus_have_the_schema_of_products(api: ApiClient, define: Define) -> None:
    product = make_product(api)["id"]
    define("product")
    path = f"/v1/products/{product}/skus"
    body = {"source_id": "large", "sku": "Large"}
    refused_incomplete(api.post(path, json=body), "product")
    refused_wrong(api.post(path, json=body | {"metadata": WRONG}), "product")
    assert api.get(path).expect()["total"] == 0
    made = api.post(path, json=body | {"metadata": RIGHT}).expect()
    refused_wrong(api.put(f"{path}/{made['id']}", json={"metadata": WRONG}), "product")
    assert api.get(f"/v1/skus/{made['id']}").expect()["metadata"] == RIGHT


def test_codes_of_a_campaign_must_be_right_in_what_is_sent(api: ApiClient, define: Define) -> None:
    define("voucher")
    campaign = make_campaign(api)
    path = f"/v1/campaigns/{campaign['id']}/vouchers"
    refused_wrong(api.post(path, json={"metadata": WRONG}), "voucher")
    refused_wrong(api.post(path, query={"vouchers_count": 2}, json={"metadata": WRONG}), "voucher")
    refused_wrong(api.post(f"{path}/MINE", json={"metadata": WRONG}), "voucher")
    body = {"campaign_id": campaign["id"], "metadata": WRONG} | discount_body()
    refused_wrong(api.post("/v1/vouchers", json=body), "voucher")
    assert api.get("/v1/vouchers").expect()["total"] == 0
    assert api.post(path, json={}).expect()["metadata"] == {}
    assert api.post(path, json={"metadata": RIGHT}).expect()["metadata"] == RIGHT


def test_tiers_are_checked_too(api: ApiClient, define: Define) -> None:
    define("promotion_tier")
    body = {"name": "Promotion", "campaign_type": "PROMOTION"}
    for sent in (tier(), tier(metadata=WRONG)):
        whole = body | {"promotion": {"tiers": [tier(metadata=RIGHT), sent]}}
        api.post("/v1/campaigns", json=whole).refused(400, FAILED)
    assert api.get("/v1/campaigns").expect()["total"] == 0
    campaign = make_promotion(api, tier(metadata=RIGHT))
    path = f"/v1/promotions/{campaign['id']}/tiers"
    refused_incomplete(api.post(path, json=tier()), "promotion_tier")
    made = api.post(path, json=tier(metadata=RIGHT)).expect()
    one = f"/v1/promotions/tiers/{made['id']}"
    refused_wrong(api.put(one, json={"metadata": WRONG}), "promotion_tier")
    assert api.get(one).expect()["metadata"] == RIGHT


def line(**members: Any) -> Body:
    body = {"source_id": "mug", "related_object": "product", "quantity": 1, "price": 1000}
    return body | members


LINES = [
    ("order_item", line(metadata=WRONG)),
    ("product", line(product={"name": "Mug", "metadata": WRONG})),
    ("product", line(sku={"sku": "Large", "metadata": WRONG})),
]


@pytest.mark.parametrize(("related_object", "wrong"), LINES)
def test_lines_of_orders_are_checked(
    api: ApiClient, define: Define, related_object: str, wrong: Body
) -> None:
    order = api.post("/v1/orders", json={"source_id": "first", "items": [line()]}).expect()
    define(related_object)
    body = {"items": [line(metadata=RIGHT), wrong]}
    refused_wrong(api.post("/v1/orders", json=body), related_object)
    refused_wrong(api.put(f"/v1/orders/{order['id']}", json=body), related_object)
    assert api.get("/v1/orders").expect()["orders"] == [order]


def test_new_lines_must_name_what_is_required(api: ApiClient, define: Define) -> None:
    define("order_item")
    refused_incomplete(api.post("/v1/orders", json={"items": [line()]}), "order_item")
    body = {"items": [line(metadata=RIGHT)]}
    made = api.post("/v1/orders", json=body).expect()
    path = f"/v1/orders/{made['id']}"
    refused_incomplete(api.put(path, json={"items": [line()]}), "order_item")
    assert api.put(path, json={"status": "PAID"}).expect()["items"] == made["items"]


def test_articles_that_an_order_creates_must_be_whole(api: ApiClient, define: Define) -> None:
    known = make_product(api, source_id="known")
    define("product")
    product = {"name": "Mug", "price": 1000, "override": True}
    body = {"items": [line(product=product)]}
    refused_incomplete(api.post("/v1/orders", json=body), "product")
    assert api.get("/v1/products").expect()["total"] == 1
    body = {"items": [line(product=product | {"metadata": RIGHT})]}
    api.post("/v1/orders", json=body).expect()
    assert api.get("/v1/products/mug").expect()["metadata"] == RIGHT
    body = {"items": [line(source_id="known", product=product | {"name": "New"})]}
    api.post("/v1/orders", json=body).expect()
    assert api.get(f"/v1/products/{known['id']}").expect()["name"] == "New"


@pytest.mark.parametrize("party", ["customer", "referrer"])
def test_customers_of_orders_are_checked(api: ApiClient, define: Define, party: str) -> None:
    make_customer(api, source_id="known")
    define("customer")
    refused_incomplete(api.post("/v1/orders", json={party: {"source_id": "new"}}), "customer")
    wrong = {party: {"source_id": "known", "metadata": WRONG}}
    refused_wrong(api.post("/v1/orders", json=wrong), "customer")
    assert api.get("/v1/orders").expect()["total"] == 0
    api.post("/v1/orders", json={party: {"source_id": "known"}}).expect()


PAYLOADS: list[tuple[str, Body]] = [
    ("redemption", {"metadata": WRONG}),
    ("customer", {"customer": {"source_id": "ada", "metadata": WRONG}}),
    ("order", {"order": {"amount": 1000, "metadata": WRONG}}),
    *((related_object, {"order": {"items": [wrong]}}) for related_object, wrong in LINES),
]


@pytest.mark.parametrize(("related_object", "wrong"), PAYLOADS)
def test_what_is_sent_to_validate_or_redeem_is_checked(
    api: ApiClient, client_api: ApiClient, define: Define, related_object: str, wrong: Body
) -> None:
    code = make_voucher(api, discount=amount_off(100))["code"]
    define(related_object, optional=True)
    rule = "size: must be a string, must be equal to one of S,M (actual value is 'XXL')"
    body = {"redeemables": [redeemable(code)]} | wrong
    for path in ("/v1/validations", "/v1/redemptions"):
        refused(api.post(path, json=body), related_object, rule)
        refused(client_api.post(f"/client{path}", json=body), related_object, rule)
    for verb in ("validate", "redemption"):
        refused(api.post(f"/v1/vouchers/{code}/{verb}", json=wrong), related_object, rule)
    for kind in ("redemptions", "customers", "orders"):
        assert api.get(f"/v1/{kind}").expect()["total"] == 0, kind


CREATED = [
    ("redemption", {}, {"metadata": RIGHT}),
    ("order", {"order": {"amount": 1000}}, {"order": {"amount": 1000, "metadata": RIGHT}}),
    (
        "order_item",
        {"order": {"items": [line()]}},
        {"order": {"items": [line(metadata=RIGHT)]}},
    ),
    (
        "customer",
        {"customer": {"source_id": "new"}, "order": {"amount": 1000}},
        {"customer": {"source_id": "new", "metadata": RIGHT}, "order": {"amount": 1000}},
    ),
    (
        "product",
        {"order": {"items": [line(product={"override": True, "price": 1000})]}},
        {"order": {"items": [line(product={"override": True, "price": 1, "metadata": RIGHT})]}},
    ),
]


@pytest.mark.uncertain
@pytest.mark.parametrize(("related_object", "incomplete", "whole"), CREATED)
def test_only_what_a_redemption_creates_must_be_whole(
    api: ApiClient, define: Define, related_object: str, incomplete: Body, whole: Body
) -> None:
    if related_object == "redemption":
        incomplete, whole = ({"order": {"amount": 1000}} | body for body in (incomplete, whole))
    body = {"redeemables": [redeemable(make_voucher(api, discount=amount_off(100))["code"])]}
    define(related_object)
    assert api.post("/v1/validations", json=body | incomplete).expect()["valid"] is True
    refused_incomplete(api.post("/v1/redemptions", json=body | incomplete), related_object)
    for kind in ("redemptions", "customers", "orders", "products"):
        assert api.get(f"/v1/{kind}").expect()["total"] == 0, kind
    api.post("/v1/redemptions", json=body | whole).expect()


def test_a_known_order_needs_nothing_more(api: ApiClient, define: Define) -> None:
    order = api.post("/v1/orders", json={"items": [line()]}).expect()
    define("order")
    code = make_voucher(api, discount=amount_off(100))["code"]
    body = {"redeemables": [redeemable(code)], "order": {"id": order["id"]}}
    api.post("/v1/redemptions", json=body).expect()


def test_a_rollback_is_checked(api: ApiClient, define: Define) -> None:
    code = make_voucher(api, discount=amount_off(100))["code"]
    define("redemption")
    body = {
        "redeemables": [redeemable(code)],
        "order": {"amount": 1000},
        "metadata": RIGHT,
    }
    made = api.post("/v1/redemptions", json=body).expect()["redemptions"][0]
    for path in (f"/v1/redemptions/{made['id']}/{name}" for name in ("rollback", "rollbacks")):
        refused_wrong(api.post(path, json={"metadata": WRONG}), "redemption")
    assert api.get(f"/v1/redemptions/{made['id']}").expect()["status"] == "SUCCEEDED"
    api.post(f"/v1/redemptions/{made['id']}/rollback", json={}).expect()


def test_only_defined_keys_where_nothing_else_is_allowed(api: ApiClient) -> None:
    definition = {"type": "geopoint", "array": False, "optional": True}
    api.post(
        "/v1/metadata-schemas",
        json={
            "related_object": "customer",
            "properties": {"place": definition},
            "allow_defined_only": True,
        },
    ).expect()
    wrong = {"metadata": {"place": "geo:91,0", "colour": "red"}}
    refused(
        api.post("/v1/customers", json=wrong),
        "customer",
        "place: must be a geopoint in format geo:latitude,longitude (actual value is 'geo:91,0');"
        " colour: property is not defined",
    )
    api.put(
        "/v1/metadata-schemas/customer", json={"properties": {}, "allow_defined_only": False}
    ).expect()
    api.post("/v1/customers", json={"metadata": {"colour": "red"}}).expect()


def test_nested_objects_are_checked_by_their_own_schema(api: ApiClient) -> None:
    text = {"type": "string", "array": False, "optional": False}
    whole = {"type": "object", "array": True, "optional": True, "object_type": "address"}
    path = "/v1/metadata-schemas"
    api.post(path, json={"related_object": "address", "properties": {"city": text}}).expect()
    api.post(path, json={"related_object": "order", "properties": {"to": whole}}).expect()
    refused(
        api.post("/v1/orders", json={"metadata": {"to": [{"city": "Oslo"}, {}]}}),
        "order",
        "to[1].city: must be a string, property is required",
    )
    api.delete(f"{path}/address").expect(204)
    api.post("/v1/orders", json={"metadata": {"to": [{}]}}).expect()


def test_schemas_of_another_project_mean_nothing(
    api: ApiClient, define: Define, new_project: Any, connect_api: Any
) -> None:
    define("customer")
    connect_api(new_project()).post("/v1/customers", json={"metadata": WRONG}).expect()


def test_a_sku_of_an_order_is_created_whole(api: ApiClient, define: Define) -> None:
    product = make_product(api, source_id="mug")
    make_sku(api, product["id"], source_id="known")
    define("product")
    sku = {"source_id": "large", "sku": "Large", "override": True}
    body = {"items": [{"quantity": 1, "product_id": product["id"], "sku": sku}]}
    refused_incomplete(api.post("/v1/orders", json=body), "product")
    body["items"][0]["sku"] = sku | {"metadata": RIGHT}  # type: ignore[index]
    api.post("/v1/orders", json=body).expect()
    assert api.get("/v1/skus/large").expect()["metadata"] == RIGHT


def test_evaluations_hold_the_schemas(api: ApiClient, define: Define, uow: UnitOfWork) -> None:
    before = load_definitions(uow, uow.project_id)
    assert before.metadata_schemas == {}
    define("order")
    after = load_definitions(uow, uow.project_id)
    assert after.revision > before.revision
    assert after.metadata_schemas["order"].properties["size"].type == "string"
    api.delete("/v1/metadata-schemas/order").expect(204)
    assert load_definitions(uow, uow.project_id).metadata_schemas == {}

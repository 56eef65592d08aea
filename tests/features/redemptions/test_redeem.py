"""POST /v1/redemptions: what is counted, stored and answered."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from kupon.testing.builders import (
    amount_off,
    cart,
    make_campaign,
    make_customer,
    make_voucher,
    percent_off,
    redeemable,
)


def voucher_of(api, code):
    return api.get(f"/v1/vouchers/{code}").expect()


def redeemed(api, code):
    return voucher_of(api, code)["redemption"]["redeemed_quantity"]


def redemptions(api):
    return api.get("/v1/redemptions").expect()["redemptions"]


def test_single_code_is_its_own_root(api):
    make_voucher(api, "TEN")
    customer = make_customer(api)
    body = {
        "redeemables": [redeemable("TEN")],
        "customer": {"source_id": customer["source_id"]},
        "order": cart((2, 1000), (1, 550)),
        "metadata": {"till": 4},
    }
    answer = api.post("/v1/redemptions", json=body).expect()
    assert "parent_redemption" not in answer
    (redemption,) = answer["redemptions"]
    assert redemption["id"].startswith("r_")
    assert redemption["redemption"] is None
    assert (redemption["result"], redemption["status"]) == ("SUCCESS", "SUCCEEDED")
    assert redemption["customer_id"] == customer["id"]
    assert redemption["metadata"] == {"till": 4}
    assert redemption["voucher"]["redemption"]["redeemed_quantity"] == 1
    order = answer["order"]
    assert (order["amount"], order["discount_amount"], order["total_amount"]) == (2550, 255, 2295)
    assert order["status"] == "PAID"
    assert order["customer_id"] == customer["id"]
    assert order["redemptions"][redemption["id"]]["related_object_type"] == "voucher"
    assert redeemed(api, "TEN") == 1
    assert api.get(f"/v1/orders/{order['id']}").expect()["total_amount"] == 2295
    assert api.get(f"/v1/redemptions/{redemption['id']}").expect()["order"]["total_amount"] == 2295


def test_stack_has_a_parent_with_the_whole_figures(api):
    make_voucher(api, "TEN", discount=percent_off(10))
    make_voucher(api, "FIVE", discount=amount_off(500))
    body = {"redeemables": [redeemable("TEN"), redeemable("FIVE")], "order": {"amount": 10_000}}
    answer = api.post("/v1/redemptions", json=body).expect()
    parent, (first, second) = answer["parent_redemption"], answer["redemptions"]
    assert first["redemption"] == second["redemption"] == parent["id"]
    assert parent["related_object_type"] == "redemption"
    assert [first["order"]["applied_discount_amount"], first["order"]["total_amount"]] == [
        1000,
        9000,
    ]
    assert [second["order"]["applied_discount_amount"], second["order"]["discount_amount"]] == [
        500,
        1500,
    ]
    assert parent["order"]["applied_discount_amount"] == 1500
    entry = answer["order"]["redemptions"][parent["id"]]
    assert entry["stacked"] == [first["id"], second["id"]]
    related = api.get(f"/v1/redemptions/{parent['id']}").expect()["related_redemptions"]
    assert [child["id"] for child in related["redemptions"]] == [first["id"], second["id"]]


def test_validation_and_redemption_agree(api):
    make_voucher(api, "A", discount=percent_off(12.5, effect="APPLY_TO_ITEMS", amount_limit=300))
    make_voucher(api, "B", discount={"type": "FIXED", "fixed_amount": 4000})
    body = {
        "redeemables": [redeemable("A"), redeemable("B")],
        "order": cart((3, 999), (1, 4501), (2, 33)),
    }
    validated = api.post("/v1/validations", json=body).expect()
    answer = api.post("/v1/redemptions", json=body).expect()
    figures = ("amount", "discount_amount", "items_discount_amount", "total_amount")
    for name in figures:
        assert validated["order"][name] == answer["order"][name]
    for step, redemption in zip(validated["redeemables"], answer["redemptions"], strict=True):
        for name in figures:
            assert step["order"].get(name) == redemption["order"].get(name)


def test_used_up_code_is_refused_and_recorded(api):
    make_voucher(api, "ONCE", redemption={"quantity": 1})
    body = {"redeemables": [redeemable("ONCE")], "order": {"amount": 1000}}
    api.post("/v1/redemptions", json=body).expect()
    error = api.post("/v1/redemptions", json=body).refused(400, "quantity_exceeded")
    assert error["resource_id"].startswith("rf_")
    assert error["resource_type"] == "redemption"
    failure = api.get(f"/v1/redemptions/{error['resource_id']}").expect()
    assert (failure["result"], failure["status"]) == ("FAILURE", "FAILED")
    assert failure["failure_code"] == "quantity_exceeded"
    assert failure["order"] is None
    assert redeemed(api, "ONCE") == 1
    assert api.get("/v1/orders").expect()["total"] == 1


@pytest.mark.parametrize(
    ("members", "key"),
    [
        pytest.param({"active": False}, "voucher_disabled", id="disabled"),
        pytest.param({"expiration_date": "2020-01-01T00:00:00Z"}, "voucher_expired", id="expired"),
        pytest.param({"start_date": "2999-01-01T00:00:00Z"}, "voucher_not_active", id="early"),
    ],
)
def test_refusals_change_nothing(api, members, key):
    make_voucher(api, "GOOD")
    make_voucher(api, "BAD", **members)
    body = {
        "redeemables": [redeemable("GOOD"), redeemable("BAD")],
        "customer": {"source_id": "nobody-yet"},
        "order": {"source_id": "cart-1", "amount": 1000},
    }
    api.post("/v1/redemptions", json=body).refused(400, key)
    assert redeemed(api, "GOOD") == redeemed(api, "BAD") == 0
    api.get("/v1/customers/nobody-yet").refused(404, "not_found")
    api.get("/v1/orders/cart-1").refused(404, "not_found")


def test_unknown_code_is_404_and_recorded(api):
    body = {"redeemables": [redeemable("NOPE")], "order": {"amount": 1000}}
    error = api.post("/v1/redemptions", json=body).refused(404, "not_found")
    assert error["resource_id"] == "NOPE"
    assert error["resource_type"] == "voucher"
    (failure,) = redemptions(api)
    assert failure["failure_code"] == "not_found"


def test_disabled_campaign_blocks_its_codes(api):
    campaign = make_campaign(api)
    voucher = api.post(f"/v1/campaigns/{campaign['id']}/vouchers").expect()
    api.post(f"/v1/campaigns/{campaign['id']}/disable").expect()
    body = {"redeemables": [redeemable(voucher["code"])], "order": {"amount": 1000}}
    api.post("/v1/redemptions", json=body).refused(400, "voucher_disabled")


def test_partial_mode_redeems_what_applies(api, management_api, project):
    path = f"/management/v1/projects/{project.id}/stacking-rules"
    management_api.post(path, json={"redeemables_application_mode": "PARTIAL"}).expect()
    make_voucher(api, "GOOD", discount=amount_off(100))
    make_voucher(api, "BAD", active=False)
    body = {"redeemables": [redeemable("BAD"), redeemable("GOOD")], "order": {"amount": 1000}}
    answer = api.post("/v1/redemptions", json=body).expect()
    assert [r["voucher"]["code"] for r in answer["redemptions"]] == ["GOOD"]
    assert "parent_redemption" not in answer
    (refused,) = answer["inapplicable_redeemables"]
    assert refused["result"]["error"]["key"] == "voucher_disabled"
    assert refused["result"]["error"]["redeemable_id"] == "BAD"
    assert (redeemed(api, "GOOD"), redeemed(api, "BAD")) == (1, 0)


def test_partial_mode_without_any_applicable_is_refused(api, management_api, project):
    path = f"/management/v1/projects/{project.id}/stacking-rules"
    management_api.post(path, json={"redeemables_application_mode": "PARTIAL"}).expect()
    make_voucher(api, "BAD", active=False)
    body = {"redeemables": [redeemable("BAD")], "order": {"amount": 1000}}
    api.post("/v1/redemptions", json=body).refused(400, "voucher_disabled")


def test_new_customer_and_order_are_stored(api):
    make_voucher(api, "TEN")
    body = {
        "redeemables": [redeemable("TEN")],
        "customer": {"source_id": "ada", "name": "Ada", "metadata": {"vip": True}},
        "order": {"source_id": "cart-7", **cart((1, 1000))},
    }
    answer = api.post("/v1/redemptions", json=body).expect()
    customer = api.get("/v1/customers/ada").expect()
    assert (customer["name"], customer["metadata"]) == ("Ada", {"vip": True})
    order = api.get("/v1/orders/cart-7").expect()
    assert order["id"] == answer["order"]["id"]
    assert order["items"][0]["id"] == answer["redemptions"][0]["order"]["items"][0]["id"]
    api.get("/v1/products/p1").refused(404, "not_found")


def test_second_redemption_of_one_order_adds_to_its_discounts(api):
    make_voucher(api, "A", discount=amount_off(100))
    make_voucher(api, "B", discount=amount_off(250))
    order = {"source_id": "cart-8", **cart((1, 1000))}
    first = api.post(
        "/v1/redemptions", json={"redeemables": [redeemable("A")], "order": order}
    ).expect()
    second = api.post(
        "/v1/redemptions",
        json={"redeemables": [redeemable("B")], "order": {"source_id": "cart-8"}},
    ).expect()
    assert second["order"]["id"] == first["order"]["id"]
    assert second["order"]["discount_amount"] == 350
    assert second["order"]["applied_discount_amount"] == 250
    assert second["order"]["total_amount"] == 650
    assert len(second["order"]["redemptions"]) == 2


def test_redemptions_of_one_order_in_the_same_millisecond_lose_nothing(api, move_time):
    move_time.freeze()
    make_voucher(api, "A", discount=amount_off(10))
    order = {"source_id": "cart-9", "amount": 10_000}
    body = {"redeemables": [redeemable("A")], "order": order}
    api.post("/v1/redemptions", json=body).expect()

    def redeem(_):
        return api.post("/v1/redemptions", json=body).status == 200

    with ThreadPoolExecutor(6) as pool:
        done = 1 + sum(pool.map(redeem, range(24)))
    stored = api.get("/v1/orders/cart-9").expect()
    assert stored["discount_amount"] == 10 * done
    assert len(stored["redemptions"]) == done == redeemed(api, "A")


def test_codes_can_be_named_by_id(api):
    voucher = make_voucher(api, "TEN")
    body = {"redeemables": [redeemable(voucher["id"])], "order": {"amount": 1000}}
    assert api.post("/v1/redemptions", json=body).expect()["order"]["total_amount"] == 900
    body["redeemables"].append(redeemable("TEN"))
    api.post("/v1/redemptions", json=body).refused(400, "duplicated_redeemables")


def test_without_an_order_nothing_is_taken_off(api):
    make_voucher(api, "TEN")
    answer = api.post("/v1/redemptions", json={"redeemables": [redeemable("TEN")]}).expect()
    assert "order" not in answer
    assert answer["redemptions"][0]["order"] is None


def test_old_call_on_a_single_code(api):
    make_voucher(api, "TEN", redemption={"quantity": 1})
    path = "/v1/vouchers/TEN/redemption"
    answer = api.post(path, json={"order": {"amount": 1000}}, query={"tracking_id": "t-1"})
    redemption = answer.expect()
    assert redemption["object"] == "redemption"
    assert redemption["tracking_id"] == "t-1"
    assert redemption["order"]["total_amount"] == 900
    api.post(path, json={"order": {"amount": 1000}}).refused(400, "quantity_exceeded")
    entries = api.get(path).expect()
    assert (entries["quantity"], entries["redeemed_quantity"]) == (1, 1)
    assert [entry["result"] for entry in entries["redemption_entries"]] == ["FAILURE", "SUCCESS"]


def test_listing_filters_and_pages(api):
    make_voucher(api, "A")
    make_voucher(api, "B", active=False)
    customer = make_customer(api)
    for code in ("A", "A", "A", "B"):
        body = {
            "redeemables": [redeemable(code)],
            "order": {"amount": 1000},
            "customer": {"id": customer["id"]},
        }
        api.post("/v1/redemptions", json=body)
    page = api.get("/v1/redemptions", query={"limit": 2, "page": 2}).expect()
    assert (page["total"], len(page["redemptions"])) == (4, 2)
    failed = api.get("/v1/redemptions", query={"result": "FAILURE"}).expect()
    assert [r["failure_code"] for r in failed["redemptions"]] == ["voucher_disabled"]
    mine = api.get("/v1/redemptions", query={"customer": customer["source_id"]}).expect()
    assert mine["total"] == 4
    filters = {"filters": {"voucher_code": {"conditions": {"$is": ["A"]}}}}
    assert api.get("/v1/redemptions", query=filters).expect()["total"] == 3
    api.get("/v1/redemptions", query={"limit": 101}).refused(400, "invalid_query_params")


def test_foreign_objects_are_unknown(api, connect_api, new_project):
    stranger = connect_api(new_project())
    make_voucher(api, "TEN")
    body = {"redeemables": [redeemable("TEN")], "order": {"amount": 1000}}
    redemption = api.post("/v1/redemptions", json=body).expect()["redemptions"][0]
    stranger.post("/v1/redemptions", json=body).refused(404, "not_found")
    stranger.get(f"/v1/redemptions/{redemption['id']}").refused(404, "not_found")
    rollback = f"/v1/redemptions/{redemption['id']}/rollback"
    stranger.post(rollback).refused(404, "not_found")


def test_idempotency_key_counts_once(api):
    make_voucher(api, "TEN")
    body = {"redeemables": [redeemable("TEN")], "order": {"amount": 1000}}
    headers = {"Idempotency-Key": "till-4-0001"}
    first = api.post("/v1/redemptions", json=body, headers=headers)
    again = api.post("/v1/redemptions", json=body, headers=headers)
    assert again.body == first.body
    assert again.headers["Idempotency-Replayed"] == "true"
    assert redeemed(api, "TEN") == 1
    other = {**body, "order": {"amount": 2000}}
    api.post("/v1/redemptions", json=other, headers=headers).refused(
        409, "idempotency_key_conflict"
    )

"""Rollbacks: a whole request, once, with everything given back."""

from __future__ import annotations

import pytest

from kupon.testing.builders import (
    amount_off,
    cart,
    make_customer,
    make_voucher,
    percent_off,
    redeemable,
)


def redeem(api, *codes, **members):
    body = {"redeemables": [redeemable(code) for code in codes], **members}
    return api.post("/v1/redemptions", json=body).expect()


def redeemed(api, code):
    return api.get(f"/v1/vouchers/{code}").expect()["redemption"]["redeemed_quantity"]


def test_single_rollback_restores_code_and_order(api):
    make_voucher(api, "ITEMS", discount=amount_off(150, effect="APPLY_TO_ITEMS"))
    done = redeem(api, "ITEMS", order={"source_id": "c", **cart((1, 3300), (2, 1700))})
    redemption = done["redemptions"][0]
    assert done["order"]["items_discount_amount"] == 300
    path = f"/v1/redemptions/{redemption['id']}/rollback"
    rollback = api.post(path, json={"reason": "returned"}, query={"tracking_id": "t"}).expect()
    assert rollback["id"].startswith("rr_")
    assert rollback["object"] == "redemption_rollback"
    assert rollback["redemption"] == redemption["id"]
    assert (rollback["reason"], rollback["tracking_id"]) == ("returned", "t")
    order = rollback["order"]
    assert order["status"] == "CANCELED"
    assert (order["amount"], order["total_amount"]) == (6700, 6700)
    assert [item["subtotal_amount"] for item in order["items"]] == [3300, 3400]
    assert "items_discount_amount" not in order
    entry = order["redemptions"][redemption["id"]]
    assert entry["rollback_id"] == rollback["id"]
    assert redeemed(api, "ITEMS") == 0
    assert api.get("/v1/orders/c").expect()["status"] == "CANCELED"
    stored = api.get(f"/v1/redemptions/{redemption['id']}").expect()
    assert (stored["result"], stored["status"]) == ("SUCCESS", "ROLLED_BACK")
    assert stored["related_redemptions"]["rollbacks"][0]["id"] == rollback["id"]


def test_stack_is_rolled_back_whole(api):
    make_voucher(api, "TEN", discount=percent_off(10))
    make_voucher(api, "FIVE", discount=amount_off(500))
    done = redeem(api, "TEN", "FIVE", order={"amount": 10_000})
    parent, child = done["parent_redemption"], done["redemptions"][0]
    api.post(f"/v1/redemptions/{parent['id']}/rollback").refused(400, "invalid_redemption")
    for verb in ("rollback", "rollbacks"):
        path = f"/v1/redemptions/{child['id']}/{verb}"
        api.post(path).refused(400, "invalid_redemption_parent")
    answer = api.post(f"/v1/redemptions/{parent['id']}/rollbacks").expect()
    assert [r["redemption"] for r in answer["rollbacks"]] == [r["id"] for r in done["redemptions"]]
    assert answer["parent_rollback"]["redemption"] == parent["id"]
    assert (answer["order"]["amount"], answer["order"]["total_amount"]) == (10_000, 10_000)
    assert answer["order"]["redemptions"][parent["id"]]["rollback_stacked"] == [
        r["id"] for r in answer["rollbacks"]
    ]
    assert redeemed(api, "TEN") == redeemed(api, "FIVE") == 0


def test_second_rollback_is_refused_and_recorded(api):
    make_voucher(api, "TEN")
    redemption = redeem(api, "TEN", order={"amount": 1000})["redemptions"][0]
    path = f"/v1/redemptions/{redemption['id']}/rollbacks"
    api.post(path).expect()
    error = api.post(path).refused(400, "already_rolled_back")
    assert error["resource_id"].startswith("rrf_")
    assert error["resource_type"] == "redemption_rollback"
    failure = api.get(f"/v1/redemptions/{error['resource_id']}").expect()
    assert (failure["result"], failure["status"]) == ("FAILURE", "FAILED")
    assert redeemed(api, "TEN") == 0


def test_only_the_requests_own_part_leaves_the_order(api):
    make_voucher(api, "A", discount=amount_off(100))
    make_voucher(api, "B", discount=amount_off(250))
    first = redeem(api, "A", order={"source_id": "c", "amount": 1000})
    redeem(api, "B", order={"source_id": "c"})
    path = f"/v1/redemptions/{first['redemptions'][0]['id']}/rollbacks"
    order = api.post(path).expect()["order"]
    assert (order["discount_amount"], order["total_amount"]) == (250, 750)


def test_without_order_mode_leaves_the_order(api, management_api, project):
    rules = {"redeemables_rollback_order_mode": "WITHOUT_ORDER"}
    path = f"/management/v1/projects/{project.id}/stacking-rules"
    management_api.post(path, json=rules).expect()
    make_voucher(api, "A", discount=amount_off(100))
    done = redeem(api, "A", order={"amount": 1000})
    path = f"/v1/redemptions/{done['redemptions'][0]['id']}/rollbacks"
    order = api.post(path).expect()["order"]
    assert (order["status"], order["discount_amount"], order["total_amount"]) == ("PAID", 100, 900)
    assert redeemed(api, "A") == 0


def test_customer_and_order_must_be_the_redemptions_own(api):
    make_voucher(api, "A")
    owner, other = make_customer(api), make_customer(api)
    done = redeem(api, "A", order={"amount": 1000}, customer={"id": owner["id"]})
    stranger = api.post("/v1/orders", json={"amount": 5}).expect()
    path = f"/v1/redemptions/{done['redemptions'][0]['id']}/rollbacks"
    api.post(path, json={"customer": {"id": other["id"]}}).refused(400, "invalid_customer")
    api.post(path, json={"customer": {"id": "cust_none"}}).refused(404, "not_found")
    api.post(path, json={"order": {"id": stranger["id"]}}).refused(400, "invalid_order")
    assert redeemed(api, "A") == 1
    body = {"customer": {"source_id": owner["source_id"]}, "order": {"id": done["order"]["id"]}}
    api.post(path, json=body).expect()


def test_failures_and_old_redemptions_cannot_be_rolled_back(api, move_time):
    make_voucher(api, "ONCE", redemption={"quantity": 1})
    done = redeem(api, "ONCE", order={"amount": 1000})
    body = {"redeemables": [redeemable("ONCE")], "order": {"amount": 1000}}
    failed = api.post("/v1/redemptions", json=body).refused(400, "quantity_exceeded")
    path = f"/v1/redemptions/{failed['resource_id']}/rollbacks"
    api.post(path).refused(400, "invalid_redemption")
    move_time(days=93)
    path = f"/v1/redemptions/{done['redemptions'][0]['id']}/rollbacks"
    api.post(path).refused(400, "invalid_redemption")
    assert redeemed(api, "ONCE") == 1


@pytest.mark.parametrize("verb", ["rollback", "rollbacks"])
def test_unknown_redemption(api, verb):
    api.post(f"/v1/redemptions/r_none/{verb}").refused(404, "not_found")

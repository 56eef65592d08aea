"""POST /v1/validations: verdicts, figures, envelopes, sessions."""

from __future__ import annotations

import pytest

from kupon.testing.builders import (
    amount_off,
    cart,
    make_campaign,
    make_customer,
    make_product,
    make_voucher,
    percent_off,
    redeemable,
)


def validate(api, *codes, **members):
    body = {"redeemables": [redeemable(code) for code in codes], **members}
    return api.post("/v1/validations", json=body).expect()


def test_figures_of_two_stacked_codes(api):
    make_voucher(api, "ITEMS", discount=percent_off(10, effect="APPLY_TO_ITEMS"))
    make_voucher(api, "ORDER", discount=amount_off(500))
    answer = validate(api, "ITEMS", "ORDER", order=cart((2, 1000), (1, 555)))
    assert answer["valid"] is True
    assert answer["id"].startswith("valid_")
    first, second = (step["order"] for step in answer["redeemables"])
    assert (first["items_applied_discount_amount"], first["total_amount"]) == (256, 2299)
    assert (second["applied_discount_amount"], second["total_amount"]) == (500, 1799)
    order = answer["order"]
    assert order["total_applied_discount_amount"] == 756
    assert [item["discount_amount"] for item in order["items"]] == [200, 56]
    assert [item["subtotal_amount"] for item in order["items"]] == [1800, 499]
    assert "inapplicable_redeemables" not in answer
    assert answer["stacking_rules"]["redeemables_application_mode"] == "ALL"


def test_one_failing_code_fails_all(api):
    make_voucher(api, "A")
    make_voucher(api, "B", active=False)
    make_voucher(api, "C")
    answer = validate(api, "A", "B", "C", order={"amount": 1000})
    assert answer["valid"] is False
    assert "order" not in answer
    statuses = [step["status"] for step in answer["redeemables"]]
    assert statuses == ["APPLICABLE", "INAPPLICABLE", "SKIPPED"]
    assert [step["id"] for step in answer["inapplicable_redeemables"]] == ["B"]
    error = answer["inapplicable_redeemables"][0]["result"]["error"]
    assert (error["code"], error["key"]) == (400, "voucher_disabled")
    skipped = answer["skipped_redeemables"][0]["result"]["details"]
    assert skipped["key"] == "preceding_validation_failed"


def test_nothing_is_stored(api):
    make_voucher(api, "A", redemption={"quantity": 1})
    members = {"customer": {"source_id": "new"}, "order": {"source_id": "o", "amount": 100}}
    for _ in range(2):
        assert validate(api, "A", **members)["valid"]
    api.get("/v1/customers/new").refused(404, "not_found")
    api.get("/v1/orders/o").refused(404, "not_found")


def test_sixth_applicable_code_is_skipped(api):
    codes = [f"C{number}" for number in range(6)]
    for code in codes:
        make_voucher(api, code, discount=amount_off(100))
    answer = validate(api, *codes, order={"amount": 10_000})
    assert answer["order"]["discount_amount"] == 500
    (skipped,) = answer["skipped_redeemables"]
    assert skipped["result"]["details"]["key"] == "applicable_redeemables_limit_exceeded"


def test_prices_come_from_the_catalogue(api):
    make_voucher(api, "TEN")
    product = make_product(api, price=1999)
    items = [{"product_id": product["id"], "quantity": 2}]
    assert validate(api, "TEN", order={"items": items})["order"]["amount"] == 3998
    items = [{"source_id": product["source_id"], "related_object": "product", "quantity": "3"}]
    answer = validate(api, "TEN", order={"items": items})
    assert (answer["order"]["amount"], answer["order"]["total_amount"]) == (5997, 5397)


def test_stored_order_is_named_by_id_or_source_id(api):
    make_voucher(api, "TEN")
    stored = api.post("/v1/orders", json={"source_id": "c", "amount": 5000}).expect()
    by_source = validate(api, "TEN", order={"source_id": "c", "amount": 9})
    assert by_source["order"]["amount"] == 5000
    by_id = validate(api, "TEN", order={"id": stored["id"], "amount": 9000})
    assert by_id["order"]["amount"] == 9000
    body = {"redeemables": [redeemable("TEN")], "order": {"id": "ord_none"}}
    api.post("/v1/validations", json=body).refused(404, "not_found")


def test_expand_spells_out(api):
    category = api.post("/v1/categories", json={"name": "Sale", "hierarchy": 1}).expect()
    campaign = make_campaign(api, category_id=category["id"])
    code = api.post(f"/v1/campaigns/{campaign['id']}/vouchers").expect()["code"]
    options = {"expand": ["redeemable", "category"]}
    (step,) = validate(api, code, order={"amount": 1000}, options=options)["redeemables"]
    assert "order" not in step
    assert (step["campaign_id"], step["campaign_name"]) == (campaign["id"], campaign["name"])
    assert [found["id"] for found in step["categories"]] == [category["id"]]


def test_known_customer_is_named(api):
    make_voucher(api, "TEN")
    customer = make_customer(api)
    answer = validate(
        api, "TEN", order={"amount": 1000}, customer={"source_id": customer["source_id"]}
    )
    assert answer["order"]["customer_id"] == customer["id"]
    body = {"redeemables": [redeemable("TEN")], "customer": {"id": "cust_none"}}
    api.post("/v1/validations", json=body).refused(404, "not_found")


def test_time_limits_follow_the_projects_clock(connect_api, new_project, move_time):
    api = connect_api(new_project(timezone="Europe/Warsaw"))
    hours = {"daily": [{"start_time": "09:00", "expiration_time": "17:00", "days_of_week": [1]}]}
    make_voucher(api, "OFFICE", validity_hours=hours)
    # On a Monday in winter 08:30 UTC is 09:30 in Warsaw, and 16:30 UTC is 17:30.
    move_time.freeze("2026-01-05T08:30:00+00:00")
    assert validate(api, "OFFICE", order={"amount": 1000})["valid"]
    move_time(hours=8)
    answer = validate(api, "OFFICE", order={"amount": 1000})
    error = answer["inapplicable_redeemables"][0]["result"]["error"]
    assert error["key"] == "voucher_not_active_now"


class TestSessions:
    def test_lock_holds_the_last_use(self, api):
        make_voucher(api, "ONE", redemption={"quantity": 1})
        held = validate(api, "ONE", order={"amount": 1000}, session={"type": "LOCK"})
        session = held["session"]
        assert session["key"].startswith("ssn_")
        assert (session["ttl"], session["ttl_unit"]) == (7, "DAYS")
        other = validate(api, "ONE", order={"amount": 1000})
        error = other["inapplicable_redeemables"][0]["result"]["error"]
        assert error["key"] == "quantity_exceeded"
        body = {"redeemables": [redeemable("ONE")], "order": {"amount": 1000}}
        api.post("/v1/redemptions", json=body).refused(400, "quantity_exceeded")
        mine = {**body, "session": {"type": "LOCK", "key": session["key"]}}
        redemption = api.post("/v1/redemptions", json=mine).expect()["redemptions"][0]
        assert redemption["session"] == {"key": session["key"]}

    def test_same_key_again_holds_no_more(self, api):
        make_voucher(api, "TWO", redemption={"quantity": 2})
        session = {"type": "LOCK", "key": "cart-1"}
        for _ in range(3):
            assert validate(api, "TWO", order={"amount": 1000}, session=session)["valid"]
        assert validate(api, "TWO", order={"amount": 1000}, session={"key": "cart-2"})["valid"]
        third = validate(api, "TWO", order={"amount": 1000}, session={"key": "cart-3"})
        assert third["valid"] is False

    def test_release_gives_the_use_back(self, api):
        make_voucher(api, "ONE", redemption={"quantity": 1})
        validate(api, "ONE", order={"amount": 1000}, session={"key": "k"})
        api.delete("/v1/vouchers/ONE/sessions/k").expect(204)
        assert validate(api, "ONE", order={"amount": 1000})["valid"]
        api.delete("/v1/vouchers/ONE/sessions/k").refused(404, "not_found")

    def test_lock_ends_by_itself(self, api, move_time):
        make_voucher(api, "ONE", redemption={"quantity": 1})
        session = {"key": "k", "ttl": 90, "ttl_unit": "SECONDS"}
        validate(api, "ONE", order={"amount": 1000}, session=session)
        move_time(seconds=80)
        assert validate(api, "ONE", order={"amount": 1000})["valid"] is False
        move_time(seconds=11)
        assert validate(api, "ONE", order={"amount": 1000})["valid"]

    def test_redemption_releases_its_lock(self, api):
        make_voucher(api, "TWO", redemption={"quantity": 2})
        validate(api, "TWO", order={"amount": 1000}, session={"key": "k"})
        body = {"redeemables": [redeemable("TWO")], "order": {"amount": 1000}}
        api.post("/v1/redemptions", json={**body, "session": {"key": "k"}}).expect()
        api.post("/v1/redemptions", json=body).expect()

    @pytest.mark.parametrize(
        "session", [{"ttl": 0}, {"ttl": -1}, {"ttl_unit": "YEARS"}, {"ttl": 1e30}, {"key": ""}]
    )
    def test_bad_session(self, api, session):
        make_voucher(api, "ONE")
        body = {"redeemables": [redeemable("ONE")], "session": session}
        api.post("/v1/validations", json=body).refused(400, "invalid_payload")


@pytest.mark.parametrize(
    ("redeemables", "details"),
    [
        pytest.param(None, "Property .redeemables must be array", id="null"),
        pytest.param([], "Property .redeemables must have between 1 and 30 items", id="empty"),
        pytest.param(
            [{"object": "voucher"}],
            "Property .redeemables[0] should have required property 'id'",
            id="no id",
        ),
        pytest.param([{"id": 5}], "Property .redeemables[0].id must be string", id="number"),
        pytest.param(["X"], "Property .redeemables[0] must be object", id="string"),
    ],
)
def test_broken_redeemables(api, redeemables, details):
    answer = api.post("/v1/validations", json={"redeemables": redeemables})
    assert answer.refused(400, "invalid_payload")["details"] == details


def test_repeated_code_is_refused(api):
    make_voucher(api, "A")
    body = {"redeemables": [redeemable("A"), redeemable("A")]}
    api.post("/v1/validations", json=body).refused(400, "duplicated_redeemables")


def test_old_call_on_a_single_code(api):
    make_voucher(api, "TEN")
    answer = api.post("/v1/vouchers/TEN/validate", json={"order": {"amount": 1000}}).expect()
    assert (answer["valid"], answer["code"]) == (True, "TEN")
    assert answer["discount"]["percent_off"] == 10
    assert answer["order"]["total_discount_amount"] == 100
    answer = api.post("/v1/vouchers/NOPE/validate").expect()
    assert (answer["valid"], answer["reason"]) == (False, "Resource not found")


class TestTrackingIds:
    def test_leads_back_to_the_customer(self, api):
        make_voucher(api, "TEN")
        customer = make_customer(api)
        named = {"customer": {"source_id": customer["source_id"]}}
        tracking_id = validate(api, "TEN", order={"amount": 1000}, **named)["tracking_id"]
        assert tracking_id.startswith("track_")
        assert customer["source_id"] not in tracking_id
        tracked = {"customer": {"source_id": tracking_id}}
        again = validate(api, "TEN", order={"amount": 1000}, **tracked)
        assert again["order"]["customer_id"] == customer["id"]
        assert again["tracking_id"] == tracking_id
        body = {"redeemables": [redeemable("TEN")], "order": {"amount": 1000}, **tracked}
        (redemption,) = api.post("/v1/redemptions", json=body).expect()["redemptions"]
        assert redemption["customer_id"] == customer["id"]
        assert redemption["tracking_id"] == tracking_id

    def test_another_projects_is_only_a_name(self, api, connect_api, new_project):
        stranger = connect_api(new_project())
        make_voucher(api, "TEN")
        make_voucher(stranger, "TEN")
        customer = make_customer(api)
        named = {"customer": {"source_id": customer["source_id"]}}
        tracking_id = validate(api, "TEN", order={"amount": 1000}, **named)["tracking_id"]
        tracked = {"customer": {"source_id": tracking_id}}
        answer = validate(stranger, "TEN", order={"amount": 1000}, **tracked)
        assert answer["order"]["customer_id"] is None
        assert answer["tracking_id"] != tracking_id

"""Reading vouchers: one by either name, and listings."""

from __future__ import annotations

import pytest

from kupon.testing.builders import amount_off, make_campaign, make_publication, make_voucher


def listed(api, **query):
    body = api.get("/v1/vouchers", query=query).expect()
    return [voucher["code"] for voucher in body["vouchers"]]


def filtered(api, field, operator, value=""):
    return sorted(listed(api, filters={field: {"conditions": {operator: value}}}))


def test_a_voucher_is_found_by_id_and_by_code(api):
    made = make_voucher(api, "BY-CODE")
    assert api.get(f"/v1/vouchers/{made['id']}").expect() == made
    assert api.get("/v1/vouchers/BY-CODE").expect() == made


def test_an_id_goes_before_a_code_that_reads_the_same(api):
    first = make_voucher(api, "FIRST")
    make_voucher(api, first["id"])
    assert api.get(f"/v1/vouchers/{first['id']}").expect()["code"] == "FIRST"


def test_a_code_is_found_however_it_is_written(api):
    for code in ("50% off", "a+b", "ünï", "?x=1&y", "..."):
        path = f"/v1/vouchers/{code.replace('%', '%25').replace('?', '%3F')}"
        body = {"type": "DISCOUNT_VOUCHER", "discount": amount_off(1)}
        assert api.post(path, json=body).expect()["code"] == code
        assert api.get(path).expect()["code"] == code


@pytest.mark.parametrize("name", ["NONE", "v_0ae3b3436346b778be", "%20"])
def test_an_unknown_voucher_is_not_found(api, name):
    refusal = api.get(f"/v1/vouchers/{name}").refused(404, "not_found")
    assert refusal["resource_type"] == "voucher"


def test_another_project_sees_nothing(api, connect_api, new_project):
    made = make_voucher(api, "MINE")
    other = connect_api(new_project())
    other.get("/v1/vouchers/MINE").refused(404, "not_found")
    other.get(f"/v1/vouchers/{made['id']}").refused(404, "not_found")
    assert listed(other) == []
    make_voucher(other, "MINE")


def test_the_newest_comes_first_and_pages_do_not_overlap(api, move_time):
    for number in range(5):
        make_voucher(api, f"N{number}")
        move_time(seconds=1)
    body = api.get("/v1/vouchers", query={"limit": 2}).expect()
    assert [voucher["code"] for voucher in body["vouchers"]] == ["N4", "N3"]
    assert (body["object"], body["data_ref"], body["total"]) == ("list", "vouchers", 5)
    assert listed(api, limit=2, page=3) == ["N0"]
    assert listed(api, limit=2, page=4) == []


def test_vouchers_are_sorted_as_asked(api, move_time):
    for code in ("B", "C", "A"):
        make_voucher(api, code)
        move_time(seconds=1)
    api.put("/v1/vouchers/C", json={"metadata": {"touched": True}}).expect()
    assert listed(api, order="code") == ["A", "B", "C"]
    assert listed(api, order="-code") == ["C", "B", "A"]
    assert listed(api, order="created_at") == ["B", "C", "A"]
    assert listed(api, order="-updated_at")[0] == "C"
    api.get("/v1/vouchers", query={"order": "id"}).refused(400, "invalid_query_params")


def test_shortcuts_narrow_a_listing(api, move_time):
    category = api.post("/v1/categories", json={"name": "Spring", "hierarchy": 1}).expect()
    campaign = make_campaign(
        api, name="Camp", vouchers_count=1, voucher={"code_config": {"pattern": "IN#"}}
    )
    inside = api.get("/v1/vouchers").expect()["vouchers"][0]["code"]
    move_time(days=1)
    alone = make_voucher(api, "ALONE", category_id=category["id"])
    assert listed(api, campaign="Camp") == [inside]
    assert listed(api, campaign=campaign["id"]) == [inside]
    assert listed(api, campaign_id=campaign["id"]) == [inside]
    assert listed(api, campaign_id="camp_x") == []
    assert listed(api, category="Spring") == listed(api, category=category["id"]) == ["ALONE"]
    assert listed(api, code="ALONE") == ["ALONE"]
    assert listed(api, ids=[alone["id"], "v_x"]) == ["ALONE"]
    assert listed(api, customer="nobody") == []
    assert listed(api, created_at={"after": alone["created_at"]}) == []
    assert listed(api, created_at={"before": alone["created_at"]}) == [inside]
    assert listed(api, campaign="Camp", code="ALONE") == []


def test_a_holder_is_named_by_id_or_source_id(api):
    customer = api.post("/v1/customers", json={"source_id": "ada"}).expect()
    make_voucher(api, "HELD")
    make_voucher(api, "FREE")
    make_publication(api, customer, voucher="HELD")
    assert listed(api, customer="ada") == listed(api, customer=customer["id"]) == ["HELD"]
    assert api.get("/v1/vouchers/HELD").expect()["holder_id"] == customer["id"]
    assert filtered(api, "holder_id", "$is_unknown") == ["FREE"]


def test_filters_find_by_what_a_voucher_is(api, move_time):
    move_time.freeze("2026-03-01T12:00:00+00:00")
    make_campaign(api, name="Camp", vouchers_count=1, voucher={"code_config": {"pattern": "IN"}})
    make_voucher(api, "OLD", expiration_date="2026-01-01", metadata={"tag": "x", "size": 5})
    make_voucher(api, "SOON", start_date="2026-06-01", discount=amount_off(100))
    make_voucher(api, "OFF", active=False, redemption={"quantity": 3})
    assert filtered(api, "active", "$enabled") == ["IN", "OLD", "SOON"]
    assert filtered(api, "active", "$disabled") == ["OFF"]
    assert filtered(api, "active", "$expired") == ["OLD"]
    assert filtered(api, "active", "$active") == ["IN"]
    assert filtered(api, "campaign", "$is", "Camp") == ["IN"]
    assert filtered(api, "campaign", "$is_unknown") == ["OFF", "OLD", "SOON"]
    assert filtered(api, "discount.type", "$is", "AMOUNT") == ["SOON"]
    assert filtered(api, "redemption.quantity", "$more_than", "2") == ["OFF"]
    assert filtered(api, "redemption.redeemed_quantity", "$is", "0") == ["IN", "OFF", "OLD", "SOON"]
    assert filtered(api, "metadata.tag", "$is", "x") == ["OLD"]
    assert filtered(api, "metadata.size", "$more_than", "4") == ["OLD"]
    assert filtered(api, "expiration_date", "$before", "2026-02-01") == ["OLD"]
    assert filtered(api, "code", "$starts_with", "O") == ["OFF", "OLD"]
    assert filtered(api, "is_referral_code", "$is", "FALSE") == ["IN", "OFF", "OLD", "SOON"]
    assert filtered(api, "is_referral_code", "$is", "true") == []
    either = {"junction": "or", "code": {"conditions": {"$is": "OFF"}}}
    either["start_date"] = {"conditions": {"$has_value": ""}}
    assert sorted(listed(api, filters=either)) == ["OFF", "SOON"]


def test_an_unknown_filter_is_refused(api):
    answer = api.get("/v1/vouchers", query={"filters": {"nonsense": {"conditions": {"$is": 1}}}})
    answer.refused(400, "invalid_query_params")


def test_a_discount_voucher_has_no_transactions(api):
    make_voucher(api, "PLAIN")
    query = {"limit": 5, "order": "-id", "starting_after_id": "vtx_x"}
    assert api.get("/v1/vouchers/PLAIN/transactions", query=query).expect() == {
        "object": "list",
        "data_ref": "data",
        "data": [],
        "has_more": False,
    }
    api.get("/v1/vouchers/NONE/transactions").refused(404, "not_found")


def test_a_discount_voucher_has_no_balance(api, events):
    make_voucher(api, "PLAIN")
    staged = events()
    answer = api.post("/v1/vouchers/PLAIN/balance", json={"amount": 100})
    assert answer.refused(400, "invalid_add_balance_params")["details"] == (
        "Voucher PLAIN of type DISCOUNT_VOUCHER has no balance"
    )
    api.post("/v1/vouchers/NONE/balance", json={"amount": 100}).refused(404, "not_found")
    api.post("/v1/vouchers/PLAIN/balance", json={}).refused(400, "invalid_payload")
    assert events() == staged

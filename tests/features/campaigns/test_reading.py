"""Reading campaigns: one by either name, listings, transactions and the summary."""

from __future__ import annotations

import pytest

from kupon.testing.builders import amount_off, make_campaign, redeemable

NO_TRANSACTIONS = {"object": "list", "data_ref": "data", "data": [], "has_more": False}


def listed(api, **query):
    body = api.get("/v1/campaigns", query=query).expect()
    return [campaign["name"] for campaign in body["campaigns"]]


def filtered(api, field, operator, value=""):
    return sorted(listed(api, filters={field: {"conditions": {operator: value}}}))


def in_state(api, field, state):
    return sorted(listed(api, filters={field: {state: ""}}))


def test_a_campaign_is_found_by_id_and_by_name(api):
    made = make_campaign(api, name="Sale & more, 50% off")
    assert api.get(f"/v1/campaigns/{made['id']}").expect() == made
    assert api.get("/v1/campaigns/Sale%20&%20more,%2050%25%20off").expect() == made


def test_an_id_goes_before_a_name_that_reads_the_same(api):
    first = make_campaign(api)
    make_campaign(api, name=first["id"])
    assert api.get(f"/v1/campaigns/{first['id']}").expect() == first


def test_an_unknown_campaign_is_not_found(api, connect_api, new_project):
    made = make_campaign(api)
    refusal = api.get("/v1/campaigns/camp_x").refused(404, "not_found")
    assert (refusal["resource_id"], refusal["resource_type"]) == ("camp_x", "campaign")
    connect_api(new_project()).get(f"/v1/campaigns/{made['id']}").refused(404, "not_found")


def test_a_listing_has_its_envelope_and_pages(api, move_time):
    for number in range(3):
        make_campaign(api, name=f"N{number}")
        move_time(seconds=1)
    body = api.get("/v1/campaigns", query={"limit": 2}).expect()
    assert [campaign["name"] for campaign in body["campaigns"]] == ["N2", "N1"]
    assert (body["object"], body["data_ref"], body["total"]) == ("list", "campaigns", 3)
    assert listed(api, limit=2, page=2) == ["N0"]
    api.put("/v1/campaigns/N1", json={"description": "touched"}).expect()
    assert listed(api, order="-updated_at")[0] == "N1"
    assert listed(api, order="created_at") == ["N0", "N1", "N2"]
    api.get("/v1/campaigns", query={"order": "name"}).refused(400, "invalid_query_params")


def test_a_listing_prints_categories_and_on_demand_access(api):
    category = api.post("/v1/categories", json={"name": "Spring", "hierarchy": 1}).expect()
    made = make_campaign(api, category="Spring")
    rules = made.pop("validation_rules_assignments")
    (plain,) = api.get("/v1/campaigns").expect()["campaigns"]
    assert plain == made
    assert plain["categories"] == [category]
    query = {"expand": ["category", "access_settings_assignments"]}
    (expanded,) = api.get("/v1/campaigns", query=query).expect()["campaigns"]
    assert expanded == {**made, "access_settings_assignments": rules}


def test_parameters_narrow_a_listing(api):
    make_campaign(api, name="A")
    assert listed(api, campaign_type="DISCOUNT_COUPONS") == ["A"]
    assert listed(api, campaign_type="PROMOTION") == []
    assert listed(api, campaign_status="DONE") == ["A"]
    assert listed(api, campaign_status="MODIFYING") == []
    assert listed(api, is_referral_code=False) == ["A"]
    assert listed(api, is_referral_code=True) == []
    assert listed(api, access_settings={"filter": {"areas_ids": ["ar_1"]}}) == []
    for query in ({"campaign_type": "X"}, {"campaign_status": "X"}, {"is_referral_code": "X"}):
        api.get("/v1/campaigns", query=query).refused(400, "invalid_query_params")


def test_filters_find_by_what_a_campaign_is(api, move_time, jobs):
    move_time.freeze("2026-03-01T12:00:00+00:00")
    category = api.post("/v1/categories", json={"name": "Spring", "hierarchy": 1}).expect()
    made = make_campaign(api, name="Now", category="Spring", metadata={"tag": "x"})
    make_campaign(api, name="Old", type="AUTO_UPDATE", expiration_date="2026-01-01")
    make_campaign(api, name="Soon", start_date="2026-06-01", validity_day_of_week=[1])
    make_campaign(api, name="Off", type="STANDALONE", voucher={"code": "X"})
    api.post("/v1/campaigns/Off/disable").expect()
    assert in_state(api, "active", "$enabled") == ["Now", "Old", "Soon"]
    assert in_state(api, "active", "$disabled") == ["Off"]
    assert in_state(api, "active", "$active") == in_state(api, "status", "$active") == ["Now"]
    assert in_state(api, "active", "$expired") == in_state(api, "status", "$expired") == ["Old"]
    assert in_state(api, "status", "before_start") == ["Soon"]
    assert in_state(api, "status", "$failed") == in_state(api, "status", "$in_progress") == []
    assert filtered(api, "type", "$in", ["BULK"]) == ["Now", "Old", "Soon"]
    assert filtered(api, "type", "$not_in", ["BULK"]) == ["Off"]
    assert filtered(api, "type", "$in", ["AUTO_UPDATE", "STANDALONE"]) == ["Off", "Old"]
    assert filtered(api, "campaigns", "$starts_with", "O") == ["Off", "Old"]
    assert filtered(api, "campaigns_id", "$is", made["id"]) == ["Now"]
    assert filtered(api, "categories", "$is", "Spring") == ["Now"]
    assert filtered(api, "category_ids", "$in", [category["id"]]) == ["Now"]
    assert filtered(api, "campaign_status", "$is", "DONE") == ["Now", "Off", "Old", "Soon"]
    assert filtered(api, "voucher_type", "$is", "DISCOUNT_VOUCHER") == ["Now", "Off", "Old", "Soon"]
    assert filtered(api, "validity_day_of_week", "$is", "1") == ["Soon"]
    assert filtered(api, "validity_timeframe", "$has_value") == []
    assert filtered(api, "start_date", "$after", "2026-05-01") == ["Soon"]
    assert filtered(api, "metadata.tag", "$is", "x") == ["Now"]
    assert filtered(api, "is_referral_code", "$is", "TRUE") == []
    make_campaign(api, name="Making", vouchers_count=5)
    assert in_state(api, "status", "$in_progress") == ["Making"]
    answer = api.get("/v1/campaigns", query={"filters": {"status": {"$nonsense": ""}}})
    answer.refused(400, "invalid_query_params")
    jobs()
    assert in_state(api, "status", "$in_progress") == []


def test_a_discount_campaign_has_no_transactions(api):
    make_campaign(api, name="Camp")
    query = {"limit": 5, "order": "id", "filters": {"voucher_id": {"conditions": {"$is": "v_1"}}}}
    answer = api.get("/v1/campaigns/Camp/transactions", query=query)
    assert answer.expect() == NO_TRANSACTIONS
    api.get("/v1/campaigns/None/transactions").refused(404, "not_found")


@pytest.fixture
def redeemed(api, move_time):
    """A campaign of two codes, used on two orders, once refused and once rolled back."""
    move_time.freeze("2026-03-01T22:30:00+00:00")
    make_campaign(api, name="Camp", discount=amount_off(300))
    for code in ("A", "B"):
        body = {"redemption": {"quantity": 1}}
        api.post(f"/v1/campaigns/Camp/vouchers/{code}", json=body).expect()
    both = {"redeemables": [redeemable("A"), redeemable("B")], "order": {"amount": 5000}}
    stacked = api.post("/v1/redemptions", json=both).expect()
    again = {"redeemables": [redeemable("A")], "order": {"amount": 700}}
    api.post("/v1/redemptions", json=again).refused(400, "quantity_exceeded")
    move_time(days=1)
    parent = stacked["parent_redemption"]["id"]
    api.post(f"/v1/redemptions/{parent}/rollbacks", json={}).expect()
    api.post("/v1/redemptions", json=again).expect()


def figures(api, **query):
    summary = api.get("/v1/campaigns/Camp/summary", query=query).expect()
    return {name: value for name, value in summary.items() if isinstance(value, int) and value}


def test_a_summary_counts_what_the_codes_brought_about(api, redeemed):
    summary = api.get("/v1/campaigns/Camp/summary").expect()
    campaign = api.get("/v1/campaigns/Camp").expect()
    del campaign["validation_rules_assignments"]
    assert (summary["object"], summary["campaign"]) == ("campaign_summary", campaign)
    assert figures(api) == {
        "redemptions": 4,
        "redemptions_succeeded": 3,
        "redemptions_failed": 1,
        "rollbacks": 2,
        "rollbacks_succeeded": 2,
        "discounted_amount": 900,
        "rolledback_discounted_amount": 600,
        "orders_amount": 5700,
        "orders_rolledback_amount": 5000,
        "vouchers_created": 2,
    }


def test_a_summary_may_be_of_some_days(api, redeemed):
    first_day = figures(api, end_date="2026-03-01")
    assert (first_day["redemptions"], first_day["vouchers_created"]) == (3, 2)
    assert "rollbacks" not in first_day
    second_day = figures(api, start_date="2026-03-02", end_date="2026-03-02")
    assert (second_day["redemptions"], second_day["rollbacks"]) == (1, 2)
    assert "vouchers_created" not in second_day
    assert figures(api, start_date="2026-03-03") == {}
    answer = api.get("/v1/campaigns/Camp/summary", query={"start_date": "soon"})
    answer.refused(400, "invalid_query_params")


def test_days_are_those_of_the_project(new_project, connect_api, move_time):
    api = connect_api(new_project(timezone="Europe/Warsaw"))
    move_time.freeze("2026-03-01T23:30:00+00:00")
    make_campaign(api, name="Camp", vouchers_count=1)
    assert figures(api, end_date="2026-03-01") == {}
    assert figures(api, start_date="2026-03-02") == {"vouchers_created": 1}


def test_no_campaign_no_summary(api):
    api.get("/v1/campaigns/None/summary").refused(404, "not_found")

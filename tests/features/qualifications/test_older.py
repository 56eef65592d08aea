"""The older calls on codes and campaigns, and the call of browsers."""

from __future__ import annotations

import pytest

from kupon.testing.builders import (
    entry,
    included,
    line,
    make_campaign,
    make_customer,
    make_gift_campaign,
    make_product,
    make_promotion,
    make_publication,
    make_voucher,
    percent_off,
    tier,
)

NOON = "2026-03-02T12:00:00.000Z"
CODES = "/v1/vouchers/qualification"
CAMPAIGNS = "/v1/campaigns/qualification"
TEN = {"order": {"amount": 1000}}
ORDERS = ("created_at", "-created_at", "updated_at", "-updated_at", "code", "-code")


@pytest.fixture(autouse=True)
def _frozen(move_time):
    move_time.freeze("2026-03-02T12:00:00+00:00")


@pytest.fixture
def make_codes(api, move_time):
    """Three codes and three campaigns, B before C before A; the oldest is changed last."""
    for name in "BCA":
        make_voucher(api, name)
        make_campaign(api, name=name, type="AUTO_UPDATE")
        move_time(minutes=1)
    api.put("/v1/vouchers/B", json={"metadata": {"a": 1}}).expect()
    api.put("/v1/campaigns/B", json={"metadata": {"a": 1}}).expect()


def codes(api, query=None, **body):
    return [row["code"] for row in api.post(CODES, query=query, json=body).expect()["data"]]


def campaigns(api, query=None, **body):
    return [row["name"] for row in api.post(CAMPAIGNS, query=query, json=body).expect()["data"]]


def test_codes_for_everybody_are_answered_whole(api, rule):
    mug = make_product(api, source_id="mug")
    discount = percent_off(10, effect="APPLY_TO_ITEMS")
    lists = included(entry(mug))
    made = make_voucher(
        api, "MUGS", discount=discount, validation_rules=[rule(applicable_to=lists)]
    )
    body = {"customer": {"source_id": "ada"}, "order": {"items": [line(mug)]}}
    answer = api.post(CODES, json=body).expect()
    row = answer["data"].pop()
    assert answer.pop("id").startswith("qual_")
    assert answer.pop("tracking_id").startswith("track_")
    assert answer == {
        "object": "list",
        "data_ref": "data",
        "data": [],
        "total": 1,
        "created_at": NOON,
    }
    assert row.pop("applicable_to")["data"][0]["id"] == mug["id"]
    assert row.pop("inapplicable_to")["total"] == 0
    assert row == made


def test_campaigns_are_answered_whole(api, rule):
    made = make_campaign(api, type="AUTO_UPDATE", validation_rules=[rule()])
    answer = api.post(CAMPAIGNS, json=TEN).expect()
    assert answer["data"] == [made]
    assert (answer["object"], answer["data_ref"], answer["total"]) == ("list", "data", 1)
    assert "tracking_id" not in answer


def test_each_names_its_kind_only(api):
    ada = make_customer(api, source_id="ada")
    make_voucher(api, "FREE")
    make_campaign(api, name="One", type="STANDALONE", voucher={"code": "ONE"})
    make_campaign(api, name="Pool", type="AUTO_UPDATE")
    make_gift_campaign(api, name="Gifts", type="AUTO_UPDATE")
    make_promotion(api, tier(), name="Promo")
    api.post("/v1/campaigns/Pool/vouchers/HELD").expect()
    make_publication(api, ada, voucher="HELD")
    who = {"customer": {"source_id": "ada"}}
    assert sorted(codes(api, **TEN, **who)) == ["FREE", "ONE"]
    assert sorted(campaigns(api, **TEN, **who)) == ["Gifts", "Pool"]


def test_rules_are_asked_or_only_those_about_the_audience(api, rule):
    rich = rule({"name": "order.initial_amount", "conditions": {"$more_than": [5000]}})
    fans = rule({"name": "customer.metadata", "property": "fan", "conditions": {"$is": ["yes"]}})
    for name, rule_id in (("RICH", rich), ("FANS", fans)):
        make_voucher(api, name, validation_rules=[rule_id])
        make_campaign(api, name=name, type="AUTO_UPDATE", validation_rules=[rule_id])
    fan = {"customer": {"metadata": {"fan": "yes"}}}
    for ask in (codes, campaigns):
        assert ask(api, **TEN) == []
        assert ask(api, **TEN, **fan) == ["FANS"]
        assert sorted(ask(api, order={"amount": 9000}, **fan)) == ["FANS", "RICH"]
        for flag, found in (("true", ["FANS", "RICH"]), ("false", ["FANS"])):
            assert sorted(ask(api, {"audienceRulesOnly": flag}, **TEN, **fan)) == found
        assert ask(api, {"audienceRulesOnly": "true"}, **TEN) == ["RICH"]


@pytest.mark.usefixtures("make_codes")
@pytest.mark.parametrize("ask", [codes, campaigns])
def test_so_many_in_an_order(api, ask):
    by_order = {
        None: ["A", "C", "B"],
        "-created_at": ["A", "C", "B"],
        "created_at": ["B", "C", "A"],
        "updated_at": ["C", "A", "B"],
        "-updated_at": ["B", "A", "C"],
        "code": ["A", "B", "C"],
        "-code": ["C", "B", "A"],
    }
    for order, names in by_order.items():
        query = {} if order is None else {"order": order}
        assert ask(api, query, **TEN) == names, order
        assert ask(api, query | {"limit": 2}, **TEN) == names[:2], order


def test_campaigns_have_more_orders(api):
    common = api.post("/v1/categories", json={"name": "Common", "hierarchy": 1}).expect()["id"]
    rare = api.post("/v1/categories", json={"name": "Rare", "hierarchy": 1}).expect()["id"]
    make_campaign(api, name="A", type="STATIC", category_id=rare)
    api.post("/v1/campaigns/A/vouchers/FREE").expect()
    make_campaign(api, name="B", type="AUTO_UPDATE", category_id=common)
    for order, names in {"campaign": "AB", "type": "BA", "category": "BA"}.items():
        assert campaigns(api, {"order": order}, **TEN) == list(names)
        assert campaigns(api, {"order": f"-{order}"}, **TEN) == list(names)[::-1]


@pytest.mark.parametrize("path", [CODES, CAMPAIGNS])
def test_a_request_may_be_empty(api, path):
    assert api.post(path).expect()["data"] == []
    assert api.post(path, json={"customer": None, "order": None}).expect()["total"] == 0


@pytest.mark.parametrize("path", [CODES, CAMPAIGNS])
@pytest.mark.parametrize(
    ("query", "body", "key"),
    [
        ({"limit": "0"}, {}, "invalid_query_params"),
        ({"limit": "51"}, {}, "invalid_query_params"),
        ({"limit": "x"}, {}, "invalid_query_params"),
        ({"order": "name"}, {}, "invalid_query_params"),
        ({"audienceRulesOnly": "perhaps"}, {}, "invalid_query_params"),
        ({}, [], "invalid_payload"),
        ({}, {"customer": 5}, "invalid_payload"),
        ({}, {"order": {"amount": -1}}, "invalid_payload"),
        ({}, {"reward": []}, "invalid_payload"),
    ],
)
def test_bad_requests_are_refused(api, path, query, body, key):
    api.post(path, query=query, json=body).refused(400, key)


@pytest.mark.parametrize("path", [CODES, CAMPAIGNS])
def test_unknown_ids_are_not_found(api, path):
    api.post(path, json={"customer": {"id": "cust_x"}}).refused(404, "not_found")


def test_codes_are_in_the_order_of_campaigns_no_more(api):
    for order in ("type", "category", "campaign"):
        api.post(CODES, query={"order": order}).refused(400, "invalid_query_params")


def test_browsers_ask_like_servers(api, client_api):
    ada = make_customer(api, source_id="ada")
    make_voucher(api, "CODE")
    make_publication(api, ada, voucher="CODE")
    make_promotion(api, tier())
    body = {
        "customer": {"source_id": "ada"},
        "order": {"amount": 1000},
        "options": {"expand": ["redeemable", "category", "validation_rules"]},
    }
    answer = client_api.post("/client/v1/qualifications", json=body).expect()
    assert answer == api.post("/v1/qualifications", json=body).expect()
    assert answer["redeemables"]["total"] == 2
    api.post("/client/v1/qualifications", json=body).refused(401, "unauthorized")
    bad = {"scenario": "SOME"}
    client_api.post("/client/v1/qualifications", json=bad).refused(400, "invalid_payload")

"""Shopify's adapter in Kupon: codes that go out, and orders of before."""

from __future__ import annotations

import pytest
from tests.adapters.shopify_cases import CONFIG, webhook
from tests.adapters.shopify_platform import ShopifyPlatform

from kupon.testing.builders import amount_off, make_campaign, make_voucher
from kupon.testing.contract.checks import Case
from kupon_shopify.adapter import ShopifyAdapter


@pytest.fixture
def case():
    with ShopifyPlatform(CONFIG) as platform:
        yield Case(ShopifyAdapter, platform)


@pytest.fixture
def connect(case, management_api, project):
    def connect(**settings):
        body = {"adapter": "shopify", "name": "Main"}
        body["settings"] = case.platform.settings | settings
        path = f"/management/v1/projects/{project.id}/connections"
        return management_api.post(path, json=body).expect()

    return connect


def test_codes_with_rules_are_not_for_the_shop(case, api, connect, jobs):
    connect()
    rule = {
        "name": "Small orders",
        "type": "advanced",
        "context_type": "voucher.discount_voucher",
        "rules": {
            "1": {"name": "order.amount", "conditions": {"$less_than": [10000]}},
            "logic": "1",
        },
    }
    rule_id = api.post("/v1/validation-rules", json=rule).expect()["id"]
    make_voucher(api, "RULED", discount=amount_off(500), validation_rules=[rule_id])
    make_voucher(api, "FREE", discount=amount_off(500))
    jobs()
    assert list(case.platform.held("codes")) == ["FREE"]


def test_codes_that_are_switched_off_go_and_come_back(case, api, connect, jobs):
    connect()
    make_voucher(api, "MUG10", discount=amount_off(500))
    for action, status in ((None, "ACTIVE"), ("disable", "EXPIRED"), ("enable", "ACTIVE")):
        if action is not None:
            api.post(f"/v1/vouchers/MUG10/{action}").expect()
        jobs()
        (held,) = case.platform.held("codes").values()
        assert held["codeDiscount"]["status"] == status


def test_orders_of_before_the_connection_count_nothing(case, app, api, connect, jobs):
    make_voucher(api, "MUG10", discount=amount_off(500))
    connection = connect()
    request = webhook(case, "orders/paid")
    url = connection["address"]
    answer = app.test_client().post(url, data=request.body, headers=dict(request.headers))
    assert answer.status_code == 200
    jobs()
    assert api.get("/v1/orders/820001").expect()["status"] == "PAID"
    assert api.get("/v1/vouchers/MUG10").expect()["redemption"]["redeemed_quantity"] == 0


def test_codes_that_a_campaign_draws_go_out(case, api, connect, jobs):
    connect(share_discounts=True)
    make_campaign(api, name="Autumn", vouchers_count=30)
    jobs()
    assert len(case.platform.held("codes")) == 30
    api.post("/v1/campaigns/Autumn/vouchers", query={"vouchers_count": 20}, json={}).expect(202)
    jobs()
    assert len(case.platform.held("codes")) == 50
    assert len({each["id"] for each in case.platform.held("codes").values()}) == 1


def test_codes_of_before_the_connection_go_out_when_that_is_asked_for(
    case, api, connect, jobs, management_api, project
):
    make_voucher(api, "MUG10", discount=amount_off(500))
    make_campaign(api, name="Autumn", vouchers_count=3)
    make_campaign(api, name="Winter", vouchers_count=4)
    jobs()
    connect()
    path = f"/management/v1/projects/{project.id}/connections/Main/outbound"
    jobs()
    assert case.platform.held("codes") == {}
    management_api.put(path, json={"codes": {"campaigns": ["Winter"]}}).expect()
    for _ in range(2):
        management_api.post(f"{path}/codes").expect()
        jobs()
        assert len(case.platform.held("codes")) == 4
    make_campaign(api, name="Spring", vouchers_count=2)
    jobs()
    assert len(case.platform.held("codes")) == 4
    management_api.put(path, json={"codes": None}).expect()
    management_api.post(f"{path}/codes").expect()
    jobs()
    assert len(case.platform.held("codes")) == 1 + 3 + 4 + 2


def test_platforms_without_codes_are_told_of_none(management_api, project):
    body = {"adapter": "segment", "name": "Segment", "settings": {"write_key": "key"}}
    path = f"/management/v1/projects/{project.id}/connections"
    management_api.post(path, json=body).expect()
    answer = management_api.post(f"{path}/Segment/outbound/codes").expect(400)
    assert "takes no codes" in answer["details"]


def test_codes_bring_rules_that_the_shop_can_check(case, api, connect, jobs):
    connect()
    for name, value in (("order.amount", 5000), ("redemption.count.per_customer", 1)):
        condition = "$more_than_or_equal" if value > 1 else "$less_than_or_equal"
        rule = {
            "name": name,
            "type": "advanced",
            "context_type": "voucher.discount_voucher",
            "rules": {"1": {"name": name, "conditions": {condition: [value]}}, "logic": "1"},
        }
        rule_id = api.post("/v1/validation-rules", json=rule).expect()["id"]
        make_voucher(api, name, discount=amount_off(500), validation_rules=[rule_id])
    jobs()
    held = case.platform.held("codes")
    least = {"subtotal": {"greaterThanOrEqualToSubtotal": "50.00"}}
    assert held["order.amount"]["minimumRequirement"] == least
    assert held["redemption.count.per_customer"]["appliesOncePerCustomer"] is True

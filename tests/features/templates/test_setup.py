"""Campaigns and tiers made from templates."""

from __future__ import annotations

import pytest

from kupon.testing.builders import (
    make_campaign,
    make_gift_campaign,
    make_promotion,
    make_rule,
    make_tier,
    percent_off,
    promotion_tier,
    redeemable,
    tier,
)

BIG = {"rules": {"1": {"name": "order.amount", "conditions": {"$more_than": [1000]}}, "logic": "1"}}


@pytest.fixture
def rule(api):
    return make_rule(api, name="Big", error={"message": "Too little"}, **BIG)


@pytest.fixture
def spring(api, rule, categories):
    return make_campaign(
        api,
        name="Spring",
        description="Ten off",
        category="seasonal",
        type="AUTO_UPDATE",
        start_date="2026-02-01T00:00:00.000Z",
        expiration_date="2026-05-01T00:00:00.000Z",
        validity_day_of_week=[0, 1, 2, 3, 4, 5, 6],
        metadata={"season": "spring"},
        validation_rules=[rule["id"]],
        vouchers_count=1,
        voucher={"redemption": {"quantity": 3}, "code_config": {"pattern": "SP-####"}},
    )


COPIED = (
    *("description", "type", "start_date", "expiration_date", "validity_day_of_week"),
    *("metadata", "campaign_type", "auto_join", "join_once", "use_voucher_metadata_schema"),
)


def test_a_campaign_is_made_again(api, jobs, make_template, set_up, spring, rule):
    template = make_template(campaign_id=spring["id"])
    made = set_up(template, name="Again", vouchers_count=2).expect()
    campaign = made["campaign"]
    assert made["object"] == "campaign_setup"
    assert campaign["id"] != spring["id"]
    assert campaign["name"] == "Again"
    assert {name: campaign[name] for name in COPIED} == {name: spring[name] for name in COPIED}
    assert campaign["voucher"] == spring["voucher"]
    assert (campaign["category_id"], campaign["categories"]) == (None, [])
    [resource] = made["created_resources"]
    [assignment] = campaign["validation_rules_assignments"]["data"]
    assert resource == {"id": assignment["rule_id"], "object": "validation_rules"}
    clone = api.get(f"/v1/validation-rules/{resource['id']}").expect()
    assert clone["id"] != rule["id"]
    for part in ("name", "rules", "error", "applicable_to", "type", "context_type"):
        assert clone[part] == rule[part], part
    jobs()
    codes = api.get("/v1/vouchers", query={"campaign_id": campaign["id"]}).expect()["vouchers"]
    assert [code["code"][:3] for code in codes] == ["SP-", "SP-"]
    assert {code["redemption"]["quantity"] for code in codes} == {3}


def test_the_clone_holds_and_is_apart_from_the_original(api, make_template, set_up, spring, rule):
    template = make_template(campaign_id=spring["id"])
    # What becomes of the original is nothing to the template.
    changed = {"rules": {"1": {"name": "order.amount", "conditions": {"$more_than": [9]}}}}
    api.put(f"/v1/validation-rules/{rule['id']}", json=changed).expect()
    api.delete("/v1/campaigns/Spring", query={"force": True}).expect(202)
    set_up(template, name="Again", vouchers_count=1).expect()
    code = api.get("/v1/vouchers", query={"campaign": "Again"}).expect()["vouchers"][0]["code"]

    def is_valid(amount):
        body = {"redeemables": [redeemable(code)], "order": {"amount": amount}}
        return api.post("/v1/validations", json=body).expect()["valid"]

    assert (is_valid(1000), is_valid(1001)) == (False, True)


def test_the_body_goes_before_the_template(make_template, set_up, spring):
    template = make_template(campaign_id=spring["id"])
    said = {
        "description": "Another",
        "type": "STATIC",
        "expiration_date": "2027-01-01T00:00:00.000Z",
        "validity_day_of_week": [1],
        "metadata": {"other": True},
        "category": "news",
        "voucher": {"code_config": {"pattern": "NEW-##"}, "redemption": {"quantity": 1}},
    }
    campaign = set_up(template, name="Again", **said).expect()["campaign"]
    for name in ("description", "type", "expiration_date", "validity_day_of_week", "metadata"):
        assert campaign[name] == said[name], name
    assert campaign["start_date"] == spring["start_date"]
    assert campaign["category"] == "news"
    assert campaign["voucher"]["code_config"]["pattern"] == "NEW-##"
    assert campaign["voucher"]["redemption"] == {"quantity": 1}
    assert campaign["voucher"]["discount"] == spring["voucher"]["discount"]


def test_a_campaign_of_gift_cards_is_made_again(api, make_template, set_up):
    gifts = make_gift_campaign(api, 2500, voucher={"redemption": {"quantity": 2}})
    template = make_template(campaign_id=gifts["id"])
    assert template["campaign_type"] == "GIFT_VOUCHERS"
    campaign = set_up(template, name="Again", vouchers_count=1).expect()["campaign"]
    assert campaign["campaign_type"] == "GIFT_VOUCHERS"
    assert campaign["voucher"] == gifts["voucher"]
    [card] = api.get("/v1/vouchers", query={"campaign": "Again"}).expect()["vouchers"]
    assert (card["gift"]["amount"], card["gift"]["balance"]) == (2500, 2500)
    promotion = make_promotion(api)
    refused = set_up(template, name="X", campaign_id=promotion["id"])
    refused.refused(400, "campaign_type_is_not_supported_by_campaign_template")


def test_a_standalone_campaign_is_made_again(api, make_template, set_up):
    made = make_campaign(api, type="STANDALONE", voucher={"code": "ONLY"})
    again = set_up(make_template(campaign_id=made["id"]), name="Again").expect()["campaign"]
    assert (again["type"], again["vouchers_count"]) == ("STANDALONE", 1)


def test_without_a_rule_nothing_else_is_created(api, make_template, set_up):
    template = make_template(campaign_id=make_campaign(api)["id"])
    made = set_up(template, name="Again").expect()
    assert made["created_resources"] == []
    assert made["campaign"]["validation_rules_assignments"]["total"] == 0


def test_a_refused_set_up_leaves_nothing(api, make_template, set_up, spring):
    template = make_template(campaign_id=spring["id"])
    set_up(template, name="Spring").refused(409, "duplicate_found")
    set_up(template, name="X", category_id="nothing").refused(404, "not_found")
    body = {"name": "X", "voucher": {"code_config": {"pattern": "A"}}, "vouchers_count": 2}
    set_up(template, **body).refused(400, "invalid_code_config")
    assert api.get("/v1/validation-rules").expect()["total"] == 1
    assert api.get("/v1/campaigns").expect()["total"] == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": 5},
        {"name": "X", "type": "OTHER"},
        {"name": "X", "vouchers_count": -1},
        {"name": "X", "voucher": []},
        {"name": "X", "voucher": {"redemption": {"quantity": 0}}},
        {"name": "X", "expiration_date": "soon"},
        {"name": "X", "metadata": []},
    ],
)
def test_broken_bodies_of_campaigns_are_refused(api, make_template, set_up, body):
    template = make_template(campaign_id=make_campaign(api)["id"])
    set_up(template, **body).refused(400, "invalid_payload")


def test_a_tier_is_made_again(api, make_template, set_up, rule):
    promotion = make_promotion(api)
    target = make_promotion(api, tier())
    first = make_tier(
        api,
        promotion["id"],
        name="Gold",
        banner="Take it",
        metadata={"a": 1},
        start_date="2026-02-01T00:00:00.000Z",
        discount=percent_off(25),
        validation_rules=[rule["id"]],
    )
    template = make_template(promotion_tier_id=first["id"])
    made = set_up(template, name="Again", campaign_id=target["id"]).expect()
    again = made["promotion_tier"]
    assert made["object"] == "promotion_tier_setup"
    assert (again["name"], again["campaign_id"]) == ("Again", target["id"])
    assert (again["hierarchy"], again["active"]) == (2, True)
    for part in ("banner", "metadata", "start_date", "action"):
        assert again[part] == first[part], part
    [resource] = made["created_resources"]
    [assignment] = again["validation_rule_assignments"]["data"]
    assert assignment["rule_id"] == resource["id"] != rule["id"]

    def answer(amount):
        body = {"redeemables": [promotion_tier(again["id"])], "order": {"amount": amount}}
        return api.post("/v1/validations", json=body).expect()

    assert answer(2000)["order"]["total_discount_amount"] == 500
    assert not answer(1000)["valid"]


@pytest.mark.usefixtures("categories")
def test_the_body_of_a_tier_goes_before_the_template(api, make_template, set_up):
    promotion = make_promotion(api, tier(banner="Take it", metadata={"a": 1}))
    template = make_template(promotion_tier_id=promotion["promotion"]["tiers"][0]["id"])
    said = {
        "banner": "Leave it",
        "metadata": {"b": 2},
        "active": False,
        "hierarchy": 7,
        "category": "news",
        "expiration_date": "2027-01-01T00:00:00.000Z",
    }
    made = set_up(template, name="X", campaign_id=promotion["id"], **said).expect()
    again = made["promotion_tier"]
    assert {name: again[name] for name in said if name != "category"} == {
        name: value for name, value in said.items() if name != "category"
    }
    assert [category["name"] for category in again["categories"]] == ["news"]


def test_coupons_and_tiers_are_made_of_each_other(api, make_template, set_up):
    promotion = make_promotion(api, tier(discount=percent_off(25)))
    of_tier = make_template(promotion_tier_id=promotion["promotion"]["tiers"][0]["id"])
    coupons = make_campaign(api, discount=percent_off(15), metadata={"a": 1})
    of_coupons = make_template(campaign_id=coupons["id"])
    campaign = set_up(of_tier, name="Coupons").expect()["campaign"]
    assert campaign["campaign_type"] == "DISCOUNT_COUPONS"
    assert campaign["voucher"]["discount"]["percent_off"] == 25
    made = set_up(of_coupons, name="Tier", campaign_id=promotion["id"]).expect()
    assert made["promotion_tier"]["action"]["discount"]["percent_off"] == 15
    assert made["promotion_tier"]["metadata"] == {"a": 1}


def test_a_tier_needs_a_campaign_of_promotions(api, make_template, set_up):
    coupons = make_campaign(api)
    template = make_template(campaign_id=coupons["id"])
    set_up(template, name="X", campaign_id=coupons["id"]).refused(404, "not_found")
    set_up(template, name="X", campaign_id="nothing").refused(404, "not_found")
    set_up(template, campaign_id=coupons["id"]).refused(400, "invalid_payload")
    path = f"/v1/templates/campaigns/{template['id']}/tier-setup"
    api.post(path, json={"name": "X"}).refused(400, "invalid_payload")

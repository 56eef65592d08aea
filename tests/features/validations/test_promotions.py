"""Promotion tiers and stacks on carts: among other incentives, and by the older calls."""

from __future__ import annotations

import pytest

from kupon.testing.builders import (
    amount_off,
    cart,
    entry,
    fixed_amount,
    free_units,
    included,
    line,
    make_customer,
    make_product,
    make_promotion,
    make_rule,
    make_stack,
    make_tier,
    make_voucher,
    percent_off,
    promotion_stack,
    promotion_tier,
)

ORDER = {"amount": 10_000}
TEN = percent_off(10, effect="APPLY_TO_ORDER")
ALWAYS_FALSE = {"1": {"name": "order.amount", "conditions": {"$more_than": [10**9]}}, "logic": "1"}


@pytest.fixture
def campaign(api):
    return make_promotion(api, name="Spring")


@pytest.fixture
def add_tier(api, campaign):
    """Adds a tier that takes 10 % off to the campaign; its id."""

    def add(**members):
        return make_tier(api, campaign["id"], **{"discount": TEN, **members})["id"]

    return add


def error_of(answer):
    return answer["inapplicable_redeemables"][0]["result"]["error"]


class TestTiers:
    def test_applies_beside_codes(self, api, validate, campaign, add_tier):
        tier_id = add_tier(name="Ten", metadata={"a": 1})
        make_voucher(api, "FIVE", discount=amount_off(500))
        answer = validate(
            promotion_tier(tier_id),
            "FIVE",
            order=ORDER,
            options={"expand": ["order", "redeemable"]},
        )
        tier, voucher = answer["redeemables"]
        assert (tier["object"], tier["id"], tier["name"]) == ("promotion_tier", tier_id, "Ten")
        assert (tier["campaign_id"], tier["campaign_name"]) == (campaign["id"], "Spring")
        assert tier["metadata"] == {"a": 1}
        assert tier["result"] == {"discount": {**TEN, "is_dynamic": False}}
        assert tier["order"]["applied_discount_amount"] == 1000
        assert voucher["order"]["discount_amount"] == 1500
        assert "name" not in voucher

    def test_one_that_is_off_is_inactive(self, api, validate, add_tier):
        tier_id = add_tier(active=False)
        error = error_of(validate(promotion_tier(tier_id), order=ORDER))
        assert (error["code"], error["key"]) == (400, "promotion_inactive")
        assert error["message"] == "Inactive Promotion"
        assert error["details"] == f"Promotion Tier with id: {tier_id} is disabled."
        api.post(f"/v1/promotions/tiers/{tier_id}/enable").expect()
        assert validate(promotion_tier(tier_id), order=ORDER)["valid"]
        api.post("/v1/campaigns/Spring/disable").expect()
        assert error_of(validate(promotion_tier(tier_id), order=ORDER))["key"] == (
            "promotion_inactive"
        )

    @pytest.mark.parametrize("owner", ["tier", "campaign"])
    def test_one_that_is_over(self, api, validate, owner):
        over = {"expiration_date": "2020-01-01T00:00:00Z"}
        campaign = make_promotion(api, **(over if owner == "campaign" else {}))
        tier = make_tier(api, campaign["id"], **(over if owner == "tier" else {}))
        error = error_of(validate(promotion_tier(tier["id"]), order=ORDER))
        assert (error["key"], error["details"]) == ("promotion_not_active_now", tier["id"])

    def test_rules_of_tier_and_campaign_must_hold(self, api, validate):
        strict, lax = (
            make_rule(
                api,
                rules={
                    "1": {"name": "order.amount", "conditions": {"$more_than": [least]}},
                    "logic": "1",
                },
            )
            for least in (5000, 1000)
        )
        campaign = make_promotion(api, validation_rules=[strict["id"]])
        tier = make_tier(api, campaign["id"], validation_rules=[lax["id"]])
        redeemable = promotion_tier(tier["id"])
        assert validate(redeemable, order={"amount": 5001})["valid"]
        error = error_of(validate(redeemable, order={"amount": 5000}))
        assert error["key"] == "order_rules_violated"
        assert error["details"] == (
            "Promotion Tier cannot be redeemed because of violated validation rules: "
            + strict["id"]
        )
        assert lax["id"] in error_of(validate(redeemable, order={"amount": 900}))["details"]

    def test_units_come_into_the_cart(self, api, validate, add_tier):
        mug = make_product(api)
        tier_id = add_tier(discount=free_units(mug["id"], effect="ADD_NEW_ITEMS"))
        answer = validate(promotion_tier(tier_id), order=cart((1, 500)))
        assert answer["order"]["items"][1]["discount_quantity"] == 1
        assert answer["redeemables"][0]["result"]["discount"]["product"]["name"] == "Mug"

    def test_unknown(self, validate):
        error = error_of(validate(promotion_tier("promo_none"), order=ORDER))
        assert (error["code"], error["resource_type"]) == (404, "promotion_tier")
        assert error["details"] == "Cannot find promotion tier with id promo_none"

    def test_a_changed_one_counts_at_once(self, api, validate, add_tier):
        tier_id = add_tier()
        body = {"action": {"discount": amount_off(250)}}
        api.put(f"/v1/promotions/tiers/{tier_id}", json=body).expect()
        assert validate(promotion_tier(tier_id), order=ORDER)["order"]["discount_amount"] == 250
        api.delete(f"/v1/promotions/tiers/{tier_id}").expect(204)
        assert error_of(validate(promotion_tier(tier_id), order=ORDER))["key"] == "not_found"


class TestStacks:
    def test_come_as_their_tiers_in_the_stacks_order(self, api, validate, campaign, add_tier):
        first, second = add_tier(), add_tier(discount=amount_off(1000))
        stack = make_stack(api, campaign["id"], second, first)
        answer = validate(promotion_stack(stack["id"]), order=ORDER)
        assert [(step["object"], step["id"]) for step in answer["redeemables"]] == [
            ("promotion_tier", second),
            ("promotion_tier", first),
        ]
        steps = [step["order"]["applied_discount_amount"] for step in answer["redeemables"]]
        assert steps == [1000, 900]

    def test_keep_their_order_whatever_the_hierarchy(
        self, api, validate, set_stacking_rules, campaign, add_tier
    ):
        set_stacking_rules(redeemables_sorting_rule="CATEGORY_HIERARCHY")
        early, late = (
            api.post("/v1/categories", json={"name": name, "hierarchy": rank}).expect()["id"]
            for name, rank in (("Early", 1), ("Late", 9))
        )
        last, first = add_tier(category_id=late), add_tier(category_id=early)
        stack = make_stack(api, campaign["id"], last, first)
        answer = validate(promotion_stack(stack["id"]), order=ORDER)
        assert [step["id"] for step in answer["redeemables"]] == [last, first]
        apart = validate(promotion_tier(last), promotion_tier(first), order=ORDER)
        assert [step["id"] for step in apart["redeemables"]] == [first, last]

    def test_stand_alone(self, api, campaign, add_tier):
        stack = make_stack(api, campaign["id"], add_tier())
        make_voucher(api, "A")
        both = [promotion_stack(stack["id"]), {"object": "voucher", "id": "A"}]
        for path in ("/v1/validations", "/v1/redemptions"):
            body = {"redeemables": both, "order": ORDER}
            refused = api.post(path, json=body).refused(400, "invalid_redeemables")
            assert refused["details"] == "Promotion Stack cannot be use with other redeemables"

    def test_fail_with_one_tier(self, api, validate, campaign, add_tier):
        good, bad, last = add_tier(), add_tier(active=False), add_tier()
        stack = make_stack(api, campaign["id"], good, bad, last)
        answer = validate(promotion_stack(stack["id"]), order=ORDER)
        assert answer["valid"] is False
        assert [step["status"] for step in answer["redeemables"]] == [
            "APPLICABLE",
            "INAPPLICABLE",
            "SKIPPED",
        ]

    @pytest.mark.uncertain
    def test_lend_their_category_to_tiers_without_one(
        self, api, validate, set_stacking_rules, campaign, add_tier
    ):
        category = api.post("/v1/categories", json={"name": "Stack", "hierarchy": 1}).expect()["id"]
        set_stacking_rules(applicable_redeemables_category_limits={category: 1})
        stack = make_stack(api, campaign["id"], add_tier(), add_tier(), category_id=category)
        answer = validate(promotion_stack(stack["id"]), order=ORDER)
        assert answer["skipped_redeemables"][0]["result"]["details"]["key"] == (
            "applicable_redeemables_per_category_limit_exceeded"
        )

    @pytest.mark.uncertain
    def test_unknown(self, api):
        body = {"redeemables": [promotion_stack("stack_none")], "order": ORDER}
        for path in ("/v1/validations", "/v1/redemptions"):
            refused = api.post(path, json=body).refused(404, "not_found")
            assert refused["resource_type"] == "promotion_stack"


class TestOlderCallOnOneTier:
    def test_that_applies(self, api, add_tier, campaign):
        mug = make_product(api, price=1000)
        rule = make_rule(api, applicable_to=included(entry(mug)))
        discount = percent_off(10, effect="APPLY_TO_ITEMS")
        tier_id = add_tier(
            name="Ten",
            banner="Save!",
            hierarchy=3,
            metadata={"a": 1},
            discount=discount,
            validation_rules=[rule["id"]],
            start_date="2020-01-01T00:00:00Z",
        )
        customer = make_customer(api)
        body = {"order": {"items": [line(mug, 2)]}, "customer": {"id": customer["id"]}}
        answer = api.post(f"/v1/promotions/tiers/{tier_id}/validation", json=body).expect()
        assert answer["tracking_id"].startswith("track_")
        order = answer.pop("order")
        assert (order["items_discount_amount"], order["total_amount"]) == (200, 1800)
        assert order["customer_id"] == customer["id"]
        (listed,) = answer.pop("applicable_to")["data"]
        assert (listed["id"], listed["order_item_indices"]) == (mug["id"], [0])
        del answer["tracking_id"], answer["inapplicable_to"]
        assert answer == {
            "valid": True,
            "id": tier_id,
            "object": "promotion_tier",
            "name": "Ten",
            "banner": "Save!",
            "hierarchy": 3,
            "metadata": {"a": 1},
            "start_date": "2020-01-01T00:00:00.000Z",
            "campaign": {"id": campaign["id"], "object": "campaign", "active": True},
            "discount": {**discount, "is_dynamic": False},
            "discount_amount": 200,
            "applied_discount_amount": 200,
        }

    def test_that_does_not_apply(self, api, add_tier):
        rule = make_rule(api, rules=ALWAYS_FALSE)
        tier_id = add_tier(validation_rules=[rule["id"]])
        path = f"/v1/promotions/tiers/{tier_id}/validation"
        answer = api.post(path, json={"order": ORDER}).expect()
        assert (answer["valid"], answer["id"]) == (False, tier_id)
        assert answer["reason"] == "order does not match validation rules"
        assert answer["error"]["key"] == "order_rules_violated"
        assert answer["discount"]["percent_off"] == 10
        assert "order" not in answer

    def test_with_a_text_of_its_own(self, api, add_tier):
        rule = make_rule(api, rules=ALWAYS_FALSE, error={"message": "Spend more"})
        tier_id = add_tier(validation_rules=[rule["id"]])
        answer = api.post(f"/v1/promotions/tiers/{tier_id}/validation").expect()
        assert answer["error"] == {"message": "Spend more"}

    def test_without_effect_where_that_is_passed_over(self, api, add_tier, set_stacking_rules):
        set_stacking_rules(redeemables_no_effect_rule="SKIP")
        path = f"/v1/promotions/tiers/{add_tier()}/validation"
        answer = api.post(path, json={"order": {"amount": 0}}).expect()
        assert (answer["valid"], answer["error"]["key"]) == (False, "redeemables_skipped")

    def test_unknown(self, api, add_tier):
        path = "/v1/promotions/tiers/promo_none/validation"
        refused = api.post(path, json={"order": ORDER}).refused(404, "not_found")
        assert refused["resource_type"] == "promotion_tier"
        path = f"/v1/promotions/tiers/{add_tier()}/validation"
        api.post(path, json={"customer": {"id": "cust_none"}}).refused(404, "not_found")


class TestOlderCallOnAllTiers:
    PATH = "/v1/promotions/validation"

    def promotions(self, api, query=None, **body):
        answer = api.post(self.PATH, json=body, query=query).expect()
        assert answer["tracking_id"].startswith("track_")
        assert answer["valid"] is bool(answer["promotions"])
        return answer["promotions"]

    def test_finds_what_applies_by_hierarchy(self, api, add_tier):
        late, early = add_tier(hierarchy=9), add_tier(hierarchy=1, discount=fixed_amount(9500))
        rule = make_rule(api, rules=ALWAYS_FALSE)
        add_tier(active=False)
        add_tier(validation_rules=[rule["id"]])
        add_tier(expiration_date="2020-01-01T00:00:00Z")
        found = self.promotions(api, order=ORDER)
        assert [each["id"] for each in found] == [early, late]
        assert [each["valid"] for each in found] == ["true", "true"]
        # Each as if it were the only one.
        assert [each["discount_amount"] for each in found] == [500, 1000]
        assert [each["order"]["total_amount"] for each in found] == [9500, 9000]

    def test_finds_nothing(self, api):
        assert self.promotions(api, order=ORDER) == []
        assert self.promotions(api) == []

    def test_categories_are_told_where_asked_for(self, api):
        categories = [
            api.post("/v1/categories", json={"name": name, "hierarchy": 1}).expect()
            for name in ("Own", "Campaign")
        ]
        campaign = make_promotion(api, category_id=categories[1]["id"])
        make_tier(api, campaign["id"], category_id=categories[0]["id"])
        (plain,) = self.promotions(api, order=ORDER)
        assert plain["category_id"] == categories[0]["id"]
        assert plain["campaign"]["categories"]["id"] == categories[1]["id"]
        assert "categories" not in plain
        (told,) = self.promotions(api, order=ORDER, options={"expand": ["category"]})
        assert told["categories"]["name"] == "Own"

    def test_filters_choose(self, api, add_tier):
        one, two, _ = (
            add_tier(metadata={"shop": "A", "level": 1}),
            add_tier(metadata={"shop": "B", "level": 2}),
            add_tier(),
        )

        def found(filters):
            query = {"filters": filters}
            return {each["id"] for each in self.promotions(api, query, order=ORDER)}

        assert found({"promotion_id": {"conditions": {"$is": [two]}}}) == {two}
        assert found({"promotion_id": {"conditions": {"$in": [one, two]}}}) == {one, two}
        assert found({"metadata": {"shop": {"conditions": {"$is": "A"}}}}) == {one}
        assert found({"metadata": {"level": {"conditions": {"$more_than": ["1"]}}}}) == {two}

    @pytest.mark.parametrize(
        ("filters", "details"),
        [
            (
                {"promotion_id": {"conditions": {"$near": "x"}}},
                "Property .filters.promotion_id.conditions",
            ),
            ({"metadata": {"shop": "A"}}, "Property .filters.metadata.shop must be object"),
            ({"metadata": "A"}, "Property .filters.metadata must be object"),
        ],
    )
    def test_broken_filters(self, api, filters, details):
        answer = api.post(self.PATH, json={}, query={"filters": filters})
        assert answer.refused(400, "invalid_query_params")["details"].startswith(details)

    def test_the_audience_alone_may_decide(self, api, add_tier):
        cart_rule = make_rule(api, rules=ALWAYS_FALSE)
        level = {"name": "customer.metadata", "property": "level", "conditions": {"$is": [3]}}
        own = make_rule(api, rules={"1": level, "logic": "1"})
        open_to_all = add_tier(validation_rules=[cart_rule["id"]])
        for_some = add_tier(validation_rules=[own["id"]])
        customer = make_customer(api, metadata={"level": 3})
        known = {"customer": {"id": customer["id"]}, "order": ORDER}

        def found(query, **body):
            return {each["id"] for each in self.promotions(api, query, **body)}

        assert found(None, **known) == {for_some}
        query = {"audienceRulesOnly": True}
        assert found(query, **known) == {open_to_all, for_some}
        assert found(query, order=ORDER) == {open_to_all}

    def test_once_per_customer_is_kept(self, api, redeem, add_tier):
        once = {"name": "redemption.count.per_customer", "conditions": {"$less_than_or_equal": [1]}}
        rule = make_rule(api, rules={"1": once, "logic": "1"})
        tier_id = add_tier(validation_rules=[rule["id"]])
        customer = make_customer(api)
        known = {"customer": {"id": customer["id"]}, "order": ORDER}
        assert [each["id"] for each in self.promotions(api, **known)] == [tier_id]
        redeem(promotion_tier(tier_id), **known)
        assert self.promotions(api, **known) == []

    def test_units_are_told(self, api, add_tier):
        mug = make_product(api)
        add_tier(discount=free_units(mug["id"]))
        (found,) = self.promotions(api, order=cart((1, 500)))
        assert found["discount"]["product"]["id"] == mug["id"]
        assert found["order"]["items"][1]["quantity"] == 1

    def test_bad_bodies(self, api):
        for body in ({"order": []}, {"options": {"expand": ["order"]}}, []):
            api.post(self.PATH, json=body).refused(400, "invalid_payload")

    def test_other_projects_have_their_own(self, api, connect_api, new_project, add_tier):
        add_tier()
        assert self.promotions(connect_api(new_project()), order=ORDER) == []

"""Redeeming promotion tiers and stacks: rows, sums, the order's memory, and taking back."""

from __future__ import annotations

import pytest

from kupon.testing.builders import (
    amount_off,
    cart,
    line,
    make_customer,
    make_product,
    make_promotion,
    make_stack,
    make_tier,
    make_voucher,
    promotion_stack,
    promotion_tier,
)

ORDER = {"amount": 10_000}


@pytest.fixture
def campaign(api):
    return make_promotion(api, name="Spring")


@pytest.fixture
def tier(api, campaign):
    return make_tier(api, campaign["id"], name="Ten", metadata={"a": 1})


@pytest.fixture
def stack(api, campaign, tier):
    """10 %, then 5.00 off."""
    other = make_tier(api, campaign["id"], discount=amount_off(500))
    return make_stack(api, campaign["id"], tier["id"], other["id"])


def summary(api, tier_id):
    told = api.get(f"/v1/promotions/tiers/{tier_id}").expect()["summary"]
    orders = told["orders"]
    return (
        told["redemptions"]["total_redeemed"],
        orders["total_amount"],
        orders["total_discount_amount"],
    )


class TestOneTier:
    def test_is_its_own_root(self, api, redeem, campaign, tier):
        customer = make_customer(api)
        answer = redeem(
            promotion_tier(tier["id"]),
            order=ORDER,
            customer={"id": customer["id"]},
            metadata={"till": 4},
        )
        assert "parent_redemption" not in answer
        assert answer["inapplicable_redeemables"] == answer["skipped_redeemables"] == []
        (redemption,) = answer["redemptions"]
        assert (redemption["result"], redemption["status"]) == ("SUCCESS", "SUCCEEDED")
        assert redemption["related_object_type"] == "promotion_tier"
        assert redemption["related_object_id"] == tier["id"]
        assert redemption["metadata"] == {"till": 4}
        assert "voucher" not in redemption
        told = redemption["promotion_tier"]
        assert (told["id"], told["name"], told["metadata"]) == (tier["id"], "Ten", {"a": 1})
        assert told["campaign"]["id"] == told["campaign_id"] == campaign["id"]
        assert told["action"]["discount"]["percent_off"] == 10
        order = answer["order"]
        assert (order["discount_amount"], order["total_amount"]) == (1000, 9000)
        entry = order["redemptions"][redemption["id"]]
        assert entry == {
            "date": redemption["date"],
            "related_object_type": "promotion_tier",
            "related_object_id": tier["id"],
            "related_object_parent_id": campaign["id"],
        }
        assert api.get(f"/v1/redemptions/{redemption['id']}").expect() == redemption
        assert summary(api, tier["id"]) == (1, 10_000, 1000)

    def test_sums_grow_and_rollback_takes_its_part_out(self, api, redeem, tier):
        first = redeem(promotion_tier(tier["id"]), order=ORDER)["redemptions"][0]
        redeem(promotion_tier(tier["id"]), order=cart((2, 1000)))
        assert summary(api, tier["id"]) == (2, 12_000, 1200)
        rollback = api.post(f"/v1/redemptions/{first['id']}/rollback").expect()
        assert rollback["promotion_tier"]["id"] == tier["id"]
        assert rollback["related_object_type"] == "promotion_tier"
        assert rollback["order"]["status"] == "CANCELED"
        assert summary(api, tier["id"]) == (1, 2000, 200)
        api.post(f"/v1/redemptions/{first['id']}/rollback").refused(400, "already_rolled_back")
        assert summary(api, tier["id"]) == (1, 2000, 200)

    def test_without_an_order_is_counted(self, api, redeem, tier):
        redeem(promotion_tier(tier["id"]))
        assert summary(api, tier["id"]) == (1, 0, 0)

    def test_refused_is_recorded_and_not_counted(self, api, tier):
        api.post(f"/v1/promotions/tiers/{tier['id']}/disable").expect()
        body = {"redeemables": [promotion_tier(tier["id"])], "order": ORDER}
        error = api.post("/v1/redemptions", json=body).refused(400, "promotion_inactive")
        failure = api.get(f"/v1/redemptions/{error['resource_id']}").expect()
        assert (failure["result"], failure["failure_code"]) == ("FAILURE", "promotion_inactive")
        assert failure["promotion_tier"]["id"] == tier["id"]
        assert summary(api, tier["id"]) == (0, 0, 0)
        body["redeemables"][0]["id"] = "promo_none"
        api.post("/v1/redemptions", json=body).refused(404, "not_found")

    def test_is_listed_by_what_it_belongs_to(self, api, redeem, campaign, tier):
        redeem(promotion_tier(tier["id"]), order=ORDER)
        make_voucher(api, "CODE")
        redeem("CODE", order=ORDER)
        for query in ({"related_object_id": tier["id"]}, {"campaign": "Spring"}):
            listed = api.get("/v1/redemptions", query=query).expect()
            assert [each["related_object_id"] for each in listed["redemptions"]] == [tier["id"]]

    def test_a_deleted_one_leaves_its_redemptions(self, api, redeem, tier):
        redemption = redeem(promotion_tier(tier["id"]), order=ORDER)["redemptions"][0]
        api.delete(f"/v1/promotions/tiers/{tier['id']}").expect(204)
        kept = api.get(f"/v1/redemptions/{redemption['id']}").expect()
        assert kept["related_object_id"] == tier["id"]
        assert "promotion_tier" not in kept
        rollback = api.post(f"/v1/redemptions/{redemption['id']}/rollback").expect()
        assert rollback["order"]["total_amount"] == 10_000

    def test_beside_a_code_has_a_parent(self, api, redeem, tier):
        make_voucher(api, "FIVE", discount=amount_off(500))
        answer = redeem("FIVE", promotion_tier(tier["id"]), order=ORDER)
        parent, (code, of_tier) = answer["parent_redemption"], answer["redemptions"]
        assert code["redemption"] == of_tier["redemption"] == parent["id"]
        assert parent["related_object_type"] == "redemption"
        assert parent["related_object_id"] == parent["id"]
        assert answer["order"]["redemptions"][parent["id"]] == {
            "date": parent["date"],
            "related_object_type": "redemption",
            "related_object_id": parent["id"],
            "stacked": [code["id"], of_tier["id"]],
        }
        assert summary(api, tier["id"]) == (1, 10_000, 950)


class TestStack:
    def test_is_redeemed_tier_by_tier(self, api, redeem, campaign, stack):
        answer = redeem(promotion_stack(stack["id"]), order=ORDER)
        parent, children = answer["parent_redemption"], answer["redemptions"]
        assert [child["related_object_id"] for child in children] == stack["tiers"]["ids"]
        assert {child["redemption"] for child in children} == {parent["id"]}
        steps = [child["order"]["applied_discount_amount"] for child in children]
        assert steps == [1000, 500]
        assert (parent["related_object_type"], parent["related_object_id"]) == (
            "redemption",
            parent["id"],
        )
        assert parent["order"]["total_amount"] == answer["order"]["total_amount"] == 8500
        assert answer["order"]["redemptions"][parent["id"]] == {
            "date": parent["date"],
            "related_object_type": "promotion_stack",
            "related_object_id": stack["id"],
            "related_object_parent_id": campaign["id"],
            "stacked": [child["id"] for child in children],
        }
        told = api.get(f"/v1/redemptions/{parent['id']}").expect()["related_redemptions"]
        assert [each["id"] for each in told["redemptions"]] == [child["id"] for child in children]

    def test_of_one_tier_has_a_parent_too(self, api, redeem, campaign, tier):
        alone = make_stack(api, campaign["id"], tier["id"])
        answer = redeem(promotion_stack(alone["id"]), order=ORDER)
        parent, (child,) = answer["parent_redemption"], answer["redemptions"]
        assert child["redemption"] == parent["id"]
        assert answer["order"]["redemptions"][parent["id"]]["stacked"] == [child["id"]]

    def test_is_taken_back_whole(self, api, redeem, stack):
        answer = redeem(promotion_stack(stack["id"]), order=ORDER)
        child = answer["redemptions"][0]
        path = f"/v1/redemptions/{child['id']}/rollbacks"
        api.post(path).refused(400, "invalid_redemption_parent")
        done = api.post(f"/v1/redemptions/{answer['parent_redemption']['id']}/rollbacks").expect()
        assert [each["related_object_id"] for each in done["rollbacks"]] == stack["tiers"]["ids"]
        assert done["parent_rollback"]["redemption"] == answer["parent_redemption"]["id"]
        assert (done["order"]["status"], done["order"]["total_amount"]) == ("CANCELED", 10_000)
        for tier_id in stack["tiers"]["ids"]:
            assert summary(api, tier_id) == (0, 0, 0)

    def test_with_one_tier_refused_is_refused(self, api, stack):
        api.post(f"/v1/promotions/tiers/{stack['tiers']['ids'][1]}/disable").expect()
        body = {"redeemables": [promotion_stack(stack["id"])], "order": ORDER}
        api.post("/v1/redemptions", json=body).refused(400, "promotion_inactive")
        assert summary(api, stack["tiers"]["ids"][0]) == (0, 0, 0)


class TestOlderCall:
    def test_answers_with_the_redemption_and_its_order(self, api, tier):
        customer = make_customer(api)
        mug = make_product(api)
        body = {
            "order": {"source_id": "c", "items": [line(mug, 2)]},
            "customer": {"id": customer["id"]},
            "metadata": {"till": 4},
        }
        path = f"/v1/promotions/tiers/{tier['id']}/redemption"
        redemption = api.post(path, json=body).expect()
        assert redemption["object"] == "redemption"
        assert redemption["promotion_tier"]["id"] == tier["id"]
        assert redemption["customer"]["id"] == redemption["customer_id"] == customer["id"]
        assert redemption["metadata"] == {"till": 4}
        stored = api.get("/v1/orders/c").expect()
        order = redemption["order"]
        assert order == {name: value for name, value in stored.items() if value is not None}
        assert (order["total_amount"], order["status"]) == (1800, "PAID")
        assert summary(api, tier["id"]) == (1, 2000, 200)

    def test_leaves_out_what_there_is_not(self, api, tier):
        redemption = api.post(f"/v1/promotions/tiers/{tier['id']}/redemption").expect()
        assert not {"customer", "customer_id", "order", "redemption"} & set(redemption)

    def test_refuses_as_the_newer_one_does(self, api, tier):
        api.post("/v1/campaigns/Spring/disable").expect()
        path = f"/v1/promotions/tiers/{tier['id']}/redemption"
        error = api.post(path, json={"order": ORDER}).refused(400, "promotion_inactive")
        assert error["resource_id"].startswith("rf_")
        path = "/v1/promotions/tiers/promo_none/redemption"
        api.post(path, json={"order": ORDER}).refused(404, "not_found")


def test_a_customer_sees_what_came_of_promotions(api, redeem, jobs, tier):
    customer = make_customer(api)
    redeem(promotion_tier(tier["id"]), order=ORDER, customer={"id": customer["id"]})
    jobs()
    told = api.get(f"/v1/customers/{customer['id']}").expect()["summary"]
    assert told["orders"]["total_amount"] == 9000

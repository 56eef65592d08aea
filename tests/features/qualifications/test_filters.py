"""Which offers a request wants to hear of: every field, every operator, both junctions."""

from __future__ import annotations

import pytest

from kupon.testing.builders import (
    make_campaign,
    make_customer,
    make_promotion,
    make_publication,
    make_stack,
    make_voucher,
    tier,
)

ADA = {"customer": {"source_id": "ada"}, "order": {"amount": 1000}}
EVERY = {"POOL", "FREE", "ODD", "pool", "tier"}


class Shop:
    """A code of a pool that Ada holds, the pool, a code for everybody with a category, one without,
    and a tier with the same category as that code."""

    def __init__(self, api):
        self.ada = make_customer(api, source_id="ada")
        body = {"name": "Common", "hierarchy": 1}
        self.category = api.post("/v1/categories", json=body).expect()["id"]
        self.pool = make_campaign(api, type="AUTO_UPDATE")["id"]
        api.post(f"/v1/campaigns/{self.pool}/vouchers/POOL").expect()
        make_publication(api, self.ada, voucher="POOL")
        self.free = make_voucher(api, "FREE", category_id=self.category)["id"]
        self.odd = make_voucher(api, "ODD")["id"]
        promotion = make_promotion(api, tier(category_id=self.category))
        self.promotion = promotion["id"]
        self.tier = promotion["promotion"]["tiers"][0]["id"]
        self.stack = make_stack(api, self.promotion, self.tier, category_id=self.category)["id"]

    def name(self, id):
        return {self.pool: "pool", self.tier: "tier"}.get(id, id)


@pytest.fixture
def shop(api):
    return Shop(api)


@pytest.fixture
def chosen(qualifying, shop):
    """Asks Ada's offers with filters: `chosen(code={"$is": ["FREE"]})`; the names that pass."""

    def ask(scenario="ALL", junction=None, **asked):
        filters = {name: {"conditions": conditions} for name, conditions in asked.items()}
        if junction is not None:
            filters["junction"] = junction
        return {shop.name(id) for id in qualifying(scenario, **ADA, filters=filters)}

    return ask


@pytest.mark.parametrize(
    ("field", "value", "found"),
    [
        ("category_id", lambda shop: shop.category, {"FREE", "tier"}),
        ("campaign_id", lambda shop: shop.pool, {"POOL", "pool"}),
        ("campaign_id", lambda shop: shop.promotion, {"tier"}),
        ("campaign_type", lambda _: "DISCOUNT_COUPONS", {"POOL", "pool"}),
        ("campaign_type", lambda _: "PROMOTION", {"tier"}),
        ("campaign_type", lambda _: "GIFT_VOUCHERS", set()),
        ("resource_id", lambda shop: shop.free, {"FREE"}),
        ("resource_id", lambda shop: shop.pool, {"pool"}),
        ("resource_id", lambda shop: shop.tier, {"tier"}),
        ("resource_type", lambda _: "voucher", {"POOL", "FREE", "ODD"}),
        ("resource_type", lambda _: "campaign", {"pool"}),
        ("resource_type", lambda _: "promotion_tier", {"tier"}),
        ("voucher_type", lambda _: "DISCOUNT_VOUCHER", {"POOL", "FREE", "ODD", "pool"}),
        ("voucher_type", lambda _: "GIFT_VOUCHER", set()),
        ("code", lambda _: "FREE", {"FREE"}),
        ("code", lambda _: "free", set()),
        ("holder_role", lambda _: "OWNER", {"POOL"}),
        ("holder_role", lambda _: "REFEREE", set()),
    ],
)
def test_every_field_by_every_operator(chosen, shop, field, value, found):
    wanted = value(shop)
    for operator, expected in (
        ("$is", found),
        ("$in", found),
        ("$is_not", EVERY - found),
        ("$not_in", EVERY - found),
    ):
        assert chosen(**{field: {operator: [wanted]}}) == expected, operator
    other = "REFERRER" if field == "holder_role" else "LOYALTY_PROGRAM"
    if field == "resource_type":
        other = wanted
    assert chosen(**{field: {"$in": [other, wanted]}}) == found
    assert chosen(**{field: {"$in": []}}) == set()
    assert chosen(**{field: {"$not_in": []}}) == EVERY


@pytest.mark.parametrize(
    ("field", "known"),
    [
        ("category_id", {"FREE", "tier"}),
        ("campaign_id", {"POOL", "pool", "tier"}),
        ("resource_id", EVERY),
        ("voucher_type", {"POOL", "FREE", "ODD", "pool"}),
        ("code", {"POOL", "FREE", "ODD"}),
    ],
)
def test_whether_there_is_a_value(chosen, field, known):
    for values in ([True], [], [""]):
        assert chosen(**{field: {"$has_value": values}}) == known
        assert chosen(**{field: {"$is_unknown": values}}) == EVERY - known


@pytest.mark.uncertain
def test_only_the_first_of_several_values_counts_for_is(chosen):
    assert chosen(code={"$is": ["FREE", "ODD"]}) == {"FREE"}
    assert chosen(code={"$is_not": ["FREE", "ODD"]}) == EVERY - {"FREE"}


def test_several_operators_of_a_field_must_all_hold(chosen):
    assert chosen(code={"$in": ["FREE", "ODD"], "$not_in": ["ODD"]}) == {"FREE"}


@pytest.mark.parametrize("junction", [None, "and", "AND"])
def test_fields_must_all_hold(chosen, shop, junction):
    asked = {
        "category_id": {"$is": [shop.category]},
        "resource_type": {"$is": ["voucher"]},
    }
    assert chosen(junction=junction, **asked) == {"FREE"}


@pytest.mark.parametrize("junction", ["or", "OR"])
def test_any_field_may_hold(chosen, shop, junction):
    asked = {
        "category_id": {"$is": [shop.category]},
        "resource_type": {"$is": ["campaign"]},
        "holder_role": {"$is": ["OWNER"]},
    }
    assert chosen(junction=junction, **asked) == {"POOL", "FREE", "pool", "tier"}


def test_a_code_that_somebody_else_holds_has_no_role_for_who_asks(api, chosen, shop):
    bob = make_customer(api, source_id="bob")
    make_publication(api, bob, voucher="ODD")
    assert chosen(holder_role={"$is": ["OWNER"]}) == {"POOL"}


def test_filters_choose_among_stacks_too(chosen, shop):
    for asked in (
        {},
        {"category_id": {"$is": [shop.category]}},
        {"campaign_id": {"$is": [shop.promotion]}},
        {"campaign_type": {"$is": ["PROMOTION"]}},
        {"resource_id": {"$in": [shop.stack]}},
        {"code": {"$is_unknown": [True]}},
    ):
        assert chosen("PROMOTION_STACKS", **asked) == {shop.stack}
    for asked in (
        {"category_id": {"$is_unknown": []}},
        {"campaign_id": {"$is": [shop.pool]}},
        {"resource_type": {"$is": ["promotion_tier"]}},
        {"code": {"$is": ["FREE"]}},
    ):
        assert chosen("PROMOTION_STACKS", **asked) == set()


def test_what_is_empty_or_null_asks_nothing(api, shop):
    for filters in (
        None,
        {},
        {"junction": "and"},
        {"code": {}},
        {"code": {"conditions": {"$is": None}}},
    ):
        body = ADA | {"options": {"limit": 50, "filters": filters}}
        data = api.post("/v1/qualifications", json=body).expect()["redeemables"]["data"]
        assert {shop.name(row["id"]) for row in data} == EVERY
    for options in (None, {}):
        api.post("/v1/qualifications", json=ADA | {"options": options}).expect()


def test_filters_and_the_wallet(chosen):
    assert chosen("CUSTOMER_WALLET") == {"POOL"}
    assert chosen("CUSTOMER_WALLET", code={"$is": ["FREE"]}) == set()


@pytest.mark.parametrize(
    "filters",
    [
        [],
        "code",
        5,
        {"junction": "xor"},
        {"junction": 5},
        {"code": []},
        {"code": "FREE"},
        {"code": {"conditions": []}},
        {"code": {"conditions": {"$is": "FREE"}}},
        {"code": {"conditions": {"$is": [5]}}},
        {"code": {"conditions": {"$is": [None]}}},
        {"code": {"conditions": {"$has_value": True}}},
        {"campaign_type": {"conditions": {"$is": ["COUPONS"]}}},
        {"resource_type": {"conditions": {"$in": ["VOUCHER"]}}},
        {"holder_role": {"conditions": {"$not_in": ["NOBODY"]}}},
    ],
)
def test_bad_filters_are_refused(api, filters):
    body = {"options": {"filters": filters}}
    api.post("/v1/qualifications", json=body).refused(400, "invalid_payload")

"""Discounts that make no sense are refused where they are defined, with the place that is wrong."""

from __future__ import annotations

import pytest

from kupon.testing.builders import (
    amount_off,
    fixed_amount,
    free_units,
    make_campaign,
    make_promotion,
    make_tier,
    make_voucher,
    percent_off,
)

BAD_DISCOUNTS = [
    pytest.param({}, " should have required property 'type'", id="no type"),
    pytest.param({"type": "GIFT"}, ".type must be equal to one of the allowed values: ", id="type"),
    pytest.param({"type": "AMOUNT"}, " should have required property 'amount_off'", id="amount"),
    pytest.param(amount_off(-1), ".amount_off must be >= 0", id="negative amount"),
    pytest.param(amount_off("much"), ".amount_off must be integer", id="amount as text"),
    pytest.param(amount_off(2**60), ".amount_off must be integer", id="huge amount"),
    pytest.param(
        amount_off(1, effect="ADD_NEW_ITEMS"),
        ".effect must be equal to one of the allowed values: APPLY_TO_ORDER,",
        id="effect of another type",
    ),
    pytest.param(amount_off(1, effect=5), ".effect must be string", id="effect as number"),
    pytest.param(
        amount_off(1, aggregated_amount_limit=-5), ".aggregated_amount_limit must be >= 0", id="cap"
    ),
    pytest.param({"type": "PERCENT"}, " should have required property 'percent_off'", id="percent"),
    pytest.param(percent_off(101), ".percent_off must be <= 100", id="more than all"),
    pytest.param(percent_off(-1), ".percent_off must be >= 0", id="less than nothing"),
    pytest.param(
        percent_off(5, effect="APPLY_TO_ITEMS_BY_QUANTITY"),
        ".effect must be equal to one of the allowed values: APPLY_TO_ORDER, APPLY_TO_ITEMS",
        id="percent by quantity",
    ),
    pytest.param(percent_off(5, amount_limit=-1), ".amount_limit must be >= 0", id="limit"),
    pytest.param({"type": "FIXED"}, " should have required property 'fixed_amount'", id="fixed"),
    pytest.param(fixed_amount(-1), ".fixed_amount must be >= 0", id="negative target"),
    pytest.param(
        {"type": "UNIT", "unit_off": 1}, " should have required property 'unit_type'", id="unit"
    ),
    pytest.param(
        {"type": "UNIT", "unit_type": "p"}, " should have required property 'unit_off'", id="units"
    ),
    pytest.param(free_units("p", -1), ".unit_off must be >= 0", id="negative units"),
    pytest.param(free_units("p", 1.5), ".unit_off must be integer", id="half a unit"),
    pytest.param(
        free_units("p", effect="APPLY_TO_ORDER"),
        ".effect must be equal to one of the allowed values: ADD_MISSING_ITEMS,",
        id="units of the order",
    ),
    pytest.param(
        {"type": "UNIT", "effect": "ADD_MANY_ITEMS"},
        " should have required property 'units'",
        id="many without any",
    ),
    pytest.param(
        {"type": "UNIT", "effect": "ADD_MANY_ITEMS", "units": []},
        ".units must be a non-empty array",
        id="no units",
    ),
    pytest.param(
        {"type": "UNIT", "effect": "ADD_MANY_ITEMS", "units": [{"unit_off": 1}]},
        ".units[0] should have required property 'unit_type'",
        id="units of nothing",
    ),
    pytest.param(
        {
            "type": "UNIT",
            "effect": "ADD_MANY_ITEMS",
            "units": [
                {"unit_off": 1, "unit_type": "p"},
                {"unit_off": 1, "unit_type": "p", "effect": "ADD_MANY_ITEMS"},
            ],
        },
        ".units[1].effect must be equal to one of the allowed values: ADD_MISSING_ITEMS,",
        id="many of many",
    ),
    pytest.param(
        {"type": "UNIT", "effect": "ADD_MANY_ITEMS", "units": ["p"]},
        ".units[0] must be object",
        id="units as text",
    ),
]
BAD_FORMULAS = [
    pytest.param("", id="empty"),
    pytest.param("1 +", id="unfinished"),
    pytest.param("(1", id="open"),
    pytest.param("1 2", id="two values"),
    pytest.param("NOTHING + 1", id="unknown operand"),
    pytest.param("SUM(1;2)", id="unknown function"),
    pytest.param("MIN()", id="no arguments"),
    pytest.param("POW(1)", id="too few arguments"),
    pytest.param("ROUND(1;2;3)", id="too many arguments"),
    pytest.param('CUSTOMER_METADATA("a', id="open text"),
    pytest.param("CUSTOMER_METADATA", id="operand without a key"),
    pytest.param("__import__('os')", id="program"),
    pytest.param("1;2", id="semicolon"),
    pytest.param("(" * 40 + "1" + ")" * 40, id="deep"),
    pytest.param("1" + "+1" * 2000, id="long"),
]


def send_voucher(api, discount):
    body = {"type": "DISCOUNT_VOUCHER", "discount": discount}
    return api.post("/v1/vouchers/BAD", json=body), ".discount"


def send_campaign(api, discount):
    body = {
        "name": "Bad",
        "campaign_type": "DISCOUNT_COUPONS",
        "voucher": {"type": "DISCOUNT_VOUCHER", "discount": discount},
    }
    return api.post("/v1/campaigns", json=body), ".voucher.discount"


def send_promotion(api, discount):
    tiers = [
        {"name": "Good", "action": {"discount": percent_off(10)}},
        {"name": "Bad", "action": {"discount": discount}},
    ]
    body = {"name": "Bad", "campaign_type": "PROMOTION", "promotion": {"tiers": tiers}}
    return api.post("/v1/campaigns", json=body), ".promotion.tiers[1].action.discount"


def send_tier(api, discount):
    campaign = make_promotion(api)
    body = {"name": "Bad", "action": {"discount": discount}}
    path = f"/v1/promotions/{campaign['id']}/tiers"
    return api.post(path, json=body), ".action.discount"


def change_voucher(api, discount):
    code = make_voucher(api)["code"]
    return api.put(f"/v1/vouchers/{code}", json={"discount": discount}), ".discount"


def change_tier(api, discount):
    tier = make_tier(api, make_promotion(api)["id"])
    body = {"action": {"discount": discount}}
    return api.put(f"/v1/promotions/tiers/{tier['id']}", json=body), ".action.discount"


@pytest.mark.parametrize("send", [send_voucher, send_campaign, send_promotion, send_tier])
@pytest.mark.parametrize(("discount", "details"), BAD_DISCOUNTS)
def test_a_broken_discount_is_refused(api, send, discount, details):
    answer, place = send(api, discount)
    told = answer.refused(400, "invalid_payload")["details"]
    assert told.startswith(f"Property {place}{details}")


@pytest.mark.parametrize("send", [change_voucher, change_tier])
@pytest.mark.parametrize(
    "discount", [amount_off(-1), percent_off(101), amount_off(0, amount_off_formula="1 +")]
)
def test_a_discount_is_not_changed_into_a_broken_one(api, send, discount):
    answer, place = send(api, discount)
    told = answer.refused(400, "invalid_payload")["details"]
    assert told.startswith(f"Property {place}.")


@pytest.mark.parametrize(
    ("discount", "member"),
    [
        (amount_off(0), "amount_off_formula"),
        (percent_off(0), "percent_off_formula"),
        (fixed_amount(0), "fixed_amount_formula"),
        (free_units("p"), "unit_off_formula"),
    ],
    ids=["amount", "percent", "fixed", "unit"],
)
@pytest.mark.parametrize("formula", BAD_FORMULAS)
def test_a_broken_formula_is_refused(api, discount, member, formula):
    answer, place = send_voucher(api, {**discount, member: formula})
    told = answer.refused(400, "invalid_payload")["details"]
    assert told.startswith(f"Property {place}.{member} ")
    api.get("/v1/vouchers/BAD").refused(404, "not_found")


def test_a_broken_formula_of_many_units_is_refused(api):
    unit = {"unit_off_formula": "1 +", "unit_type": "p"}
    answer, _ = send_voucher(api, {"type": "UNIT", "effect": "ADD_MANY_ITEMS", "units": [unit]})
    told = answer.refused(400, "invalid_payload")["details"]
    assert told.startswith("Property .discount.units[0].unit_off_formula ")


@pytest.mark.parametrize(
    ("member", "place"),
    [
        ({"price_formula": "1 +"}, ".price_formula"),
        ({"quantity_limit_formula": "NOTHING"}, ".quantity_limit_formula"),
        ({"amount_limit": -1}, ".amount_limit"),
        ({"effect": "APPLY_TO_ALL"}, ".effect"),
        ({"target": "LINE"}, ".target"),
        ({"repeat": 0}, ".repeat"),
        ({"skip_initially": -1}, ".skip_initially"),
        ({"object": "shop"}, ".object"),
    ],
    ids=str,
)
def test_a_broken_member_of_a_product_list_is_refused(api, member, place):
    listed = {"object": "product", "id": "p", **member}
    lists = {"included": [{"object": "product", "id": "a"}, listed], "included_all": False}
    body = {"name": "Bad", "rules": {"logic": ""}, "applicable_to": lists}
    answer = api.post("/v1/validation-rules", json=body)
    told = answer.refused(400, "invalid_validation_rules")["details"]
    assert told.startswith(f"Property .applicable_to.included[1]{place} ")


def test_a_campaign_of_a_broken_discount_leaves_nothing(api):
    send_campaign(api, amount_off(-1))
    assert api.get("/v1/campaigns").expect()["total"] == 0
    make_campaign(api, name="Bad")

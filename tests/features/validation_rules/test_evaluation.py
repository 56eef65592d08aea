"""Rules at work, through validations and redemptions: who is let through, and what is said if not.

The numbers in names are those of the spec's acceptance vectors (rules-and-qualification, 22).
"""

from __future__ import annotations

import pytest

from kupon.runtime import clock
from kupon.storage.uow import UnitOfWork
from kupon.testing.builders import (
    amount_off,
    bundle_of,
    cart,
    entry,
    line,
    make_campaign,
    make_customer,
    make_gift_card,
    make_product,
    make_promotion,
    make_publication,
    make_rule,
    make_sku,
    make_voucher,
    percent_off,
    promotion_tier,
    redeemable,
    tier,
)

ADA = {"customer": {"source_id": "ada"}}
BOB = {"customer": {"source_id": "bob"}}
TEN = {"order": {"amount": 1000}}
MESSAGES = {
    "segment": ("customer_rules_violated", "customer does not match segment rules"),
    "customer": ("customer_rules_violated", "customer does not match validation rules"),
    "order": ("order_rules_violated", "order does not match validation rules"),
    "redemption": ("redemption_rules_violated", "redemption does not match validation rules"),
}


@pytest.fixture(autouse=True)
def _customers(api):
    make_customer(api, source_id="ada")
    make_customer(api, source_id="bob")


@pytest.fixture
def rule(api):
    """Makes a rule of nodes that all must hold, and a code CODE that has it; the rule's id."""

    def make(*nodes, **members):
        rules = {str(number): node for number, node in enumerate(nodes, 1)}
        logic = members.pop("logic", " and ".join(rules))
        made = make_rule(api, rules=rules | {"logic": logic}, **members)
        make_voucher(api, "CODE", validation_rules=[made["id"]])
        return made["id"]

    return make


@pytest.fixture
def try_code(validate, redeem, api):
    """Validates and redeems CODE: the error of both, which must be the same; None if it applies.

    Shapes: a redemption that succeeds is rolled back.
    """

    def attempt(code="CODE", **request):
        validated = validate(code, **request)
        body = {"redeemables": [redeemable(code)], **request}
        answer = api.post("/v1/redemptions", json=body)
        if validated["valid"]:
            done = answer.expect()["redemptions"][0]["id"]
            api.post(f"/v1/redemptions/{done}/rollback").expect()
            return None
        error = validated["redeemables"][0]["result"]["error"]
        refused = answer.refused(error["code"], error["key"])
        for member in ("message", "details", "error"):
            assert refused.get(member) == error.get(member)
        return error["key"], error["message"]

    return attempt


def node(name, **conditions):
    members = {
        member: conditions.pop(member)
        for member in ("property", "rules", "error")
        if member in conditions
    }
    return {
        "name": name,
        "conditions": {f"${operator}": v for operator, v in conditions.items()},
    } | members


# ---- what is said ------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("failing", "family"),
    [
        (node("customer.segment", **{"is": ["seg_x"]}), "segment"),
        (node("customer.metadata", property="plan", **{"is": ["pro"]}), "customer"),
        (node("customer.loyalty.tier", **{"is": ["ltr_x"]}), "customer"),
        (node("publication.redeemable_by_linked_customer", **{"is": [True]}), "customer"),
        (node("order.amount", more_than=[10**9]), "order"),
        (node("order.total_amount", more_than=[10**9]), "order"),
        (node("order.initial_amount", more_than=[10**9]), "order"),
        (node("order.metadata", property="channel", **{"is": ["web"]}), "order"),
        (node("order.items.count", more_than=[5]), "order"),
        (node("order.items.price_any", more_than=[10**9]), "order"),
        (node("order.items.any", **{"is": [{"id": "prod_x", "object": "product"}]}), "order"),
        (node("product.id", **{"is": [{"id": "prod_x"}]}), "order"),
        (node("sku.id", **{"is": [{"id": "sku_x"}]}), "order"),
        (node("product.metadata", property="brand", **{"is": ["acme"]}), "order"),
        (node("redemption.count.daily", less_than=[1]), "redemption"),
        (node("redemption.count.per_customer", less_than=[1]), "redemption"),
        (node("redemption.metadata", property="till", **{"is": ["5"]}), "redemption"),
        (node("redemption.api_key", **{"is": ["app_x"]}), "redemption"),
        (node("redemption.user.login", **{"is": ["ada"]}), "redemption"),
        (node("campaign.orders.amount", less_than=[1]), "redemption"),
        (node("campaign.orders.amount_discounted", less_than=[1]), "redemption"),
        (node("campaign.redemptions.count", less_than=[1]), "redemption"),
        (node("campaign.redemptions.customers_count.weekly", less_than=[1]), "redemption"),
    ],
    ids=lambda value: value if isinstance(value, str) else value["name"],
)
def test_each_family_has_its_key_and_message(try_code, rule, failing, family):
    rule(failing)
    assert try_code(**ADA, order=cart((1, 1000))) == MESSAGES[family]


@pytest.mark.parametrize(
    ("failing", "request_body", "key"),
    [
        (node("customer.segment", is_not=["seg_x"]), TEN, "missing_customer"),
        (node("customer.metadata", property="a", count=[0]), TEN, "missing_customer"),
        (node("redemption.count.per_customer", less_than=[9]), TEN, "missing_customer"),
        (node("campaign.redemptions.customers_count", less_than=[9]), TEN, "missing_customer"),
        (
            node("publication.redeemable_by_linked_customer", **{"is": [False]}),
            TEN,
            "missing_customer",
        ),
        (node("order.amount", less_than=[9]), ADA, "missing_amount"),
        (node("order.initial_amount", less_than=[9]), ADA, "missing_amount"),
        (node("order.total_amount", less_than=[9]), ADA, "missing_amount"),
        (node("order.items.count", less_than=[9]), ADA | TEN, "missing_order_items"),
        (node("order.items.price_each", less_than=[9]), ADA | TEN, "missing_order_items"),
    ],
)
def test_what_a_rule_needs_and_nobody_sent(try_code, rule, failing, request_body, key):
    rule(failing)
    assert try_code(**request_body)[0] == key


def test_attributes_alone_are_a_customer(try_code, rule):
    rule(node("customer.metadata", property="plan", **{"is": ["pro"]}))
    assert try_code(customer={"metadata": {"plan": "pro"}}, **TEN) is None
    assert try_code(customer={"name": "Ada"}, **TEN) == MESSAGES["customer"]
    assert try_code(customer={}, **TEN)[0] == "missing_customer"


def test_a_refusal_is_told_in_full(api, validate, rule):
    rule_id = rule(node("order.amount", more_than=[5000]))
    answer = validate("CODE", **TEN)
    assert not answer["valid"]
    (row,) = answer["redeemables"]
    assert answer["inapplicable_redeemables"] == [row]
    key, message = MESSAGES["order"]
    details = f"Discount Coupon cannot be redeemed because of violated validation rules: {rule_id}"
    error = row["result"]["error"]
    assert error.pop("request_id").startswith("v-")
    assert row == {
        "status": "INAPPLICABLE",
        "id": "CODE",
        "object": "voucher",
        "result": {
            "error": {
                "code": 400,
                "key": key,
                "message": message,
                "details": details,
                "redeemable_type": "voucher",
                "redeemable_id": "CODE",
            },
            "details": {"key": key, "message": message},
        },
    }


def test_a_refused_redemption_is_kept(api, rule):
    rule_id = rule(node("order.amount", more_than=[5000], error={"message": "Spend more"}))
    body = {"redeemables": [redeemable("CODE")], **TEN}
    key, message = MESSAGES["order"]
    error = api.post("/v1/redemptions", json=body).refused(400, key)
    assert (error["message"], error["error"]) == (message, {"message": "Spend more"})
    assert error["details"].endswith(rule_id)
    assert error["resource_type"] == "redemption"
    kept = api.get(f"/v1/redemptions/{error['resource_id']}").expect()
    assert (kept["result"], kept["status"]) == ("FAILURE", "FAILED")
    assert (kept["failure_code"], kept["failure_message"]) == (key, message)


def test_each_kind_has_its_word(api, validate, rule):
    rule_id = rule(node("order.amount", more_than=[5000]))
    gift = {"validation_rules": [rule_id]}
    make_gift_card(api, "GIFT", 500, voucher=gift)
    promotion = make_promotion(api, tier(validation_rules=[rule_id]))
    tier_id = promotion["promotion"]["tiers"][0]["id"]
    words = {"CODE": "Discount Coupon", "GIFT": "Gift Card", tier_id: "Promotion Tier"}
    for name, word in words.items():
        named = promotion_tier(name) if name == tier_id else name
        error = validate(named, **TEN)["redeemables"][0]["result"]["error"]
        assert error["details"] == (
            f"{word} cannot be redeemed because of violated validation rules: {rule_id}"
        )


def test_the_rule_that_fails_is_named(api, validate, rule):
    fine = rule(node("order.amount", more_than=[5]))
    campaign = make_campaign(api, validation_rules=[fine])["id"]
    api.post(f"/v1/campaigns/{campaign}/vouchers/BOTH").expect()
    strict = make_rule(api, rules={"1": node("order.amount", more_than=[5000])})["id"]
    api.put("/v1/vouchers/BOTH", json={"validation_rules": [strict]}).expect()
    error = validate("BOTH", **TEN)["redeemables"][0]["result"]["error"]
    assert error["details"].endswith(f"rules: {strict}")
    path = f"/v1/validation-rules/{strict}"
    api.put(path, json={"rules": {"1": node("order.amount", more_than=[1])}}).expect()
    assert validate("BOTH", **TEN)["valid"]


@pytest.mark.parametrize(
    ("leaf", "around", "whole", "told"),
    [
        ("leaf", "node", "rule", "leaf"),
        (None, "node", "rule", "node"),
        (None, None, "rule", "rule"),
        (None, None, None, None),
    ],
)
def test_the_nearest_text_is_told(api, validate, rule, leaf, around, whole, told):
    mug = make_product(api, source_id="mug")

    def text(message):
        return {} if message is None else {"error": {"message": message}}

    count = node("order.items.aggregated_quantity", more_than=[5]) | text(leaf)
    some = node("order.items.any", **{"is": [entry(mug)]}, rules={"1": count, "logic": "1"})
    rule(some | text(around), **text(whole))
    result = validate("CODE", order={"items": [line(mug)]})["redeemables"][0]["result"]
    key, message = MESSAGES["order"]
    assert result["details"] == {"key": key, "message": told or message}
    assert (result["error"]["key"], result["error"]["message"]) == (key, message)
    assert result["error"].get("error") == (None if told is None else {"message": told})


def test_each_node_has_a_text_of_its_own(validate, rule):
    """The example of the reference: one text for the segment, another for all the rest."""
    rule(
        node("customer.segment", **{"is": ["seg_x"]}, error={"message": "Only for VIPs"}),
        node("order.amount", more_than=[5000]),
        logic="1 or 2",
        error={"message": "Not this time"},
    )
    result = validate("CODE", **ADA, **TEN)["redeemables"][0]["result"]
    assert result["details"] == {"key": "customer_rules_violated", "message": "Only for VIPs"}
    assert validate("CODE", **ADA, order={"amount": 6000})["valid"]


def test_the_first_that_fails_is_told_in_the_order_of_the_logic(validate, rule):
    rule(
        node("order.amount", more_than=[5000], error={"message": "one"}),
        node("customer.metadata", property="a", **{"is": ["b"]}, error={"message": "two"}),
        logic="2 and 1",
    )
    assert validate("CODE", **ADA, **TEN)["redeemables"][0]["result"]["details"] == {
        "key": "customer_rules_violated",
        "message": "two",
    }


def test_the_older_call_tells_its_own_text_alone(api, rule):
    key, message = MESSAGES["order"]
    rule_id = rule(node("order.amount", more_than=[5000], error={"message": "Spend more"}))
    answer = api.post("/v1/vouchers/CODE/validate", json=TEN).expect()
    assert (answer["valid"], answer["reason"]) == (False, message)
    assert answer["error"] == {"message": "Spend more"}
    plain = {"1": node("order.amount", more_than=[5000])}
    api.put(f"/v1/validation-rules/{rule_id}", json={"rules": plain}).expect()
    error = api.post("/v1/vouchers/CODE/validate", json=TEN).expect()["error"]
    assert (error["key"], error["message"]) == (key, message)


def test_what_comes_after_a_refusal_is_skipped(api, validate, rule):
    rule(node("order.amount", more_than=[5000]))
    make_voucher(api, "NEXT")
    rows = validate("CODE", "NEXT", **TEN)["redeemables"]
    assert [row["status"] for row in rows] == ["INAPPLICABLE", "SKIPPED"]
    assert rows[1]["result"]["details"]["key"] == "preceding_validation_failed"


# ---- acceptance vectors ------------------------------------------------------------------
@pytest.mark.parametrize(
    ("logic", "passes"),
    [
        pytest.param("1 and (2 or 3)", True, id="1"),
        pytest.param("1", True, id="2"),
        pytest.param("1 AND 2", False, id="both"),
        pytest.param("2 or 1 and 3", True, id="and binds tighter"),
        pytest.param("((1) and (3))", True, id="more brackets"),
    ],
)
def test_1_and_2_the_logic_says_what_counts(try_code, rule, logic, passes):
    holds, fails = node("order.amount", more_than=[1]), node("order.amount", more_than=[10**6])
    rule(holds, fails, holds, logic=logic)
    assert (try_code(**TEN) is None) == passes


def test_3_without_conditions_everybody_may(try_code, rule):
    rule(logic="")
    assert try_code() is None


def test_4_a_use_counts_itself_and_a_rollback_takes_it_back(api, redeem, validate, rule):
    rule(node("redemption.count.per_customer", less_than_or_equal=[1]))
    done = redeem("CODE", **ADA, **TEN)["redemptions"][0]["id"]
    result = validate("CODE", **ADA, **TEN)["redeemables"][0]["result"]
    assert result["details"]["key"] == "redemption_rules_violated"
    assert validate("CODE", **BOB, **TEN)["valid"]
    api.post(f"/v1/redemptions/{done}/rollback").expect()
    assert validate("CODE", **ADA, **TEN)["valid"]
    redeem("CODE", **ADA, **TEN)


def test_5_the_amount_of_the_order_goes_before_its_items(try_code, rule):
    rule(node("order.amount", more_than=[10_000]))
    assert try_code(order=cart((1, 12_000), amount=10_000)) == MESSAGES["order"]
    assert try_code(order=cart((1, 12_000))) is None


def test_6_the_running_amount_and_the_initial_one(api, validate, rule):
    rule(node("order.amount", more_than=[1000]), node("order.initial_amount", less_than=[1100]))
    make_gift_card(api, "GIFT", 100)
    order = {"amount": 1050}
    assert validate("CODE", "GIFT", order=order)["valid"]
    rows = validate("GIFT", "CODE", order=order)["redeemables"]
    assert [row["status"] for row in rows] == ["APPLICABLE", "INAPPLICABLE"]
    assert rows[1]["result"]["details"]["key"] == "order_rules_violated"


def test_7_what_is_left_is_asked_when_it_is_known(api, validate, rule):
    rule(node("order.total_amount", more_than_or_equal=[500]))
    api.put("/v1/vouchers/CODE", json={"discount": percent_off(50)}).expect()
    answer = validate("CODE", order={"amount": 900})
    assert answer["redeemables"][0]["result"]["details"]["key"] == "order_rules_violated"
    assert "order" not in answer
    assert validate("CODE", order={"amount": 1000})["order"]["total_amount"] == 500


def test_8_skus_count_for_their_product(api, try_code, rule):
    mug = make_product(api, source_id="mug")
    large, small = (make_sku(api, mug["id"], source_id=name) for name in ("large", "small"))
    four = node("order.items.aggregated_quantity", more_than_or_equal=[4])
    rule(node("order.items.any", **{"is": [entry(mug)]}, rules={"1": four, "logic": "1"}))
    assert try_code(order={"items": [line(large, 2), line(small, 2)]}) is None
    assert try_code(order={"items": [line(large, 2), line(small, 1)]}) == MESSAGES["order"]


def test_9_a_bundle_that_is_short_tells_what_is_missing(api, validate):
    a, *others = (make_product(api, source_id=name) for name in "abc")
    listed = [{"id": other["id"], "object": "product"} for other in others]
    body = {"name": "B", "type": "STATIC", "products": listed}
    b = api.post("/v1/product-collections", json=body).expect()
    made = make_rule(api, bundle_rules=bundle_of((a, 2), (b, 5)))
    make_voucher(api, "SET", validation_rules=[made["id"]])
    order = {"items": [line(a), line(others[0]), line(others[1], 2)]}
    result = validate("SET", order=order)["redeemables"][0]["result"]
    assert result["details"]["key"] == "order_rules_violated"
    assert result["bundle"] == {
        "quantity": 0,
        "limit": 1,
        "identified": [
            {"id": a["id"], "object": "product", "item_index": 0, "item_quantity": 1},
            {"id": others[0]["id"], "object": "product", "item_index": 1, "item_quantity": 1},
            {"id": others[1]["id"], "object": "product", "item_index": 2, "item_quantity": 2},
        ],
        "missing": [
            {"id": a["id"], "object": "product", "item_quantity": 1},
            {"id": b["id"], "object": "products_collection", "item_quantity": 2},
        ],
    }


def test_10_segments_are_asked_of_what_is_sent(api, management_api, project, try_code, rule):
    circle = {"center": "geo:52.23,21.01", "radius": "5 km"}
    shape = {"type": "circle", "format": "distance", "distance": circle}
    location = api.post("/v1/locations", json={"name": "Warsaw", "shape": shape}).expect()
    where = {"type": "geopoint", "optional": True, "array": False}
    body = {"related_object": "customer", "properties": {"at": where}}
    path = f"/management/v1/projects/{project.id}/metadata-schemas"
    management_api.post(path, json=body).expect()
    api.put("/v1/customers/ada", json={"metadata": {"at": "geo:50.06,19.94"}}).expect()
    inside = {"metadata.at": {"conditions": {"$in_location": [location["id"]]}}}
    body = {"name": "Varsovians", "type": "passive", "filter": {"junction": "and"} | inside}
    segment = api.post("/v1/segments", json=body).expect()
    rule(node("customer.segment", **{"is": [segment["id"]]}))
    here, there = ({"metadata": {"at": at}} for at in ("geo:52.23,21.0", "geo:50.06,19.94"))
    assert try_code(**TEN, **ADA) == MESSAGES["segment"]
    assert try_code(**TEN, customer={"source_id": "ada"} | here) is None
    assert try_code(**TEN, customer=here) is None
    assert try_code(**TEN, customer=there) == MESSAGES["segment"]
    # What a redemption was told is kept, so now she is there.
    assert try_code(**TEN, **ADA) is None


def test_segments_of_every_type(api, try_code, rule):
    ada = api.get("/v1/customers/ada").expect()["id"]
    adults = {"junction": "and", "metadata.age": {"conditions": {"$more_than_equal": [18]}}}
    for type, members in (
        ("static", {"customers": [ada]}),
        ("passive", {"filter": adults}),
        ("auto-update", {"filter": adults}),
    ):
        body = {"name": type, "type": type} | members
        segment = api.post("/v1/segments", json=body).expect()["id"]
        is_in, is_out = (make_rule(api, rules={"1": each})["id"] for each in _both(segment))
        make_voucher(api, f"IN-{type}", validation_rules=[is_in])
        make_voucher(api, f"OUT-{type}", validation_rules=[is_out])
    for type in ("passive", "auto-update"):
        adult = {"customer": {"metadata": {"age": 18}}}
        assert try_code(f"IN-{type}", **adult, **TEN) is None
        assert try_code(f"OUT-{type}", **adult, **TEN) == MESSAGES["segment"]
        child = {"customer": {"source_id": "bob", "metadata": {"age": 17}}}
        assert try_code(f"IN-{type}", **child, **TEN) == MESSAGES["segment"]
        assert try_code(f"OUT-{type}", **child, **TEN) is None
    assert try_code("IN-static", **ADA, **TEN) is None
    assert try_code("IN-static", **BOB, **TEN) == MESSAGES["segment"]
    assert try_code("OUT-static", **BOB, **TEN) is None


def _both(segment):
    return (
        node("customer.segment", **{"is": [segment]}),
        node("customer.segment", is_not=[segment]),
    )


def test_segments_of_past_orders(api, try_code, rule):
    loyal = {
        "junction": "and",
        "summary.orders.total_amount": {"conditions": {"$more_than": [500]}},
    }
    body = {"name": "Loyal", "type": "passive", "filter": loyal}
    segment = api.post("/v1/segments", json=body).expect()["id"]
    rule(node("customer.segment", **{"is": [segment]}))
    assert try_code(**ADA, **TEN) == MESSAGES["segment"]
    paid = {"status": "PAID", "amount": 600, "customer": {"source_id": "ada"}}
    api.post("/v1/orders", json=paid).expect()
    assert validate_only(api, **ADA, **TEN)
    assert not validate_only(api, **BOB, **TEN)


@pytest.mark.parametrize(
    ("field", "conditions"),
    [
        ("created_at", {"$after": ["2020-01-01"]}),
        ("created_at", {"$less_than_ago": [5]}),
        ("birthdate", {"$is": ["2000-05-01"]}),
        ("birthday", {"$before": ["2001-01-01"]}),
        ("address.city", {"$is": ["Warsaw"]}),
        ("city", {"$is": ["Warsaw"]}),
        ("email", {"$ends_with": ["example.com"]}),
        ("metadata.size", {"$more_than": [1]}),
        ("summary.redemptions.total_succeeded", {"$is": [0]}),
    ],
)
def test_segments_of_what_is_stored_and_of_what_is_sent(api, rule, field, conditions):
    known = {
        "birthdate": "2000-05-01",
        "address": {"city": "Warsaw"},
        "email": "eve@example.com",
        "metadata": {"size": 2},
    }
    make_customer(api, source_id="eve", **known)
    filter = {"junction": "and", field: {"conditions": conditions}}
    body = {"name": "Some", "type": "passive", "filter": filter}
    segment = api.post("/v1/segments", json=body).expect()["id"]
    rule(node("customer.segment", **{"is": [segment]}))
    assert validate_only(api, customer={"source_id": "eve"}, **TEN)
    # What past orders come to, and since when, is only known of somebody who is stored.
    is_stored_only = field in ("created_at", "summary.redemptions.total_succeeded")
    assert validate_only(api, customer=known, **TEN) == (not is_stored_only)


def validate_only(api, code="CODE", **request):
    body = {"redeemables": [redeemable(code)], **request}
    return api.post("/v1/validations", json=body).expect()["valid"]


def test_11_only_the_holder_may(api, try_code, rule):
    rule(node("publication.redeemable_by_linked_customer", **{"is": [True]}))
    ada = api.get("/v1/customers/ada").expect()
    assert try_code(**ADA, **TEN) == MESSAGES["customer"]
    make_publication(api, ada, voucher="CODE")
    assert try_code(**ADA, **TEN) is None
    assert try_code(**BOB, **TEN) == MESSAGES["customer"]
    assert try_code(customer={"name": "Ada"}, **TEN) == MESSAGES["customer"]


def once_per_campaign(api, **members):
    once = node("campaign.redemptions.customers_count", less_than_or_equal=[1])
    made = make_rule(api, rules={"1": once, "logic": "1"})
    campaign = make_campaign(api, validation_rules=[made["id"]], **members)["id"]
    for code in ("ONE", "TWO"):
        api.post(f"/v1/campaigns/{campaign}/vouchers/{code}").expect()


def test_12_codes_of_one_request_count_for_each_other(api, validate, set_stacking_rules):
    once_per_campaign(api)
    rows = validate("ONE", "TWO", **ADA, **TEN)["redeemables"]
    assert [row["status"] for row in rows] == ["APPLICABLE", "INAPPLICABLE"]
    assert rows[1]["result"]["details"]["key"] == "redemption_rules_violated"
    body = {"redeemables": [redeemable("ONE"), redeemable("TWO")], **ADA, **TEN}
    api.post("/v1/redemptions", json=body).refused(400, "redemption_rules_violated")
    set_stacking_rules(redeemables_application_mode="PARTIAL")
    done = api.post("/v1/redemptions", json=body).expect()
    assert [each["voucher"]["code"] for each in done["redemptions"]] == ["ONE"]
    for code in ("ONE", "TWO"):
        assert not validate_only(api, code, **ADA, **TEN)
        assert validate_only(api, code, **BOB, **TEN)


@pytest.mark.parametrize(("week_start", "is_left"), [(0, True), (6, False), (5, False)])
def test_13_weeks_begin_on_the_first_day_of_the_project(
    api, engine, project, redeem, rule, move_time, week_start, is_left
):
    """Once a week, used on Sunday, 1 March 2026: Monday is in the same week or in the next one."""
    with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
        uow.driver.execute(
            "UPDATE projects SET week_start = %s, revision = revision + 1 WHERE id = %s",
            (week_start, project.id),
        )
        uow.commit()
    rule(node("redemption.count.weekly", less_than_or_equal=[1]))
    move_time.freeze("2026-03-01T12:00:00+00:00")
    redeem("CODE", **TEN)
    move_time.freeze("2026-03-02T12:00:00+00:00")
    assert validate_only(api, **TEN) == is_left
    move_time.freeze("2026-03-08T12:00:00+00:00")
    assert validate_only(api, **TEN)


def test_15_an_absent_list_has_no_elements(api, management_api, project, try_code, rule):
    tags = {"type": "string", "optional": True, "array": True}
    body = {"related_object": "customer", "properties": {"tags": tags}}
    path = f"/management/v1/projects/{project.id}/metadata-schemas"
    management_api.post(path, json=body).expect()
    rule(node("customer.metadata", property="tags", count=[0]))
    assert try_code(**ADA, **TEN) is None
    assert try_code(customer={"metadata": {"tags": []}}, **TEN) is None
    assert try_code(customer={"metadata": {"tags": ["a"]}}, **TEN) == MESSAGES["customer"]


# ---- counters ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("counter", "by_day"),
    [("redemption.count.daily", [1, 1, 1]), ("redemption.count.monthly", [1, 0, 1])],
)
def test_windows_are_those_of_the_calendar(new_project, connect_api, move_time, counter, by_day):
    """In Warsaw a day ends at 23:00 in UTC, and so does a month."""
    api = connect_api(new_project(timezone="Europe/Warsaw"))
    once = node(counter, less_than_or_equal=[1])
    made = make_rule(api, rules={"1": once, "logic": "1"})
    make_voucher(api, "CODE", validation_rules=[made["id"]])
    moments = ("2026-01-30T22:59:00", "2026-01-30T23:00:00", "2026-01-31T23:00:00")
    done = []
    for moment in moments:
        move_time.freeze(f"{moment}+00:00")
        answer = api.post("/v1/redemptions", json={"redeemables": [redeemable("CODE")], **TEN})
        done.append(int(answer.status == 200))
    assert done == by_day


def test_budgets_count_amounts_this_one_included(api, redeem, rule):
    campaign = make_campaign(api, discount=percent_off(10))["id"]
    for name, limit in (
        ("campaign.orders.amount", 2500),
        ("campaign.orders.amount_discounted", 250),
    ):
        made = make_rule(api, rules={"1": node(name, less_than_or_equal=[limit])})
        path = f"/v1/validation-rules/{made['id']}/assignments"
        body = {"related_object_type": "campaign", "related_object_id": campaign}
        api.post(path, json=body, query={"force": True}).expect()
        code = api.post(f"/v1/campaigns/{campaign}/vouchers").expect()["code"]
        assert validate_only(api, code, order={"amount": 2500})
        assert not validate_only(api, code, order={"amount": 2510})
        first = redeem(code, order={"amount": 1500})["redemptions"][0]["id"]
        assert validate_only(api, code, order={"amount": 1000})
        assert not validate_only(api, code, order={"amount": 1010})
        api.post(f"/v1/redemptions/{first}/rollback").expect()
        assert validate_only(api, code, order={"amount": 2500})


def test_credits_of_gift_cards_are_counted_in_their_campaign(api, redeem):
    made = make_rule(api, rules={"1": node("redemption.gift.amount", less_than_or_equal=[500])})
    voucher = {"type": "GIFT_VOUCHER", "gift": {"amount": 400}}
    body = {"name": "Gifts", "campaign_type": "GIFT_VOUCHERS", "voucher": voucher}
    api.post("/v1/campaigns", json=body | {"validation_rules": [made["id"]]}).expect()
    for code in ("ONE", "TWO"):
        api.post(f"/v1/campaigns/Gifts/vouchers/{code}").expect()
    redeem("ONE", order={"amount": 300})
    assert validate_only(api, "TWO", order={"amount": 200})
    assert not validate_only(api, "TWO", order={"amount": 201})


def test_a_limit_of_the_campaign_is_for_all_of_its_codes_and_tiers(api, redeem):
    made = make_rule(
        api, rules={"1": node("campaign.redemptions.count", less_than_or_equal=[2]), "logic": "1"}
    )
    promotion = make_promotion(api, tier(), tier(), validation_rules=[made["id"]])
    one, two = (each["id"] for each in promotion["promotion"]["tiers"])
    redeem(promotion_tier(one), **TEN)
    last = redeem(promotion_tier(two), **TEN)["redemptions"][0]["id"]
    for tier_id in (one, two):
        body = {"redeemables": [promotion_tier(tier_id)], **TEN}
        assert not api.post("/v1/validations", json=body).expect()["valid"]
    api.post(f"/v1/redemptions/{last}/rollback").expect()
    redeem(promotion_tier(one), **TEN)


def test_a_limit_of_an_incentive_is_for_each_of_its_own(api, redeem, rule):
    rule_id = rule(node("redemption.count.per_customer.daily", less_than_or_equal=[1]))
    make_voucher(api, "OTHER", validation_rules=[rule_id])
    redeem("CODE", **ADA, **TEN)
    assert not validate_only(api, "CODE", **ADA, **TEN)
    assert validate_only(api, "OTHER", **ADA, **TEN)
    assert validate_only(api, "CODE", **BOB, **TEN)


def test_uses_before_the_rule_count_too(api, redeem):
    make_voucher(api, "CODE")
    redeem("CODE", **ADA, **TEN)
    once = node("redemption.count.per_customer", less_than_or_equal=[1])
    made = make_rule(api, rules={"1": once, "logic": "1"})
    api.put("/v1/vouchers/CODE", json={"validation_rules": [made["id"]]}).expect()
    assert not validate_only(api, **ADA, **TEN)
    assert validate_only(api, **BOB, **TEN)


def test_a_failed_attempt_is_no_use(api, rule):
    rule(
        node("redemption.count.daily", less_than_or_equal=[1]),
        node("order.amount", more_than=[500]),
    )
    body = {"redeemables": [redeemable("CODE")], "order": {"amount": 10}}
    for _ in range(3):
        api.post("/v1/redemptions", json=body).refused(400, "order_rules_violated")
    assert validate_only(api, **TEN)


def test_a_limit_by_key_counts_what_the_key_did(api, client_api, redeem, rule):
    rule(node("redemption.count.per_api_key", less_than_or_equal=[1]))
    redeem("CODE", **TEN)
    assert not validate_only(api, **TEN)
    body = {"redeemables": [redeemable("CODE")], **TEN}
    assert client_api.post("/client/v1/validations", json=body).expect()["valid"]


# ---- values ------------------------------------------------------------------------------
def test_metadata_compares_as_its_schema_says(api, management_api, project, rule):
    """What was stored before is looked at as what it is meant to be."""
    api.put("/v1/customers/ada", json={"metadata": {"born": "2000-05-01T10:00:00Z"}}).expect()
    rule(node("customer.metadata", property="born", **{"is": ["2000-05-01"]}))
    assert not validate_only(api, **ADA, **TEN)
    born = {"type": "date", "optional": True, "array": False}
    body = {"related_object": "customer", "properties": {"born": born}}
    path = f"/management/v1/projects/{project.id}/metadata-schemas"
    made = management_api.post(path, json=body).expect()
    assert validate_only(api, **ADA, **TEN)
    management_api.delete(f"{path}/{made['id']}").expect(204)
    assert not validate_only(api, **ADA, **TEN)


def test_unknown_metadata_is_text(api, try_code, rule):
    rule(node("order.metadata", property="flag", **{"is": ["true"]}))
    for value in (True, "true"):
        assert try_code(order={"amount": 10, "metadata": {"flag": value}}) is None
    for value in (False, "True", None):
        order = {"amount": 10, "metadata": {"flag": value}}
        assert try_code(order=order) == MESSAGES["order"]


def test_numbers_may_be_negative_or_spelled(api, try_code, rule):
    rule(node("redemption.metadata", property="cold", less_than=["-5"]))
    for value, found in ((-6, None), ("-5.5", None), (-5, MESSAGES["redemption"])):
        assert try_code(metadata={"cold": value}, **TEN) == found


def test_lists_are_met_by_any_element(api, try_code, rule):
    rule(node("customer.metadata", property="tags", **{"in": ["a", "b"]}, not_in=["c"]))
    for tags, found in (
        (["b", "x"], None),
        (["x"], MESSAGES["customer"]),
        (["a", "c"], MESSAGES["customer"]),
        ([], MESSAGES["customer"]),
    ):
        assert try_code(customer={"metadata": {"tags": tags}}, **TEN) == found


def test_the_payload_goes_before_what_is_stored(api, try_code, rule):
    api.put("/v1/customers/ada", json={"metadata": {"plan": "pro", "size": "L"}}).expect()
    rule(
        node("customer.metadata", property="plan", **{"is": ["pro"]}),
        node("customer.metadata", property="size", **{"is": ["L"]}),
    )
    assert validate_only(api, **ADA, **TEN)
    for metadata, passes in (({"plan": "max"}, False), ({"size": "L"}, True), ({}, True)):
        sent = {"customer": {"source_id": "ada", "metadata": metadata}}
        assert validate_only(api, **sent, **TEN) == passes
    assert api.get("/v1/customers/ada").expect()["metadata"] == {"plan": "pro", "size": "L"}


def test_collections_are_asked_of_what_is_sent(api, try_code, rule):
    make_product(api, source_id="mug", price=1000)
    dear = {"junction": "and", "price": {"conditions": {"$more_than": [1500]}}}
    body = {"name": "Dear", "type": "AUTO_UPDATE", "filter": dear}
    made = api.post("/v1/product-collections", json=body).expect()
    rule(node("order.items.any", **{"is": [entry(made)]}))
    mug = {"product_id": "mug", "quantity": 1}
    assert try_code(order={"items": [mug]}) == MESSAGES["order"]
    assert try_code(order={"items": [mug | {"product": {"price": 2000}}]}) is None
    unknown = {"product_id": "new", "quantity": 1, "price": 2000}
    assert try_code(order={"items": [unknown]}) is None


def test_the_calling_key_may_be_asked_for(api, project, validate, rule):
    app_id = project.credentials["app_id"]
    rule_id = rule(node("redemption.api_key", **{"is": [app_id]}))
    assert validate("CODE", **TEN)["valid"]
    other = {"1": node("redemption.api_key", is_not=[app_id])}
    api.put(f"/v1/validation-rules/{rule_id}", json={"rules": other}).expect()
    assert not validate("CODE", **TEN)["valid"]


def test_amounts_off_count_for_what_follows(api, validate, rule):
    """In a stack the order is what the ones before have left of it."""
    rule(node("order.amount", less_than=[950]))
    make_voucher(api, "FIRST", discount=amount_off(100))
    assert validate("FIRST", "CODE", **TEN)["valid"]
    assert not validate("CODE", "FIRST", **TEN)["valid"]

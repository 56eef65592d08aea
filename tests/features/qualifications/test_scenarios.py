"""What each scenario looks at, and which rules it asks: table 14.3 and its check data."""

from __future__ import annotations

import pytest

from kupon.testing.builders import (
    bundle_of,
    entry,
    free_units,
    included,
    line,
    make_campaign,
    make_customer,
    make_gift_card,
    make_product,
    make_promotion,
    make_publication,
    make_rule,
    make_stack,
    make_tier,
    make_voucher,
    percent_off,
    tier,
)

OWNER_ONLY = {
    "name": "publication.redeemable_by_linked_customer",
    "conditions": {"$is": [True]},
}
EVERY_SCENARIO = (
    "ALL",
    "CUSTOMER_WALLET",
    "AUDIENCE_ONLY",
    "PRODUCTS",
    "PRODUCTS_BY_CUSTOMER",
    "PRODUCTS_DISCOUNT",
    "PRODUCTS_DISCOUNT_BY_CUSTOMER",
    "PROMOTION_STACKS",
)
OF_ONE_OBJECT = [name for name in EVERY_SCENARIO if name != "PROMOTION_STACKS"]


class Shop:
    """The check data of the spec: a customer, her cart, and what she may use for it.

    T1 is 10 % for everybody, T2 20 % off digital books for VIPs; G takes 25.00 off and D 10 % off
    items of a brand, both for their owner only; D belongs to a campaign with another free code.
    The oldest are T2, then the campaign of D, D, G, T1.
    """

    def __init__(self, api, hold, rule):
        self.customer = make_customer(api, source_id="ada")
        brand = make_product(api, source_id="brand", price=10_000)
        book = make_product(api, source_id="book", price=1500)
        self.order = {"items": [line(brand), line(book)]}
        body = {"name": "VIP", "type": "static", "customers": [self.customer["id"]]}
        vip = api.post("/v1/segments", json=body).expect()
        is_vip = {"name": "customer.segment", "conditions": {"$is": [vip["id"]]}}
        for_books = rule(is_vip, applicable_to=included(entry(book)))
        on_items = percent_off(20, effect="APPLY_TO_ITEMS")
        promotion = make_promotion(api, tier(discount=on_items, validation_rules=[for_books]))
        self.t2 = promotion["promotion"]["tiers"][0]["id"]
        for_brand = rule(OWNER_ONLY, applicable_to=included(entry(brand)))
        self.campaign = make_campaign(
            api,
            discount=percent_off(10, effect="APPLY_TO_ITEMS"),
            validation_rules=[for_brand],
        )["id"]
        api.post(f"/v1/campaigns/{self.campaign}/vouchers/OTHER").expect()
        hold(self.customer, "D", self.campaign)
        make_gift_card(api, "G", 2500, voucher={"validation_rules": [rule(OWNER_ONLY)]})
        make_publication(api, self.customer, voucher="G")
        self.t1 = make_tier(api, promotion["id"])["id"]

    def names(self, ids):
        known = {self.t1: "T1", self.t2: "T2", self.campaign: "campaign of D"}
        return [known.get(id, id) for id in ids]


@pytest.fixture
def shop(api, hold, rule):
    return Shop(api, hold, rule)


@pytest.mark.parametrize(
    ("scenario", "identified", "anonymous"),
    [
        ("ALL", ["T1", "G", "D", "T2"], ["T1"]),
        ("CUSTOMER_WALLET", ["G", "D"], []),
        ("AUDIENCE_ONLY", ["T1", "G", "D", "campaign of D", "T2"], ["T1", "G", "campaign of D"]),
        ("PRODUCTS", ["D", "campaign of D", "T2"], ["campaign of D", "T2"]),
        ("PRODUCTS_BY_CUSTOMER", ["D", "campaign of D", "T2"], ["campaign of D"]),
        ("PRODUCTS_DISCOUNT", ["D", "campaign of D", "T2"], ["campaign of D", "T2"]),
        ("PRODUCTS_DISCOUNT_BY_CUSTOMER", ["D", "campaign of D", "T2"], ["campaign of D"]),
        ("PROMOTION_STACKS", [], []),
    ],
)
def test_the_check_data(qualifying, shop, scenario, identified, anonymous):
    known = {"customer": {"source_id": "ada"}, "order": shop.order}
    assert shop.names(qualifying(scenario, **known)) == identified
    assert shop.names(qualifying(scenario, order=shop.order)) == anonymous


def test_the_discounts_of_the_check_data(ask, shop):
    page = ask("ALL", customer={"id": shop.customer["id"]}, order=shop.order)
    taken = [row["order"]["total_applied_discount_amount"] for row in page["data"]]
    assert taken == [1150, 2500, 1000, 300]
    anonymous = ask("ALL", order=shop.order)
    assert [row["order"]["total_applied_discount_amount"] for row in anonymous["data"]] == [1150]


def test_another_customer_sees_what_is_for_everybody(api, qualifying, shop):
    make_customer(api, source_id="bob")
    for customer in ({"source_id": "bob"}, {"source_id": "unknown"}, {"name": "Eve"}):
        assert shop.names(qualifying("ALL", customer=customer, order=shop.order)) == ["T1"]
        assert qualifying("CUSTOMER_WALLET", customer=customer, order=shop.order) == []


def test_all_is_the_default(qualifying, shop):
    assert shop.names(qualifying(order=shop.order)) == ["T1"]


# What is not asked: rules by scenario, each of which the request does not meet.
_CUSTOMER = ("customer.segment", "customer.metadata", "customer.loyalty.tier")
FAILING = {
    "customer.segment": {"conditions": {"$is": ["seg_unknown"]}},
    "customer.metadata": {"property": "plan", "conditions": {"$is": ["pro"]}},
    "customer.loyalty.tier": {"conditions": {"$is": ["ltr_unknown"]}},
    "publication.redeemable_by_linked_customer": {"conditions": {"$is": [True]}},
    "order.amount": {"conditions": {"$more_than": [10**9]}},
    "order.total_amount": {"conditions": {"$more_than": [10**9]}},
    "order.initial_amount": {"conditions": {"$more_than": [10**9]}},
    "order.items.count": {"conditions": {"$more_than": [100]}},
    "order.items.any": {"conditions": {"$is": [{"id": "prod_unknown", "object": "product"}]}},
    "order.items.none": {"conditions": {"$is": [{"source_id": "mug", "object": "product"}]}},
    "product.id": {"conditions": {"$is": [{"id": "prod_unknown"}]}},
    "product.metadata": {"property": "brand", "conditions": {"$is": ["acme"]}},
    "order.metadata": {"property": "channel", "conditions": {"$is": ["web"]}},
    "redemption.metadata": {"property": "till", "conditions": {"$is": ["5"]}},
    "redemption.api_key": {"conditions": {"$is": ["app_unknown"]}},
    "redemption.count.daily": {"conditions": {"$less_than": [1]}},
    "redemption.count.per_customer": {"conditions": {"$less_than": [1]}},
    "redemption.count.per_customer.weekly": {"conditions": {"$less_than": [1]}},
    "campaign.redemptions.count": {"conditions": {"$less_than": [1]}},
    "campaign.redemptions.count.monthly": {"conditions": {"$less_than": [1]}},
    "campaign.redemptions.customers_count": {"conditions": {"$less_than": [1]}},
    "campaign.redemptions.customers_count.daily": {"conditions": {"$less_than": [1]}},
    "campaign.orders.amount": {"conditions": {"$less_than": [1]}},
    "campaign.orders.amount_discounted": {"conditions": {"$less_than": [1]}},
}
_IGNORED = {
    "order.amount",
    "redemption.count.per_customer",
    "redemption.count.per_customer.weekly",
    "campaign.redemptions.count",
    "campaign.redemptions.count.monthly",
    "campaign.redemptions.customers_count",
    "campaign.redemptions.customers_count.daily",
    "campaign.orders.amount_discounted",
}
_ARTICLES = {"order.items.any", "order.items.none", "product.id", "product.metadata"}
ASKED = {
    "ALL": FAILING.keys() - _IGNORED,
    "CUSTOMER_WALLET": FAILING.keys() - _IGNORED,
    "AUDIENCE_ONLY": set(_CUSTOMER),
    "PRODUCTS": _ARTICLES,
    "PRODUCTS_BY_CUSTOMER": _ARTICLES | set(_CUSTOMER),
    "PRODUCTS_DISCOUNT": set(),
    "PRODUCTS_DISCOUNT_BY_CUSTOMER": set(_CUSTOMER),
}


@pytest.mark.uncertain
@pytest.mark.slow
def test_rules_that_a_scenario_does_not_ask_do_not_stand_in_the_way(api, ask, hold, rule):
    """Each code has one rule, which fails; its lists are for the mug, so products scenarios see it.

    A rule with a counter fails since each use counts itself: less than one is never.
    """
    ada = make_customer(api, source_id="ada")
    make_customer(api, source_id="bob")
    mug = make_product(api, source_id="mug")
    names = list(FAILING)
    for number, name in enumerate(names):
        failing = rule({"name": name, **FAILING[name]}, applicable_to=included(entry(mug)))
        discount = percent_off(10, effect="APPLY_TO_ITEMS")
        hold(ada, f"C{number}", discount=discount, validation_rules=[failing])
    for scenario in OF_ONE_OBJECT:
        # Only Ada has a wallet; for her the rule about the owner holds.
        is_ada = scenario == "CUSTOMER_WALLET"
        who = {"source_id": "ada" if is_ada else "bob"}
        order = {"items": [line(mug)]}
        page = ask(scenario, customer=who, order=order, expand=["validation_rules"])
        found = {names[int(row["id"][1:])]: row for row in page["data"]}
        holds = {OWNER_ONLY["name"]} if is_ada else set()
        assert found.keys() == (FAILING.keys() - ASKED[scenario]) | holds, scenario
        for name, row in found.items():
            is_certain = name in ASKED[scenario]
            assert row["validation_status"] == ("VALID" if is_certain else "PARTIALLY_VALID")
            assert row.get("validation_omitted_rules") == (None if is_certain else ["1"])
            (assignment,) = row["validation_rules_assignments"]["data"]
            for member in ("validation_status", "validation_omitted_rules"):
                assert assignment.get(member) == row.get(member)
            assert row["validation_rule_id"] == assignment["rule_id"]


def test_only_labels_that_count_are_told_as_omitted(api, ask):
    """Labels of the first level, in the order of the logic; what no logic names is inert."""
    segment = {"name": "customer.segment", "conditions": {"$is": ["seg_x"]}}
    per_customer = {"name": "redemption.count.per_customer", "conditions": {"$less_than": [9]}}
    plan = {"name": "order.metadata", "property": "a", "conditions": {"$is": ["b"]}}
    rules = {
        "1": per_customer,
        "2": {**plan, "rules": {"1": per_customer, "logic": "1"}},
        "3": segment,
        "4": per_customer,
        "5": plan,
        "logic": "(3 or 2) and (1 or 5)",
    }
    made = make_rule(api, rules=rules)
    make_voucher(api, "CODE", validation_rules=[made["id"]])
    (row,) = ask("ALL", customer={"name": "Ada"}, order={"metadata": {"a": "b"}})["data"]
    assert row["validation_status"] == "PARTIALLY_VALID"
    assert row["validation_omitted_rules"] == ["2", "1"]
    assert ask("ALL", customer={"name": "Ada"}, order={"metadata": {"a": "c"}})["data"] == []


def test_what_holds_whatever_the_omitted_rules_say_is_still_partial(api, ask):
    per_customer = {"name": "redemption.count.per_customer", "conditions": {"$less_than": [9]}}
    web = {"name": "order.metadata", "property": "channel", "conditions": {"$is": ["web"]}}
    made = make_rule(api, rules={"1": web, "2": per_customer, "logic": "1 or 2"})
    make_voucher(api, "CODE", validation_rules=[made["id"]])
    for channel in ("web", "shop"):
        (row,) = ask("ALL", order={"amount": 1, "metadata": {"channel": channel}})["data"]
        assert row["validation_omitted_rules"] == ["2"]


def test_the_rules_of_a_campaign_and_of_its_code_both_count(api, ask, hold, rule):
    ada = make_customer(api, source_id="ada")
    web = {"name": "order.metadata", "property": "channel", "conditions": {"$is": ["web"]}}
    rich = {"name": "order.amount", "conditions": {"$more_than": [10]}}
    of_campaign, own = rule(web), rule(rich)
    campaign = make_campaign(api, validation_rules=[of_campaign])["id"]
    hold(ada, "CODE", campaign)
    api.put("/v1/vouchers/CODE", json={"validation_rules": [own]}).expect()
    known = {"customer": {"source_id": "ada"}, "expand": ["validation_rules"]}
    (row,) = ask("CUSTOMER_WALLET", order={"metadata": {"channel": "web"}}, **known)["data"]
    assert [
        (each["rule_id"], each["validation_status"], each.get("validation_omitted_rules"))
        for each in row["validation_rules_assignments"]["data"]
    ] == [(own, "PARTIALLY_VALID", ["1"]), (of_campaign, "VALID", None)]
    assert (row["validation_status"], row["validation_rule_id"]) == ("PARTIALLY_VALID", own)
    assert ask("CUSTOMER_WALLET", order={"amount": 99}, **known)["data"] == []


@pytest.mark.parametrize("scenario", OF_ONE_OBJECT)
def test_bundles_must_be_complete_only_where_all_is_asked(api, ask, hold, scenario):
    ada = make_customer(api, source_id="ada")
    mug, cup = make_product(api, source_id="mug"), make_product(api, source_id="cup")
    made = make_rule(
        api, bundle_rules=bundle_of((mug, 1), (cup, 2)), applicable_to=included(entry(mug))
    )
    hold(
        ada, "SET", discount=percent_off(10, effect="APPLY_TO_ITEMS"), validation_rules=[made["id"]]
    )
    who = {"customer": {"source_id": "ada"}}
    (row,) = ask(scenario, order={"items": [line(mug), line(cup, 3)]}, **who)["data"]
    assert row["result"]["bundle"]["quantity"] == 1
    assert "missing" not in row["result"]["bundle"]
    partly = ask(scenario, order={"items": [line(mug), line(cup)]}, **who)["data"]
    if scenario in ("ALL", "CUSTOMER_WALLET"):
        assert partly == []
        return
    (row,) = partly
    assert row["validation_status"] == "VALID"
    assert row["result"]["bundle"] == {
        "quantity": 0,
        "limit": 1,
        "identified": [
            {"id": mug["id"], "object": "product", "item_index": 0, "item_quantity": 1},
            {"id": cup["id"], "object": "product", "item_index": 1, "item_quantity": 1},
        ],
        "missing": [{"id": cup["id"], "object": "product", "item_quantity": 1}],
    }


@pytest.mark.parametrize("scenario", ["PRODUCTS", "PRODUCTS_BY_CUSTOMER"])
def test_products_are_asked_for_what_rules_name(api, qualifying, rule, scenario):
    mug, cup = make_product(api, source_id="mug"), make_product(api, source_id="cup")

    def code(name, **rule_members):
        nodes = rule_members.pop("nodes", ())
        make_voucher(api, name, validation_rules=[rule(*nodes, **rule_members)])

    is_mug = {"name": "order.items.any", "conditions": {"$is": [entry(mug)]}}
    many = {"name": "order.items.aggregated_quantity", "conditions": {"$more_than": [10]}}
    with_subrule = is_mug | {"rules": {"1": many, "logic": "1"}}
    code("LIST", applicable_to=included(entry(mug)))
    code("NODE", nodes=[is_mug])
    code("SUBRULE", nodes=[with_subrule])
    code("BUNDLE", bundle_rules=bundle_of((mug, 5)))
    code("PLAIN", nodes=[{"name": "order.amount", "conditions": {"$more_than": [0]}}])
    make_voucher(api, "NOTHING")
    every = {"included": [], "excluded": [], "included_all": True}
    code("EVERY", applicable_to=every)
    code("BUT", applicable_to=every | {"excluded": [entry(mug)]})
    assert qualifying(scenario, order={"items": [line(mug)]}) == [
        "EVERY",
        "BUNDLE",
        "SUBRULE",
        "NODE",
        "LIST",
    ]
    assert qualifying(scenario, order={"items": [line(cup)]}) == ["BUT", "EVERY"]
    assert qualifying(scenario, order={"amount": 100}) == []


def test_products_discounts_are_asked_for_what_they_are_for(api, qualifying, rule):
    mug, cup = make_product(api, source_id="mug"), make_product(api, source_id="cup")
    of_items = percent_off(10, effect="APPLY_TO_ITEMS")
    make_voucher(api, "ORDER", discount=percent_off(10))
    make_voucher(api, "ITEMS", discount=of_items)
    mugs = rule(applicable_to=included(entry(mug)))
    make_voucher(api, "MUGS", discount=of_items, validation_rules=[mugs])
    of_order = percent_off(10, effect="APPLY_TO_ORDER")
    make_voucher(api, "ORDER-OF-MUGS", discount=of_order, validation_rules=[mugs])
    for name, effect in (("NEW", "ADD_NEW_ITEMS"), ("MISSING", "ADD_MISSING_ITEMS")):
        make_voucher(api, name, discount=free_units(mug["id"], effect=effect))
    in_cart = {"items": [line(mug)]}
    assert qualifying("PRODUCTS_DISCOUNT", order=in_cart) == ["MISSING", "NEW", "MUGS", "ITEMS"]
    assert qualifying("PRODUCTS_DISCOUNT", order={"items": [line(cup)]}) == ["ITEMS"]
    assert qualifying("PRODUCTS_DISCOUNT", order={"amount": 9}) == []


def test_older_rules_mark_the_lines_that_a_discount_is_for(api, ask, validate, rule):
    mug = make_product(api, source_id="mug", metadata={"brand": "acme"})
    cup = make_product(api, source_id="cup")
    brand = {"property": "brand"}
    marks = {"name": "product.metadata.discount_applicable", "conditions": {"$is": [True]}}
    acme = {
        "name": "product.metadata",
        "conditions": {"$is": ["acme"]},
        "rules": {"1": marks | brand, "logic": "1"},
    } | brand
    discount = percent_off(50, effect="APPLY_TO_ITEMS")
    make_voucher(api, "ACME", discount=discount, validation_rules=[rule(acme)])
    order = {"items": [line(mug), line(cup)]}
    for scenario in ("ALL", "PRODUCTS_DISCOUNT"):
        (row,) = ask(scenario, order=order)["data"]
        assert row["order"]["total_discount_amount"] == 500
    assert validate("ACME", order=order)["order"]["total_discount_amount"] == 500


def test_what_a_discount_leaves_is_asked_after_it_was_calculated(api, qualifying, rule):
    leaves = rule({"name": "order.total_amount", "conditions": {"$more_than_or_equal": [500]}})
    make_voucher(api, "HALF", discount=percent_off(50), validation_rules=[leaves])
    assert qualifying("ALL", order={"amount": 900}) == []
    assert qualifying("ALL", order={"amount": 1000}) == ["HALF"]
    assert qualifying("AUDIENCE_ONLY", order={"amount": 900}) == ["HALF"]


def test_the_audience_may_ask_without_a_cart(api, ask):
    make_voucher(api, "CODE", discount=percent_off(10))
    (row,) = ask("AUDIENCE_ONLY", customer={"name": "Ada"})["data"]
    assert row["id"] == "CODE"
    assert "amount" not in row["order"]


def test_an_enabled_tier_of_a_stack_does_not_bring_the_stack_into_other_scenarios(api, qualifying):
    promotion = make_promotion(api, tier(name="one"), tier(name="two"))
    ids = [each["id"] for each in promotion["promotion"]["tiers"]]
    stack = make_stack(api, promotion["id"], *ids)
    assert sorted(qualifying("ALL", order={"amount": 100})) == sorted(ids)
    assert qualifying("PROMOTION_STACKS", order={"amount": 100}) == [stack["id"]]

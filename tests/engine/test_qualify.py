"""Qualification of one incentive: what is asked in which scenario, what it comes to."""

from __future__ import annotations

from typing import Any

import pytest
from tests.engine.asking import (
    HALF,
    HALF_OF_ITEMS,
    TEN_OFF,
    article,
    asked,
    cart,
    code,
    line,
    listed,
    product,
    rule,
    tier,
)

from kupon.engine.customer import Customer
from kupon.engine.giftcards import GiftCredits
from kupon.engine.judging import base_subject
from kupon.engine.model import Redeemable, Status
from kupon.engine.qualify import (
    SCENARIOS,
    Promising,
    Qualified,
    first_look,
    scenario_of,
    second_look,
)
from kupon.engine.rules import Counter

CART = cart(line("a", 2, 1000), line("b", 1, 500))


def qualify(
    redeemable: Redeemable, scenario: str = "ALL", ignored: Any = None, **facts: Any
) -> Qualified | None:
    snapshot = asked(redeemable, order=CART, articles=[article("a", 1000)], facts=facts)
    asking = scenario_of(scenario) if ignored is None else scenario_of(scenario, ignored)
    base = base_subject(snapshot, snapshot.order, redeemable.object)
    promising = first_look(redeemable, snapshot, asking, base)
    return None if promising is None else second_look(promising, snapshot, asking)


def amount(name: str, above: int) -> Any:
    return rule({"1": {"name": name, "conditions": {"$more_than": [above]}}})


def gold() -> Any:
    definition = {"name": "customer.metadata", "property": "tier", "conditions": {"$is": ["gold"]}}
    return rule({"1": definition}, "val_gold")


GOLD = Customer(id="cust_1", profile={"metadata": {"tier": "gold"}})


def bundle(quantity: int) -> Any:
    units = {"name": "order.items.aggregated_quantity", "conditions": {"$is": [quantity]}}
    part = {"name": "order.items.any", "conditions": {"$is": ["a"]}, "rules": {"1": units}}
    return rule(bundle_rules={"1": part})


def any_of(name: str) -> Any:
    return rule({"1": {"name": "order.items.any", "conditions": {"$is": [{"id": name}]}}})


def test_what_qualifies_is_worked_out_on_the_order_alone() -> None:
    found = qualify(code("A", HALF))
    assert found is not None
    assert found.step.status is Status.APPLICABLE
    assert (found.step.before, found.step.after.discount_amount) == (CART, 1250)
    assert (found.omitted, found.labels, found.step.covered) == ({}, (), ())


@pytest.mark.parametrize(
    "redeemable",
    [
        pytest.param(Redeemable(object="voucher", id="NONE"), id="unknown"),
        pytest.param(code("A", is_active=False), id="disabled"),
        pytest.param(code("A", rules=(gold(),)), id="for others"),
        pytest.param(code("A", rules=(amount("order.total_amount", 1500),)), id="too much off"),
        pytest.param(code("A", rules=(bundle(3),)), id="no bundle"),
        pytest.param(
            code(
                "A", GiftCredits(balance=9, effect="APPLY_TO_ITEMS"), rules=(listed(product("z")),)
            ),
            id="no line to pay",
        ),
    ],
)
def test_what_does_not_qualify(redeemable: Redeemable) -> None:
    assert qualify(redeemable) is None


@pytest.mark.parametrize(
    ("redeemable", "scenario", "is_found"),
    [
        pytest.param(code("A", rules=(gold(),)), "AUDIENCE_ONLY", True, id="the customer"),
        pytest.param(
            code("A", rules=(amount("order.initial_amount", 9999),)),
            "AUDIENCE_ONLY",
            True,
            id="nothing but the customer",
        ),
        pytest.param(code("A", rules=(bundle(3),)), "AUDIENCE_ONLY", True, id="nor the bundle"),
        pytest.param(code("A"), "PRODUCTS", False, id="no rule names an article"),
        pytest.param(code("A", rules=(gold(),)), "PRODUCTS", False, id="nor does this one"),
        pytest.param(code("A", rules=(any_of("a"),)), "PRODUCTS", True, id="by its condition"),
        pytest.param(code("A", rules=(any_of("z"),)), "PRODUCTS", False, id="another article"),
        pytest.param(code("A", rules=(listed(product("b")),)), "PRODUCTS", True, id="by its lists"),
        pytest.param(code("A", rules=(bundle(3),)), "PRODUCTS", True, id="by its bundle"),
        pytest.param(code("A", HALF_OF_ITEMS), "PRODUCTS_DISCOUNT", True, id="off every line"),
        pytest.param(
            code("A", HALF_OF_ITEMS, rules=(listed(product("z")),)),
            "PRODUCTS_DISCOUNT",
            False,
            id="off no line",
        ),
        pytest.param(code("A", HALF), "PRODUCTS_DISCOUNT", False, id="off the order"),
        *(
            pytest.param(
                code("A", {"type": "UNIT", "unit_off": 1, "unit_type": name}),
                "PRODUCTS_DISCOUNT",
                name == "a",
                id=f"a free unit of {name}",
            )
            for name in "az"
        ),
    ],
)
def test_scenarios(redeemable: Redeemable, scenario: str, is_found: bool) -> None:
    assert (qualify(redeemable, scenario, customer=GOLD) is not None) is is_found


def test_labels_of_what_was_not_asked() -> None:
    nodes = {
        "1": {"name": "customer.metadata", "property": "tier", "conditions": {"$is": ["gold"]}},
        "2": {"name": "order.initial_amount", "conditions": {"$more_than": [9999]}},
        "logic": "1 and 2",
    }
    rules = (rule(nodes), gold(), rule({"2": nodes["2"]}, "val_3"))
    found = qualify(code("A", rules=rules), "AUDIENCE_ONLY", customer=GOLD)
    assert found is not None
    assert found.omitted == {"val_1": ("2",), "val_3": ("2",)}
    assert found.labels == ("2",)


def test_a_project_says_what_is_never_asked() -> None:
    redeemable = code("A", rules=(amount("order.amount", 9999),))
    assert qualify(redeemable) is not None
    assert qualify(redeemable, ignored=frozenset()) is None


def test_past_uses_count() -> None:
    once = rule({"1": {"name": "redemption.count.daily", "conditions": {"$less_than": [2]}}})
    counter = Counter("redemption.count", "daily")
    for redeemable in (tier("promo_1", rules=(once,)), code("A", rules=(once,))):
        assert redeemable.source is not None
        assert qualify(redeemable, counters={(redeemable.source.id, counter): 0}) is not None
        assert qualify(redeemable, counters={(redeemable.source.id, counter): 1}) is None


def test_tiers_whose_rules_count_nothing_share_one_subject() -> None:
    redeemable = tier("promo_1", TEN_OFF, rules=(gold(),))
    snapshot = asked(redeemable, order=CART, facts={"customer": GOLD})
    base = base_subject(snapshot, CART, "promotion_tier")
    promising = first_look(redeemable, snapshot, scenario_of("ALL"), base)
    assert isinstance(promising, Promising)
    assert promising.subject is base


def test_older_rules_mark_the_lines_here_too() -> None:
    marked = {
        "name": "product.metadata.discount_applicable",
        "property": "color",
        "conditions": {"$is": [True]},
    }
    red = {
        "name": "product.metadata",
        "property": "color",
        "conditions": {"$is": ["red"]},
        "rules": {"1": marked},
    }
    order = cart(line("a"), line("b", product={"id": "b", "metadata": {"color": "red"}}))
    redeemable = code("A", HALF_OF_ITEMS, rules=(rule({"1": red}),))
    snapshot = asked(redeemable, order=order)
    asking = scenario_of("ALL")
    promising = first_look(redeemable, snapshot, asking, base_subject(snapshot, order, "voucher"))
    assert promising is not None
    found = second_look(promising, snapshot, asking)
    assert found is not None
    assert [item.discount_amount for item in found.step.after.items] == [0, 500]


def test_every_scenario_has_its_traits() -> None:
    wallet, stacks = scenario_of("CUSTOMER_WALLET"), scenario_of("PROMOTION_STACKS")
    assert (wallet.has_held, wallet.has_tiers, wallet.has_stacks) == (True, False, False)
    assert (stacks.has_held, stacks.has_tiers, stacks.has_stacks) == (False, False, True)
    assert [scenario_of(name).name for name in SCENARIOS] == list(SCENARIOS)

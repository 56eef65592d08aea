"""What Shopify's orders are told of their codes."""

from __future__ import annotations

import pytest
from tests.adapters.shopify_cases import CONFIG
from tests.adapters.shopify_platform import ShopifyPlatform

from kupon.hooks.adapter import OK, OrderItem, Outcome, Verdict
from kupon.testing.contract.checks import INSTALLED_AT, Case
from kupon_shopify.adapter import ShopifyAdapter

LACKING = Outcome(Verdict.REJECTED, "the app lacks the scope write_orders")


@pytest.fixture
def case():
    with ShopifyPlatform(CONFIG) as platform:
        yield Case(ShopifyAdapter, platform)


@pytest.fixture
def order(case):
    (id,) = case.platform.put("orders", 1, changed_at=INSTALLED_AT)
    return id


def push(case, name, state="REDEEMED", codes=("MUG10",), **settings):
    item = OrderItem(
        id="1",
        source_id=name,
        state=state,
        codes=codes,
        redemption_ids=["r_1"],
        passed_over=[("OLD", "voucher_expired: voucher expired")],
    )
    (outcome,) = case.make(settings=settings).push("orders", [item])
    return outcome


def test_an_order_tells_what_became_of_its_codes(case, order):
    assert push(case, order) == OK
    assert case.platform.metafields.values[order] == {
        "state": "REDEEMED",
        "codes": ["MUG10"],
        "redemptions": ["r_1"],
        "passed_over": {"OLD": "voucher_expired: voucher expired"},
    }
    assert push(case, order, "ROLLED_BACK", codes=()) == OK
    assert case.platform.metafields.values[order]["state"] == "ROLLED_BACK"


def test_orders_of_several_shops_are_told_apart(case, order):
    assert push(case, f"pl-{order}", source_id_prefix="pl-") == OK
    assert set(case.platform.metafields.values) == {order}


def test_an_order_that_is_gone_is_refused(case):
    outcome = push(case, "99")
    assert (outcome.verdict, outcome.reason) == (Verdict.REJECTED, "Owner does not exist.")


def test_without_the_scope_the_connection_goes_on(case, order):
    case.platform.metafields.is_allowed = False
    assert push(case, order) == LACKING


def test_whoever_wants_nothing_written_gets_nothing(case, order):
    assert push(case, order, order_metafields=False) == OK
    assert case.platform.calls() == []

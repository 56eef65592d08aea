"""What commercetools' orders are told of their codes."""

from __future__ import annotations

import pytest
from tests.adapters.commercetools_platform import CommercetoolsPlatform
from tests.adapters.test_commercetools import CONFIG

from kupon.hooks.adapter import OK, OrderItem, Verdict
from kupon.hooks.errors import AuthFailed
from kupon.testing.contract.checks import INSTALLED_AT, Case
from kupon_commercetools.adapter import CommercetoolsAdapter

OF_KUPON = {"type": {"typeId": "type", "key": "couponCodes"}, "fields": {"session": "s-1"}}


@pytest.fixture
def case():
    with CommercetoolsPlatform(CONFIG) as platform:
        yield Case(CommercetoolsAdapter, platform)


@pytest.fixture
def order(case):
    (id,) = case.platform.put("orders", 1, changed_at=INSTALLED_AT)
    return case.platform.places["orders"][id]


def push(case, order, state="REDEEMED", **settings):
    is_redeemed = state == "REDEEMED"
    item = OrderItem(
        id="1",
        source_id=order["id"],
        state=state,
        codes=["MUG10", "CUP"] if is_redeemed else [],
        redemption_ids=["r_1"] if is_redeemed else [],
    )
    (outcome,) = case.make(settings=settings).push("orders", [item])
    return outcome


def test_other_fields_stay_and_a_rollback_takes_away_what_was_written(case, order):
    order["custom"] = OF_KUPON | {"fields": {"session": "s-1"}}
    assert push(case, order) == OK
    written = {"used_codes": ["CUP", "MUG10"], "kupon_redemptions": ["r_1"]}
    assert order["custom"]["fields"] == {"session": "s-1", **written}
    version = order["version"]
    assert push(case, order) == OK
    assert order["version"] == version, "an order that tells it already was changed"
    assert push(case, order, "ROLLED_BACK") == OK
    assert order["custom"]["fields"] == {"session": "s-1"}


def test_an_order_without_fields_gets_them(case, order):
    order.pop("custom", None)
    assert push(case, order, "REDEEM_FAILED") == OK
    assert "custom" not in order
    assert push(case, order, reuse_type_key="own") == OK
    assert order["custom"]["type"] == {"typeId": "type", "key": "own"}


def test_others_may_change_it_meanwhile(case, order):
    case.platform.rivals = 2
    assert push(case, order) == OK
    case.platform.rivals = 5
    outcome = push(case, order, "ROLLED_BACK")
    assert outcome.verdict is Verdict.RETRY


def test_an_order_that_is_gone_is_refused(case, order):
    del case.platform.places["orders"][order["id"]]
    assert push(case, order).verdict is Verdict.REJECTED


def test_without_the_scope_the_connection_goes_on(case, order):
    case.platform.manages_orders = False
    outcome = push(case, order)
    assert (outcome.verdict, outcome.reason) == (
        Verdict.REJECTED,
        "the API client lacks the scope manage_orders",
    )
    case.platform.fail("403")
    with pytest.raises(AuthFailed):
        push(case, order)


def test_whoever_wants_nothing_written_gets_nothing(case, order):
    assert push(case, order, writes_orders=False) == OK
    assert case.platform.calls() == []

"""Codes of a campaign that share a discount of the shop."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.adapters import shopify_records as records
from tests.adapters.shopify_cases import CONFIG
from tests.adapters.shopify_platform import ShopifyPlatform

from kupon.hooks.adapter import OK, Verdict
from kupon.testing.contract.checks import Case
from kupon.testing.items import make_items
from kupon_shopify.adapter import ShopifyAdapter


@pytest.fixture
def case():
    with ShopifyPlatform(CONFIG) as platform:
        yield Case(ShopifyAdapter, platform)


def code(number=1, **voucher):
    """A code to be pushed; members of its voucher may be others."""
    item = make_items("codes", number)[-1]
    return replace(item, voucher={**item.voucher, **voucher})


class TestShared:
    """Codes of a campaign in one discount."""

    @pytest.fixture
    def push(self, case):
        def push(items, **settings):
            return case.make(settings={"share_discounts": True} | settings).push("codes", items)

        return push

    def test_are_added_many_at_once(self, case, push):
        items = make_items("codes", 150)
        assert push(items[:100]) == [OK] * 100
        (node,) = case.platform.discounts.nodes.values()
        assert (node["title"], node["usageLimit"], len(node["redeem"])) == ("Spring", 1, 100)
        assert push(items[100:]) == push(items[100:]) == [OK] * 50
        assert list(case.platform.discounts.nodes.values()) == [node]
        assert len(case.platform.held("codes")) == 150
        assert [len(batch) for batch in case.platform.batches] == [1, 49, 50, 50]

    def test_are_of_one_definition_and_limit(self, case, push):
        other = {"type": "PERCENT", "percent_off": 5.0}
        push(
            [
                code(1),
                code(2, discount=other),
                code(3, redemption={"quantity": 2, "redeemed_quantity": 0}),
                code(4, campaign=None),
                replace(code(5), customer={"source_id": "7001"}),
                code(6),
            ],
            holders_only=True,
        )
        held = [
            [each["code"] for each in n["redeem"]] for n in case.platform.discounts.nodes.values()
        ]
        assert sorted(held) == [["SPRING-1", "SPRING-6"], *([f"SPRING-{n}"] for n in (2, 3, 4, 5))]

    def test_are_taken_out_one_by_one_and_come_back_anew(self, case, push):
        items = make_items("codes", 40)
        push(items)
        assert case.platform.discounts.use("SPRING-1") is not None
        for item in (items[0], items[3]):
            gone = replace(item, is_retired=True)
            (outcome,) = push([gone])
            assert (outcome.verdict, outcome.retry_after_s) == (Verdict.RETRY, 5.0)
            assert push([gone]) == [OK]
        left = {
            each["code"]
            for each in case.platform.discounts.nodes["gid://shopify/DiscountCodeNode/1"]["redeem"]
        }
        assert left == {each.voucher["code"] for each in items} - {"SPRING-1", "SPRING-4"}
        assert push(items[:1]) == [OK]
        assert case.platform.discounts.use("SPRING-1") is not None

    def test_that_are_used_up_in_the_shop_only_come_back_anew(self, case, push):
        push([code(1), code(2)])
        case.platform.discounts.use("SPRING-1")
        (outcome,) = push([code(1)])
        assert "taking it out" in outcome.reason
        assert push([code(1)]) == [OK]
        assert case.platform.discounts.use("SPRING-1") is not None

    @pytest.mark.parametrize("before", [5, None])
    def test_move_when_the_shop_would_take_them_too_often(self, case, push, before):
        """Some uses were elsewhere, or there is a limit only now."""
        first = code(redemption={"quantity": before, "redeemed_quantity": 0})
        push([first])
        case.platform.discounts.use("SPRING-1")
        elsewhere = code(redemption={"quantity": 5, "redeemed_quantity": 3})
        (outcome,) = push([elsewhere])
        assert "taking it out" in outcome.reason
        assert push([elsewhere]) == [OK]
        takes = [case.platform.discounts.use("SPRING-1") is not None for _ in range(3)]
        assert takes == [True, True, False]

    def test_stay_when_the_shop_itself_has_used_them(self, case, push):
        push([code(redemption={"quantity": 5, "redeemed_quantity": 0})])
        case.platform.discounts.use("SPRING-1")
        calls = len(case.platform.batches)
        for redeemed in (0, 1):
            used = code(redemption={"quantity": 5, "redeemed_quantity": redeemed})
            assert push([used]) == [OK]
        assert len(case.platform.batches) == calls

    def test_move_when_their_discount_changes(self, case, push):
        push([code(1), code(2)])
        other = {"type": "PERCENT", "percent_off": 5.0}
        (outcome,) = push([code(1, discount=other)])
        assert outcome.verdict is Verdict.RETRY
        assert push([code(1, discount=other)]) == [OK]
        assert case.platform.held("codes")["SPRING-1"]["customerGets"]["value"] == {
            "percentage": 0.05
        }

    def test_that_the_shop_is_slow_to_add_are_asked_for_again(self, case, push):
        case.platform.discounts.is_slow = True
        outcomes = push([code(1), code(2)])
        assert [each.verdict for each in outcomes] == [Verdict.OK, Verdict.RETRY]
        case.platform.discounts.finish()
        assert push([code(2)]) == [OK]
        assert [len(batch) for batch in case.platform.batches] == [1, 1]

    def test_that_the_shop_refuses_have_its_reason(self, case, push):
        case.platform.refused.add("SPRING-2")
        case.platform.add_foreign("spring-3")
        first, second, third, fourth = push(make_items("codes", 4))
        assert (first, fourth) == (OK, OK)
        assert (second.verdict, second.reason) == (Verdict.REJECTED, "Code is invalid")
        assert "not Kupon's" in third.reason
        (outcome,) = push([code(code="spring-1")])
        assert "in other letters" in outcome.reason

    def test_are_named_by_orders_as_kupon_writes_them(self, case, push):
        push(make_items("codes", 30))
        order = records.make_order(1, "2026-01-02T00:00:00Z", discountCodes=["spring-2"])
        case.platform.records["orders"]["1"] = order
        (command,) = case.make().pull("orders", None, None).commands
        assert command.redeemables == [{"object": "voucher", "id": "SPRING-2"}]

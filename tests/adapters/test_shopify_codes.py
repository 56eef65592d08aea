"""Codes that Shopify's adapter brings into the shop."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.adapters.shopify_cases import CONFIG
from tests.adapters.shopify_platform import ShopifyPlatform

from kupon.hooks.adapter import OK, Verdict
from kupon.testing.contract.checks import Case
from kupon.testing.items import make_items
from kupon_shopify.adapter import ShopifyAdapter
from kupon_shopify.codes import Codes


@pytest.fixture
def case():
    with ShopifyPlatform(CONFIG) as platform:
        yield Case(ShopifyAdapter, platform)


def code(number=1, **voucher):
    """A code to be pushed; members of its voucher may be others."""
    item = make_items("codes", number)[-1]
    return replace(item, voucher={**item.voucher, **voucher})


def ruled(*nodes, logic, **members):
    """A code with a rule; each node has a name, an operator and a value."""
    rules = {
        str(place): {"name": name, "conditions": {condition: [value]}, "rules": {}}
        for place, (name, condition, value) in enumerate(nodes, 1)
    }
    rule = {"id": "val_1", "rules": {**rules, "logic": logic}, **members}
    return replace(code(validation_rules_assignments={"total": 1}), rules=[rule])


class TestCodes:
    def test_become_discounts(self, case):
        amount = {"type": "AMOUNT", "amount_off": 1050, "effect": "APPLY_TO_ORDER"}
        items = [code(), code(2, discount=amount, redemption={"quantity": None}, start_date=None)]
        assert case.make().push("codes", items) == [OK, OK]
        percent, plain = case.platform.held("codes").values()
        assert percent["customerGets"] == {"items": {"all": True}, "value": {"percentage": 0.2}}
        assert (percent["title"], percent["tags"], percent["usageLimit"]) == (
            "Spring",
            ["kupon"],
            1,
        )
        assert percent["startsAt"] == "2026-02-01T00:00:00.000Z"
        assert percent["endsAt"] == "2026-12-31T23:59:59.000Z"
        assert not any(percent["combinesWith"].values())
        off = {"amount": "10.50", "appliesOnEachItem": False}
        assert plain["customerGets"]["value"] == {"discountAmount": off}
        assert (plain["usageLimit"], plain["startsAt"]) == (None, "2026-01-01T00:00:00Z")

    @pytest.mark.parametrize(
        ("voucher", "reason"),
        [
            ({"type": "GIFT_VOUCHER"}, "a percentage or an amount"),
            ({"discount": {"type": "UNIT", "unit_off": 1}}, "a percentage or an amount"),
            (
                {"discount": {"type": "PERCENT", "percent_off": 5, "effect": "APPLY_TO_ITEMS"}},
                "whole orders",
            ),
            (
                {"discount": {"type": "PERCENT", "percent_off": 5, "amount_limit": 100}},
                "amount_limit",
            ),
            ({"validity_day_of_week": [1, 2]}, "hours and days"),
            ({"validation_rules_assignments": {"total": 1}}, "validation rules"),
            ({"code": "X" * 256}, "255 characters"),
        ],
    )
    def test_that_the_shop_could_not_calculate_are_refused(self, case, voucher, reason):
        fitting = code(2)
        refused, taken = case.make().push("codes", [code(**voucher), fitting])
        assert (refused.verdict, taken) == (Verdict.REJECTED, OK)
        assert reason in refused.reason
        assert list(case.platform.held("codes")) == [fitting.voucher["code"]]

    @pytest.mark.parametrize(
        ("nodes", "logic", "limits"),
        [
            ([("redemption.count.per_customer", "$less_than_or_equal", 1)], "1", (True, None)),
            (
                [("order.amount", "$more_than_or_equal", 5000)],
                "1",
                (False, {"subtotal": {"greaterThanOrEqualToSubtotal": "50.00"}}),
            ),
            (
                [
                    ("order.initial_amount", "$more_than", 4999),
                    ("order.amount", "$more_than", 10),
                    ("redemption.count.per_customer", "$less_than", 2),
                ],
                "1 and 2 AND 3",
                (True, {"subtotal": {"greaterThanOrEqualToSubtotal": "50.00"}}),
            ),
            (
                [("order.items.count", "$more_than", 2)],
                "1",
                (False, {"quantity": {"greaterThanOrEqualToQuantity": "3"}}),
            ),
        ],
    )
    def test_bring_the_rules_that_the_shop_can_check(self, case, nodes, logic, limits):
        assert case.make().push("codes", [ruled(*nodes, logic=logic)]) == [OK]
        (held,) = case.platform.held("codes").values()
        assert (held["appliesOncePerCustomer"], held["minimumRequirement"]) == limits

    @pytest.mark.parametrize(
        ("nodes", "logic", "members", "reason"),
        [
            ([("order.amount", "$less_than", 5000)], "1", {}, "order.amount $less_than"),
            ([("customer.metadata", "$is", 1)], "1", {}, "customer.metadata $is"),
            ([("redemption.count.per_customer", "$less_than", 3)], "1", {}, "per_customer"),
            (
                [("order.amount", "$more_than", 1), ("order.items.count", "$more_than", 1)],
                "1 and 2",
                {},
                "at once",
            ),
            (
                [("order.amount", "$more_than", 1), ("order.amount", "$more_than", 2)],
                "1 or 2",
                {},
                "logic",
            ),
            ([], "", {"applicable_to": {"included": [{"id": "prod_1"}]}}, "lists of products"),
            ([], "", {"bundle_rules": {"type": "ALL"}}, "bundles"),
        ],
    )
    def test_with_rules_that_the_shop_could_not_check_are_refused(
        self, case, nodes, logic, members, reason
    ):
        (outcome,) = case.make().push("codes", [ruled(*nodes, logic=logic, **members)])
        assert outcome.verdict is Verdict.REJECTED
        assert reason in outcome.reason
        assert case.platform.held("codes") == {}

    def test_that_the_shop_can_calculate_no_more_are_deactivated(self, case):
        case.make().push("codes", [code()])
        ruled = code(validation_rules_assignments={"total": 1})
        for _ in range(2):
            (outcome,) = case.make().push("codes", [ruled])
            assert "validation rules" in outcome.reason
        (held,) = case.platform.held("codes").values()
        assert held["codeDiscount"]["status"] == "EXPIRED"
        assert case.platform.batches == [["SPRING-1"]] * 2

    def test_that_are_retired_are_deactivated_and_may_come_back(self, case):
        item = code()
        gone = replace(item, is_retired=True)
        assert case.make().push("codes", [gone]) == [OK]
        assert case.platform.held("codes") == {}
        for pushed, status in (
            (item, "ACTIVE"),
            (gone, "EXPIRED"),
            (gone, "EXPIRED"),
            (item, "ACTIVE"),
        ):
            assert case.make().push("codes", [pushed]) == [OK]
            (held,) = case.platform.held("codes").values()
            assert held["codeDiscount"]["status"] == status
        # What is deactivated already is left alone.
        assert case.platform.batches == [["SPRING-1"]] * 3

    @pytest.mark.parametrize("kind", ["DiscountCodeBasic", "DiscountCodeFreeShipping"])
    def test_that_the_shop_has_made_itself_stay_its_own(self, case, kind):
        case.platform.add_foreign("Spring-1", kind)
        (outcome,) = case.make().push("codes", [code()])
        assert (outcome.verdict, "not Kupon's" in outcome.reason) == (Verdict.REJECTED, True)
        assert case.make().push("codes", [replace(code(), is_retired=True)]) == [OK]
        assert case.platform.batches == []

    def test_that_differ_in_case_only_are_refused(self, case):
        case.make().push("codes", [code()])
        (outcome,) = case.make().push("codes", [code(code="spring-1")])
        assert "in other letters" in outcome.reason
        gone = replace(code(code="spring-1"), is_retired=True)
        assert case.make().push("codes", [gone]) == [OK]
        assert case.platform.batches == [["SPRING-1"]]

    def test_that_two_workers_make_at_once_are_tried_again(self, case, monkeypatch):
        find = Codes.find
        case.make().push("codes", [code()])
        monkeypatch.setattr(
            Codes, "find", lambda self, codes: ([None] * len(codes), find(self, codes)[1])
        )
        (outcome,) = case.make().push("codes", [code()])
        assert outcome.verdict is Verdict.RETRY

    def test_that_come_back_are_counted_anew(self, case):
        """Shopify goes on counting the use of an order that was cancelled."""
        item = code()
        for pushed, takes in ((item, True), (replace(item, is_retired=True), False), (item, True)):
            assert case.make().push("codes", [pushed]) == [OK]
            assert (case.platform.discounts.use("spring-1") is not None) == takes

    def test_that_came_back_before_they_were_gone_are_taken_again(self, case):
        for _ in range(2):
            assert case.make().push("codes", [code()]) == [OK]
            assert case.platform.discounts.use("SPRING-1") is not None
            assert case.platform.discounts.use("SPRING-1") is None

    def test_have_as_many_uses_as_are_left_wherever_the_others_were(self, case):
        many = {"quantity": 5, "redeemed_quantity": 1}
        case.make().push("codes", [code(redemption=many)])
        for used, left in ((0, 4), (1, 1)):
            case.make().push("codes", [code(redemption=many | {"redeemed_quantity": 5 - left})])
            (held,) = case.platform.held("codes").values()
            assert held["codeDiscount"]["usageLimit"] == used + left
            case.platform.discounts.use("SPRING-1")

    def test_that_went_out_before_the_shop_asked_for_a_pause_are_out(self, case):
        items = make_items("codes", 60)
        case.platform.points = 45.0
        case.platform.spends = True
        outcomes = case.make().push("codes", items)
        assert [each.verdict for each in outcomes] == [Verdict.OK] * 50 + [Verdict.RETRY] * 10
        assert outcomes[-1].retry_after_s
        case.platform.points = 2000.0
        assert case.make().push("codes", items[50:]) == [OK] * 10
        assert len(case.platform.held("codes")) == 60

    def test_of_amounts_are_refused_in_a_currency_that_is_not_meant(self, case):
        items = [code(1), code(2, discount={"type": "AMOUNT", "amount_off": 500})]
        adapter = case.make(settings={"currencies": ["USD"]})
        percent, amount = adapter.push("codes", items)
        assert (percent, amount.verdict) == (OK, Verdict.REJECTED)
        assert "counts in EUR" in amount.reason
        assert case.make(settings={"currencies": ["EUR"]}).push("codes", items) == [OK, OK]

    def test_may_be_their_holders_only(self, case):
        settings = {"holders_only": True, "combines_with": ["order", "shipping"]}
        for id in ("7001", "7002"):
            item = replace(code(), customer={"source_id": id})
            assert case.make(settings=settings).push("codes", [item]) == [OK]
            (held,) = case.platform.held("codes").values()
            customers = held["codeDiscount"]["context"]["customers"]
            assert customers == [{"id": f"gid://shopify/Customer/{id}"}]
        assert held["combinesWith"] == {
            "orderDiscounts": True,
            "productDiscounts": False,
            "shippingDiscounts": True,
        }
        stranger = replace(code(2), customer={"source_id": "crm-1"})
        (outcome,) = case.make(settings=settings).push("codes", [stranger])
        assert "no customer of the shop" in outcome.reason
        assert case.make().push("codes", [stranger]) == [OK]

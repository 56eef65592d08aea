"""Stacking rules at work: who goes first, who is passed over, and why.

The rules are set through the management surface, as an administrator does.
"""

from __future__ import annotations

import pytest

from kupon.testing.builders import (
    amount_off,
    cart,
    fixed_amount,
    line,
    make_campaign,
    make_product,
    make_rule,
    make_voucher,
    percent_off,
)

MESSAGES = {
    "applicable_redeemables_limit_exceeded": "Applicable redeemables limit exceeded",
    "applicable_redeemables_per_category_limit_exceeded": (
        "Applicable redeemables limit per category exceeded"
    ),
    "applicable_exclusive_redeemables_limit_exceeded": (
        "Applicable exclusive redeemables limit exceeded"
    ),
    "applicable_exclusive_redeemables_per_category_limit_exceeded": (
        "Applicable exclusive redeemables limit per category exceeded"
    ),
    "exclusion_rules_not_met": "Redeemable cannot be applied due to exclusion rules",
    "preceding_validation_failed": (
        "Redeemable cannot be applied due to preceding validation failure"
    ),
    "no_effect": "Redeemable cannot be applied due to no effect",
}
ORDER = {"amount": 10_000}


@pytest.fixture
def make_category(api):
    """A category: `make_category("Sale", 2)["id"]`."""

    def make(name, hierarchy=1):
        body = {"name": name, "hierarchy": hierarchy}
        return api.post("/v1/categories", json=body).expect()["id"]

    return make


@pytest.fixture
def give(api):
    """Codes that take 1.00 off: `give("A", "B", category_id=...)`."""

    def make(*codes, **members):
        for code in codes:
            make_voucher(api, code, **{"discount": amount_off(100), **members})

    return make


def verdicts(answer):
    """What became of each: APPLICABLE, or the key of the reason."""
    told = {}
    lists = ("redeemables", "inapplicable_redeemables", "skipped_redeemables")
    for step in (step for name in lists for step in answer.get(name, ())):
        details = step["result"].get("details")
        told[step["id"]] = step["status"] if details is None else details["key"]
        if step["status"] == "SKIPPED":
            assert details["message"] == MESSAGES[details["key"]]
            assert set(step["result"]) == {"details"}
            assert not {"order", "applicable_to"} & set(step)
    return told


def sequence(answer):
    return [step["id"] for step in answer["redeemables"]]


class TestExclusiveCodes:
    @pytest.fixture(autouse=True)
    def _codes(self, make_category, give, set_stacking_rules):
        self.exclusive, self.joint = make_category("Only"), make_category("Always")
        self.others = make_category("More")
        give("E1", "E2", category_id=self.exclusive)
        give("F1", category_id=self.others)
        give("J1", "J2", category_id=self.joint)
        give("C1", "C2")
        self.set = lambda **rules: set_stacking_rules(
            exclusive_categories=[self.exclusive, self.others],
            joint_categories=[self.joint],
            **rules,
        )

    def test_common_ones_are_passed_over(self, validate):
        self.set()
        answer = validate("C1", "J1", "E1", "C2", order=ORDER)
        assert answer["valid"] is True
        assert sequence(answer) == ["E1", "J1"]
        assert verdicts(answer) == {
            "E1": "APPLICABLE",
            "C1": "exclusion_rules_not_met",
            "C2": "exclusion_rules_not_met",
            "J1": "APPLICABLE",
        }
        assert answer["order"]["discount_amount"] == 200
        assert answer["stacking_rules"]["exclusive_categories"] == [self.exclusive, self.others]

    def test_without_them_all_go_together(self, validate):
        self.set()
        answer = validate("C1", "J1", "C2", order=ORDER)
        assert sequence(answer) == ["C1", "J1", "C2"]
        assert "skipped_redeemables" not in answer

    def test_one_that_does_not_apply_blocks_nobody(self, api, validate):
        self.set(redeemables_application_mode="PARTIAL")
        api.post("/v1/vouchers/E1/disable").expect()
        answer = validate("C1", "E1", order=ORDER)
        assert verdicts(answer) == {"E1": "voucher_disabled", "C1": "APPLICABLE"}

    def test_one_is_enough(self, validate):
        self.set()
        answer = validate("E1", "F1", order=ORDER)
        assert verdicts(answer) == {
            "E1": "APPLICABLE",
            "F1": "applicable_exclusive_redeemables_limit_exceeded",
        }

    def test_one_of_each_category(self, validate):
        self.set(
            applicable_exclusive_redeemables_limit=3,
            applicable_exclusive_redeemables_per_category_limit=1,
        )
        answer = validate("E1", "E2", "F1", order=ORDER)
        assert verdicts(answer) == {
            "E1": "APPLICABLE",
            "E2": "applicable_exclusive_redeemables_per_category_limit_exceeded",
            "F1": "APPLICABLE",
        }

    def test_joint_ones_come_last_unless_they_are_sorted_together(self, api, validate):
        self.set()
        assert sequence(validate("J1", "E1", "J2", order=ORDER)) == ["E1", "J1", "J2"]

    def test_joint_ones_may_be_sorted_together(self, validate):
        self.set(grouped_redeemables_sorting_rule="TOGETHER")
        assert sequence(validate("J1", "E1", "J2", order=ORDER)) == ["J1", "E1", "J2"]

    def test_categories_tell_their_role(self, validate):
        self.set()
        options = {"expand": ["category"]}
        answer = validate("C1", "J1", "E1", order=ORDER, options=options)
        told = {
            step["id"]: [each.get("stacking_rules_type") for each in step["categories"]]
            for step in answer["redeemables"] + answer["skipped_redeemables"]
        }
        assert told == {"E1": ["EXCLUSIVE"], "J1": ["JOINT"], "C1": []}


class TestLimits:
    def test_of_a_request(self, api, set_stacking_rules, give):
        set_stacking_rules(redeemables_limit=2, applicable_redeemables_limit=2)
        give("A", "B", "C")
        body = {"redeemables": [{"object": "voucher", "id": code} for code in "ABC"]}
        for path in ("/v1/validations", "/v1/redemptions"):
            refused = api.post(path, json=body).refused(400, "invalid_redeemables")
            assert refused["details"] == "At most 2 redeemables can be sent at once"

    def test_of_what_applies(self, set_stacking_rules, give, validate):
        set_stacking_rules(applicable_redeemables_limit=2)
        give("A", "B", "C")
        answer = validate("A", "B", "C", order=ORDER)
        assert answer["valid"] is True
        assert verdicts(answer)["C"] == "applicable_redeemables_limit_exceeded"

    def test_of_each_category_and_of_one(self, make_category, set_stacking_rules, give, validate):
        one, two = make_category("One"), make_category("Two")
        set_stacking_rules(
            applicable_redeemables_per_category_limit=1,
            applicable_redeemables_category_limits={two: 2},
        )
        give("A1", "A2", category_id=one)
        give("B1", "B2", category_id=two)
        answer = validate("A1", "A2", "B1", "B2", order=ORDER)
        assert verdicts(answer) == {
            "A1": "APPLICABLE",
            "A2": "applicable_redeemables_per_category_limit_exceeded",
            "B1": "APPLICABLE",
            "B2": "APPLICABLE",
        }

    def test_count_what_applied_only(self, api, set_stacking_rules, give, validate):
        set_stacking_rules(applicable_redeemables_limit=1, redeemables_application_mode="PARTIAL")
        give("A", "B", "C")
        api.post("/v1/vouchers/A/disable").expect()
        answer = validate("A", "B", "C", order=ORDER)
        assert verdicts(answer) == {
            "A": "voucher_disabled",
            "B": "APPLICABLE",
            "C": "applicable_redeemables_limit_exceeded",
        }


class TestApplicationMode:
    @pytest.fixture(autouse=True)
    def _codes(self, api, give):
        give("A", "B", "C")
        api.post("/v1/vouchers/B/disable").expect()

    def test_all_fails_with_the_first_one(self, validate):
        answer = validate("A", "B", "C", order=ORDER)
        assert answer["valid"] is False
        assert "order" not in answer
        assert verdicts(answer) == {
            "A": "APPLICABLE",
            "B": "voucher_disabled",
            "C": "preceding_validation_failed",
        }
        assert sequence(answer) == ["A", "B", "C"]

    def test_partial_goes_on(self, validate, set_stacking_rules):
        set_stacking_rules(redeemables_application_mode="PARTIAL")
        answer = validate("A", "B", "C", order=ORDER)
        assert answer["valid"] is True
        assert sequence(answer) == ["A", "C"]
        assert [step["id"] for step in answer["inapplicable_redeemables"]] == ["B"]
        assert answer["order"]["discount_amount"] == 200

    def test_partial_with_nothing_left_fails(self, validate, set_stacking_rules):
        set_stacking_rules(redeemables_application_mode="PARTIAL")
        answer = validate("B", order=ORDER)
        assert (answer["valid"], sequence(answer)) == (False, ["B"])


class TestSorting:
    @pytest.fixture(autouse=True)
    def _codes(self, make_category, give):
        give("HALF", discount=percent_off(50), category_id=make_category("Second", 2))
        give("OFF", discount=amount_off(2000), category_id=make_category("First", 1))
        give("ZERO", discount=amount_off(1000), category_id=make_category("Zero", 0))
        give("NONE", discount=percent_off(10))

    def test_as_asked(self, validate):
        answer = validate("HALF", "OFF", order=ORDER)
        assert sequence(answer) == ["HALF", "OFF"]
        assert answer["order"]["total_amount"] == 3000

    def test_by_hierarchy(self, validate, set_stacking_rules):
        set_stacking_rules(redeemables_sorting_rule="CATEGORY_HIERARCHY")
        answer = validate("HALF", "NONE", "OFF", "ZERO", order=ORDER)
        assert sequence(answer) == ["ZERO", "NONE", "OFF", "HALF"]
        steps = [step["order"]["applied_discount_amount"] for step in answer["redeemables"]]
        assert steps == [1000, 900, 2000, 3050]

    def test_of_campaigns_counts_for_their_codes(
        self, api, validate, make_category, set_stacking_rules
    ):
        set_stacking_rules(redeemables_sorting_rule="CATEGORY_HIERARCHY")
        campaign = make_campaign(api, category_id=make_category("Early", 0))
        api.post(f"/v1/campaigns/{campaign['id']}/vouchers/EARLY").expect()
        assert sequence(validate("OFF", "EARLY", order=ORDER)) == ["EARLY", "OFF"]


class TestNoEffect:
    @pytest.fixture(autouse=True)
    def _codes(self, make_category, give):
        self.category = make_category("Kept")
        give("ALL", discount=percent_off(100))
        give("MORE")
        give("KEPT", category_id=self.category)

    def test_is_applied_all_the_same(self, validate):
        answer = validate("ALL", "MORE", order=ORDER)
        assert answer["redeemables"][1]["order"]["applied_discount_amount"] == 0

    def test_may_be_passed_over_and_is_not_used_up(self, api, validate, redeem, set_stacking_rules):
        set_stacking_rules(redeemables_no_effect_rule="SKIP")
        answer = validate("ALL", "MORE", order=ORDER)
        assert answer["valid"] is True
        assert verdicts(answer) == {"ALL": "APPLICABLE", "MORE": "no_effect"}
        done = redeem("ALL", "MORE", order=ORDER)
        assert [each["voucher"]["code"] for each in done["redemptions"]] == ["ALL"]
        assert [each["id"] for each in done["skipped_redeemables"]] == ["MORE"]
        more = api.get("/v1/vouchers/MORE").expect()
        assert more["redemption"]["redeemed_quantity"] == 0

    def test_categories_decide_for_themselves(self, validate, set_stacking_rules):
        rules = {"redeemables_no_effect_rule": "SKIP"}
        set_stacking_rules(no_effect_redeem_anyway_categories=[self.category], **rules)
        answer = validate("ALL", "MORE", "KEPT", order=ORDER)
        assert verdicts(answer) == {"ALL": "APPLICABLE", "MORE": "no_effect", "KEPT": "APPLICABLE"}

    def test_categories_may_be_the_only_ones(self, validate, set_stacking_rules):
        set_stacking_rules(no_effect_skip_categories=[self.category])
        answer = validate("ALL", "MORE", "KEPT", order=ORDER)
        assert verdicts(answer)["KEPT"] == "no_effect"

    def test_alone_leaves_nothing_to_redeem(self, api, validate, set_stacking_rules):
        set_stacking_rules(redeemables_no_effect_rule="SKIP")
        answer = validate("MORE", order={"amount": 0})
        assert (answer["valid"], verdicts(answer)) == (False, {"MORE": "no_effect"})
        body = {"redeemables": [{"object": "voucher", "id": "MORE"}], "order": {"amount": 0}}
        api.post("/v1/redemptions", json=body).refused(400, "redeemables_skipped")


def test_once_a_line_is_discounted_once(api, validate, give, set_stacking_rules):
    set_stacking_rules(redeemables_products_application_mode="ONCE")
    mug, lamp = make_product(api), make_product(api)
    lists = {"included": [{"object": "product", "id": mug["id"]}], "included_all": False}
    rule = make_rule(api, applicable_to=lists)
    ten = percent_off(10, effect="APPLY_TO_ITEMS")
    give("MUG", discount=ten, validation_rules=[rule["id"]])
    give("ALL", discount=percent_off(20, effect="APPLY_TO_ITEMS"))
    give("ORDER")
    answer = validate("MUG", "ALL", "ORDER", order={"items": [line(mug), line(lamp), line(mug)]})
    assert [item["discount_amount"] for item in answer["order"]["items"]] == [100, 200, 100]
    assert answer["order"]["discount_amount"] == 100


class TestCalculationMode:
    @pytest.fixture(autouse=True)
    def _codes(self, make_category, give):
        self.category = make_category("Other")
        give("TEN", discount=percent_off(10))
        give("TWENTY", discount=percent_off(20), category_id=self.category)
        give("FIXED", discount=fixed_amount(9000))

    @pytest.mark.parametrize(
        ("mode", "of_category", "off"),
        [
            ("DISCOUNTED_AMOUNT", None, [1000, 1800, 0]),
            ("INITIAL_AMOUNT", None, [1000, 2000, 1000]),
            ("DISCOUNTED_AMOUNT", "initial_amount_mode_categories", [1000, 2000, 0]),
            ("INITIAL_AMOUNT", "discounted_amount_mode_categories", [1000, 1800, 1000]),
        ],
    )
    def test_what_percentages_count_from(
        self, validate, redeem, set_stacking_rules, mode, of_category, off
    ):
        rules = {} if of_category is None else {of_category: [self.category]}
        set_stacking_rules(discount_calculation_mode=mode, **rules)
        answer = validate("TEN", "TWENTY", "FIXED", order=ORDER)
        steps = [step["order"]["applied_discount_amount"] for step in answer["redeemables"]]
        assert steps == off
        assert "discount_calculation_mode" not in answer["stacking_rules"]
        assert redeem("TEN", "TWENTY", "FIXED", order=ORDER)["order"]["discount_amount"] == sum(off)


def test_changed_rules_count_at_once_and_deleted_ones_no_more(
    api, management_api, project, validate, give, set_stacking_rules
):
    give("A", "B")
    made = set_stacking_rules(applicable_redeemables_limit=1)
    assert "skipped_redeemables" in validate("A", "B", order=ORDER)
    path = f"/management/v1/projects/{project.id}/stacking-rules/{made['id']}"
    management_api.put(path, json={"applicable_redeemables_limit": 2}).expect()
    answer = validate("A", "B", order=ORDER)
    assert "skipped_redeemables" not in answer
    assert answer["stacking_rules"]["applicable_redeemables_limit"] == 2
    management_api.delete(path).expect(204)
    answer = validate("A", "B", order=ORDER)
    assert answer["stacking_rules"]["applicable_redeemables_limit"] == 5


@pytest.mark.parametrize(
    ("expand", "members"),
    [
        (None, {"order"}),
        ([], set()),
        (["order"], {"order"}),
        (["redemption"], set()),
        (["redeemable"], {"metadata", "campaign_id", "campaign_name"}),
        (["category"], {"categories"}),
        (
            ["order", "redeemable", "category", "redemption"],
            {"order", "metadata", "campaign_id", "campaign_name", "categories"},
        ),
    ],
    ids=lambda value: "-".join(sorted(value)) if value else "none",
)
def test_expand(api, validate, make_category, expand, members):
    category = make_category("Sale")
    campaign = make_campaign(api, category_id=category, metadata={})
    path = f"/v1/campaigns/{campaign['id']}/vouchers/CODE"
    api.post(path, json={"metadata": {"level": 1}}).expect()
    options = {} if expand is None else {"options": {"expand": expand}}
    answer = validate("CODE", order=cart((1, 1000)), **options)
    (step,) = answer["redeemables"]
    always = {"status", "id", "object", "applicable_to", "inapplicable_to", "result"}
    assert set(step) == always | members
    assert answer["order"]["total_amount"] == 900
    if "metadata" in members:
        assert step["metadata"] == {"level": 1}
    if "categories" in members:
        assert [(each["id"], each["name"]) for each in step["categories"]] == [(category, "Sale")]


def test_expand_of_something_else(api):
    body = {"redeemables": [{"object": "voucher", "id": "A"}], "options": {"expand": ["all"]}}
    for path in ("/v1/validations", "/v1/redemptions"):
        refused = api.post(path, json=body).refused(400, "invalid_payload")
        assert refused["details"].startswith("Property .options.expand[0] must be one of: order")

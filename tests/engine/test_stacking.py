"""Who is judged first, who is passed over, what the project's rules make of it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.engine.asking import (
    HALF,
    HALF_OF_ITEMS,
    TEN_OFF,
    cart,
    category,
    code,
    judge,
    line,
    tier,
    verdicts,
)

from kupon.engine.model import Category, Redeemable, StackingRules
from kupon.engine.stacking import arrange, stacking_type

EXCLUSIVE, JOINT = ("x", "y"), ("j",)
GROUPS: dict[str, Any] = {"exclusive_categories": EXCLUSIVE, "joint_categories": JOINT}
MISSING = Redeemable(object="voucher", id="NONE")


def of(name: str, hierarchy: int = 1, **facts: Any) -> Redeemable:
    """A code named after its category, "-" for none, with a number to tell it apart."""
    kind = name.rstrip("0123456789")
    own: Category | None = None if kind == "-" else category(kind, hierarchy)
    return code(name, category=own, **facts)


def order_of(*redeemables: Redeemable, **rules: Any) -> list[str]:
    return [each.id for each in arrange(redeemables, StackingRules(**rules))]


def named(names: str) -> list[Redeemable]:
    return [of(name) for name in names.split()]


HIERARCHY = {"redeemables_sorting_rule": "CATEGORY_HIERARCHY"}
MIXED = (of("c3", 3), of("a0", 0), of("-1"), of("b1", 1), of("c2", 2), of("a5", 0))


def test_requested_order_stays() -> None:
    assert order_of(*MIXED) == ["c3", "a0", "-1", "b1", "c2", "a5"]


@pytest.mark.uncertain
def test_hierarchy_sorts_and_keeps_equals_as_requested() -> None:
    # What has no category stands where one of number 1 would.
    assert order_of(*MIXED, **HIERARCHY) == ["a0", "a5", "-1", "b1", "c2", "c3"]


def test_what_is_unknown_is_sorted_like_what_has_no_category() -> None:
    assert order_of(of("c2", 2), MISSING, **HIERARCHY) == ["NONE", "c2"]


def test_tiers_of_a_stack_keep_its_order() -> None:
    tiers = [
        tier("t1", stack_id="stack_1", category=category("c", 9)),
        tier("t2", stack_id="stack_1", category=category("x", 0)),
    ]
    assert order_of(*tiers, **HIERARCHY, **GROUPS) == ["t1", "t2"]


@pytest.mark.parametrize(
    ("names", "rules", "arranged"),
    [
        pytest.param("j1 -1 x1 c1 y1 j2", {}, "x1 y1 -1 c1 j1 j2", id="joint always last"),
        pytest.param(
            "j1 -1 x1 c1 y1 j2",
            {"grouped_redeemables_sorting_rule": "AS_REQUESTED"},
            "j1 x1 y1 j2 -1 c1",
            id="joint among the exclusive",
            marks=pytest.mark.uncertain,
        ),
        pytest.param(
            "j1 -1 c1", {}, "j1 -1 c1", id="without exclusive", marks=pytest.mark.uncertain
        ),
    ],
)
def test_exclusive_come_first(names: str, rules: Any, arranged: str) -> None:
    assert order_of(*named(names), **GROUPS, **rules) == arranged.split()


def test_groups_are_sorted_by_hierarchy_each() -> None:
    redeemables = [of("j1", 5), of("c1", 4), of("x1", 3), of("j2", 2), of("c2", 1), of("x2", 0)]
    assert order_of(*redeemables, **GROUPS, **HIERARCHY) == ["x2", "x1", "c2", "c1", "j2", "j1"]


def test_stacking_type() -> None:
    rules = StackingRules(**GROUPS)
    assert [stacking_type(name, rules) for name in ("x", "j", "c", None)] == [
        "EXCLUSIVE",
        "JOINT",
        None,
        None,
    ]


APPLIED = "APPLICABLE"
TOO_MANY = "applicable_redeemables_limit_exceeded"
TOO_MANY_OF_A_KIND = "applicable_redeemables_per_category_limit_exceeded"
TOO_EXCLUSIVE = "applicable_exclusive_redeemables_limit_exceeded"
TOO_EXCLUSIVE_OF_A_KIND = "applicable_exclusive_redeemables_per_category_limit_exceeded"
EXCLUDED = "exclusion_rules_not_met"
DISABLED = "voucher_disabled"


@pytest.mark.parametrize(
    ("names", "rules", "expected"),
    [
        pytest.param("-1 c1 j1", {}, [APPLIED] * 3, id="common and joint"),
        pytest.param("x1 c1 -1 j1", {}, [APPLIED, EXCLUDED, EXCLUDED, APPLIED], id="exclusive"),
        pytest.param("x1 x2", {}, [APPLIED, TOO_EXCLUSIVE], id="F09, one exclusive by default"),
        pytest.param(
            "x1 y1 x2",
            {"applicable_exclusive_redeemables_limit": 2},
            [APPLIED, APPLIED, TOO_EXCLUSIVE],
            id="exclusive limit",
        ),
        pytest.param(
            "x1 x2 y1",
            {
                "applicable_exclusive_redeemables_limit": 5,
                "applicable_exclusive_redeemables_per_category_limit": 1,
            },
            [APPLIED, TOO_EXCLUSIVE_OF_A_KIND, APPLIED],
            id="exclusive limit per category",
        ),
        pytest.param(
            "-1 -2 -3", {"applicable_redeemables_limit": 2}, [APPLIED, APPLIED, TOO_MANY], id="all"
        ),
        pytest.param(
            "j1 j2 -1",
            {"applicable_redeemables_limit": 2},
            [APPLIED, APPLIED, TOO_MANY],
            id="joint count",
            marks=pytest.mark.uncertain,
        ),
        pytest.param(
            "x1 j1 j2",
            {"applicable_redeemables_limit": 2},
            [APPLIED, APPLIED, TOO_MANY],
            id="exclusive count",
        ),
        pytest.param(
            "c1 c2 d1 -1 -2",
            {"applicable_redeemables_per_category_limit": 1},
            [APPLIED, TOO_MANY_OF_A_KIND, APPLIED, APPLIED, APPLIED],
            id="per category, and no category is none",
        ),
        pytest.param(
            "c1 c2 d1 d2 d3",
            {
                "applicable_redeemables_per_category_limit": 1,
                "applicable_redeemables_category_limits": {"d": 2},
            },
            [APPLIED, TOO_MANY_OF_A_KIND, APPLIED, APPLIED, TOO_MANY_OF_A_KIND],
            id="a category's own limit",
        ),
        pytest.param(
            "c1 c2 c3",
            {
                "applicable_redeemables_limit": 1,
                "applicable_redeemables_per_category_limit": 1,
            },
            [APPLIED, TOO_MANY, TOO_MANY],
            id="the total is looked at first",
        ),
    ],
)
def test_limits(names: str, rules: Any, expected: list[str]) -> None:
    evaluation = judge(*named(names), **GROUPS, **rules)
    assert [step.redeemable.id for step in evaluation.steps] == names.split()
    assert verdicts(evaluation) == expected
    assert evaluation.is_valid
    assert evaluation.end.discount_amount == 1000 * expected.count(APPLIED)


def test_an_invalid_exclusive_blocks_nobody() -> None:
    bad = of("x1", is_active=False)
    evaluation = judge(of("c1"), bad, redeemables_application_mode="PARTIAL", **GROUPS)
    assert [step.redeemable.id for step in evaluation.steps] == ["x1", "c1"]
    assert verdicts(evaluation) == [DISABLED, APPLIED]


def test_what_is_refused_counts_towards_no_limit() -> None:
    bad = of("c1", is_active=False)
    evaluation = judge(
        bad,
        *named("c2 c3"),
        redeemables_application_mode="PARTIAL",
        applicable_redeemables_per_category_limit=1,
    )
    assert verdicts(evaluation) == [DISABLED, APPLIED, TOO_MANY_OF_A_KIND]


def test_what_is_skipped_fails_nothing_in_mode_all() -> None:
    evaluation = judge(*named("x1 c1 j1"), **GROUPS)
    assert verdicts(evaluation) == [APPLIED, EXCLUDED, APPLIED]
    assert evaluation.is_valid


def no_effect(**rules: Any) -> list[str]:
    """Everything is taken, then a code with and one without category want their part."""
    everything = code("ALL", {**HALF, "percent_off": 100})
    return verdicts(judge(everything, of("c1"), of("-1"), **rules))[1:]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        pytest.param({}, [APPLIED, APPLIED], id="F13, redeemed anyway"),
        pytest.param(
            {"redeemables_no_effect_rule": "SKIP"}, ["no_effect", "no_effect"], id="skipped"
        ),
        pytest.param({"no_effect_skip_categories": ("c",)}, ["no_effect", APPLIED], id="skips one"),
        pytest.param(
            {
                "redeemables_no_effect_rule": "SKIP",
                "no_effect_redeem_anyway_categories": ("c",),
            },
            [APPLIED, "no_effect"],
            id="skips all but one",
        ),
    ],
)
def test_no_effect(rules: Any, expected: list[str]) -> None:
    assert no_effect(**rules) == expected


def test_what_has_no_effect_does_not_count_when_skipped() -> None:
    nothing = code("ZERO", {**TEN_OFF, "amount_off": 0})
    evaluation = judge(
        nothing,
        code("A"),
        applicable_redeemables_limit=1,
        redeemables_no_effect_rule="SKIP",
    )
    assert verdicts(evaluation) == ["no_effect", APPLIED]
    assert evaluation.end.discount_amount == 1000


@pytest.mark.parametrize(
    ("rules", "taken"),
    [
        pytest.param({}, [5000, 2500, 1250], id="of what is left"),
        pytest.param(
            {"discount_calculation_mode": "INITIAL_AMOUNT"},
            [5000, 5000, 0],
            id="F19, of the initial amount, as far as there is any",
        ),
        pytest.param(
            {"initial_amount_mode_categories": ("c",)}, [5000, 5000, 0], id="one category's"
        ),
        pytest.param(
            {
                "discount_calculation_mode": "INITIAL_AMOUNT",
                "discounted_amount_mode_categories": ("c",),
            },
            [5000, 2500, 2500],
            id="all but one category's",
        ),
    ],
)
def test_calculation_mode(rules: Any, taken: list[int]) -> None:
    evaluation = judge(
        code("A", HALF), code("B", HALF, category=category("c")), code("C", HALF), **rules
    )
    off = [step.after.discount_amount - step.before.discount_amount for step in evaluation.steps]
    assert off == taken


@pytest.mark.uncertain
def test_once_is_about_lines_only() -> None:
    order = cart(line("a"), line("b", discount_amount=100))
    evaluation = judge(
        code("A", HALF_OF_ITEMS),
        code("B", HALF_OF_ITEMS),
        code("C", HALF),
        order=order,
        redeemables_products_application_mode="ONCE",
    )
    assert [item.discount_amount for item in evaluation.end.items] == [500, 100]
    assert evaluation.end.discount_amount == 700

"""The loop over a request's redeemables: who is judged first, who is passed over, what remains.

Source: spec discounts-and-stacking, sections 3 and 9.
"""

from __future__ import annotations

from collections.abc import Sequence

from kupon.engine.judging import judge
from kupon.engine.model import Redeemable, Snapshot, StackingRules, Status, Step
from kupon.engine.refusals import (
    CATEGORY_LIMIT,
    EXCLUSION,
    EXCLUSIVE_CATEGORY_LIMIT,
    EXCLUSIVE_LIMIT,
    PRECEDING_FAILED,
    REDEEMABLES_LIMIT,
    Skip,
)

# UNCERTAIN: what has no category stands where a category of the default number would
# (discounts-and-stacking, 9.2).
DEFAULT_HIERARCHY = 1


def stack(snapshot: Snapshot) -> tuple[Step, ...]:
    """Judge every redeemable against what the ones before it left.

    Shapes: one step per redeemable, in evaluation order; a step that is not APPLICABLE leaves
        the order as it was and counts towards no limit.
    """
    order = snapshot.order
    steps: list[Step] = []
    tally = _Tally(snapshot.rules)
    for redeemable in arrange(snapshot.redeemables, snapshot.rules):
        skip = tally.skip(redeemable)
        if skip is None:
            step = judge(redeemable, order, snapshot, steps)
        else:
            step = Step(
                redeemable=redeemable,
                status=Status.SKIPPED,
                before=order,
                after=order,
                skip=skip,
            )
        tally.count(step)
        order = step.after
        steps.append(step)
    return tuple(steps)


def arrange(redeemables: Sequence[Redeemable], rules: StackingRules) -> list[Redeemable]:
    """Return the redeemables in evaluation order.

    Source: spec discounts-and-stacking, sections 9.2 and 9.3.
    """
    by_hierarchy = rules.redeemables_sorting_rule == "CATEGORY_HIERARCHY"
    if not (by_hierarchy or rules.exclusive_categories):
        return list(redeemables)
    if any(redeemable.stack_id is not None for redeemable in redeemables):
        # The tiers of a stack keep the stack's own order.
        return list(redeemables)
    ordered = sorted(redeemables, key=_hierarchy) if by_hierarchy else list(redeemables)
    exclusive = [redeemable for redeemable in ordered if _is_of(redeemable, rules, "EXCLUSIVE")]
    if not exclusive:
        return ordered
    joint = [redeemable for redeemable in ordered if _is_of(redeemable, rules, "JOINT")]
    common = [redeemable for redeemable in ordered if _is_of(redeemable, rules, None)]
    if rules.grouped_redeemables_sorting_rule == "JOINT_ALWAYS_LAST":
        return exclusive + common + joint
    merged = [redeemable for redeemable in ordered if not _is_of(redeemable, rules, None)]
    return merged + common


def _hierarchy(redeemable: Redeemable) -> int:
    category = redeemable.source.category if redeemable.source is not None else None
    return DEFAULT_HIERARCHY if category is None else category.hierarchy


def _is_of(redeemable: Redeemable, rules: StackingRules, group: str | None) -> bool:
    return stacking_type(_category_id(redeemable), rules) == group


def _category_id(redeemable: Redeemable) -> str | None:
    category = redeemable.source.category if redeemable.source is not None else None
    return None if category is None else category.id


def stacking_type(category_id: str | None, rules: StackingRules) -> str | None:
    """Return EXCLUSIVE or JOINT for a category's role, None for a common or missing one."""
    if category_id is None:
        return None
    if category_id in rules.exclusive_categories:
        return "EXCLUSIVE"
    return "JOINT" if category_id in rules.joint_categories else None


class _Tally:
    """What has been applied so far, and what follows from it for the next redeemable.

    UNCERTAIN: joint incentives count towards the limits (discounts-and-stacking, 9.3).
    """

    def __init__(self, rules: StackingRules) -> None:
        self._rules = rules
        self._applied = 0
        self._exclusive = 0
        self._by_category: dict[str, int] = {}
        self._has_failed = False

    def skip(self, redeemable: Redeemable) -> Skip | None:
        rules = self._rules
        if self._has_failed and rules.redeemables_application_mode == "ALL":
            return PRECEDING_FAILED
        category = _category_id(redeemable)
        group = stacking_type(category, rules)
        if group is None and self._exclusive:
            return EXCLUSION
        of_category = 0 if category is None else self._by_category.get(category, 0)
        if group == "EXCLUSIVE":
            if self._exclusive >= rules.applicable_exclusive_redeemables_limit:
                return EXCLUSIVE_LIMIT
            limit = rules.applicable_exclusive_redeemables_per_category_limit
            if limit is not None and of_category >= limit:
                return EXCLUSIVE_CATEGORY_LIMIT
        if self._applied >= rules.applicable_redeemables_limit:
            return REDEEMABLES_LIMIT
        limit = self._category_limit(category)
        return CATEGORY_LIMIT if limit is not None and of_category >= limit else None

    def _category_limit(self, category: str | None) -> int | None:
        if category is None:
            return None
        general = self._rules.applicable_redeemables_per_category_limit
        return self._rules.applicable_redeemables_category_limits.get(category, general)

    def count(self, step: Step) -> None:
        if step.status is Status.INAPPLICABLE:
            self._has_failed = True
        if step.status is not Status.APPLICABLE:
            return
        self._applied += 1
        category = _category_id(step.redeemable)
        if category is not None:
            self._by_category[category] = self._by_category.get(category, 0) + 1
            if stacking_type(category, self._rules) == "EXCLUSIVE":
                self._exclusive += 1

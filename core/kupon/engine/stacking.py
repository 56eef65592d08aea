"""The loop over a request's redeemables: who is judged, who is passed over, what remains.

Source: spec discounts-and-stacking, sections 3 and 9.
"""

from __future__ import annotations

from kupon.engine.checks import refuse
from kupon.engine.model import Redeemable, Snapshot, StackingRules, Status, Step
from kupon.engine.order import Order
from kupon.engine.refusals import PRECEDING_FAILED, REDEEMABLES_LIMIT, Skip


def stack(snapshot: Snapshot) -> tuple[Step, ...]:
    """Judge every redeemable against what the ones before it left.

    Shapes: one step per redeemable, in evaluation order; a step that is not APPLICABLE leaves
        the order as it was and counts towards no limit.
    """
    order = snapshot.order
    steps: list[Step] = []
    tally = _Tally(snapshot.rules)
    for redeemable in snapshot.redeemables:
        step = _step(redeemable, order, tally.skip(), snapshot)
        tally.count(step)
        order = step.after
        steps.append(step)
    return tuple(steps)


class _Tally:
    """What has been applied so far, and what follows from it for the next redeemable."""

    def __init__(self, rules: StackingRules) -> None:
        self._rules = rules
        self._applied = 0
        self._has_failed = False

    def skip(self) -> Skip | None:
        if self._has_failed and self._rules.redeemables_application_mode == "ALL":
            return PRECEDING_FAILED
        if self._applied >= self._rules.applicable_redeemables_limit:
            return REDEEMABLES_LIMIT
        return None

    def count(self, step: Step) -> None:
        if step.status is Status.APPLICABLE:
            self._applied += 1
        elif step.status is Status.INAPPLICABLE:
            self._has_failed = True


def _step(redeemable: Redeemable, order: Order, skip: Skip | None, snapshot: Snapshot) -> Step:
    if skip is not None:
        return Step(
            redeemable=redeemable,
            status=Status.SKIPPED,
            before=order,
            after=order,
            skip=skip,
        )
    refusal = refuse(redeemable, snapshot.now, snapshot.timezone)
    if refusal is not None or redeemable.source is None:
        return Step(
            redeemable=redeemable,
            status=Status.INAPPLICABLE,
            before=order,
            after=order,
            refusal=refusal,
        )
    after = redeemable.source.worth.apply(order)
    return Step(redeemable=redeemable, status=Status.APPLICABLE, before=order, after=after)

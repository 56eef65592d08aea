"""The verb "validate": what would a request's redeemables do to its order?

Source: spec discounts-and-stacking, sections 3 and 10.1.
"""

from __future__ import annotations

from kupon.engine.model import Evaluation, Snapshot, Status, Step
from kupon.engine.stacking import stack


def evaluate(snapshot: Snapshot) -> Evaluation:
    """Judge a whole request.

    Shapes: end is the order after the last APPLICABLE step, also where the request as a whole
        is not valid.
    """
    steps = stack(snapshot)
    return Evaluation(
        rules=snapshot.rules,
        start=snapshot.order,
        end=steps[-1].after if steps else snapshot.order,
        steps=steps,
        is_valid=_is_valid(steps, snapshot.rules.redeemables_application_mode),
    )


def _is_valid(steps: tuple[Step, ...], mode: str) -> bool:
    verdicts = [step.status for step in steps]
    if mode == "ALL" and Status.INAPPLICABLE in verdicts:
        return False
    return Status.APPLICABLE in verdicts

"""The verb "redeem": which uses does an evaluation ask storage to write?

Source: spec discounts-and-stacking, section 11.1.
"""

from __future__ import annotations

from kupon.engine.effects import Use, UseTier, UseVoucher
from kupon.engine.model import Decision, Evaluation, Status, Step, Voucher
from kupon.engine.refusals import Refusal

__all__ = ["Decision", "decide"]


def decide(evaluation: Evaluation) -> Decision:
    """Turn the verdicts into effects, or into the one refusal that the request is answered with.

    Shapes:  effects follow the applied steps, one each; both are empty where there is a refusal.
    Refuses: with the first failing step's refusal: mode ALL and one fails, mode PARTIAL and none
        applies; with a skip's reason where everything was passed over.
    """
    if not evaluation.is_valid:
        return Decision(refusal=_refusal(evaluation))
    applied = evaluation.having(Status.APPLICABLE)
    return Decision(effects=tuple(_use(step) for step in applied), applied=applied)


def _refusal(evaluation: Evaluation) -> Refusal:
    for step in evaluation.steps:
        if step.refusal is not None:
            return step.refusal
    skips = (step.skip.message for step in evaluation.steps if step.skip is not None)
    # A promotion stack without tiers has nothing that could have been passed over.
    return Refusal("redeemables_skipped", next(skips, None))


def _use_voucher(voucher: Voucher, step: Step) -> UseVoucher:
    paid = step.applied.paid if step.applied is not None else None
    locked: int = getattr(voucher.worth, "locked", 0)
    return UseVoucher(
        voucher_id=voucher.id,
        locked_quantity=voucher.locked_quantity,
        credits=paid or 0,
        locked_credits=locked,
    )


def _use(step: Step) -> Use:
    source = step.redeemable.source
    if isinstance(source, Voucher):
        return _use_voucher(source, step)
    discounts = (step.after.total_discount_amount, step.before.total_discount_amount)
    return UseTier(
        tier_id=step.redeemable.id if source is None else source.id,
        amount=step.after.amount or 0,
        discount_amount=discounts[0] - discounts[1],
    )

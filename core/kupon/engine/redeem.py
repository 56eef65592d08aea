"""The verb "redeem": which uses does an evaluation ask storage to write?

Source: spec discounts-and-stacking, section 11.1.
"""

from __future__ import annotations

from kupon.engine.effects import UseVoucher
from kupon.engine.model import Decision, Evaluation, Status

__all__ = ["Decision", "decide"]


def decide(evaluation: Evaluation) -> Decision:
    """Turn the verdicts into effects, or into the one refusal that the request is answered with.

    Shapes:  effects follow the applied steps, one each; both are empty where there is a refusal.
    Refuses: with the first failing step's refusal: mode ALL and one fails, mode PARTIAL and none
        applies.
    """
    if not evaluation.is_valid:
        return Decision(
            refusal=next((step.refusal for step in evaluation.having(Status.INAPPLICABLE)), None)
        )
    applied = evaluation.having(Status.APPLICABLE)
    vouchers = (step.redeemable.source for step in applied)
    effects = (
        UseVoucher(voucher_id=voucher.id, locked_quantity=voucher.locked_quantity)
        for voucher in vouchers
        if voucher is not None
    )
    return Decision(effects=tuple(effects), applied=applied)

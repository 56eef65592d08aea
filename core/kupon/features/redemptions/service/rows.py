"""The columns of a redemption or rollback, with what they are when nothing else is said."""

from __future__ import annotations

from typing import Any

from kupon.kit.lean import dataclass
from kupon.storage.uow import UnitOfWork

# What comes in through nobody: a programme redeems a reward by itself.
AUTO_REDEEM = "AUTO_REDEEM"


@dataclass(frozen=True, slots=True)
class Caller:
    """Through what a redemption came in.

    Shapes: is_settling says that the caller itself looks after the programmes of loyalty cards,
        is_partial that it wants what applies although something else does not, whatever the
        project's stacking rules say.
    """

    channel_id: str
    channel_type: str = "API"
    is_settling: bool = False
    is_partial: bool = False


def new_row(uow: UnitOfWork, caller: Caller, new_id: str, /, **columns: Any) -> dict[str, Any]:
    """A successful redemption of now; `columns` says what is particular about it."""
    return {
        "project_id": uow.project_id,
        "id": new_id,
        "object": "redemption",
        "created_at": uow.now,
        "parent_id": None,
        "redemption_id": None,
        "customer_id": None,
        "tracking_id": None,
        "order_id": None,
        "voucher_id": None,
        "voucher_code": None,
        "campaign_id": None,
        "campaign_name": None,
        "amount": None,
        "result": "SUCCESS",
        "status": "SUCCEEDED",
        "failure_code": None,
        "failure_message": None,
        "reason": None,
        "rollback_order_mode": None,
        "session_key": None,
        "channel_id": caller.channel_id,
        "channel_type": caller.channel_type,
        "order_figures": None,
        "metadata": {},
    } | columns

"""Rollback: a whole redemption request is taken back, once.

Source: spec discounts-and-stacking, section 11.2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from kupon.engine import rollback as engine
from kupon.engine import stored as printed
from kupon.engine.effects import Restore, RestoreTier, RestoreVoucher
from kupon.engine.rollback import RedeemedOrder
from kupon.features.metadata_schemas.service import check_metadata
from kupon.features.orders.schemas import dump_order, order_columns
from kupon.features.redemptions.service.counting import counted_uses
from kupon.features.redemptions.service.listing import dump_rows
from kupon.features.redemptions.service.redeem import Failed
from kupon.features.redemptions.service.rows import Caller, new_row
from kupon.features.rewards import service as rewards
from kupon.features.validations.service.loading import read_definitions
from kupon.features.vouchers import service as vouchers
from kupon.features.vouchers.schemas import dump_balance
from kupon.kit.calendar import Calendar
from kupon.kit.errors import KuponError, not_found
from kupon.kit.timestamps import format_moment
from kupon.runtime import ids
from kupon.storage import apply
from kupon.storage.ledger import (
    AUTOMATIC,
    CREDITS_REDEMPTION,
    CREDITS_REFUND,
    POINTS_REDEMPTION,
    POINTS_REFUND,
    Line,
    Movement,
)
from kupon.storage.points import give_back
from kupon.storage.queries import customers, orders, redemptions
from kupon.storage.queries.rule_counters import CounterKey, move_counters
from kupon.storage.queries.voucher_transactions import find_of_redemptions
from kupon.storage.snapshots import find_vouchers
from kupon.storage.uow import UnitOfWork

OLDEST = timedelta(days=92)

_REFUNDS = {CREDITS_REDEMPTION: CREDITS_REFUND, POINTS_REDEMPTION: POINTS_REFUND}


def roll_back_single(
    uow: UnitOfWork, caller: Caller, redemption_id: str, body: Mapping[str, Any]
) -> dict[str, Any] | Failed:
    """Take back a redemption that stands alone.

    Raises:  invalid_redemption for the parent of a stack, and whatever `roll_back` raises.
    """
    answer = _roll_back(uow, caller, redemption_id, body, is_stacked=False)
    if isinstance(answer, Failed):
        return answer
    rollback: dict[str, Any] = answer["rollbacks"][0]
    return rollback | {"order": answer.get("order")}


def roll_back(
    uow: UnitOfWork, caller: Caller, redemption_id: str, body: Mapping[str, Any]
) -> dict[str, Any] | Failed:
    """Take back all redemptions of one request; returns the wire's answer.

    Refuses: already_rolled_back, invalid_redemption when it is too old; both are recorded.
    Raises:  not_found, invalid_redemption_parent for a child, invalid_redemption for what never
        succeeded, invalid_customer, invalid_order, metadata_validation_failed.
    """
    return _roll_back(uow, caller, redemption_id, body, is_stacked=True)


def _roll_back(
    uow: UnitOfWork,
    caller: Caller,
    redemption_id: str,
    body: Mapping[str, Any],
    *,
    is_stacked: bool,
) -> dict[str, Any] | Failed:
    check_metadata(uow, "redemption", body, is_creation=False)
    return uow.attempt(lambda: _try(uow, caller, redemption_id, body, is_stacked=is_stacked))


def _try(
    uow: UnitOfWork,
    caller: Caller,
    redemption_id: str,
    body: Mapping[str, Any],
    *,
    is_stacked: bool,
) -> dict[str, Any] | Failed:
    root = redemptions.lock_redemption(uow, redemption_id)
    if root is None:
        raise not_found("redemption", redemption_id)
    _check_kind(root, is_stacked=is_stacked)
    _check_owner(uow, root, body)
    refusal = _refusal(uow, root)
    if refusal is not None:
        return _record_failure(uow, caller, root, body, refusal)
    return _Reversal(uow, caller, root, body).carry_out()


def _check_kind(root: Mapping[str, Any], *, is_stacked: bool) -> None:
    is_parent = root["related_object_type"] == "redemption"
    if root["parent_id"] is not None:
        raise KuponError(
            "invalid_redemption_parent",
            f"Redemption {root['id']} is part of {root['parent_id']}, which is rolled back whole",
        )
    if is_parent and not is_stacked:
        raise KuponError(
            "invalid_redemption", "Stacked redemptions are rolled back by POST .../rollbacks"
        )
    if root["result"] != "SUCCESS":
        raise KuponError("invalid_redemption", f"Redemption {root['id']} did not succeed")


def _check_owner(uow: UnitOfWork, root: Mapping[str, Any], body: Mapping[str, Any]) -> None:
    sent = body.get("customer") or {}
    if sent.get("id") or sent.get("source_id"):
        customer = customers.get_customer(uow, sent.get("id") or sent["source_id"])
        if customer["id"] != root["customer_id"]:
            raise KuponError("invalid_customer", "The redemption is another customer's")
    sent = body.get("order") or {}
    if sent.get("id") or sent.get("source_id"):
        order = orders.get_order(uow, sent.get("id") or sent["source_id"])
        if order["id"] != root["order_id"]:
            raise KuponError("invalid_order", "The redemption belongs to another order")


def _refusal(uow: UnitOfWork, root: Mapping[str, Any]) -> KuponError | None:
    if root["status"] == "ROLLED_BACK":
        return KuponError("already_rolled_back")
    if root["created_at"] < uow.now - OLDEST:
        # UNCERTAIN: no key is published for this (discounts-and-stacking, 11.2).
        return KuponError("invalid_redemption", "The redemption is older than three months")
    return None


def _record_failure(
    uow: UnitOfWork,
    caller: Caller,
    root: Mapping[str, Any],
    body: Mapping[str, Any],
    error: KuponError,
) -> Failed:
    row = _rollback_row(uow, caller, root, body, prefix="rrf_") | {
        "result": "FAILURE",
        "status": "FAILED",
        "failure_code": error.key,
        "failure_message": error.message,
    }
    redemptions.insert_redemptions(uow, [row])
    uow.stage("redemption.rollback_failed", row["customer_id"] or root["id"], _told([row]))
    error.extra |= {"resource_id": row["id"], "resource_type": "redemption_rollback"}
    return Failed(error)


def _told(rollbacks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What events say of rollbacks; the rest is in the rows, which stay as they are."""
    return {
        "rollback_ids": [row["id"] for row in rollbacks],
        "customer_id": rollbacks[0]["customer_id"],
    }


def _rollback_row(
    uow: UnitOfWork,
    caller: Caller,
    redemption: Mapping[str, Any],
    body: Mapping[str, Any],
    *,
    prefix: str = "rr_",
) -> dict[str, Any]:
    kept = {name: redemption[name] for name in _INHERITED}
    return new_row(
        uow,
        caller,
        ids.new_id(prefix),
        object="redemption_rollback",
        redemption_id=redemption["id"],
        reason=body.get("reason"),
        **kept
        | {
            "tracking_id": body.get("tracking_id") or redemption["tracking_id"],
            "metadata": body.get("metadata") or redemption["metadata"],
        },
    )


_INHERITED = (
    "customer_id",
    "order_id",
    "tracking_id",
    "metadata",
    "related_object_type",
    "related_object_id",
    "voucher_id",
    "voucher_code",
    "campaign_id",
    "campaign_name",
)


def _restored(child: Mapping[str, Any]) -> Restore:
    if child["voucher_id"] is not None:
        return RestoreVoucher(child["voucher_id"], child["amount"] or 0)
    figures = child["order_figures"] or {}
    return RestoreTier(
        tier_id=child["related_object_id"],
        amount=figures.get("amount", 0),
        discount_amount=figures.get("total_applied_discount_amount", 0),
    )


class _Reversal:
    """The rows that take one redemption request back."""

    def __init__(
        self,
        uow: UnitOfWork,
        caller: Caller,
        root: Mapping[str, Any],
        body: Mapping[str, Any],
    ) -> None:
        self._uow = uow
        self._caller = caller
        self._root = root
        self._body = body
        self._definitions = read_definitions(uow)
        self._mode = self._definitions.stacking_rules.redeemables_rollback_order_mode
        is_parent = root["related_object_type"] == "redemption"
        self._children = redemptions.list_children(uow, [root["id"]]) if is_parent else [root]
        self._parent = root if is_parent else None

    def carry_out(self) -> dict[str, Any]:
        """Write everything; the wire's answer."""
        done = [*self._children, self._parent] if self._parent else self._children
        rollbacks = [self._rollback_row(row) for row in done]
        self._move_counters()
        stored = self._lock_order()
        undone = engine.decide(
            [_restored(child) for child in self._children],
            self._mode,
            self._redeemed(stored),
        )
        order = self._undo_order(stored, undone, rollbacks)
        given = self._hold_given()
        lines = apply.restore(self._uow, undone.effects, self._refunds(rollbacks))
        redemptions.mark_rolled_back(self._uow, [row["id"] for row in done])
        for row in rollbacks:
            row["rollback_order_mode"] = self._mode
            row["order_figures"] = None if order is None else dump_order(order)
        redemptions.insert_redemptions(self._uow, rollbacks)
        self._uow.stage(
            "redemption.rolled_back",
            self._root["customer_id"] or self._root["id"],
            _told(rollbacks)
            | {"order": order, "old_order_status": None if stored is None else stored["status"]},
        )
        vouchers.stage_lines(self._uow, lines)
        self._undo_purchases(given, lines)
        return self._answer(rollbacks, order)

    def _rollback_row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        amount = None if row["amount"] is None else -row["amount"]
        return _rollback_row(self._uow, self._caller, row, self._body) | {"amount": amount}

    def _refunds(self, rollbacks: Sequence[Mapping[str, Any]]) -> list[Movement]:
        """What gives cards back what they paid: each line that took, the other way round."""
        paid = {row["redemption_id"]: row["id"] for row in rollbacks if row["amount"]}
        if not paid:
            return []
        taken = find_of_redemptions(self._uow, list(paid), list(_REFUNDS))
        return [
            Movement(
                id=ids.new_id("vtx_"),
                voucher_id=line.voucher_id,
                campaign_id=line.campaign_id,
                type=_REFUNDS[line.type],
                amount=-line.amount,
                operation_type=AUTOMATIC,
                details=line.details,
                order_id=line.order_id,
                redemption_id=redemption_id,
                rollback_id=paid[redemption_id],
                related_transaction_id=line.id,
                created_at=self._uow.now,
            )
            for redemption_id, line in taken.items()
        ]

    def _hold_given(self) -> Sequence[Mapping[str, Any]]:
        """What was bought with points, which goes back as well."""
        paid = [row for row in self._children if row["amount"] is not None]
        if not paid:
            return []
        return rewards.hold_given(
            self._uow, [row["id"] for row in paid], [row["voucher_id"] for row in paid]
        )

    def _undo_purchases(self, given: Sequence[Mapping[str, Any]], lines: Sequence[Line]) -> None:
        today = Calendar(self._uow.now, self._definitions.timezone).today
        give_back(self._uow, lines, today=today)
        if given:
            balances = {str(line.redemption_id): dump_balance(line) for line in lines}
            rewards.take_back(self._uow, given, today=today, balances=balances)
            cards = find_vouchers(self._uow, sorted({row["voucher_id"] for row in given}))
            vouchers.stage_points_changed(self._uow, cards.values())

    def _move_counters(self) -> None:
        """Take the uses out of the counters of rules, in the windows in which they were made.

        Before anything else is locked, as redemptions do.
        """
        moves: dict[CounterKey, int] = {}
        for child in self._children:
            for key, used in counted_uses(child, self._definitions):
                moves[key] = moves.get(key, 0) - used
        move_counters(self._uow, moves)

    def _lock_order(self) -> dict[str, Any] | None:
        if self._root["order_figures"] is None:
            return None
        return orders.find_order(self._uow, id=self._root["order_id"], is_locked=True)

    def _redeemed(self, stored: Mapping[str, Any] | None) -> RedeemedOrder | None:
        if stored is None:
            return None
        before, after = printed.moments(self._root["order_figures"])
        return RedeemedOrder(
            stored=printed.restore_order(stored),
            status=stored["status"],
            before=before,
            after=after,
        )

    def _undo_order(
        self,
        stored: Mapping[str, Any] | None,
        undone: engine.Rollback,
        rollbacks: Sequence[Mapping[str, Any]],
    ) -> dict[str, Any] | None:
        """Store the order as it is afterwards, with the rollback in its history."""
        if stored is None or undone.order is None:
            return None
        entry = dict(stored["redemptions"].get(self._root["id"], {}))
        entry["rollback_id"] = rollbacks[-1]["id"]
        entry["rollback_date"] = format_moment(self._uow.now)
        if self._parent is not None:
            entry["rollback_stacked"] = [row["id"] for row in rollbacks[:-1]]
        order = {
            **stored,
            "status": undone.status,
            "redemptions": {**stored["redemptions"], self._root["id"]: entry},
            "updated_at": self._uow.now,
        }
        if self._mode == "WITH_ORDER":
            order |= order_columns(undone.order, since=undone.order)
        orders.update_order(self._uow, order)
        return order

    def _answer(
        self, rollbacks: Sequence[Mapping[str, Any]], order: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        dumped = dump_rows(self._uow, rollbacks)
        answer: dict[str, Any] = {"rollbacks": dumped[: len(self._children)]}
        if self._parent is not None:
            answer["parent_rollback"] = dumped[-1]
        if order is not None:
            answer["order"] = dump_order(order)
        return answer

"""The rows of a redemption before they are written, and the answer made of them.

Source: spec discounts-and-stacking, section 11.1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kupon.engine.effects import Use, UseVoucher
from kupon.engine.model import Step
from kupon.engine.order import Order
from kupon.features.customers.schemas import dump_simple_customer
from kupon.features.orders.schemas import dump_order, order_columns
from kupon.features.promotions.schemas import dump_redeemed_tier
from kupon.features.redemptions import schemas
from kupon.features.redemptions.service.purchases import Sale, Sold
from kupon.features.redemptions.service.rows import Caller, new_row
from kupon.features.validations import service as validations
from kupon.features.validations.schemas import IncentiveFacts
from kupon.features.validations.service import Case
from kupon.features.vouchers.schemas import dump_voucher
from kupon.runtime import ids
from kupon.storage.apply import Redeemed, Used
from kupon.storage.ledger import AUTOMATIC, CREDITS_REDEMPTION, Line, Movement, line_of
from kupon.storage.queries.promotions import TierFacts
from kupon.storage.snapshots import VoucherFacts
from kupon.storage.uow import UnitOfWork


class Draft:
    """The rows of one redemption request, and the answer that tells of them."""

    def __init__(
        self,
        uow: UnitOfWork,
        caller: Caller,
        case: Case,
        applied: Sequence[Step],
        customer: Mapping[str, Any] | None,
        sold: Mapping[str, Sale],
    ) -> None:
        self._uow = uow
        self._sold = sold
        self._caller = caller
        self._case = case
        self._customer = customer
        self._customer_id = customer["id"] if customer else None
        self._whole = order_columns(case.evaluation.end, since=case.evaluation.start)
        self._steps = [(step, self._facts_of(step)) for step in applied]
        self._child_ids = [ids.new_id("r_") for _ in applied]
        # One incentive is its own root; several get a parent, as does a promotion stack.
        self._stack = case.incentives.stack
        has_parent = len(applied) > 1 or self._stack is not None
        self._parent_id = ids.new_id("r_") if has_parent else None
        self._root_id = self._parent_id or self._child_ids[0]
        self._order = self._order_row() if case.has_order else None
        self._children = self._child_rows()
        self._parent = self._parent_row()

    def _facts_of(self, step: Step) -> IncentiveFacts:
        facts = self._case.facts_of(step.redeemable)
        if facts is None:
            raise AssertionError("what is unknown is never applied")
        return facts

    def _order_row(self) -> dict[str, Any]:
        """The order as the table will have it."""
        case, stored, body = self._case, self._case.stored_order or {}, self._case.order_body
        return {
            "project_id": self._uow.project_id,
            "id": stored.get("id") or ids.new_id("ord_"),
            "source_id": stored.get("source_id") or body.get("source_id"),
            "status": (case.body["order"] or {}).get("status") or "PAID",
            "customer_id": self._customer_id or stored.get("customer_id"),
            "referrer_id": stored.get("referrer_id") or body.get("referrer_id"),
            **self._whole,
            "redemptions": {**stored.get("redemptions", {}), self._root_id: self._order_entry()},
            "created_at": stored.get("created_at") or self._uow.now,
            "updated_at": self._uow.now if stored else None,
        }

    def _order_entry(self) -> dict[str, Any]:
        """What the order remembers of this request."""
        entry: dict[str, Any] = {"date": schemas.format_moment(self._uow.now)}
        if self._parent_id is not None:
            return entry | self._root_object() | {"stacked": self._child_ids}
        (step, facts), *_ = self._steps
        entry |= {"related_object_type": step.redeemable.object, "related_object_id": facts.id}
        if facts.campaign_id is not None:
            entry["related_object_parent_id"] = facts.campaign_id
        return entry

    def _root_object(self) -> dict[str, Any]:
        if self._stack is None:
            return {"related_object_type": "redemption", "related_object_id": self._parent_id}
        return {
            "related_object_type": "promotion_stack",
            "related_object_id": self._stack.id,
            "related_object_parent_id": self._stack.campaign_id,
        }

    def _child_rows(self) -> list[dict[str, Any]]:
        return [
            self._row(
                redemption_id,
                parent_id=self._parent_id,
                amount=_paid(step),
                order_figures=self._figures(step.after, step.before),
                **identity(facts),
            )
            for redemption_id, (step, facts) in zip(self._child_ids, self._steps, strict=True)
        ]

    def _parent_row(self) -> dict[str, Any] | None:
        if self._parent_id is None:
            return None
        evaluation = self._case.evaluation
        return self._row(
            self._parent_id,
            related_object_type="redemption",
            related_object_id=self._parent_id,
            order_figures=self._figures(evaluation.end, evaluation.start),
        )

    def _row(self, redemption_id: str, **columns: Any) -> dict[str, Any]:
        body = self._case.body
        return new_row(
            self._uow,
            self._caller,
            redemption_id,
            customer_id=self._customer_id,
            tracking_id=self._case.tracking_id,
            order_id=self._order["id"] if self._order else None,
            session_key=(body.get("session") or {}).get("key"),
            metadata=body.get("metadata") or {},
            **columns,
        )

    def _figures(self, after: Order, before: Order) -> dict[str, Any] | None:
        """One step's order, as it will be answered whenever the redemption is asked for."""
        if self._order is None:
            return None
        named = {name: self._order[name] for name in _NAMES}
        evaluation = self._case.evaluation
        is_whole = after is evaluation.end and before is evaluation.start
        columns = self._whole if is_whole else order_columns(after, since=before)
        return dump_order(named | columns, is_step=True)

    def rows(self, effects: Sequence[Use]) -> Redeemed:
        """What storage is to write."""
        stored = self._case.stored_order
        rows = [*self._children, self._parent] if self._parent else self._children
        movements = [
            self._movement(row, use.credits)
            for row, use in zip(self._children, effects, strict=True)
            if isinstance(use, UseVoucher) and use.credits
        ]
        return Redeemed(
            uses=effects,
            revisions={
                facts.id: facts.locks_revision
                for _, facts in self._steps
                if isinstance(facts, VoucherFacts)
            },
            redemptions=rows,
            order=self._order,
            is_new_order=stored is None,
            seen_order=None if stored is None else stored["version"],
            session_key=(self._case.body.get("session") or {}).get("key"),
            event=("redemption.created", self._customer_id or self._root_id, self._event(rows)),
            movements=movements,
        )

    def _movement(self, row: Mapping[str, Any], credits: int) -> Movement:
        sale = self._sold.get(row["voucher_id"])
        kind = _OF_CREDITS if sale is None else sale.ledger(self._caller)
        return Movement(
            id=ids.new_id("vtx_"),
            voucher_id=row["voucher_id"],
            campaign_id=row["campaign_id"],
            amount=-credits,
            order_id=row["order_id"],
            redemption_id=row["id"],
            created_at=self._uow.now,
            **kind,
        )

    def _event(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """What consumers can't read in the redemptions' own rows, which stay as they are."""
        stored = self._case.stored_order
        return {
            "redemption_ids": [row["id"] for row in rows],
            "customer_id": self._customer_id,
            "old_order_status": None if stored is None else stored["status"],
        }

    def answer(self, used: Mapping[str, Used], done: Sold) -> dict[str, Any]:
        """The wire's answer; used are the codes after this use, done what cards have bought."""
        children = [
            schemas.dump_redemption(
                row,
                customer=self._simple_customer(),
                reward=done.rewards.get(row["id"]),
                **self._dump_incentive(done.cards.get(facts.id, facts), used),
            )
            for row, (_, facts) in zip(self._children, self._steps, strict=True)
        ]
        answer: dict[str, Any] = {"redemptions": children}
        if self._parent is not None:
            answer["parent_redemption"] = schemas.dump_redemption(
                self._parent, customer=self._simple_customer()
            )
        if self._order is not None:
            answer["order"] = dump_order(self._order)
        return answer | validations.dump_refused(self._case, self._uow.request_id or "")

    def _simple_customer(self) -> dict[str, Any] | None:
        return dump_simple_customer(self._customer) if self._customer else None

    def _dump_incentive(self, facts: IncentiveFacts, used: Mapping[str, Used]) -> dict[str, Any]:
        category = self._case.definitions.category(facts.effective_category_id)
        if isinstance(facts, TierFacts):
            return {"promotion_tier": dump_redeemed_tier(facts, category)}
        after = used[facts.id]
        if after.balance is not None:
            facts = facts.with_balance(after.balance)
        kind = facts.campaign_type
        voucher = dump_voucher(facts, facts.campaign_name, category, campaign_type=kind)
        voucher["redemption"]["redeemed_quantity"] = after.redeemed_quantity
        return {"voucher": voucher}


_OF_CREDITS = {"type": CREDITS_REDEMPTION, "operation_type": AUTOMATIC}


def lines_of(movements: Sequence[Movement], used: Mapping[str, Used]) -> Iterator[Line]:
    """The ledgers' lines that movements have become."""
    for movement in movements:
        balance = used[movement.voucher_id].balance
        if balance is not None:
            yield line_of(movement, balance)


def _paid(step: Step) -> int | None:
    """The credits or points that a card paid."""
    applied = step.applied
    if applied is None:
        return None
    return applied.points if applied.credits is None else applied.credits


def identity(facts: IncentiveFacts) -> dict[str, Any]:
    """The columns that name an incentive and its campaign."""
    columns: dict[str, Any] = {
        "related_object_id": facts.id,
        "campaign_id": facts.campaign_id,
        "campaign_name": facts.campaign_name,
    }
    if isinstance(facts, TierFacts):
        return columns | {"related_object_type": "promotion_tier"}
    return columns | {
        "related_object_type": "voucher",
        "voucher_id": facts.id,
        "voucher_code": facts.code,
    }


_NAMES = ("id", "source_id", "customer_id", "referrer_id")

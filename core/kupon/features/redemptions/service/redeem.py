"""Redemption: load, decide, apply; a refusal is recorded too.

Source: spec discounts-and-stacking, section 11.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kupon.engine import redeem as engine
from kupon.engine.model import Redeemable, Status, Step
from kupon.engine.refusals import Refusal
from kupon.features.customers import service as customers
from kupon.features.redemptions import schemas
from kupon.features.redemptions.service import purchases
from kupon.features.redemptions.service.deciding import ask_plugins
from kupon.features.redemptions.service.draft import Draft, identity, lines_of
from kupon.features.redemptions.service.purchases import SoldOut
from kupon.features.redemptions.service.rows import Caller, new_row
from kupon.features.validations import schemas as verdicts
from kupon.features.validations import service as validations
from kupon.features.validations.service import Case
from kupon.features.vouchers import service as vouchers
from kupon.kit.errors import KuponError, RaceLost
from kupon.runtime import ids
from kupon.storage.apply import Redeemed, write_redemption
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.queries.overrides import store_overrides
from kupon.storage.queries.rule_counters import hold_counters, move_counters
from kupon.storage.uow import UnitOfWork


@dataclass(frozen=True, slots=True)
class Failed:
    """A refused redemption or rollback: it has been recorded, and must be committed."""

    error: KuponError


def redeem(
    uow: UnitOfWork, project: ProjectFacts, caller: Caller, body: Mapping[str, Any]
) -> dict[str, Any] | Failed:
    """Redeem a request's incentives together, each use counted once.

    Refuses: with the first failing incentive's error (mode ALL), or when none applies.
    Raises:  RaceLost when other requests were faster several times in a row.
    """
    sold_out: list[SoldOut] = []
    return uow.attempt(lambda: _try(uow, project, caller, body, sold_out))


def redeem_voucher(
    uow: UnitOfWork, project: ProjectFacts, caller: Caller, code: str, body: Mapping[str, Any]
) -> dict[str, Any] | Failed:
    """The older call on a single code: its one redemption, with the whole order."""
    return _redeem_single(uow, project, caller, body, validations.sent_voucher(code, body))


def redeem_tier(
    uow: UnitOfWork, project: ProjectFacts, caller: Caller, tier_id: str, body: Mapping[str, Any]
) -> dict[str, Any] | Failed:
    """The older call on a single promotion tier: its one redemption, with the whole order."""
    return _redeem_single(uow, project, caller, body, {"object": "promotion_tier", "id": tier_id})


def _redeem_single(
    uow: UnitOfWork,
    project: ProjectFacts,
    caller: Caller,
    body: Mapping[str, Any],
    redeemable: Mapping[str, Any],
) -> dict[str, Any] | Failed:
    answer = redeem(uow, project, caller, {**body, "redeemables": [redeemable]})
    if isinstance(answer, Failed):
        return answer
    return schemas.dump_single(answer["redemptions"][0], answer.get("order"))


def _try(
    uow: UnitOfWork,
    project: ProjectFacts,
    caller: Caller,
    body: Mapping[str, Any],
    sold_out: list[SoldOut],
) -> dict[str, Any] | Failed:
    case = validations.assemble(
        uow, project, caller.channel_id, body, hold_counters, is_partial=caller.is_partial
    )
    allowed = case.definitions.metadata_schemas
    validations.check_creation(allowed, case.body, is_new_order=case.stored_order is None)
    decision = engine.decide(case.evaluation)
    if decision.refusal is not None:
        return _record_failure(uow, caller, case, decision.refusal)
    objection = ask_plugins(uow, case, decision.applied)
    if objection is not None:
        return _record_failure(uow, caller, case, objection, decision.applied[0])
    customer = customers.upsert_for_redemption(
        uow, case.facts.customer, body.get("customer"), allowed
    )
    store_overrides(uow, case.order_body.get("items") or (), allowed)
    sold = sold_out[0] if sold_out else purchases.sell(uow, project, case, decision.applied)
    if isinstance(sold, SoldOut):
        if not (sold_out or sold.is_first):
            # What was given before must not stay given: undo it, and refuse at once.
            sold_out.append(sold)
            raise RaceLost
        return _record_failure(uow, caller, case, sold.refusal, sold.step)
    draft = Draft(uow, caller, case, decision.applied, customer, sold)
    rows = draft.rows(decision.effects)
    moves = case.counter_names.moves(decision.applied)
    is_last = not (moves or rows.movements or sold)
    used = write_redemption(uow, rows, is_last=is_last)
    move_counters(uow, moves)
    lines = list(lines_of(rows.movements, used))
    vouchers.stage_lines(uow, lines)
    done = purchases.settle(uow, project, sold, rows.redemptions, lines)
    answer = draft.answer(used, done)
    purchases.tell(uow, caller, sold, done, answer["redemptions"])
    return answer


def _record_failure(
    uow: UnitOfWork, caller: Caller, case: Case, refusal: Refusal, step: Step | None = None
) -> Failed:
    if step is None:
        step = (case.evaluation.having(Status.INAPPLICABLE) or case.evaluation.steps)[0]
    facts = case.facts_of(step.redeemable)
    error = verdicts.refusal_error(step.redeemable, refusal)
    failure_id = ids.new_id("rf_")
    if "resource_id" not in error.extra:
        error.extra |= {"resource_id": failure_id, "resource_type": "redemption"}
    customer = case.facts.customer
    row = new_row(
        uow,
        caller,
        failure_id,
        customer_id=customer["id"] if customer else None,
        tracking_id=case.tracking_id,
        **(identity(facts) if facts is not None else _unknown(step.redeemable)),
        result="FAILURE",
        status="FAILED",
        failure_code=error.key,
        failure_message=error.message,
        metadata=case.body.get("metadata") or {},
    )
    event = (
        "redemption.failed",
        row["customer_id"] or failure_id,
        {"redemption_ids": [failure_id], "customer_id": row["customer_id"]},
    )
    failed = Redeemed(uses=(), revisions={}, redemptions=[row], event=event)
    write_redemption(uow, failed, is_last=True)
    return Failed(error)


def _unknown(redeemable: Redeemable) -> dict[str, Any]:
    """The columns that name what storage doesn't know."""
    columns: dict[str, Any] = {
        "related_object_type": redeemable.object,
        "related_object_id": redeemable.id,
    }
    if redeemable.object == "voucher":
        columns["voucher_code"] = redeemable.id
    return columns

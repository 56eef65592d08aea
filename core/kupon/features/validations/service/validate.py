"""Validation: the verdict, and the lock that a session puts on what applies.

Source: spec discounts-and-stacking, sections 10 and 11.4.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from kupon.engine.giftcards import GIFT_VOUCHER
from kupon.engine.model import Status, Step
from kupon.engine.order import Order
from kupon.features.customers import service as customers
from kupon.features.orders.schemas import dump_order, order_columns
from kupon.features.validations import schemas
from kupon.features.validations.service.evaluation import Case, assemble, new_session_key
from kupon.features.validations.service.loading import Loaded
from kupon.features.validations.service.telling import tell
from kupon.features.vouchers.schemas import dump_gift
from kupon.kit.errors import invalid_payload, not_found
from kupon.kit.timestamps import format_moment
from kupon.runtime import ids
from kupon.storage.queries import session_locks
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.queries.session_locks import Hold
from kupon.storage.snapshots import VoucherFacts
from kupon.storage.uow import UnitOfWork

DEFAULT_TTL = {"DAYS": 7}
LONGEST_LOCK = timedelta(days=3650)

_MICROSECONDS = {
    "DAYS": 86_400_000_000,
    "HOURS": 3_600_000_000,
    "MINUTES": 60_000_000,
    "SECONDS": 1_000_000,
    "MILLISECONDS": 1_000,
    "MICROSECONDS": 1,
    "NANOSECONDS": 0.001,
}


def validate(
    uow: UnitOfWork, project: ProjectFacts, api_key: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    """Judge a request's incentives; with a session, hold what applies for it.

    Raises:  not_found for a promotion stack: answers tell of its tiers, never of itself.
    """
    case, session = _judge(uow, project, api_key, body)
    for redeemable in case.incentives.redeemables:
        if redeemable.object == "promotion_stack":
            raise not_found("promotion_stack", redeemable.id)
    answer: dict[str, Any] = {"id": new_id(), "valid": case.evaluation.is_valid}
    answer |= dump_verdict(case, uow.request_id or "")
    if case.evaluation.is_valid:
        answer["order"] = dump_root_order(case)
    if case.tracking_id is not None:
        answer["tracking_id"] = case.tracking_id
    if session is not None:
        answer["session"] = session
    answer["stacking_rules"] = case.definitions.stacking_rules_wire
    tell(uow, case, answer["id"])
    return answer


def hold_for_order(
    uow: UnitOfWork, project: ProjectFacts, api_key: str, body: Mapping[str, Any]
) -> None:
    """Hold what applies for the session of an order that is placed; nobody is told.

    Shapes:  what does not apply is passed over, whatever the stacking rules say of that.
    """
    request = {**body, "session": _complete_session(body["session"])}
    uow.attempt(lambda: _hold(uow, project, api_key, request, is_partial=True))


def validate_voucher(
    uow: UnitOfWork, project: ProjectFacts, api_key: str, code: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    """The older call on a single code: the same verdict in its flat form."""
    request = {**body, "redeemables": [sent_voucher(code, body)]}
    case, session = _judge(uow, project, api_key, request)
    tell(uow, case, new_id())
    (redeemable,) = dump_verdict(case, uow.request_id or "")["redeemables"]
    flat: dict[str, Any] = {
        "valid": case.evaluation.is_valid,
        "code": code,
        "tracking_id": case.tracking_id or customers.new_tracking_id(),
    }
    if case.customer is not None and case.customer["id"] is not None:
        flat["customer_id"] = case.customer["id"]
    if not case.evaluation.is_valid:
        error = redeemable["result"]["error"]
        # Where a rule brings its own text, that is all that the older call tells.
        told = error.get("error") or error
        return flat | {"reason": error["message"], "error": told, "metadata": {}}
    if session is not None:
        flat["session"] = session
    return (
        flat
        | _flat_voucher(_voucher_of(case))
        | {
            "applicable_to": redeemable["applicable_to"],
            "inapplicable_to": redeemable["inapplicable_to"],
            **_flat_result(case, redeemable["result"]),
            "order": dump_root_order(case),
        }
    )


def new_id() -> str:
    """An id for a validation."""
    return ids.new_id("valid_")


def sent_voucher(code: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """The code of an older call as an element of `redeemables`, with what it is to pay."""
    paid = {name: body[name] for name in ("gift", "reward") if body.get(name) is not None}
    return {"object": "voucher", "id": code, **paid}


def _flat_result(case: Case, result: Mapping[str, Any]) -> dict[str, Any]:
    voucher = _voucher_of(case)
    if voucher.type == GIFT_VOUCHER:
        return {"gift": dump_gift(voucher.balance, voucher.gift_effect)}
    payment = case.payment_of(case.incentives.redeemables[0])
    if payment is None or payment.offer is None:
        return {"discount": result["discount"]}
    points, assignment = result["loyalty_card"]["points"], payment.offer.assignment
    bought = {"id": assignment.reward_id, "assignment_id": assignment.id, "points": points}
    return {"loyalty": {"points_cost": points}, "reward": bought}


def _voucher_of(case: Case) -> VoucherFacts:
    (redeemable,) = case.incentives.redeemables
    facts = case.facts_of(redeemable)
    if not isinstance(facts, VoucherFacts):
        raise AssertionError("what is unknown is never applied")
    return facts


def _flat_voucher(voucher: VoucherFacts) -> dict[str, Any]:
    members: dict[str, Any] = {"metadata": voucher.voucher_metadata}
    if voucher.campaign_id is not None:
        members |= {"campaign": voucher.campaign_name, "campaign_id": voucher.campaign_id}
    for name in ("start_date", "expiration_date"):
        moment = getattr(voucher, name)
        if moment is not None:
            members[name] = format_moment(moment)
    return members


def _judge(
    uow: UnitOfWork, project: ProjectFacts, api_key: str, body: Mapping[str, Any]
) -> tuple[Case, dict[str, Any] | None]:
    """The verdict, and the session with its defaults if one was asked for."""
    session = _complete_session(body.get("session"))
    if session is None:
        return assemble(uow, project, api_key, body), None
    request = {**body, "session": session}
    return uow.attempt(lambda: _hold(uow, project, api_key, request)), session


def dump_verdict(case: Case, request_id: str) -> dict[str, Any]:
    """The three lists of an answer."""
    dumped = _dump_steps(case, case.evaluation.steps, request_id)
    return schemas.dump_lists(case.evaluation, dumped)


def dump_refused(case: Case, request_id: str) -> dict[str, Any]:
    """What did not apply, in two lists that are empty rather than absent."""
    return {
        "inapplicable_redeemables": _dump_steps(
            case, case.evaluation.having(Status.INAPPLICABLE), request_id
        ),
        "skipped_redeemables": _dump_steps(
            case, case.evaluation.having(Status.SKIPPED), request_id
        ),
    }


def _dump_steps(case: Case, steps: Iterable[Step], request_id: str) -> list[dict[str, Any]]:
    expand = case.expand
    return [
        schemas.dump_step(
            step,
            case.facts_of(step.redeemable),
            case.definitions,
            case.snapshot.articles,
            expand,
            request_id,
        )
        for step in steps
    ]


def dump_root_order(case: Case) -> dict[str, Any]:
    """The order after all that applied."""
    return dump_order_of(case, case.evaluation.start, case.evaluation.end)


def dump_order_of(loaded: Loaded, before: Order, after: Order) -> dict[str, Any]:
    """The order of a request at a later moment, with what it is called and whose it is."""
    body, customer = loaded.order_body, loaded.customer
    named = {name: body[name] for name in ("id", "source_id", "status") if body.get(name)}
    parties = {
        "customer_id": customer["id"] if customer else None,
        "referrer_id": body.get("referrer_id"),
    }
    return dump_order(named | order_columns(after, since=before) | parties)


def _complete_session(sent: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The session with its defaults: a key of its own, seven days."""
    if sent is None:
        return None
    session = {"key": sent.get("key") or new_session_key(), "type": "LOCK"}
    if sent.get("ttl") is None:
        return session | {"ttl": DEFAULT_TTL["DAYS"], "ttl_unit": "DAYS"}
    return session | {"ttl": sent["ttl"], "ttl_unit": sent["ttl_unit"]}


def _hold(
    uow: UnitOfWork,
    project: ProjectFacts,
    api_key: str,
    body: Mapping[str, Any],
    *,
    is_partial: bool = False,
) -> Case:
    """Judge, and hold what each code that applies would use until the session ends."""
    case = assemble(uow, project, api_key, body, is_partial=is_partial)
    if case.evaluation.is_valid:
        session = body["session"]
        held = [
            Hold(voucher, (step.applied.paid if step.applied else None) or 0)
            for step in case.evaluation.having(Status.APPLICABLE)
            if isinstance(voucher := case.facts_of(step.redeemable), VoucherFacts)
        ]
        session_locks.hold(uow, held, session["key"], _ends_at(uow.now, session))
    return case


def _ends_at(now: datetime, session: Mapping[str, Any]) -> datetime:
    try:
        span = timedelta(microseconds=session["ttl"] * _MICROSECONDS[session["ttl_unit"]])
    except OverflowError:
        span = LONGEST_LOCK + timedelta(days=1)
    if span > LONGEST_LOCK:
        raise invalid_payload("Property .session.ttl must be <= 3650 days")
    return now + span

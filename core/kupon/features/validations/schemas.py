"""Wire shapes of validations, shared with redemptions where both are one."""

from __future__ import annotations

from typing import Any

from marshmallow import validate

from kupon.engine.model import Evaluation, Redeemable, Status, Step
from kupon.engine.refusals import Refusal
from kupon.features.customers.schemas import CustomerBody
from kupon.features.management.schemas import StackingRulesBody
from kupon.features.orders.schemas import CalculatedOrder, OrderBody, dump_order, order_columns
from kupon.features.vouchers.schemas import Discount
from kupon.kit.errors import KuponError
from kupon.storage.definitions import Definitions
from kupon.storage.snapshots import VoucherFacts
from kupon.web.fields import (
    Flag,
    Json,
    Many,
    Number,
    Part,
    Text,
    Whole,
    WireSchema,
    one_of,
)

EXPANDS = ("order", "redemption", "redeemable", "category")
TTL_UNITS = (
    "DAYS",
    "HOURS",
    "MICROSECONDS",
    "MILLISECONDS",
    "MINUTES",
    "NANOSECONDS",
    "SECONDS",
)
REDEEMABLES = ("voucher", "promotion_tier", "promotion_stack")
_NOBODY = {"customer_id": None, "referrer_id": None}
EMPTY_LIST: dict[str, Any] = {"data": [], "total": 0, "data_ref": "data", "object": "list"}


class GiftPart(WireSchema):
    """How much of a gift card to use."""

    credits = Whole()


class RewardPart(WireSchema):
    """Which reward to take for how many points."""

    id = Text()
    points = Whole()


class RedeemableBody(WireSchema):
    """One incentive that a request names."""

    object = Text(load_default="voucher", validate=one_of(*REDEEMABLES))
    id = Text(required=True, validate=validate.Length(min=1, error="must not be empty"))
    gift = Part(GiftPart)
    reward = Part(RewardPart)


class SessionBody(WireSchema):
    """A lock on the incentives for a while; the parts that are missing get defaults."""

    type = Text(load_default="LOCK", validate=one_of("LOCK"))
    key = Text(validate=validate.Length(min=1, max=255, error="must have 1 to 255 characters"))
    ttl = Number(validate=validate.Range(min=0, min_inclusive=False, error="must be > 0"))
    ttl_unit = Text(load_default="DAYS", validate=one_of(*TTL_UNITS))


class OptionsBody(WireSchema):
    """What answers should spell out."""

    expand = Many(Text(validate=one_of(*EXPANDS)))


class StackableBody(WireSchema):
    """Body of POST /v1/validations and POST /v1/redemptions."""

    options = Part(OptionsBody)
    redeemables = Many(
        Part(RedeemableBody),
        required=True,
        validate=validate.Length(min=1, max=30, error="must have between {min} and {max} items"),
    )
    customer = Part(CustomerBody, allow_none=True)
    order = Part(OrderBody, allow_none=True)
    session = Part(SessionBody, allow_none=True)
    metadata = Json(allow_none=True)
    tracking_id = Text(allow_none=True)


class VoucherBody(WireSchema):
    """Body of the older calls on a single code."""

    options = Part(OptionsBody)
    customer = Part(CustomerBody, allow_none=True)
    order = Part(OrderBody, allow_none=True)
    session = Part(SessionBody, allow_none=True)
    metadata = Json(allow_none=True)
    gift = Part(GiftPart, allow_none=True)
    reward = Part(RewardPart, allow_none=True)
    tracking_id = Text(allow_none=True)


class Articles(WireSchema):
    """The articles that a discount is for, or not for; empty where nothing restricts it."""

    data = Many(Json(), required=True)
    data_ref = Text(required=True)
    object = Text(required=True)
    total = Whole(required=True)


class RedeemableResult(WireSchema):
    """One incentive in an answer."""

    status = Text()
    id = Text()
    object = Text()
    order = Part(CalculatedOrder)
    applicable_to = Part(Articles)
    inapplicable_to = Part(Articles)
    result = Json()
    metadata = Json()
    categories = Many(Json())
    campaign_id = Text()
    campaign_name = Text()
    name = Text()


class Session(WireSchema):
    """A lock as answered."""

    key = Text()
    type = Text()
    ttl = Number()
    ttl_unit = Text()


class VoucherValidation(WireSchema):
    """Answer of the older call on a single code."""

    valid = Flag(required=True)
    code = Text(required=True)
    applicable_to = Part(Articles)
    inapplicable_to = Part(Articles)
    campaign = Text()
    campaign_id = Text()
    customer_id = Text()
    discount = Part(Discount)
    gift = Json()
    loyalty = Json()
    order = Part(CalculatedOrder)
    metadata = Json()
    reason = Text()
    error = Json()
    session = Part(Session)
    start_date = Text()
    expiration_date = Text()
    tracking_id = Text()


class Validation(WireSchema):
    """Answer of POST /v1/validations."""

    id = Text()
    valid = Flag(required=True)
    redeemables = Many(Part(RedeemableResult), required=True)
    inapplicable_redeemables = Many(Part(RedeemableResult))
    skipped_redeemables = Many(Part(RedeemableResult))
    order = Part(CalculatedOrder)
    tracking_id = Text()
    session = Part(Session)
    stacking_rules = Part(StackingRulesBody, required=True)


def dump_step(
    step: Step,
    facts: VoucherFacts | None,
    definitions: Definitions,
    expand: frozenset[str],
    request_id: str,
) -> dict[str, Any]:
    """One incentive with its verdict, as `redeemables` and its two sisters list it."""
    body: dict[str, Any] = {
        "status": step.status.value,
        "id": step.redeemable.id,
        "object": step.redeemable.object,
    }
    if step.status is Status.APPLICABLE and facts is not None:
        if "order" in expand:
            columns = order_columns(step.after, since=step.before)
            body["order"] = dump_order(columns | _NOBODY, is_step=True)
        body["applicable_to"] = EMPTY_LIST
        body["inapplicable_to"] = EMPTY_LIST
        body["result"] = {"discount": {**(facts.discount or {}), "is_dynamic": False}}
    elif step.refusal is not None:
        body["result"] = _dump_refusal(step.redeemable, step.refusal, request_id)
    elif step.skip is not None:
        body["result"] = {"details": {"key": step.skip.key, "message": step.skip.message}}
    if facts is not None:
        _expand(body, facts, definitions, expand)
    return body


def refusal_error(redeemable: Redeemable, refusal: Refusal) -> KuponError:
    """The error that a refused incentive stands for."""
    return KuponError(
        refusal.key,
        refusal.details,
        message=refusal.message,
        resource_id=refusal.resource_id,
        resource_type=refusal.resource_type,
        redeemable_id=redeemable.id,
        redeemable_type=redeemable.object,
    )


def _dump_refusal(redeemable: Redeemable, refusal: Refusal, request_id: str) -> dict[str, Any]:
    error = refusal_error(redeemable, refusal)
    return {
        "error": error.body() | {"request_id": request_id},
        "details": {"message": error.message, "key": error.key},
    }


def _expand(
    body: dict[str, Any], facts: VoucherFacts, definitions: Definitions, expand: frozenset[str]
) -> None:
    if "redeemable" in expand:
        body["metadata"] = facts.voucher_metadata
        if facts.campaign_id is not None:
            body["campaign_id"] = facts.campaign_id
            body["campaign_name"] = facts.campaign_name
    if "category" in expand:
        category = definitions.category(facts.effective_category_id)
        body["categories"] = [] if category is None else [category]


def dump_lists(
    evaluation: Evaluation, dumped: list[dict[str, Any]]
) -> dict[str, list[dict[str, Any]]]:
    """Sort the dumped steps into the answer's three lists.

    Source:  spec discounts-and-stacking, table 10.1.
    """
    by_status: dict[str, list[dict[str, Any]]] = {status.value: [] for status in Status}
    for body in dumped:
        by_status[body["status"]].append(body)
    lists = {"redeemables": by_status["APPLICABLE"] if evaluation.is_valid else dumped}
    if by_status["INAPPLICABLE"]:
        lists["inapplicable_redeemables"] = by_status["INAPPLICABLE"]
    if by_status["SKIPPED"]:
        lists["skipped_redeemables"] = by_status["SKIPPED"]
    return lists

"""What answers about carts tell of incentives."""

from __future__ import annotations

from kupon.features.management.schemas import StackingRulesBody
from kupon.features.orders.schemas import CalculatedOrder
from kupon.features.vouchers.schemas import Discount, Gift
from kupon.web.fields import Flag, Json, Many, Number, Part, Text, Whole, WireSchema


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


class RuleText(WireSchema):
    """What a rule says itself to whom it refuses."""

    message = Text()


class RefusalError(WireSchema):
    """Why an incentive was refused; where a rule has a text of its own, only that."""

    code = Whole()
    key = Text()
    message = Text()
    details = Text()
    request_id = Text()
    resource_id = Text()
    resource_type = Text()
    redeemable_id = Text()
    redeemable_type = Text()
    error = Part(RuleText)


class PointsCost(WireSchema):
    """What a loyalty card pays."""

    points_cost = Whole(required=True)


class SpentOn(WireSchema):
    """What a loyalty card pays for."""

    id = Text()
    assignment_id = Text()
    points = Whole()


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
    gift = Part(Gift)
    loyalty = Part(PointsCost)
    reward = Part(SpentOn)
    order = Part(CalculatedOrder)
    metadata = Json()
    reason = Text()
    error = Part(RefusalError)
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

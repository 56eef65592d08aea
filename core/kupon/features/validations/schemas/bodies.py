"""What requests about carts say: incentives, customer, order, session."""

from __future__ import annotations

from marshmallow import validate

from kupon.features.customers.schemas import CustomerBody
from kupon.features.orders.schemas import OrderBody
from kupon.web.fields import Json, Many, Number, Part, Text, Whole, WireSchema, between, one_of

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


class GiftPart(WireSchema):
    """How much of a gift card to use."""

    credits = Whole(validate=between(0))


class RewardPart(WireSchema):
    """Which reward to take for how many points, by its id or by that of its assignment."""

    id = Text()
    assignment_id = Text()
    points = Whole(validate=between(1))


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

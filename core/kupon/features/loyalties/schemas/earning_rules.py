"""Wire shapes of earning rules.

Source: spec campaigns-loyalty-referral-gift, section 7.3.
"""

from __future__ import annotations

from typing import Any

from marshmallow import validate

from kupon.features.vouchers.schemas import (
    ExpirationRules,
    Hours,
    Timeframe,
    TimeLimits,
    dump_time_limits,
)
from kupon.kit.timestamps import format_moment
from kupon.storage.tables.loyalties import EarningRule as EarningRuleRow
from kupon.web.fields import (
    CountedList,
    Flag,
    Json,
    Many,
    Moment,
    Part,
    Text,
    Whole,
    WireSchema,
    at_most,
    between,
    one_of,
)
from kupon.web.query import ListQuery

LONGEST_EVENT = 300
LONGEST_BANNER = 10_000
LONGEST_PENDING_DAYS = 90


class EarnedPoints(WireSchema):
    """So many points for every so much."""

    every = Whole(required=True, validate=between(1))
    points = Whole(required=True, validate=between(0))
    points_formula = Text(allow_none=True)


class EarnedByProperty(EarnedPoints):
    """So many points for every so much of a number in metadata."""

    property = Text(required=True)


class EarningArticle(WireSchema):
    """An article whose units count."""

    object = Text(required=True, validate=one_of("products_collection", "product", "sku"))
    id = Text(required=True)


class EarnedByItems(EarnedPoints):
    """So many points for every so much of some articles; the first of them stands alone as well."""

    object = Text(validate=one_of("products_collection", "product", "sku"))
    id = Text()
    applicable_to = Many(Part(EarningArticle))


class EarningOrder(WireSchema):
    """By which figure of an order points are earned."""

    amount = Part(EarnedPoints)
    total_amount = Part(EarnedPoints)
    metadata = Part(EarnedByProperty)


class EarningOrderItems(WireSchema):
    """By which figure of an order's lines points are earned."""

    quantity = Part(EarnedByItems)
    amount = Part(EarnedByItems)
    subtotal_amount = Part(EarnedByItems)


class EarningMetadata(WireSchema):
    """By which metadata points are earned."""

    metadata = Part(EarnedByProperty)


class EarningLoyalty(WireSchema):
    """What a rule gives; which members belong together depends on the types."""

    type = Text(required=True, validate=one_of("FIXED", "PROPORTIONAL"))
    points = Whole(validate=between(0))
    points_formula = Text(allow_none=True)
    calculation_type = Text()
    order = Part(EarningOrder)
    order_items = Part(EarningOrderItems)
    customer = Part(EarningMetadata)
    custom_event = Part(EarningMetadata)


class EarningSegment(WireSchema):
    """The segment that has to be entered."""

    id = Text(required=True)


class EarningCustomEvent(WireSchema):
    """The custom event that has to happen."""

    schema_id = Text(required=True)


class EarningTier(WireSchema):
    """The tier that it is about; `__ANY__` is any."""

    id = Text(required=True)


class EarningSource(WireSchema):
    """Where a rule comes from, and the text that is told of it."""

    banner = Text(validate=at_most(LONGEST_BANNER))


class EarningRuleSource(EarningSource):
    """Where a rule comes from, as it is answered."""

    object_id = Text(required=True)
    object_type = Text(required=True)


class PendingPeriod(WireSchema):
    """How long points have to wait."""

    period_type = Text(load_default="DAY", validate=one_of("DAY"))
    period_value = Whole(required=True, validate=between(1, LONGEST_PENDING_DAYS))


class _EarningRuleMembers(WireSchema):
    # Of all these the reference has a null for pending points alone, and its clients send null for
    # whatever was not given.
    start_date = Moment()
    expiration_date = Moment()
    validity_timeframe = Part(Timeframe)
    validity_day_of_week = Many(Whole())
    validity_hours = Part(Hours)
    source = Part(EarningSource)
    validation_rule_id = Text()
    pending_points = Part(PendingPeriod, allow_none=True)
    expiration_rules = Part(ExpirationRules)
    metadata = Json()


class EarningRuleCreate(_EarningRuleMembers):
    """One rule of a body of creation."""

    event = Text(
        validate=[validate.Length(min=1, error="must not be empty"), at_most(LONGEST_EVENT)]
    )
    loyalty = Part(EarningLoyalty, required=True)
    segment = Part(EarningSegment)
    custom_event = Part(EarningCustomEvent)
    loyalty_tier = Part(EarningTier)
    active = Flag(load_default=True)


class EarningRuleUpdate(_EarningRuleMembers):
    """Body of an update; what is absent stays, and the event always does."""

    loyalty = Part(EarningLoyalty)
    active = Flag()


class EarningRulesQuery(ListQuery):
    """Which rules of a programme to list."""

    class Meta(ListQuery.Meta):
        exclude = (
            *("start_date", "end_date", "starting_after_id"),
            *("created_at", "updated_at", "filters"),
        )


class EarningRule(TimeLimits):
    """An earning rule."""

    id = Text(required=True)
    automation_id = Text(required=True)
    event = Text(required=True)
    loyalty = Part(EarningLoyalty, required=True)
    segment = Part(EarningSegment)
    custom_event = Part(EarningCustomEvent)
    loyalty_tier = Part(EarningTier)
    source = Part(EarningRuleSource, required=True)
    validation_rule_id = Text(required=True, allow_none=True)
    active = Flag(required=True)
    pending_points = Part(PendingPeriod)
    expiration_rules = Part(ExpirationRules)
    metadata = Json(required=True)
    created_at = Moment(required=True)
    updated_at = Moment(required=True, allow_none=True)
    object = Text(required=True)


class EarningRuleList(CountedList):
    """Earning rules of one programme."""

    data = Many(Part(EarningRule), required=True)


def dump_earning_rule(row: EarningRuleRow, validation_rule_id: str | None) -> dict[str, Any]:
    """The wire's earning rule."""
    source = {"object_id": row.campaign_id, "object_type": "campaign"}
    body: dict[str, Any] = {
        "id": row.id,
        "automation_id": row.automation_id,
        "event": row.event,
        "loyalty": row.loyalty,
        "source": source if row.banner is None else {"banner": row.banner, **source},
        "validation_rule_id": validation_rule_id,
        "active": row.is_active,
        "metadata": row.rule_metadata,
        "created_at": format_moment(row.created_at),
        "updated_at": None if row.updated_at is None else format_moment(row.updated_at),
        "object": "earning_rule",
        **dump_time_limits(row),
    }
    for name, member, value in (
        ("segment", "id", row.segment_id),
        ("custom_event", "schema_id", row.custom_event_schema_id),
        ("loyalty_tier", "id", row.loyalty_tier_id),
    ):
        if value is not None:
            body[name] = {member: value}
    for name in ("pending_points", "expiration_rules"):
        if getattr(row, name) is not None:
            body[name] = getattr(row, name)
    return body

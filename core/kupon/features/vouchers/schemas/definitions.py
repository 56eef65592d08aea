"""Parts of a body that define what codes do; campaigns send the same for all of theirs.

The fields only document and tidy: whether a definition makes sense is for the engine to say.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from kupon.kit.timestamps import format_moment
from kupon.web.fields import (
    Day,
    Flag,
    Json,
    Many,
    Moment,
    Number,
    Part,
    Text,
    Whole,
    WireSchema,
    at_most,
    between,
)

LONGEST_TEXT = 10_000


class UnitProduct(WireSchema):
    """The product of which units are given."""

    id = Text(required=True)
    source_id = Text()
    name = Text(required=True)


class UnitSku(WireSchema):
    """The SKU of which units are given; `sku` and `name` are the same."""

    id = Text(required=True)
    source_id = Text()
    sku = Text()
    name = Text(required=True)


class UnitPart(WireSchema):
    """One of several articles that are given; answers to carts tell who it is."""

    effect = Text(load_default="ADD_NEW_ITEMS")
    unit_off = Whole(allow_none=True)
    unit_off_formula = Text(allow_none=True)
    unit_type = Text(allow_none=True)
    is_dynamic = Flag(allow_none=True)
    product = Part(UnitProduct, dump_only=True)
    sku = Part(UnitSku, dump_only=True)


class Discount(WireSchema):
    """What a code takes off; which members belong together depends on the type.

    Answers to carts tell the article of which units are given.
    """

    type = Text(required=True)
    effect = Text(allow_none=True)
    amount_off = Whole(allow_none=True)
    amount_off_formula = Text(allow_none=True)
    percent_off = Number(allow_none=True)
    percent_off_formula = Text(allow_none=True)
    fixed_amount = Whole(allow_none=True)
    fixed_amount_formula = Text(allow_none=True)
    amount_limit = Whole(allow_none=True)
    aggregated_amount_limit = Whole(allow_none=True)
    unit_off = Whole(allow_none=True)
    unit_off_formula = Text(allow_none=True)
    unit_type = Text(allow_none=True)
    units = Many(Part(UnitPart), allow_none=True)
    is_dynamic = Flag(allow_none=True)
    # What a plugin's kind needs beside these.
    parameters = Json(allow_none=True)
    product = Part(UnitProduct, dump_only=True)
    sku = Part(UnitSku, dump_only=True)


class Gift(WireSchema):
    """What a gift card holds; what came in is gross of what was taken off by hand."""

    amount = Whole(required=True)
    subtracted_amount = Whole()
    balance = Whole()
    effect = Text(allow_none=True)


class ExpirationRules(WireSchema):
    """When points end; which members belong together depends on the type of period."""

    period_type = Text(required=True)
    period_value = Whole(allow_none=True)
    rounding_type = Text(allow_none=True)
    rounding_value = Whole(allow_none=True)
    fixed_month = Whole(allow_none=True)
    fixed_day = Whole(allow_none=True)


class LoyaltyCard(WireSchema):
    """What new loyalty cards hold, and when points on them end; never without rules."""

    points = Whole(required=True, validate=between(0))
    expiration_rules = Part(ExpirationRules, allow_none=True)


class HeldPoints(WireSchema):
    """What a loyalty card holds: points are all that ever came in."""

    points = Whole(required=True)
    balance = Whole(required=True)
    expired_points = Whole(required=True)
    subtracted_points = Whole(required=True)
    pending_points = Whole(required=True)
    next_expiration_date = Day()
    next_expiration_points = Whole()


class CodeConfig(WireSchema):
    """What generated codes look like; a generator is a plugin's, and finishes them."""

    length = Whole(allow_none=True)
    charset = Text(allow_none=True)
    prefix = Text(allow_none=True)
    postfix = Text(allow_none=True)
    pattern = Text(allow_none=True)
    initial_count = Whole(allow_none=True)
    generator = Text(allow_none=True)


class Timeframe(WireSchema):
    """Windows of one duration that open every interval, counted from the start date."""

    duration = Text()
    interval = Text()


class DailyHours(WireSchema):
    """Clock times between which something is valid, on some days of the week."""

    start_time = Text()
    expiration_time = Text()
    days_of_week = Many(Whole())


class Hours(WireSchema):
    """Clock times between which something is valid."""

    daily = Many(Part(DailyHours))


class TimeLimits(WireSchema):
    """When something is valid; no limit where nothing is said."""

    start_date = Moment(allow_none=True)
    expiration_date = Moment(allow_none=True)
    validity_timeframe = Part(Timeframe, allow_none=True)
    validity_day_of_week = Many(Whole(), allow_none=True)
    validity_hours = Part(Hours, allow_none=True)


class RedemptionLimit(WireSchema):
    """How often one code may be used; null is without limit."""

    quantity = Whole(allow_none=True, validate=between(1))


class NewCode(WireSchema):
    """What may be said of a code when it is made."""

    category = Text(allow_none=True)
    category_id = Text(allow_none=True)
    redemption = Part(RedemptionLimit, allow_none=True)
    metadata = Json(allow_none=True)
    additional_info = Text(allow_none=True, validate=at_most(LONGEST_TEXT))


class Timed(Protocol):
    """A row with time limits of its own."""

    @property
    def start_date(self) -> datetime | None: ...

    @property
    def expiration_date(self) -> datetime | None: ...

    @property
    def validity_timeframe(self) -> dict[str, Any] | None: ...

    @property
    def validity_day_of_week(self) -> list[int] | None: ...

    @property
    def validity_hours(self) -> dict[str, Any] | None: ...


def dump_time_limits(row: Timed) -> dict[str, Any]:
    """The limits that a row has, as the wire writes them."""
    limits: dict[str, Any] = {}
    if row.start_date is not None:
        limits["start_date"] = format_moment(row.start_date)
    if row.expiration_date is not None:
        limits["expiration_date"] = format_moment(row.expiration_date)
    if row.validity_timeframe is not None:
        limits["validity_timeframe"] = row.validity_timeframe
    if row.validity_day_of_week is not None:
        limits["validity_day_of_week"] = row.validity_day_of_week
    if row.validity_hours is not None:
        limits["validity_hours"] = row.validity_hours
    return limits

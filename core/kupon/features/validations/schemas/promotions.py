"""Wire shapes of the older calls on promotion tiers: flat, one tier each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kupon.engine.model import Incentive, Step
from kupon.engine.situation import Article
from kupon.features.customers.schemas import CustomerBody
from kupon.features.orders.schemas import CalculatedOrder, OrderBody, dump_older_order
from kupon.features.validations.schemas.answers import Articles, RefusalError
from kupon.features.validations.schemas.verdicts import dump_articles, dump_result
from kupon.features.vouchers.schemas import Discount
from kupon.kit.timestamps import format_moment
from kupon.storage.queries.promotions import PromotionCampaign, TierFacts
from kupon.web.fields import Flag, Json, Many, Part, Text, Whole, WireSchema, one_of
from kupon.web.query import Switch

Wire = Mapping[str, Any]


class TierBody(WireSchema):
    """Body of a call on a single tier."""

    customer = Part(CustomerBody, allow_none=True)
    order = Part(OrderBody, allow_none=True)
    metadata = Json(allow_none=True)


class PromotionsOptions(WireSchema):
    """What answers should spell out."""

    expand = Many(Text(validate=one_of("category")))


class PromotionsBody(TierBody):
    """Body of the call on all tiers."""

    options = Part(PromotionsOptions)


class PromotionsFilters(WireSchema):
    """Which tiers are meant: `filters[promotion_id][conditions][$is]=...`, metadata by key."""

    metadata = Json()
    promotion_id = Json()


class PromotionsQuery(WireSchema):
    """Parameters of the call on all tiers."""

    audience_rules_only = Switch(data_key="audienceRulesOnly")
    filters = Part(PromotionsFilters)


class ValidatedCampaign(WireSchema):
    """What the answer tells of a tier's campaign."""

    id = Text()
    object = Text()
    active = Flag()
    start_date = Text()
    expiration_date = Text()
    categories = Json()


class ValidatedTier(WireSchema):
    """What the answers to both calls tell of a tier."""

    id = Text()
    object = Text()
    name = Text()
    banner = Text()
    hierarchy = Whole()
    metadata = Json()
    campaign = Part(ValidatedCampaign)
    discount = Part(Discount)
    start_date = Text()
    expiration_date = Text()
    applicable_to = Part(Articles)
    inapplicable_to = Part(Articles)
    discount_amount = Whole()
    applied_discount_amount = Whole()
    order = Part(CalculatedOrder)
    tracking_id = Text()


class TierValidation(ValidatedTier):
    """Answer of the call on a single tier."""

    valid = Flag(required=True)
    reason = Text()
    error = Part(RefusalError)


class ValidPromotion(ValidatedTier):
    """A tier that applies."""

    # The reference types it as text here.
    valid = Text(required=True)
    category_id = Text()
    categories = Json()


class PromotionsValidation(WireSchema):
    """Answer of the call on all tiers."""

    valid = Flag(required=True)
    promotions = Many(Part(ValidPromotion), required=True)
    tracking_id = Text(required=True)


def dump_applied_tier(
    tier: Wire,
    facts: TierFacts,
    source: Incentive,
    step: Step,
    articles: Mapping[str, Article],
    order: Wire,
) -> dict[str, Any]:
    """A tier that applies; tier is what `dump_tier` makes, order the wire's after it."""
    if step.applied is None:
        raise AssertionError("a step that applies says how")
    return {
        **tier,
        **dump_result(source, facts, step.applied, articles),
        **dump_articles(source, step),
        "discount_amount": step.after.total_discount_amount,
        "applied_discount_amount": (
            step.after.total_discount_amount - step.before.total_discount_amount
        ),
        "order": dump_older_order(order),
    }


def dump_refused_tier(tier: Wire, facts: TierFacts, error: Wire) -> dict[str, Any]:
    """A tier that does not apply; where a rule brings its own text, that is all that is told."""
    return {
        **tier,
        "discount": facts.discount,
        "reason": error["message"],
        "error": error.get("error") or error,
    }


def dump_tier(facts: TierFacts, campaign_category: Wire | None) -> dict[str, Any]:
    """Which tier it is; the category is the wire's."""
    campaign = {
        "id": facts.campaign.id,
        "object": "campaign",
        "active": facts.campaign.is_active,
        **_dump_dates(facts.campaign),
    }
    body = {
        "id": facts.id,
        "object": "promotion_tier",
        "name": facts.name,
        "hierarchy": facts.hierarchy,
        "metadata": facts.tier_metadata,
        "campaign": campaign,
        **_dump_dates(facts),
    }
    if campaign_category is not None:
        # One category, whatever the member's name says.
        campaign["categories"] = campaign_category
    return body if facts.banner is None else body | {"banner": facts.banner}


def _dump_dates(facts: TierFacts | PromotionCampaign) -> dict[str, str]:
    dates = {"start_date": facts.start_date, "expiration_date": facts.expiration_date}
    return {name: format_moment(moment) for name, moment in dates.items() if moment is not None}

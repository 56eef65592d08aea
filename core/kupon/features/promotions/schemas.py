"""Wire shapes of promotion tiers and stacks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from marshmallow import ValidationError, validate

from kupon.features.categories.schemas import Category
from kupon.features.vouchers.schemas import (
    Discount,
    RuleAssignments,
    TimeLimits,
    dump_time_limits,
    rule_ids,
)
from kupon.kit.pages import list_body
from kupon.kit.timestamps import format_moment
from kupon.storage.queries.promotions import PromotionCampaign as CampaignFacts
from kupon.storage.queries.promotions import TierFacts
from kupon.storage.tables.campaigns import Campaign as CampaignRow
from kupon.storage.tables.promotions import PromotionStack as StackRow
from kupon.storage.tables.promotions import PromotionTier as TierRow
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
from kupon.web.query import ListQuery, Switch

LONGEST_NAME = 500
LONGEST_BANNER = 10_000
MOST_TIERS_IN_STACK = 30

Wire = Mapping[str, Any]

_NAME = [validate.Length(min=1, error="must not be empty"), at_most(LONGEST_NAME)]
_HIERARCHY = between(1, 2**31 - 1)


class PromotionAction(WireSchema):
    """What a tier does."""

    discount = Part(Discount, required=True)


class PromotionActionChange(WireSchema):
    """What a tier is to do from now on."""

    discount = Part(Discount)


class SentAssignment(WireSchema):
    """An assignment as it may be sent back: the rule in it counts."""

    id = Text()
    rule_id = Text(required=True)
    related_object_id = Text()
    related_object_type = Text()
    created_at = Text()
    object = Text()


class SentAssignments(WireSchema):
    """The validation rules that a tier is to have, and no others."""

    object = Text()
    data_ref = Text()
    data = Many(
        Part(SentAssignment),
        required=True,
        validate=validate.Length(max=1, error="must NOT have more than 1 items"),
    )
    total = Whole()


class _TierMembers(TimeLimits):
    banner = Text(allow_none=True, validate=at_most(LONGEST_BANNER))
    hierarchy = Whole(validate=_HIERARCHY)
    metadata = Json(allow_none=True)
    category = Text(allow_none=True)
    category_id = Text(allow_none=True)


class PromotionTierInCampaign(_TierMembers):
    """A tier in the body of a campaign's creation."""

    name = Text(required=True, validate=_NAME)
    action = Part(PromotionAction, required=True)
    active = Flag(load_default=True)
    validation_rules = rule_ids


class PromotionTierCreate(PromotionTierInCampaign):
    """Body of adding a tier to a campaign."""

    validation_rule_assignments = Part(SentAssignments)


class PromotionTierUpdate(_TierMembers):
    """Body of an update; what is absent stays."""

    name = Text(validate=_NAME)
    action = Part(PromotionActionChange)
    validation_rule_assignments = Part(SentAssignments)


class PromotionTiersQuery(ListQuery):
    """Which tiers to list."""

    class Meta(ListQuery.Meta):
        exclude = (
            *("start_date", "end_date", "starting_after_id"),
            *("created_at", "updated_at", "filters"),
        )

    is_available = Switch()


class PromotionCampaign(TimeLimits):
    """What a tier tells of its campaign."""

    id = Text(required=True)
    active = Flag(required=True)
    category_id = Text()
    object = Text(required=True)


class PromotionRedemptions(WireSchema):
    """How often something was redeemed."""

    total_redeemed = Whole(required=True)


class PromotionOrders(WireSchema):
    """What the orders came to in which something was redeemed."""

    total_amount = Whole(required=True)
    total_discount_amount = Whole(required=True)


class PromotionSummary(WireSchema):
    """What a tier has brought about."""

    redemptions = Part(PromotionRedemptions, required=True)
    orders = Part(PromotionOrders, required=True)


class PromotionTier(TimeLimits):
    """A promotion tier."""

    id = Text(required=True)
    created_at = Moment(required=True)
    updated_at = Moment()
    name = Text(required=True)
    banner = Text()
    action = Part(PromotionAction, required=True)
    metadata = Json(required=True)
    hierarchy = Whole(required=True)
    promotion_id = Text(required=True)
    campaign = Part(PromotionCampaign, required=True)
    campaign_id = Text(required=True)
    active = Flag(required=True)
    summary = Part(PromotionSummary, required=True)
    object = Text(required=True)
    validation_rule_assignments = Part(RuleAssignments, required=True)
    category_id = Text()
    categories = Many(Part(Category), required=True)


class RedeemedTier(PromotionTier):
    """A promotion tier as redemptions carry it."""

    summary = Part(PromotionSummary)
    validation_rule_assignments = Part(RuleAssignments)


class PromotionTierList(CountedList):
    """Promotion tiers."""

    tiers = Many(Part(PromotionTier), required=True)
    has_more = Flag(required=True)


def _refuse_repeated(ids: Sequence[str]) -> None:
    if len(set(ids)) < len(ids):
        raise ValidationError("must NOT have duplicate items")


_TIER_IDS: list[Callable[[Any], Any]] = [
    validate.Length(min=1, error="must NOT have fewer than 1 items"),
    validate.Length(
        max=MOST_TIERS_IN_STACK, error=f"must NOT have more than {MOST_TIERS_IN_STACK} items"
    ),
    _refuse_repeated,
]
_MODE = one_of("MANUAL")


class StackTiers(WireSchema):
    """The tiers of a stack, in the order of application."""

    ids = Many(Text(), required=True, validate=_TIER_IDS)
    hierarchy_mode = Text(validate=_MODE)


class StackTiersChange(WireSchema):
    """The tiers that a stack is to have from now on."""

    ids = Many(Text(), validate=_TIER_IDS)
    hierarchy_mode = Text(validate=_MODE)


class PromotionStackCreate(WireSchema):
    """Body of creation."""

    name = Text(required=True, validate=_NAME)
    tiers = Part(StackTiers, required=True)
    category_id = Text(allow_none=True)


class PromotionStackUpdate(WireSchema):
    """Body of an update; what is absent stays."""

    name = Text(validate=_NAME)
    tiers = Part(StackTiersChange)
    category_id = Text(allow_none=True)


class PromotionStacksQuery(ListQuery):
    """Which stacks to list."""

    class Meta(ListQuery.Meta):
        exclude = ("start_date", "end_date", "starting_after_id", "filters")

    ORDER = ("created_at", "updated_at", "name")


class PromotionStackTiers(WireSchema):
    """The tiers of a stack, in the order of application; no ids once all of them were deleted."""

    ids = Many(Text())
    hierarchy_mode = Text(required=True)


class PromotionStack(WireSchema):
    """A promotion stack."""

    id = Text(required=True)
    name = Text(required=True)
    tiers = Part(PromotionStackTiers, required=True)
    campaign_id = Text(required=True)
    category_id = Text(required=True, allow_none=True)
    categories = Many(Part(Category), required=True)
    created_at = Moment(required=True)
    updated_at = Moment()
    object = Text(required=True)


class PromotionStackList(CountedList):
    """Promotion stacks."""

    data = Many(Part(PromotionStack), required=True)


def dump_tier(
    row: TierRow, campaign: CampaignRow, category: Wire | None, assignments: Wire
) -> dict[str, Any]:
    """The wire's promotion tier; category and assignments are the wire's too.

    What is unset is left out: the reference declares no null here.
    """
    body: dict[str, Any] = {
        "id": row.id,
        "name": row.name,
        "action": row.action,
        "metadata": row.tier_metadata,
        "hierarchy": row.hierarchy,
        "promotion_id": row.campaign_id,
        "campaign": _dump_campaign(campaign),
        "campaign_id": row.campaign_id,
        "active": row.is_active,
        "summary": {
            "redemptions": {"total_redeemed": row.total_redeemed},
            "orders": {
                "total_amount": row.total_amount,
                "total_discount_amount": row.total_discount_amount,
            },
        },
        "validation_rule_assignments": assignments,
        "categories": [] if category is None else [category],
        "created_at": format_moment(row.created_at),
        "object": "promotion_tier",
        **dump_time_limits(row),
    }
    if row.banner is not None:
        body["banner"] = row.banner
    if category is not None:
        body["category_id"] = category["id"]
    if row.updated_at is not None:
        body["updated_at"] = format_moment(row.updated_at)
    return body


def dump_redeemed_tier(facts: TierFacts, category: Wire | None) -> dict[str, Any]:
    """The wire's promotion tier as redemptions carry it: without its summary and its rules."""
    body: dict[str, Any] = {
        "id": facts.id,
        "name": facts.name,
        "action": facts.action,
        "metadata": facts.tier_metadata,
        "hierarchy": facts.hierarchy,
        "promotion_id": facts.campaign.id,
        "campaign": _dump_campaign(facts.campaign),
        "campaign_id": facts.campaign.id,
        "active": facts.is_active,
        "categories": [] if category is None else [category],
        "created_at": format_moment(facts.created_at),
        "object": "promotion_tier",
        **dump_time_limits(facts),
    }
    if facts.banner is not None:
        body["banner"] = facts.banner
    if category is not None:
        body["category_id"] = category["id"]
    if facts.updated_at is not None:
        body["updated_at"] = format_moment(facts.updated_at)
    return body


def _dump_campaign(row: CampaignRow | CampaignFacts) -> dict[str, Any]:
    body = {"id": row.id, "active": row.is_active, "object": "campaign", **dump_time_limits(row)}
    if row.category_id is not None:
        body["category_id"] = row.category_id
    return body


def dump_tiers(tiers: Sequence[Wire]) -> dict[str, Any]:
    """All tiers of a campaign, which are the wire's already."""
    return list_body("tiers", tiers, total=len(tiers), has_more=False)


def dump_stack(row: StackRow, category: Wire | None) -> dict[str, Any]:
    """The wire's promotion stack; category is the wire's too."""
    body = {
        "id": row.id,
        "name": row.name,
        "tiers": _dump_stack_tiers(row),
        "campaign_id": row.campaign_id,
        "category_id": None if category is None else category["id"],
        "categories": [] if category is None else [category],
        "created_at": format_moment(row.created_at),
        "object": "promotion_stack",
    }
    if row.updated_at is not None:
        body["updated_at"] = format_moment(row.updated_at)
    return body


def _dump_stack_tiers(row: StackRow) -> dict[str, Any]:
    # An empty list is against the reference, and its clients then refuse the whole answer.
    ids = {"ids": row.tier_ids} if row.tier_ids else {}
    return ids | {"hierarchy_mode": "MANUAL"}


def dump_stack_summary(row: StackRow) -> dict[str, Any]:
    """The wire's SimplePromotionStack, as events carry it."""
    body: dict[str, Any] = {
        "id": row.id,
        "name": row.name,
        "campaign": {"id": row.campaign_id},
        "tiers": _dump_stack_tiers(row),
    }
    if row.category_id is not None:
        body["category_id"] = row.category_id
    return body

"""Campaigns as they are answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kupon.features.campaigns.schemas.access import AccessAssignments, dump_access
from kupon.features.campaigns.schemas.programmes import ReferralProgram, TiersExpiration
from kupon.features.categories.schemas import Category
from kupon.features.promotions.schemas import PromotionTierList
from kupon.features.vouchers.schemas import (
    CodeConfig,
    Discount,
    Gift,
    LoyaltyCard,
    RuleAssignments,
    TimeLimits,
    dump_time_limits,
)
from kupon.kit.pages import list_body
from kupon.kit.timestamps import format_moment
from kupon.storage.tables.areas import CampaignAccess
from kupon.storage.tables.campaigns import REFERRAL_PROGRAM
from kupon.storage.tables.campaigns import Campaign as CampaignRow
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
    one_of,
)

STATUSES = ("DONE", "IN_PROGRESS", "FAILED", "DRAFT", "MODIFYING")


class TemplateLimit(WireSchema):
    """How often one code may be used; null is without limit."""

    quantity = Whole(required=True, allow_none=True)


class Template(TimeLimits):
    """What the campaign's codes do, with the campaign's own time limits."""

    type = Text(required=True)
    discount = Part(Discount)
    gift = Part(Gift)
    loyalty_card = Part(LoyaltyCard)
    redemption = Part(TemplateLimit, required=True)
    code_config = Part(CodeConfig, required=True)
    is_referral_code = Flag(required=True)


class CampaignBase(TimeLimits):
    """A campaign as listings print it."""

    id = Text(required=True)
    name = Text(required=True)
    description = Text()
    campaign_type = Text(required=True)
    type = Text(required=True)
    voucher = Part(Template)
    auto_join = Flag(required=True)
    join_once = Flag(required=True)
    use_voucher_metadata_schema = Flag(required=True)
    activity_duration_after_publishing = Text()
    loyalty_tiers_expiration = Part(TiersExpiration)
    referral_program = Part(ReferralProgram)
    vouchers_count = Whole()
    active = Flag()
    metadata = Json()
    category = Text()
    category_id = Text(required=True, allow_none=True)
    categories = Many(Part(Category), required=True)
    creation_status = Text(required=True, validate=one_of(*STATUSES))
    vouchers_generation_status = Text(required=True, validate=one_of(*STATUSES))
    protected = Flag(required=True)
    readonly = Flag()
    access_settings_assignments = Part(AccessAssignments)
    created_at = Moment(required=True)
    updated_at = Moment()
    object = Text(required=True)


class Campaign(CampaignBase):
    """A campaign; `promotion` has the tiers of a campaign of promotions."""

    promotion = Part(PromotionTierList)
    validation_rules_assignments = Part(RuleAssignments, required=True)


class CampaignList(CountedList):
    """One page of campaigns."""

    campaigns = Many(Part(CampaignBase), required=True)


class Empty(WireSchema):
    """An empty object."""


class AsyncAction(WireSchema):
    """Which async action tells of work that was begun."""

    async_action_id = Text(required=True)


class Summary(WireSchema):
    """What a campaign has brought about; rollbacks are never taken off.

    Campaigns of discounts tell of discounts, campaigns of gift cards of credits, programmes of
    points, referral campaigns of referred customers.
    """

    campaign = Part(CampaignBase, required=True)
    redemptions = Whole(required=True)
    redemptions_succeeded = Whole(required=True)
    redemptions_failed = Whole(required=True)
    rollbacks = Whole(required=True)
    rollbacks_succeeded = Whole(required=True)
    rollbacks_failed = Whole(required=True)
    validations = Whole(required=True)
    validations_succeeded = Whole(required=True)
    validations_failed = Whole(required=True)
    orders_amount = Whole(required=True)
    orders_rolledback_amount = Whole(required=True)
    vouchers_created = Whole(required=True)
    vouchers_deleted = Whole(required=True)
    publications = Whole(required=True)
    publications_succeeded = Whole(required=True)
    publications_failed = Whole(required=True)
    discounted_amount = Whole()
    rolledback_discounted_amount = Whole()
    created_vouchers_amount = Whole()
    amount_added = Whole()
    amount_subtracted = Whole()
    amount_redeemed = Whole()
    amount_rolledback = Whole()
    amount_deleted = Whole()
    created_vouchers_points = Whole()
    points_added = Whole()
    points_subtracted = Whole()
    points_deleted = Whole()
    points_rewarded = Whole()
    points_redeemed = Whole()
    points_rolledback = Whole()
    points_expired = Whole()
    points_transferred_in = Whole()
    points_transferred_out = Whole()
    pending_points_added = Whole()
    pending_points_subtracted = Whole()
    pending_points_activated = Whole()
    pending_points_canceled = Whole()
    referred_customers = Whole()
    object = Text(required=True)


def dump_campaign(
    row: CampaignRow,
    category: Mapping[str, Any] | None,
    rules: Mapping[str, Any],
    access: Sequence[CampaignAccess] | None,
) -> dict[str, Any]:
    """The wire's campaign; category and the list of rules are the wire's too."""
    base = dump_campaign_base(row, category, access=access)
    return base | {"validation_rules_assignments": rules}


def dump_campaign_base(
    row: CampaignRow,
    category: Mapping[str, Any] | None,
    *,
    access: Sequence[CampaignAccess] | None = None,
) -> dict[str, Any]:
    """The wire's campaign as listings print it; what is unset is left out."""
    limits = dump_time_limits(row)
    body = {
        "id": row.id,
        "name": row.name,
        "campaign_type": row.campaign_type,
        "type": row.type,
        "auto_join": row.auto_join,
        "join_once": row.join_once,
        "use_voucher_metadata_schema": row.use_voucher_metadata_schema,
        "active": row.is_active,
        "metadata": row.campaign_metadata,
        "category_id": None if category is None else category["id"],
        "categories": [] if category is None else [category],
        "creation_status": row.creation_status,
        "vouchers_generation_status": row.vouchers_generation_status,
        "protected": row.is_protected,
        "readonly": False,
        "created_at": format_moment(row.created_at),
        "object": "campaign",
        **limits,
    }
    if row.voucher:
        is_referral = row.campaign_type == REFERRAL_PROGRAM
        body["voucher"] = {**row.voucher, "is_referral_code": is_referral, **limits}
        body["vouchers_count"] = row.vouchers_count
    if category is not None:
        body["category"] = category["name"]
    for name in _OPTIONAL:
        if getattr(row, name) is not None:
            body[name] = getattr(row, name)
    if row.updated_at is not None:
        body["updated_at"] = format_moment(row.updated_at)
    if access is not None:
        rows = list(map(dump_access, access))
        body["access_settings_assignments"] = list_body("data", rows, total=len(rows))
    return body


# Members named as their columns.


_OPTIONAL = (
    "description",
    "activity_duration_after_publishing",
    "loyalty_tiers_expiration",
    "referral_program",
)

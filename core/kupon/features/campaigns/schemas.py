"""Wire shapes of campaigns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import validate

from kupon.engine.access import Level
from kupon.features.categories.schemas import Category
from kupon.features.promotions.schemas import PromotionTierInCampaign, PromotionTierList
from kupon.features.vouchers.schemas import (
    CodeConfig,
    Discount,
    Gift,
    LoyaltyCard,
    NewCode,
    RedemptionLimit,
    RuleAssignments,
    TimeLimits,
    TransactionsQuery,
    dump_time_limits,
    rule_ids,
)
from kupon.kit.pages import list_body
from kupon.kit.timestamps import format_moment
from kupon.storage.tables.areas import CampaignAccess
from kupon.storage.tables.campaigns import REFERRAL_PROGRAM
from kupon.storage.tables.campaigns import Campaign as CampaignRow
from kupon.web.fields import (
    Day,
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
from kupon.web.query import Conditions, ListQuery, Switch, Texts

MOST_CODES = 100_000
LONGEST_NAME = 500
TYPES = ("AUTO_UPDATE", "STATIC", "STANDALONE")
CAMPAIGN_TYPES = (
    "DISCOUNT_COUPONS",
    "GIFT_VOUCHERS",
    "LOYALTY_PROGRAM",
    "PROMOTION",
    "REFERRAL_PROGRAM",
)
STATUSES = ("DONE", "IN_PROGRESS", "FAILED", "DRAFT", "MODIFYING")
EXPANDS = ("category", "access_settings_assignments")
LONGEST_DESCRIPTION = 10_000


class TemplateCreate(WireSchema):
    """What the campaign's codes do; `code` is that of a STANDALONE campaign.

    Whether codes refer, the type of the campaign says.
    """

    type = Text()
    discount = Part(Discount, allow_none=True)
    gift = Part(Gift, allow_none=True)
    loyalty_card = Part(LoyaltyCard, allow_none=True)
    redemption = Part(RedemptionLimit, allow_none=True)
    code_config = Part(CodeConfig, allow_none=True)
    code = Text(allow_none=True)
    is_referral_code = Flag(allow_none=True)


class StoreAccess(WireSchema):
    """Areas and stores by id."""

    areas_ids = Many(Text())
    area_stores_ids = Many(Text())
    area_all_stores_ids = Many(Text())


class AccessSettings(WireSchema):
    """Which areas and stores may use a campaign."""

    assign = Part(StoreAccess)
    unassign = Part(StoreAccess)


class AccessAssignment(WireSchema):
    """An area or a store that may use a campaign."""

    id = Text(required=True)
    area_id = Text(required=True)
    area_store_id = Text()
    all_stores = Flag()
    created_at = Moment(required=True)
    object = Text(required=True)


class AccessAssignments(WireSchema):
    """The areas and stores that may use a campaign."""

    object = Text(required=True)
    data_ref = Text(required=True)
    data = Many(Part(AccessAssignment), required=True)
    total = Whole(required=True)


class RewardParent(WireSchema):
    """The campaign of the cards to which referees' rewards go."""

    id = Text(allow_none=True)
    name = Text(allow_none=True)
    object = Text(allow_none=True)


class _WrittenWhole(Whole):
    """An integer that stays text where it was sent as text."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        number = super()._deserialize(value)
        return str(number) if isinstance(value, str) else number


class RefereeReward(WireSchema):
    """What is put on a card of those who were referred."""

    related_object_parent = Part(RewardParent, allow_none=True)
    type = Text(allow_none=True)
    # UNCERTAIN: an integer for the reference's interface, text for its events and its SDK.
    amount = _WrittenWhole(allow_none=True)


class ConversionEvent(WireSchema):
    """The custom event that makes a referral count."""

    id = Text(allow_none=True)
    name = Text(allow_none=True)


class ReferralProgram(WireSchema):
    """What makes a referral count, and what the referred get for it."""

    conversion_event_type = Text(allow_none=True)
    custom_event = Part(ConversionEvent, allow_none=True)
    referee_reward = Part(RefereeReward, allow_none=True)


class CampaignChange(TimeLimits):
    """What may be said of a campaign at any time."""

    description = Text(allow_none=True, validate=at_most(LONGEST_DESCRIPTION))
    category = Text(allow_none=True)
    category_id = Text(allow_none=True)
    metadata = Json(allow_none=True)
    join_once = Flag()
    auto_join = Flag()
    activity_duration_after_publishing = Text(allow_none=True)
    access_settings = Part(AccessSettings, allow_none=True)


class PromotionCreate(WireSchema):
    """The tiers that a campaign of promotions begins with."""

    tiers = Many(Part(PromotionTierInCampaign), allow_none=True)


class TierStart(WireSchema):
    """When a tier begins that was reached."""

    type = Text(allow_none=True)


class TierRounding(WireSchema):
    """To which day the end of a tier is put off; months count from 0 here."""

    type = Text(allow_none=True)
    strategy = Text(allow_none=True)
    unit = Text(allow_none=True)
    value = Whole(allow_none=True)


class TierEnd(WireSchema):
    """When a tier ends that is not kept."""

    type = Text(allow_none=True)
    extend = Text(allow_none=True)
    rounding = Part(TierRounding, allow_none=True)


class TiersExpiration(WireSchema):
    """By what tiers are reached, and how long they are kept."""

    qualification_type = Text(allow_none=True)
    qualification_period = Text(allow_none=True)
    start_date = Part(TierStart, allow_none=True)
    expiration_date = Part(TierEnd, allow_none=True)


class UpdateOptions(WireSchema):
    """Whether the tiers of members are judged anew by what was changed."""

    recalculate_tiers = Flag(allow_none=True)


class CampaignCreate(CampaignChange):
    """Body of creation."""

    name = Text(
        required=True,
        validate=[validate.Length(min=1, error="must not be empty"), at_most(LONGEST_NAME)],
    )
    campaign_type = Text(load_default="DISCOUNT_COUPONS", validate=one_of(*CAMPAIGN_TYPES))
    type = Text(load_default="STATIC", validate=one_of(*TYPES))
    vouchers_count = Whole(load_default=0, allow_none=True, validate=between(0, MOST_CODES))
    use_voucher_metadata_schema = Flag(load_default=False)
    validation_rules = rule_ids
    voucher = Part(TemplateCreate)
    promotion = Part(PromotionCreate)
    loyalty_tiers_expiration = Part(TiersExpiration, allow_none=True)
    referral_program = Part(ReferralProgram, allow_none=True)


class CampaignUpdate(CampaignChange):
    """Body of an update; what is absent stays."""

    type = Text(validate=one_of("AUTO_UPDATE", "STATIC"))
    discount = Part(Discount)
    gift = Part(Gift)
    loyalty_card = Part(LoyaltyCard)
    loyalty_tiers_expiration = Part(TiersExpiration, allow_none=True)
    options = Part(UpdateOptions, allow_none=True)
    referral_program = Part(ReferralProgram)
    unset_metadata_fields = Many(Text(), allow_none=True)
    validation_rules = rule_ids


class CodeInCampaign(NewCode):
    """Body of adding one code to a campaign."""

    start_date = Moment(allow_none=True)
    expiration_date = Moment(allow_none=True)


class CodesInCampaign(CodeInCampaign):
    """Body of adding codes to a campaign."""

    code = Text(allow_none=True)
    code_config = Part(CodeConfig, allow_none=True)


class CodesQuery(WireSchema):
    """How many codes to add."""

    vouchers_count = Whole(load_default=1, validate=between(1, MOST_CODES))


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


class CampaignList(WireSchema):
    """One page of campaigns."""

    object = Text(required=True)
    data_ref = Text(required=True)
    campaigns = Many(Part(CampaignBase), required=True)
    total = Whole(required=True)


class Empty(WireSchema):
    """An empty object."""


class AsyncAction(WireSchema):
    """Which async action tells of work that was begun."""

    async_action_id = Text(required=True)


class AccessFilter(WireSchema):
    """Campaigns by the areas and stores that may use them."""

    filter = Part(StoreAccess)


class CampaignsQuery(ListQuery):
    """Which campaigns to list."""

    class Meta(ListQuery.Meta):
        exclude = ("start_date", "end_date", "starting_after_id", "created_at", "updated_at")

    campaign_type = Text(validate=one_of(*CAMPAIGN_TYPES))
    campaign_status = Text(validate=one_of(*STATUSES))
    is_referral_code = Switch()
    expand = Texts()
    access_settings = Part(AccessFilter)


class CampaignTransactionsQuery(TransactionsQuery):
    """Which transactions of a campaign to list."""

    class Meta(ListQuery.Meta):
        exclude = ("page", "start_date", "end_date", "created_at", "updated_at")

    filters = Conditions()


class SummaryQuery(WireSchema):
    """Between which days to count, both included."""

    start_date = Day()
    end_date = Day()


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
        rows = list(map(_dump_access, access))
        body["access_settings_assignments"] = list_body("data", rows, total=len(rows))
    return body


# Members named as their columns.
_OPTIONAL = (
    "description",
    "activity_duration_after_publishing",
    "loyalty_tiers_expiration",
    "referral_program",
)


def _dump_access(row: CampaignAccess) -> dict[str, Any]:
    assignment = {
        "id": row.id,
        "area_id": row.area_id,
        "all_stores": row.level == Level.ALL_STORES,
        "created_at": format_moment(row.created_at),
        "object": "area_store_campaign_assignment",
    }
    return assignment if row.store_id is None else assignment | {"area_store_id": row.store_id}

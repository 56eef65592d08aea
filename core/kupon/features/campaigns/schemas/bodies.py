"""What campaigns are made of and changed by, and what is asked of them."""

from __future__ import annotations

from marshmallow import validate

from kupon.features.campaigns.schemas.access import AccessFilter, AccessSettings
from kupon.features.campaigns.schemas.programmes import ReferralProgram, TiersExpiration
from kupon.features.promotions.schemas import PromotionTierInCampaign
from kupon.features.vouchers.schemas import (
    CodeConfig,
    Discount,
    Gift,
    LoyaltyCard,
    NewCode,
    RedemptionLimit,
    TimeLimits,
    TransactionsQuery,
    rule_ids,
)
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
# Giveaways: the reference has withdrawn them, a plugin may bring them back.
LUCKY_DRAW = "LUCKY_DRAW"
CAMPAIGN_TYPES = (
    "DISCOUNT_COUPONS",
    "GIFT_VOUCHERS",
    "LOYALTY_PROGRAM",
    "PROMOTION",
    "REFERRAL_PROGRAM",
)
STATUSES = ("DONE", "IN_PROGRESS", "FAILED", "DRAFT", "MODIFYING")
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


class UpdateOptions(WireSchema):
    """Whether the tiers of members are judged anew by what was changed."""

    recalculate_tiers = Flag(allow_none=True)


class CampaignCreate(CampaignChange):
    """Body of creation."""

    name = Text(
        required=True,
        validate=[validate.Length(min=1, error="must not be empty"), at_most(LONGEST_NAME)],
    )
    campaign_type = Text(
        load_default="DISCOUNT_COUPONS", validate=one_of(*CAMPAIGN_TYPES, LUCKY_DRAW)
    )
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

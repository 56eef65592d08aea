"""Wire shapes of campaign templates."""

from __future__ import annotations

from typing import Any

from marshmallow import validate

from kupon.features.campaigns.schemas import (
    LONGEST_DESCRIPTION,
    LONGEST_NAME,
    MOST_CODES,
    TYPES,
    Campaign,
    CampaignChange,
)
from kupon.features.promotions.schemas import PromotionTier, PromotionTierInCampaign
from kupon.features.vouchers.schemas import CodeConfig, RedemptionLimit
from kupon.kit.timestamps import format_moment
from kupon.storage.tables.templates import CampaignTemplate as TemplateRow
from kupon.web.fields import (
    Flag,
    Json,
    Many,
    Moment,
    PagedList,
    Part,
    Text,
    Whole,
    WireSchema,
    at_most,
    between,
    one_of,
)
from kupon.web.query import ListQuery, Switch

CAMPAIGN_TYPES = ("DISCOUNT_COUPONS", "GIFT_VOUCHERS")

_NAME = [validate.Length(min=1, error="must not be empty"), at_most(LONGEST_NAME)]


class CampaignTemplateUpdate(WireSchema):
    """Body of an update; what is absent stays."""

    name = Text(validate=_NAME)
    description = Text(allow_none=True, validate=at_most(LONGEST_DESCRIPTION))


class CampaignTemplateCreate(CampaignTemplateUpdate):
    """Body of creation: what to make the template of; without a name it has that one's."""

    campaign_id = Text(allow_none=True)
    promotion_tier_id = Text(allow_none=True)


class TemplateQuery(WireSchema):
    """What to tell of a template besides its name."""

    expand = Text(validate=one_of("json_template"))


class TemplatesQuery(ListQuery):
    """Which templates to list, and whether to count all of them."""

    class Meta(ListQuery.Meta):
        exclude = ("page", "start_date", "end_date", "created_at", "updated_at")

    ORDER = ("id",)

    include_total = Switch()


class CampaignTemplate(WireSchema):
    """A template; those of promotion tiers have the type of discount coupons."""

    id = Text(required=True)
    name = Text(required=True)
    description = Text()
    campaign_type = Text(required=True, validate=one_of(*CAMPAIGN_TYPES))
    created_at = Moment(required=True)
    updated_at = Moment()
    object = Text(required=True)


class ExpandedTemplate(CampaignTemplate):
    """A template with what it holds."""

    json_template = Json()


class CampaignTemplateList(PagedList):
    """One page of templates."""

    data = Many(Part(CampaignTemplate), required=True)
    total = Whole()


class SetupVoucher(WireSchema):
    """What the codes of a campaign may have in place of what the template says."""

    code_config = Part(CodeConfig, allow_none=True)
    redemption = Part(RedemptionLimit, allow_none=True)


class CampaignSetup(CampaignChange):
    """Body of a campaign's creation from a template, whose place its members take."""

    name = Text(required=True, validate=_NAME)
    type = Text(validate=one_of(*TYPES))
    vouchers_count = Whole(allow_none=True, validate=between(0, MOST_CODES))
    use_voucher_metadata_schema = Flag()
    voucher = Part(SetupVoucher)


class TierSetup(PromotionTierInCampaign):
    """Body of a tier's creation from a template, whose place its members take."""

    class Meta(WireSchema.Meta):
        exclude = ("action", "validation_rules")

    campaign_id = Text(required=True)


class CreatedResource(WireSchema):
    """What had to be made for the new object."""

    id = Text(required=True)
    object = Text(required=True)


class CampaignSetupResult(WireSchema):
    """A campaign that was made from a template."""

    created_resources = Many(Part(CreatedResource), required=True)
    campaign = Part(Campaign, required=True)
    object = Text(required=True)


class TierSetupResult(WireSchema):
    """A promotion tier that was made from a template."""

    created_resources = Many(Part(CreatedResource), required=True)
    promotion_tier = Part(PromotionTier, required=True)
    object = Text(required=True)


def dump_template(row: TemplateRow, *, is_whole: bool = False) -> dict[str, Any]:
    """The wire's template; what is unset is left out."""
    body: dict[str, Any] = {
        "id": row.id,
        "name": row.name,
        "campaign_type": row.campaign_type,
        "created_at": format_moment(row.created_at),
        "object": "campaign_template",
    }
    if row.description is not None:
        body["description"] = row.description
    if row.updated_at is not None:
        body["updated_at"] = format_moment(row.updated_at)
    if is_whole:
        body["json_template"] = row.definition
    return body

"""Making campaigns and promotion tiers from templates.

Source: spec campaigns-loyalty-referral-gift, section 1.13; api-conventions, section 17.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kupon.features.campaigns import service as campaigns
from kupon.features.promotions import service as promotions
from kupon.features.templates.service.rules import clone_rule
from kupon.kit.errors import KuponError
from kupon.kit.timestamps import parse_moment
from kupon.storage.queries import templates
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.tables.templates import CampaignTemplate
from kupon.storage.uow import UnitOfWork

_MOMENTS = ("start_date", "expiration_date")
# What a template of a tier doesn't say of a campaign.
_CAMPAIGN = {
    "type": "STATIC",
    "vouchers_count": 0,
    "use_voucher_metadata_schema": False,
}
_TIER = (
    "banner",
    "metadata",
    "start_date",
    "expiration_date",
    "validity_timeframe",
    "validity_day_of_week",
    "validity_hours",
)


def set_up_campaign(
    uow: UnitOfWork, project: ProjectFacts, template_id: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    """Create a campaign as a template says, and with its own rule; what the body says goes first.

    Raises:  not_found for the template, and as the creation of campaigns.
    """
    template = templates.get_template(uow, template_id)
    settings = _settings(template)
    rule_ids = clone_rule(uow, template.definition["validation_rule"])
    decided = {
        "campaign_type": template.campaign_type,
        "voucher": settings["voucher"] | _said(body.get("voucher") or {}),
        "validation_rules": rule_ids,
    }
    told = {**_CAMPAIGN, **settings, **_said(body), **decided}
    campaign = campaigns.create_campaign(uow, project, told)
    return {**_created(rule_ids), "campaign": campaign, "object": "campaign_setup"}


def set_up_tier(uow: UnitOfWork, template_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Add a tier as a template says to a campaign of promotions; what the body says goes first.

    Raises:  not_found for the template or the campaign, and as the creation of tiers;
        campaign_type_is_not_supported_by_campaign_template for a gift campaign's template.
    """
    template = templates.get_template(uow, template_id)
    settings = _settings(template)
    discount = settings["voucher"].get("discount")
    if discount is None:
        raise KuponError("campaign_type_is_not_supported_by_campaign_template")
    rule_ids = clone_rule(uow, template.definition["validation_rule"])
    kept = {name: settings[name] for name in _TIER if name in settings}
    decided = {"action": {"discount": discount}, "validation_rules": rule_ids}
    tier = promotions.create_tier(uow, body["campaign_id"], {**kept, **_said(body), **decided})
    return {**_created(rule_ids), "promotion_tier": tier, "object": "promotion_tier_setup"}


def _settings(template: CampaignTemplate) -> dict[str, Any]:
    """What a template says, as a body is read."""
    stored: dict[str, Any] = template.definition["campaign"]
    return stored | {name: parse_moment(stored[name]) for name in _MOMENTS if name in stored}


def _said(body: Mapping[str, Any]) -> dict[str, Any]:
    """What a body says: the SDK sends null for all that was not given."""
    return {name: value for name, value in body.items() if value is not None}


def _created(rule_ids: Sequence[str]) -> dict[str, Any]:
    resources = [{"id": rule_id, "object": "validation_rules"} for rule_id in rule_ids]
    return {"created_resources": resources}

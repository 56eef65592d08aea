"""Storing campaign templates, listing and changing them.

Source: spec campaigns-loyalty-referral-gift, section 1.13; api-conventions, section 17.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from kupon.features.templates import schemas
from kupon.features.templates.service.rules import copy_rule
from kupon.features.vouchers import schemas as voucher_schemas
from kupon.kit.errors import KuponError, invalid_payload
from kupon.kit.pages import PageRequest, list_body
from kupon.runtime import ids
from kupon.storage.queries import campaigns, promotion_tiers, templates
from kupon.storage.queries.rule_assignments import Related
from kupon.storage.tables.campaigns import Campaign
from kupon.storage.tables.promotions import PromotionTier
from kupon.storage.tables.templates import CampaignTemplate
from kupon.storage.uow import UnitOfWork

# Its name, its category, its codes and who may use it are not the template's.
_OF_CAMPAIGN = (
    "description",
    "type",
    "auto_join",
    "join_once",
    "use_voucher_metadata_schema",
    "activity_duration_after_publishing",
    "voucher",
)


class _Origin(NamedTuple):
    """What a template is made of."""

    name: str
    campaign_type: str
    campaign: dict[str, Any]
    related: Related


def create_template(uow: UnitOfWork, body: Mapping[str, Any]) -> dict[str, Any]:
    """Store a campaign or a promotion tier as a template.

    Raises:  not_found; campaign_type_is_not_supported_by_campaign_template; duplicate_found for a
        taken name; invalid_validation_rules for a rule that no template takes; invalid_payload.
    """
    origin = _find_origin(uow, body)
    definition = {
        "object": origin.related.type,
        "campaign": origin.campaign,
        "validation_rule": copy_rule(uow, origin.related),
    }
    row = CampaignTemplate(
        project_id=uow.project_id,
        id=ids.new_id("camp_tpl_"),
        # UNCERTAIN: the reference's schema doesn't require a name, but a template has one.
        name=body.get("name", origin.name),
        description=body.get("description"),
        campaign_type=origin.campaign_type,
        definition=definition,
        created_at=uow.now,
    )
    templates.save_template(uow, row)
    return schemas.dump_template(row)


def _find_origin(uow: UnitOfWork, body: Mapping[str, Any]) -> _Origin:
    campaign_id, tier_id = body.get("campaign_id"), body.get("promotion_tier_id")
    if campaign_id and tier_id:
        raise invalid_payload(
            "Payload must not have both 'campaign_id' and 'promotion_tier_id' properties"
        )
    if campaign_id:
        return _read_campaign(campaigns.get_campaign(uow, campaign_id).campaign)
    if tier_id:
        return _read_tier(promotion_tiers.get_tier(uow, tier_id).tier)
    raise invalid_payload(
        "Payload must have required property 'campaign_id' or 'promotion_tier_id'"
    )


def _read_campaign(row: Campaign) -> _Origin:
    if row.campaign_type not in schemas.CAMPAIGN_TYPES:
        raise KuponError("campaign_type_is_not_supported_by_campaign_template")
    settings = {name: getattr(row, name) for name in _OF_CAMPAIGN}
    settings |= {"metadata": row.campaign_metadata, **voucher_schemas.dump_time_limits(row)}
    kept = {name: value for name, value in settings.items() if value is not None}
    return _Origin(row.name, row.campaign_type, kept, Related("campaign", row.id))


def _read_tier(row: PromotionTier) -> _Origin:
    settings = {
        "banner": row.banner,
        "voucher": {"type": "DISCOUNT_VOUCHER", "discount": row.action["discount"]},
        "metadata": row.tier_metadata,
        **voucher_schemas.dump_time_limits(row),
    }
    kept = {name: value for name, value in settings.items() if value is not None}
    return _Origin(row.name, "DISCOUNT_COUPONS", kept, Related("promotion_tier", row.id))


def get_template(uow: UnitOfWork, template_id: str, *, is_whole: bool) -> dict[str, Any]:
    """One template, where asked to with what it holds."""
    return schemas.dump_template(templates.get_template(uow, template_id), is_whole=is_whole)


def list_templates(uow: UnitOfWork, request: PageRequest) -> dict[str, Any]:
    """One page of templates."""
    is_counted = request.shortcuts.get("include_total", False)
    page = templates.list_templates(uow, request, is_counted=is_counted)
    return list_body(
        "data",
        [schemas.dump_template(row) for row in page.rows],
        total=page.total,
        has_more=page.has_more,
        more_starting_after=page.rows[-1].id if page.has_more else None,
    )


def update_template(uow: UnitOfWork, template_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Change a template's name and description; what the body doesn't name stays.

    Raises:  not_found; duplicate_found for a taken name.
    """
    row = templates.get_template(uow, template_id, is_locked=True)
    row.name = body.get("name", row.name)
    row.description = body.get("description", row.description)
    row.updated_at = uow.now
    templates.save_template(uow, row)
    return schemas.dump_template(row)


def delete_template(uow: UnitOfWork, template_id: str) -> None:
    """Remove a template; what was made of it stays.

    Raises:  not_found.
    """
    templates.delete_template(uow, templates.get_template(uow, template_id, is_locked=True))

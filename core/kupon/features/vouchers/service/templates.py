"""What new codes are made of: their campaign's template and what a body says of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kupon.features.categories import service as categories
from kupon.features.metadata_schemas.service import check_metadata
from kupon.features.vouchers.service.definitions import read_time_limits, time_limits_of
from kupon.kit.errors import KuponError
from kupon.storage.queries.voucher_batches import CodeTemplate
from kupon.storage.tables.campaigns import Campaign
from kupon.storage.uow import UnitOfWork


def worth_of(template: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that say what a code gives, from what a campaign or a body defines."""
    gift = template.get("gift") or {}
    card = template.get("loyalty_card") or {}
    return {
        "discount": template.get("discount"),
        "gift_effect": gift.get("effect"),
        "balance_income": gift.get("amount", 0) + card.get("points", 0),
    }


def campaign_template(campaign: Campaign) -> CodeTemplate:
    """Codes as their campaign defines them at this moment."""
    return CodeTemplate(
        type=campaign.voucher["type"],
        **worth_of(campaign.voucher),
        campaign_id=campaign.id,
        category_id=campaign.category_id,
        redemption_quantity=campaign.voucher["redemption"]["quantity"],
        metadata=campaign.campaign_metadata if campaign.use_voucher_metadata_schema else {},
        **time_limits_of(campaign),
    )


def refuse_codes(campaign: Campaign) -> None:
    """Refuse a campaign that takes no further codes.

    Raises:  invalid_campaign.
    """
    for kind in (campaign.campaign_type, campaign.type):
        if kind in ("PROMOTION", "STANDALONE"):
            raise KuponError(
                "invalid_campaign", f"You can not generate vouchers for {kind} type campaign."
            )


def read_code_values(
    uow: UnitOfWork, body: Mapping[str, Any], base: CodeTemplate
) -> dict[str, Any]:
    """Those fields of a template that a body names, ready to replace the base's.

    Raises:  invalid_payload for time limits that don't go together; not_found for a category;
        metadata_validation_failed.
    """
    # What a campaign gives to its codes was checked with the campaign.
    check_metadata(uow, "voucher", body, is_creation=base.campaign_id is None)
    values: dict[str, Any] = {}
    limits = read_time_limits(body, time_limits_of(base))
    values |= {name: limits[name] for name in limits if name in body}
    if "category" in body or "category_id" in body:
        values["category_id"] = categories.resolve_category(uow, body)
    if body.get("redemption") is not None and "quantity" in body["redemption"]:
        values["redemption_quantity"] = body["redemption"]["quantity"]
    if body.get("metadata") is not None:
        values["metadata"] = {**base.metadata, **body["metadata"]}
    if "additional_info" in body:
        values["additional_info"] = body["additional_info"]
    if "active" in body:
        values["is_active"] = body["active"]
    return values

"""Changing and deleting campaigns, and what that means for their codes.

Source: spec campaigns-loyalty-referral-gift, sections 1.7 to 1.9.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kupon.features.campaigns.service.definitions import read_lifetime, refuse_areas
from kupon.features.campaigns.service.reading import dump_found, stage
from kupon.features.campaigns.service.work import Deletion, Propagation
from kupon.features.categories import service as categories
from kupon.features.metadata_schemas.service import check_metadata
from kupon.features.promotions import service as promotions
from kupon.features.validation_rules import service as rules
from kupon.features.vouchers import service as vouchers
from kupon.kit.errors import KuponError, invalid_payload
from kupon.storage.queries import campaigns
from kupon.storage.queries.campaigns import FoundCampaign
from kupon.storage.queries.rule_assignments import Related
from kupon.storage.tables.campaigns import Campaign
from kupon.storage.uow import UnitOfWork

_PLAIN = ("description", "auto_join", "join_once", "type")
# What means nothing to a campaign without codes.
_OF_CODES = frozenset(
    ("auto_join", "join_once", "type", "discount", "activity_duration_after_publishing")
)


def update_campaign(uow: UnitOfWork, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Change a campaign; the worker brings the changes to the codes that take them.

    Raises:  not_found; invalid_payload, invalid_campaign, metadata_validation_failed,
        resource_protected.
    """
    row = _lock(uow, name).campaign
    if row.campaign_type == "PROMOTION":
        body = {member: value for member, value in body.items() if member not in _OF_CODES}
    refuse_areas(body)
    kind = "voucher" if row.use_voucher_metadata_schema else "campaign"
    check_metadata(uow, kind, body, is_creation=False)
    _check_type(row, body)
    changed = _change_code_columns(uow, row, body)
    before = row.campaign_metadata
    row.campaign_metadata = _metadata(row, body)
    if "activity_duration_after_publishing" in body:
        row.activity_duration_after_publishing = read_lifetime(body)
    for column in _PLAIN:
        if column in body:
            setattr(row, column, body[column])
    if row.type == "STANDALONE":
        row.join_once = False
    campaigns.save_campaign(uow, row)
    rules.attach(uow, Related("campaign", row.id), body.get("validation_rules"))
    _propagate(uow, row, changed, before)
    found = campaigns.get_campaign(uow, row.id)
    stage(uow, "campaign.updated", found)
    return dump_found(uow, found)


def _lock(uow: UnitOfWork, name: str) -> FoundCampaign:
    found = campaigns.lock_campaign(uow, name)
    if found.campaign.is_protected:
        raise KuponError("resource_protected", resource_id=name, resource_type="campaign")
    return found


def _check_type(row: Campaign, body: Mapping[str, Any]) -> None:
    if "type" in body and row.type == "STANDALONE":
        raise KuponError("invalid_campaign", "Type of a STANDALONE campaign cannot be changed.")


def _change_code_columns(uow: UnitOfWork, row: Campaign, body: Mapping[str, Any]) -> list[str]:
    """Change what codes have a copy of; the columns whose value is another now."""
    values = vouchers.read_time_limits(body, vouchers.time_limits_of(row))
    if "category" in body or "category_id" in body:
        values["category_id"] = categories.resolve_category(uow, body)
    changed = [column for column, value in values.items() if getattr(row, column) != value]
    for column in changed:
        setattr(row, column, values[column])
    if "discount" in body:
        discount = _discount(row, body["discount"])
        if discount != row.voucher["discount"]:
            row.voucher = {**row.voucher, "discount": discount}
            changed.append("discount")
    return changed


def _discount(row: Campaign, sent: Mapping[str, Any]) -> dict[str, Any]:
    if sent["type"] != row.voucher["discount"]["type"]:
        raise invalid_payload("Property .discount.type cannot be changed")
    return vouchers.read_discount(sent)


def _metadata(row: Campaign, body: Mapping[str, Any]) -> dict[str, Any]:
    merged = vouchers.merge_metadata(row.campaign_metadata, body)
    unset = body.get("unset_metadata_fields") or ()
    return {name: value for name, value in merged.items() if name not in unset}


def _propagate(
    uow: UnitOfWork, row: Campaign, columns: list[str], before: Mapping[str, Any]
) -> None:
    metadata: dict[str, Any] = {}
    unset: list[str] = []
    if row.use_voucher_metadata_schema:
        after = row.campaign_metadata
        metadata = {
            name: value
            for name, value in after.items()
            if name not in before or before[name] != value
        }
        unset = sorted(before.keys() - after.keys())
    if not row.vouchers_count or not (columns or metadata or unset):
        return
    Propagation(campaign_id=row.id, columns=columns, metadata=metadata, unset=unset).begin(uow)
    if row.creation_status == "DONE":
        row.creation_status = "MODIFYING"


def set_active(uow: UnitOfWork, name: str, *, is_active: bool) -> dict[str, Any]:
    """Enable or disable a campaign; nothing happens to one that is so already.

    Raises:  not_found.
    """
    found = campaigns.lock_campaign(uow, name)
    if found.campaign.is_active != is_active:
        found.campaign.is_active = is_active
        campaigns.save_campaign(uow, found.campaign)
        stage(uow, "campaign.enabled" if is_active else "campaign.disabled", found)
    # The reference answers an empty object here, unlike for vouchers.
    return {}


def delete_campaign(uow: UnitOfWork, name: str, *, is_forced: bool) -> dict[str, Any]:
    """Take a campaign and its codes out of use at once; the worker bins or removes the codes.

    Raises:  not_found; resource_protected.
    """
    found = _lock(uow, name)
    stage(uow, "campaign.deleted", found, "deleted_at")
    rules.detach(uow, [Related("campaign", found.campaign.id)])
    if found.campaign.campaign_type == "PROMOTION":
        promotions.delete_promotion(uow, found.campaign)
    found.campaign.binned_at = uow.now
    action_id = Deletion(campaign_id=found.campaign.id, is_forced=is_forced).begin(uow)
    return {"async_action_id": action_id}

"""Changing and deleting campaigns, and what that means for their codes.

Source: spec campaigns-loyalty-referral-gift, sections 1.7 to 1.9.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kupon.features.campaigns.service.access import set_access
from kupon.features.campaigns.service.definitions import joins_once, read_lifetime
from kupon.features.campaigns.service.programmes import (
    read_referral_program,
    read_tiers_expiration,
)
from kupon.features.campaigns.service.reading import dump_found, stage
from kupon.features.campaigns.service.work import Deletion, Propagation
from kupon.features.categories import service as categories
from kupon.features.metadata_schemas.service import check_metadata
from kupon.features.promotions import service as promotions
from kupon.features.validation_rules import service as rules
from kupon.features.vouchers import service as vouchers
from kupon.kit.errors import KuponError, invalid_payload
from kupon.storage.queries import (
    campaign_codes,
    campaign_parts,
    campaigns,
    earning_rules,
    reward_assignments,
)
from kupon.storage.queries.campaigns import FoundCampaign
from kupon.storage.queries.rule_assignments import Related
from kupon.storage.tables.campaigns import LOYALTY_PROGRAM, REFERRAL_PROGRAM, Campaign
from kupon.storage.uow import UnitOfWork

# Told when the members of a programme are to follow its terms; no webhook knows it.
MEMBERS_TO_JUDGE = "loyalty.members_to_judge"

_PLAIN = ("description", "auto_join", "join_once", "type")
# More codes than this are left to the worker when a binned campaign is removed for good.
PURGED_AT_ONCE = 5000
# What means nothing to a campaign without codes.
_OF_CODES = frozenset(
    (
        "auto_join",
        "join_once",
        "type",
        "discount",
        "gift",
        "loyalty_card",
        "activity_duration_after_publishing",
    )
)


def update_campaign(uow: UnitOfWork, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Change a campaign; the worker brings the changes to the codes that take them.

    Raises:  not_found; invalid_payload, invalid_campaign, metadata_validation_failed,
        resource_protected; forbidden for a restricted key.
    """
    row = _lock(uow, name).campaign
    if row.campaign_type == "PROMOTION":
        body = {member: value for member, value in body.items() if member not in _OF_CODES}
    set_access(uow, row, body, is_new=False)
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
    row.join_once = joins_once(row.campaign_type, row.type, row.join_once)
    _change_programme(uow, row, body)
    campaigns.save_campaign(uow, row)
    if row.campaign_type != LOYALTY_PROGRAM:
        rules.attach(uow, Related("campaign", row.id), body.get("validation_rules"))
    _propagate(uow, row, changed, before)
    found = campaigns.get_campaign(uow, row.id)
    stage(uow, "campaign.updated", found)
    if row.campaign_type == LOYALTY_PROGRAM and _is_refreshed(body):
        # The programme's own feature, which this one knows nothing of, judges the members.
        uow.stage(MEMBERS_TO_JUDGE, row.id, {"campaign_id": row.id})
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
    return [*changed, *_change_worth(row, body)]


def _change_worth(row: Campaign, body: Mapping[str, Any]) -> list[str]:
    """Change what the codes give; the columns of codes that take another value."""
    type: str = row.voucher.get("type", "")
    member = vouchers.WORTHS.get(type)
    if member is None or member not in body:
        return []
    known = row.voucher[member]
    if member == "discount" and body[member]["type"] != known["type"]:
        raise invalid_payload("Property .discount.type cannot be changed")
    worth = vouchers.read_worth(type, body[member], f".{member}")
    if worth == known:
        return []
    row.voucher = {**row.voucher, member: worth}
    if member == "discount":
        return ["discount"]
    # Another amount is for later cards only (campaigns-loyalty-referral-gift, C4).
    is_other = member == "gift" and worth["effect"] != known["effect"]
    return ["gift_effect"] if is_other else []


def _change_programme(uow: UnitOfWork, row: Campaign, body: Mapping[str, Any]) -> None:
    """Change what only programmes have; nothing else takes it."""
    if row.campaign_type == LOYALTY_PROGRAM and "loyalty_tiers_expiration" in body:
        row.loyalty_tiers_expiration = read_tiers_expiration(body)
    if row.campaign_type == REFERRAL_PROGRAM and "referral_program" in body:
        row.referral_program = read_referral_program(uow, body, row.referral_program or {})


def _is_refreshed(body: Mapping[str, Any]) -> bool:
    return bool((body.get("options") or {}).get("recalculate_tiers"))


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
    _delete_definitions(uow, found.campaign)
    campaigns.hide_campaign(uow, found.campaign, is_forced=is_forced)
    action_id = Deletion(campaign_id=found.campaign.id, is_forced=is_forced).begin(uow)
    return {"async_action_id": action_id}


def _delete_definitions(uow: UnitOfWork, campaign: Campaign) -> None:
    """Take away what programmes are made of: none comes back from the bin."""
    if campaign.campaign_type not in (LOYALTY_PROGRAM, REFERRAL_PROGRAM):
        return
    earning = earning_rules.list_campaign_rules(uow, campaign.id)
    ruled = [Related(earning_rules.KIND, rule.id) for rule in earning]
    offers = reward_assignments.list_of_campaign(uow, campaign.id)
    rules.detach(uow, ruled + [Related("reward_assignment", offer.id) for offer in offers])
    campaign_parts.delete_definitions(uow, campaign.id)


def purge_campaign(uow: UnitOfWork, campaign: Campaign) -> None:
    """Remove a binned campaign with its codes for good; its name is free from the answer on.

    Locks:  the campaign must be locked.
    """
    part = campaign_codes.delete_codes(uow, campaign.id, campaign_codes.START, PURGED_AT_ONCE)
    campaigns.hide_campaign(uow, campaign, is_forced=True)
    if part.end is None or part.changed < PURGED_AT_ONCE:
        campaigns.delete_campaign(uow, campaign.id)
        return
    # Nobody sees the name any more.
    campaign.name = campaign.id
    Deletion(campaign_id=campaign.id, is_forced=True, after=part.end, done=part.changed).begin(uow)

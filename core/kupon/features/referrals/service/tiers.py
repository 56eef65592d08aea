"""What referrers may get: making and changing the tiers of a referral programme.

Source: spec campaigns-loyalty-referral-gift, section 6.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kupon.engine.definitions import DefinitionError
from kupon.engine.segments import parse_segment_filter
from kupon.features.referrals import schemas
from kupon.features.referrals.schemas.tier import EACH
from kupon.features.vouchers.schemas import dump_campaign_summary
from kupon.kit.errors import KuponError, invalid_payload, not_found
from kupon.kit.pages import list_body
from kupon.runtime import ids
from kupon.storage.queries import campaigns, referral_tiers, rewards
from kupon.storage.queries.metadata_kinds import load_kinds
from kupon.storage.tables.campaigns import REFERRAL_PROGRAM, Campaign
from kupon.storage.tables.referrals import ReferralTier
from kupon.storage.uow import UnitOfWork

MOST_TIERS = 50

Body = Mapping[str, Any]


def list_tiers(uow: UnitOfWork, name: str) -> dict[str, Any]:
    """All tiers of a referral programme."""
    campaign = _programme(name, campaigns.get_campaign(uow, name).campaign)
    rows = [schemas.dump_tier(row) for row in referral_tiers.list_tiers(uow, campaign.id)]
    return list_body("data", rows, total=len(rows))


def get_tier(uow: UnitOfWork, name: str, tier_id: str) -> dict[str, Any]:
    """One tier."""
    campaign = _programme(name, campaigns.get_campaign(uow, name).campaign)
    return schemas.dump_tier(referral_tiers.get_tier(uow, campaign.id, tier_id))


def create_tier(uow: UnitOfWork, name: str, body: Body) -> dict[str, Any]:
    """Add a tier; who has brought enough customers already gets it with the next one.

    Raises:  not_found for the campaign and the reward; invalid_payload.
    Locks:   the reward, then the campaign.
    """
    _hold_reward(uow, body)
    campaign = _programme(name, campaigns.lock_campaign(uow, name).campaign)
    if len(referral_tiers.list_tiers(uow, campaign.id)) >= MOST_TIERS:
        raise invalid_payload(f"Campaign must NOT have more than {MOST_TIERS} referral tiers")
    row = ReferralTier(
        project_id=uow.project_id,
        id=ids.new_id("seg_"),
        campaign_id=campaign.id,
        banner=body.get("banner"),
        criterion=body["criterion"],
        threshold=body.get("threshold", 1),
        segment_filter=_filter(uow, body.get("segment_filter")),
        reward_id=body["reward_id"],
        created_at=uow.now,
    )
    _check(row)
    referral_tiers.insert_tier(uow, row)
    return _told(uow, "created", campaign, row)


def update_tier(uow: UnitOfWork, name: str, tier_id: str, body: Body) -> dict[str, Any]:
    """Change a tier; what it has paid is not paid again.

    Raises:  not_found; invalid_payload.
    Locks:   the reward, then the campaign and the tier.
    """
    _hold_reward(uow, body)
    campaign = _programme(name, campaigns.lock_campaign(uow, name).campaign)
    row = referral_tiers.get_tier(uow, campaign.id, tier_id, is_locked=True)
    for column in ("banner", "criterion", "threshold", "reward_id"):
        setattr(row, column, body.get(column, getattr(row, column)))
    if body.get("criterion") == EACH and "threshold" not in body:
        row.threshold = 1
    if "segment_filter" in body:
        row.segment_filter = _filter(uow, body["segment_filter"])
    _check(row)
    referral_tiers.save_tier(uow, row)
    return _told(uow, "updated", campaign, row)


def delete_tier(uow: UnitOfWork, name: str, tier_id: str) -> None:
    """Remove a tier; what it has given stays given."""
    campaign = _programme(name, campaigns.lock_campaign(uow, name).campaign)
    row = referral_tiers.get_tier(uow, campaign.id, tier_id, is_locked=True)
    referral_tiers.delete_tier(uow, row)
    _told(uow, "deleted", campaign, row)


def _programme(name: str, campaign: Campaign) -> Campaign:
    if campaign.campaign_type != REFERRAL_PROGRAM:
        raise not_found("campaign", name)
    return campaign


def _hold_reward(uow: UnitOfWork, body: Body) -> None:
    """Keep the reward that a body names from being deleted.

    Raises:  not_found; invalid_payload for a way to pay, which nobody can be given.
    """
    if "reward_id" not in body:
        return
    if rewards.lock_reward(uow, body["reward_id"]).type == "COIN":
        raise invalid_payload("Property .reward_id must not name a reward that only pays orders")


def _check(row: ReferralTier) -> None:
    if row.criterion == EACH and row.threshold != 1:
        raise invalid_payload("Property .threshold must be 1 for criterion EACH")


def _filter(uow: UnitOfWork, sent: dict[str, Any] | None) -> dict[str, Any] | None:
    """The filter as it is stored: as it was sent, but for the junction's case."""
    if sent is None:
        return None
    kinds = dict(load_kinds(uow, "customer"))
    try:
        parsed = parse_segment_filter(sent, ".segment_filter", kinds=kinds)
    except DefinitionError as error:
        raise KuponError(error.key, error.details) from None
    return {**sent, "junction": parsed.junction}


def _told(uow: UnitOfWork, happened: str, campaign: Campaign, row: ReferralTier) -> dict[str, Any]:
    tier = schemas.dump_tier(row)
    payload = {"campaign": dump_campaign_summary(campaign), "referral_tier": tier}
    uow.stage(f"campaign.referral_tier.{happened}", campaign.id, payload)
    return tier

"""Wire shapes of loyalty tiers.

Source: spec campaigns-loyalty-referral-gift, section 7.9.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import validate

from kupon.features.rewards.schemas import Reward, RewardAssignment
from kupon.kit.timestamps import format_moment
from kupon.storage.queries.loyalty_tiers import Membership
from kupon.storage.tables.loyalties import LoyaltyTier as LoyaltyTierRow
from kupon.web.fields import (
    CountedList,
    Json,
    Many,
    Moment,
    Part,
    Text,
    Whole,
    WireSchema,
    at_most,
    between,
)
from kupon.web.query import ListQuery

LONGEST_NAME = 500

_NAME = [validate.Length(min=1, error="must not be empty"), at_most(LONGEST_NAME)]


class LoyaltyTierRange(WireSchema):
    """From how many points until how many, both included; without an end it is open."""

    from_ = Whole(data_key="from", attribute="from", validate=between(0))
    to = Whole(allow_none=True, validate=between(0))


class LoyaltyTierConfig(WireSchema):
    """The range once more."""

    points = Part(LoyaltyTierRange, required=True)


class _TierMembers(WireSchema):
    earning_rules = Json(allow_none=True)
    rewards = Json(allow_none=True)
    metadata = Json(allow_none=True)


class LoyaltyTierCreate(_TierMembers):
    """A tier in the body of creation; both maps say by id what is different for its members."""

    name = Text(required=True, validate=_NAME)
    points = Part(LoyaltyTierRange, required=True)


class LoyaltyTierUpdate(_TierMembers):
    """Body of an update; what is absent stays."""

    name = Text(validate=_NAME)
    points = Part(LoyaltyTierRange)


class LoyaltyTierExpiration(WireSchema):
    """A membership: since when, and its last day if it has one."""

    customer_id = Text(required=True)
    campaign_id = Text(required=True)
    tier_id = Text(required=True)
    start_date = Text()
    expiration_date = Text()
    created_at = Moment(required=True)
    updated_at = Moment()


class LoyaltyTier(WireSchema):
    """A loyalty tier; with its membership where a member is asked about."""

    id = Text(required=True)
    name = Text(required=True)
    campaign_id = Text(required=True)
    points = Part(LoyaltyTierRange, required=True)
    config = Part(LoyaltyTierConfig, required=True)
    earning_rules = Json()
    rewards = Json()
    metadata = Json(required=True, allow_none=True)
    expiration = Part(LoyaltyTierExpiration)
    created_at = Moment(required=True)
    updated_at = Moment(required=True, allow_none=True)
    object = Text(required=True)


class LoyaltyTierList(CountedList):
    """Tiers of a programme."""

    data = Many(Part(LoyaltyTier), required=True)


class LoyaltyTiersQuery(ListQuery):
    """Which tiers to list."""

    class Meta(ListQuery.Meta):
        exclude = (
            *("page", "created_at", "updated_at", "start_date", "end_date"),
            *("starting_after_id", "filters"),
        )


class LoyaltyTierRulesQuery(ListQuery):
    """Which page of a tier's earning rules to list."""

    class Meta(ListQuery.Meta):
        exclude = (
            *("order", "created_at", "updated_at", "start_date", "end_date"),
            *("starting_after_id", "filters"),
        )


class LoyaltyTierReward(WireSchema):
    """A reward as members of a tier can have it."""

    reward = Part(Reward, required=True)
    assignment = Part(RewardAssignment, required=True)
    object = Text(required=True)


class LoyaltyTierRewardList(CountedList):
    """Rewards of a tier."""

    data = Many(Part(LoyaltyTierReward), required=True)


def dump_tier(row: LoyaltyTierRow, membership: Membership | None = None) -> dict[str, Any]:
    """The wire's loyalty tier; an open end is left out, for the reference has no null there."""
    body: dict[str, Any] = {
        "id": row.id,
        "name": row.name,
        "campaign_id": row.campaign_id,
        "points": _dump_range(row),
        "config": {"points": _dump_range(row)},
        "earning_rules": row.earning_rules,
        "rewards": row.rewards,
        "metadata": row.tier_metadata,
        "created_at": format_moment(row.created_at),
        "updated_at": None if row.updated_at is None else format_moment(row.updated_at),
        "object": "loyalty_tier",
    }
    if membership is not None:
        body["expiration"] = dump_expiration(membership)
    return body


def _dump_range(row: LoyaltyTierRow) -> dict[str, int]:
    return {"from": row.points_from} | ({} if row.points_to is None else {"to": row.points_to})


def dump_expiration(row: Membership) -> dict[str, Any]:
    """The wire's LoyaltyTierExpiration; a membership without a last day has no such member."""
    body = {
        "customer_id": row.customer_id,
        "campaign_id": row.campaign_id,
        "tier_id": row.tier_id,
        "start_date": row.starts_on.isoformat(),
        "created_at": format_moment(row.created_at),
    }
    if row.expires_on is not None:
        body["expiration_date"] = row.expires_on.isoformat()
    if row.updated_at is not None:
        body["updated_at"] = format_moment(row.updated_at)
    return body


def dump_tier_reward(reward: Mapping[str, Any], assignment: Mapping[str, Any]) -> dict[str, Any]:
    """The wire's reward of a tier; both are the wire's already."""
    return {"reward": reward, "assignment": assignment, "object": "loyalty_tier_reward"}

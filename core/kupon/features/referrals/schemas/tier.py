"""The tiers of referrers, under a path of ours: the reference has them in its dashboard only.

Source: spec campaigns-loyalty-referral-gift, section 6.1; events-webhooks-data, section 4.4.
"""

from __future__ import annotations

from typing import Any

from kupon.kit.timestamps import format_moment
from kupon.storage.tables.referrals import ReferralTier as Row
from kupon.web.fields import (
    INTEGER_LIMIT,
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
    one_of,
)

EACH = "EACH"
MINIMUM = "MINIMUM"


class ReferralTierUpdate(WireSchema):
    """Body of an update; what is absent stays."""

    banner = Text(allow_none=True, validate=at_most(512))
    criterion = Text(validate=one_of(EACH, MINIMUM))
    threshold = Whole(validate=between(1, INTEGER_LIMIT))
    segment_filter = Json(allow_none=True)
    reward_id = Text()


class ReferralTierBody(ReferralTierUpdate):
    """Body of a creation."""

    criterion = Text(required=True, validate=one_of(EACH, MINIMUM))
    reward_id = Text(required=True)


class ReferralTier(WireSchema):
    """What a referrer gets, for each customer or once there are so many."""

    id = Text(required=True)
    campaign_id = Text(required=True)
    banner = Text(required=True, allow_none=True)
    criterion = Text(required=True)
    threshold = Whole(required=True)
    segment_filter = Json(required=True, allow_none=True)
    reward_id = Text(required=True)
    created_at = Moment(required=True)
    updated_at = Moment(required=True, allow_none=True)
    object = Text(required=True)


class ReferralTierList(CountedList):
    """All tiers of a referral programme, the oldest first."""

    data = Many(Part(ReferralTier), required=True)


def dump_tier(row: Row) -> dict[str, Any]:
    """The tier as our own path tells of it."""
    return {
        "id": row.id,
        "campaign_id": row.campaign_id,
        "banner": row.banner,
        "criterion": row.criterion,
        "threshold": row.threshold,
        "segment_filter": row.segment_filter,
        "reward_id": row.reward_id,
        "created_at": format_moment(row.created_at),
        "updated_at": None if row.updated_at is None else format_moment(row.updated_at),
        "object": "referral_tier",
    }


def dump_simple_tier(row: Row) -> dict[str, Any]:
    """The wire's tier in events."""
    parameters = {"criterion": row.criterion, "threshold": row.threshold}
    return {
        "id": row.id,
        "campaign_id": row.campaign_id,
        "banner": row.banner,
        "parameters": parameters,
    }

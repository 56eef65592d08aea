"""Wire shapes of the points that end on one day.

Source: spec campaigns-loyalty-referral-gift, section 7.6.
"""

from __future__ import annotations

from typing import Any

from kupon.kit.timestamps import format_moment
from kupon.storage.tables.loyalties import PointsBucket as BucketRow
from kupon.web.fields import Day, Moment, Part, Text, Whole, WireSchema


class BucketPoints(WireSchema):
    """How many points there are."""

    total_points = Whole(required=True)


class PointsBucket(WireSchema):
    """Points that end on one day, or never if there is none."""

    id = Text(required=True)
    voucher_id = Text(required=True)
    campaign_id = Text(required=True)
    bucket = Part(BucketPoints, required=True)
    status = Text(required=True)
    expires_at = Day()
    created_at = Moment(required=True)
    updated_at = Moment()
    object = Text(required=True)


def dump_bucket(row: BucketRow, points: int | None = None) -> dict[str, Any]:
    """The wire's bucket; points are what it held where that is to be told instead."""
    body: dict[str, Any] = {
        "id": row.id,
        "voucher_id": row.voucher_id,
        "campaign_id": row.campaign_id,
        "bucket": {"total_points": row.points if points is None else points},
        "status": row.status,
        "created_at": format_moment(row.created_at),
        "object": "loyalty_points_bucket",
    }
    if row.expires_on is not None:
        body["expires_at"] = row.expires_on.isoformat()
    if row.updated_at is not None:
        body["updated_at"] = format_moment(row.updated_at)
    return body

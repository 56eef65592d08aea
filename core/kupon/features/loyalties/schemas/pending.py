"""Wire shapes of pending points.

Source: spec campaigns-loyalty-referral-gift, section 7.5.
"""

from __future__ import annotations

from typing import Any, Protocol

from kupon.features.vouchers.schemas import RelatedObject
from kupon.kit.pages import list_body
from kupon.kit.timestamps import format_moment
from kupon.storage.tables.loyalties import PendingPoints as PendingRow
from kupon.web.fields import Day, Json, Many, Moment, PagedList, Part, Text, Whole, WireSchema
from kupon.web.query import ListQuery


class PendingPointsQuery(ListQuery):
    """Which pending points to list."""

    class Meta(ListQuery.Meta):
        fields = ("limit", "order", "starting_after_id")

    ORDER = ("id",)


class PendingPointsUpdate(WireSchema):
    """How many points to add to those that are pending, or to take off them."""

    points = Whole(required=True)


class PendingDetails(WireSchema):
    """What the points were earned by."""

    event = Json(required=True)
    earning_rule = Json(required=True)
    order = Json(required=True)
    loyalty_tier = Json()
    holder_loyalty_tier = Json()


class PendingPoints(WireSchema):
    """Points that can't be used before a day has come."""

    id = Text(required=True)
    voucher_id = Text(required=True)
    campaign_id = Text(required=True)
    customer_id = Text(required=True)
    order_id = Text(required=True)
    points = Whole(required=True)
    activates_at = Day(required=True)
    details = Part(PendingDetails, required=True)
    created_at = Moment(required=True)
    updated_at = Moment()


class PendingPointsList(PagedList):
    """One page of pending points."""

    data = Many(Part(PendingPoints), required=True)


class PendingBalance(WireSchema):
    """By how much pending points have changed, and how many are pending on the card by now."""

    points = Whole(required=True)
    total = Whole(required=True)
    object = Text(required=True)
    related_object = Part(RelatedObject, required=True)
    operation_type = Text(required=True)


class PageOfRows(Protocol):
    """A page of pending points as it was read."""

    @property
    def rows(self) -> Any: ...

    @property
    def has_more(self) -> bool: ...


def dump_pending(row: PendingRow) -> dict[str, Any]:
    """The wire's pending points."""
    body: dict[str, Any] = {
        "id": row.id,
        "voucher_id": row.voucher_id,
        "campaign_id": row.campaign_id,
        "customer_id": row.customer_id,
        "order_id": row.order_id,
        "points": row.points,
        "activates_at": row.activates_on.isoformat(),
        "details": row.details,
        "created_at": format_moment(row.created_at),
    }
    if row.updated_at is not None:
        body["updated_at"] = format_moment(row.updated_at)
    return body


def dump_pending_list(page: PageOfRows) -> dict[str, Any]:
    """The wire's page of pending points."""
    return list_body(
        "data",
        [dump_pending(row) for row in page.rows],
        has_more=page.has_more,
        more_starting_after=page.rows[-1].id if page.has_more else None,
    )


def dump_pending_balance(
    voucher_id: str, points: int, total: int, *, is_manual: bool
) -> dict[str, Any]:
    """The wire's change of what is pending on a card."""
    return {
        "points": points,
        "total": total,
        "object": "balance",
        "related_object": {"type": "voucher", "id": voucher_id},
        "operation_type": "MANUAL" if is_manual else "AUTOMATIC",
    }

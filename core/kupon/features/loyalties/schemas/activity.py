"""Wire shapes of the activity feeds of members.

Source: spec campaigns-loyalty-referral-gift, section 7.12.
"""

from __future__ import annotations

from typing import Any

from kupon.features.customers.schemas import Activity, EventSource, dump_activity
from kupon.storage.tables.activities import Activity as ActivityRow
from kupon.web.fields import Many, PagedList, Part, Text
from kupon.web.query import ListQuery

# What these feeds tell of, as it is called inside and as it is called here: two names are
# misspelt on the wire.
NAMES = {
    name: name
    for name in (
        "customer.loyalty.tier.upgraded",
        "customer.loyalty.tier.downgraded",
        "customer.loyalty.tier.prolonged",
        "customer.loyalty.tier.expiration.changed",
        "customer.loyalty.tier.joined",
        "customer.loyalty.tier.left",
        "customer.publication.succeeded",
        "customer.publication.failed",
        "customer.redemption.failed",
        "customer.redemption.rollback.failed",
        "customer.rewarded",
        "customer.rewarded.loyalty_points",
        "customer.reward_redemptions.created",
        "customer.reward_redemptions.pending",
        "customer.reward_redemptions.completed",
        "customer.reward_redemptions.rolledback",
        "customer.voucher.deleted",
        "customer.voucher.loyalty_card.pending_points.activated",
        "customer.voucher.loyalty_card.pending_points.added",
        "customer.voucher.loyalty_card.pending_points.canceled",
        "customer.voucher.loyalty_card.pending_points.updated",
        "customer.voucher.loyalty_card.points_added",
        "customer.voucher.loyalty_card.points_transferred",
        "customer.voucher.loyalty_card.points_expired",
    )
} | {
    "customer.redemption.succeeded": "customer.redemption.succceeded",
    "customer.redemption.rollback.succeeded": "customer.redemption.rollback.succceeded",
}


class MemberActivity(Activity):
    """An entry of a member's feed."""

    member_id = Text()
    source = Part(EventSource)


class MemberActivityList(PagedList):
    """A page of a member's feed."""

    data = Many(Part(MemberActivity), required=True)


class MemberActivityQuery(ListQuery):
    """Parameters of a member's feed."""

    ORDER = ("created_at",)

    class Meta(ListQuery.Meta):
        exclude = ("page", "start_date", "end_date", "created_at", "updated_at", "filters")


def dump_member_activity(row: ActivityRow, member_id: str) -> dict[str, Any]:
    """The wire's entry of a member's feed."""
    body = dump_activity(row) | {"type": NAMES[row.type], "member_id": member_id}
    if "event_source" in row.data:
        body["source"] = row.data["event_source"]
    return body

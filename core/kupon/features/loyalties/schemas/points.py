"""Wire shapes of points: what is added and taken off by hand, transfers, ledgers, buckets.

Source: spec campaigns-loyalty-referral-gift, sections 7.2 and 7.6 to 7.8.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kupon.engine.definitions import LARGEST_WHOLE
from kupon.features.vouchers.schemas import (
    PointsBucket,
    RelatedObject,
    TransactionsQuery,
    Voucher,
)
from kupon.kit.pages import list_body
from kupon.web.fields import (
    CountedList,
    Many,
    Part,
    Text,
    Whole,
    WireSchema,
    at_most,
    between,
    identifier,
    one_of,
)
from kupon.web.query import Conditions, ListQuery, When

PROGRAM_RULES = "PROGRAM_RULES"
CUSTOM_DATE = "CUSTOM_DATE"
NON_EXPIRING = "NON_EXPIRING"
_LONGEST_REASON = 8192


class MemberTransactionsQuery(TransactionsQuery):
    """Which transactions of a card, or of a programme's cards, to list."""

    class Meta(ListQuery.Meta):
        exclude = ("page", "start_date", "end_date", "created_at", "updated_at")

    filters = Conditions()


class PointsUpdate(WireSchema):
    """How many points to add or to take off, and until when those that are added can be spent."""

    points = Whole(required=True)
    expiration_type = Text(
        allow_none=True, validate=one_of(PROGRAM_RULES, CUSTOM_DATE, NON_EXPIRING)
    )
    expiration_date = When(allow_none=True, metadata={"format": "date-time"})
    reason = Text(allow_none=True, validate=at_most(_LONGEST_REASON))
    source_id = Text(allow_none=True, validate=identifier())


class PointsBalance(WireSchema):
    """The balance of a card after a change; the total is net of what was taken off or ended."""

    points = Whole(required=True)
    total = Whole(required=True)
    balance = Whole(required=True)
    type = Text(required=True)
    object = Text(required=True)
    related_object = Part(RelatedObject, required=True)
    operation_type = Text(required=True)


class Transfer(WireSchema):
    """How many points to take from which card."""

    code = Text(required=True)
    points = Whole(required=True, validate=between(1, LARGEST_WHOLE))
    reason = Text(allow_none=True, validate=at_most(_LONGEST_REASON))
    # The reference requires it and leaves it out of its own examples.
    source_id = Text(allow_none=True, validate=identifier())


class TransferredTo(Voucher):
    """The card that got the points; the reference has this one state as text."""

    active = Text(required=True)  # type: ignore[assignment]
    category = Text(allow_none=True)


class BucketsQuery(ListQuery):
    """Which page of a card's buckets to list."""

    class Meta(ListQuery.Meta):
        fields = ("limit", "page")


class BucketList(CountedList):
    """One page of buckets."""

    data = Many(Part(PointsBucket), required=True)


def dump_transferred_to(card: Mapping[str, Any]) -> dict[str, Any]:
    """The wire's card that got points."""
    # Here, unlike everywhere else, the reference allows no null for these two.
    limits = {
        "validity_timeframe": card.get("validity_timeframe") or {},
        "validity_day_of_week": card.get("validity_day_of_week") or [],
    }
    return {**card, **limits, "active": "true" if card["active"] else "false"}


def dump_buckets(rows: list[dict[str, Any]], total: int | None) -> dict[str, Any]:
    """The wire's page of buckets."""
    return list_body("data", rows, total=total)

"""A customer's activity feed.

Source: spec events-webhooks-data, section 5.
"""

from __future__ import annotations

from typing import Any

from kupon.kit.timestamps import format_moment
from kupon.storage.tables.activities import Activity as ActivityRow
from kupon.storage.tables.definition_activities import DefinitionActivity
from kupon.web.fields import (
    CountedList,
    Json,
    Many,
    Moment,
    PagedList,
    Part,
    Text,
    WireSchema,
    one_of,
)
from kupon.web.query import ListQuery, When

CAMPAIGN_TYPES = (
    "PROMOTION",
    "GIFT_VOUCHERS",
    "REFERRAL_PROGRAM",
    "DISCOUNT_COUPONS",
    "LOYALTY_PROGRAM",
)
CATEGORIES = ("ACTION", "EFFECT")


class SourceUser(WireSchema):
    """Who did it by hand."""

    id = Text(required=True)


class SourceKey(WireSchema):
    """The key pair of the request that did it."""

    name = Text(required=True)
    app_id = Text(required=True)


class EventSource(WireSchema):
    """Through what it came about."""

    channel = Text(required=True)
    user = Part(SourceUser)
    api_key = Part(SourceKey)


class ActivityData(WireSchema):
    """What happened; the members of `data` depend on the type."""

    data = Json()
    event_source = Part(EventSource)


class Activity(WireSchema):
    """An entry of a feed."""

    id = Text()
    type = Text()
    data = Part(ActivityData)
    created_at = Moment()
    group_id = Text()


class ActivityList(PagedList):
    """A page of a feed."""

    data = Many(Part(Activity), required=True)


class ActivitiesList(CountedList):
    """A page of a feed, as the deprecated call answers it."""

    data = Many(Part(Activity), required=True)


class FeedQuery(ListQuery):
    """Parameters of every feed."""

    ORDER = ("created_at",)

    class Meta(ListQuery.Meta):
        exclude = ("page", "created_at", "updated_at", "filters")

    category = Text(validate=one_of(*CATEGORIES))
    type = Text()


class ActivityQuery(FeedQuery):
    """Parameters of a customer's feed."""

    campaign_id = Text()
    campaign_type = Text(validate=one_of(*CAMPAIGN_TYPES))


class DefinitionActivityQuery(FeedQuery):
    """Parameters of the feed of a segment or a product collection."""

    starting_after = When(metadata={"format": "date-time"})


class ActivitiesQuery(ListQuery):
    """Parameters of the deprecated call."""

    ORDER = ("created_at", "updated_at", "type", "code", "campaign", "category")

    class Meta(ListQuery.Meta):
        exclude = ("page", "created_at", "updated_at", "filters")

    campaign_id = Text()
    campaign_type = Text(validate=one_of(*CAMPAIGN_TYPES))
    product_id = Text()
    starting_after = When(metadata={"format": "date-time"})


def dump_activity(row: ActivityRow | DefinitionActivity) -> dict[str, Any]:
    """The wire's entry of a feed."""
    body: dict[str, Any] = {
        "id": row.id,
        "type": row.type,
        "data": row.data,
        "created_at": format_moment(row.created_at),
    }
    if row.group_id is not None:
        body["group_id"] = row.group_id
    return body

"""A customer: bodies, what the wire says of it, and how it is removed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from kupon.features.customers.schemas.summary import (
    CustomerLoyalty,
    CustomerReferrals,
    CustomerSummary,
    dump_loyalty,
    dump_referrals,
    dump_summary,
)
from kupon.kit.timestamps import format_moment
from kupon.storage.queries.customers import Summary
from kupon.storage.queries.erasure import Erased
from kupon.web.fields import (
    CountedList,
    Day,
    Flag,
    Json,
    Many,
    Moment,
    Part,
    Text,
    Whole,
    WireSchema,
    at_most,
    identifier,
)
from kupon.web.query import ListQuery, When


class Address(WireSchema):
    """Where a customer lives."""

    city = Text(allow_none=True)
    state = Text(allow_none=True)
    line_1 = Text(allow_none=True)
    line_2 = Text(allow_none=True)
    country = Text(allow_none=True)
    postal_code = Text(allow_none=True)


class CustomerUpdate(WireSchema):
    """Body of an update; what is absent stays, null clears."""

    name = Text(allow_none=True)
    email = Text(allow_none=True, validate=at_most(512))
    phone = Text(allow_none=True)
    description = Text(allow_none=True)
    birthdate = Day(allow_none=True)
    birthday = Day(allow_none=True, metadata={"deprecated": True})
    address = Part(Address, allow_none=True)
    metadata = Json(allow_none=True)


class CustomerBody(CustomerUpdate):
    """A customer as creation, orders, validations and redemptions take it; null says nothing."""

    id = Text(allow_none=True)
    source_id = Text(allow_none=True, validate=identifier())


class CustomerAssets(WireSchema):
    """Pages for the customer."""

    cockpit_url = Text()
    cockpit_preference_center_url = Text()


class Customer(WireSchema):
    """A customer."""

    id = Text()
    source_id = Text()
    name = Text()
    description = Text()
    email = Text()
    phone = Text()
    birthdate = Day()
    birthday = Day(metadata={"deprecated": True})
    address = Part(Address, allow_none=True)
    summary = Part(CustomerSummary, required=True, allow_none=True)
    loyalty = Part(CustomerLoyalty, required=True, allow_none=True)
    referrals = Part(CustomerReferrals, required=True, allow_none=True)
    system_metadata = Json()
    created_at = Moment()
    updated_at = Moment()
    assets = Part(CustomerAssets)
    metadata = Json()
    object = Text(required=True)


class CustomerList(CountedList):
    """A page of customers."""

    customers = Many(Part(Customer), required=True)
    has_more = Flag()


class CustomerListQuery(ListQuery):
    """Parameters of the listing."""

    ORDER = ("created_at", "updated_at", "source_id")

    class Meta(ListQuery.Meta):
        exclude = ("start_date", "end_date", "starting_after_id", "filters")

    email = Text()
    city = Text()
    name = Text()
    segment_id = Text()
    starting_after = When(metadata={"format": "date-time"})


class DeletionCounts(WireSchema):
    """How many records of each kind a permanent deletion erased."""

    events = Whole(required=True)
    customer_events = Whole(required=True)
    daily_events = Whole(required=True)
    segments = Whole(required=True)
    orders = Whole(required=True)
    order_events = Whole(required=True)
    customer = Whole(required=True)


class PermanentDeletion(WireSchema):
    """The record of a permanent deletion."""

    id = Text(required=True)
    created_at = Moment(required=True)
    related_object_id = Text(required=True)
    related_object = Text(required=True)
    status = Text(required=True)
    data_json = Part(DeletionCounts, required=True)
    object = Text(required=True)


class SimpleSegment(WireSchema):
    """A segment that a customer is in."""

    id = Text(required=True)
    name = Text(required=True)
    object = Text(required=True)


class CustomerSegmentList(CountedList):
    """The segments that a customer is in."""

    data = Many(Part(SimpleSegment), required=True)


def dump_customer(row: Mapping[str, Any], summary: Summary) -> dict[str, Any]:
    """The wire's customer with everything that it comes to."""
    body = _named(row, ("id", "source_id", "name", "description", "email", "phone"))
    if row["birthdate"] is not None:
        body["birthdate"] = body["birthday"] = row["birthdate"].isoformat()
    if row["address"] is not None:
        body["address"] = _named(row["address"], row["address"])
    body |= {
        "summary": dump_summary(summary),
        "loyalty": dump_loyalty(summary),
        "referrals": dump_referrals(summary),
        "system_metadata": {},
        "created_at": format_moment(row["created_at"]),
    }
    if row["updated_at"] is not None:
        body["updated_at"] = format_moment(row["updated_at"])
    return body | {"assets": {}, "metadata": row["metadata"], "object": "customer"}


def dump_simple_customer(row: Mapping[str, Any]) -> dict[str, Any]:
    """The wire's customer inside of redemptions and events."""
    body = _named(row, ("id", "source_id", "name", "email"))
    return body | {"metadata": row.get("metadata") or {}, "object": "customer"}


def dump_erased_customer(customer_id: str) -> dict[str, Any]:
    """All that may still be said of a customer whose traces were erased."""
    return {
        "id": customer_id,
        "summary": None,
        "loyalty": None,
        "referrals": None,
        "object": "customer",
    }


def dump_deletion(
    deletion_id: str, customer_id: str, now: datetime, erased: Erased
) -> dict[str, Any]:
    """The wire's record of a permanent deletion."""
    return {
        "id": deletion_id,
        "created_at": format_moment(now),
        "related_object_id": customer_id,
        "related_object": "customer",
        "status": "DONE",
        "data_json": {
            "events": erased.events,
            "customer_events": erased.other_activities,
            "daily_events": 0,
            "segments": erased.segments,
            "orders": erased.orders,
            "order_events": erased.order_activities,
            "customer": erased.customers,
        },
        # Reference: the wire's own spelling.
        "object": "pernament_deletion",
    }


def _named(row: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: row[name] for name in names if row.get(name) is not None}

"""Wire shapes of publications."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from marshmallow import ValidationError, fields

from kupon.features.customers.schemas import Customer, CustomerBody
from kupon.features.vouchers.schemas import Discount, Voucher
from kupon.kit.timestamps import format_moment
from kupon.web.fields import (
    CountedList,
    Flag,
    Json,
    Many,
    Moment,
    Part,
    Text,
    Whole,
    WireSchema,
    at_most,
    between,
    identifier,
    one_of,
)
from kupon.web.query import ListQuery, Switch
from kupon.web.reading import Reader, compile_schema

MOST_CODES = 50
CHANNEL = "API"


class PublicationCampaign(WireSchema):
    """The campaign to give codes of, by name or id, and how many."""

    name = Text(required=True)
    count = Whole(validate=between(1, MOST_CODES), load_default=1)


class _Pool(fields.Nested):
    """A campaign; its name alone stands for one code of it, and null for what was not given."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        told = {"name": value} if isinstance(value, str) else value
        if not isinstance(told, dict):
            raise ValidationError("must be object")
        said = {name: member for name, member in told.items() if member is not None}
        return super()._deserialize(said, *args, **kwargs)


# What new customers are called.
_CUSTOMER_ID = re.compile(r"cust_[0-9a-f]{18}")


class _Receiver(fields.Nested):
    """A customer; a text alone is a source id, unless it can only be an id.

    Source: spec adapters-marketing, section 1.9 (templates of messages send flat pairs).
    """

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(value, str) and value:
            value = {"id" if _CUSTOMER_ID.fullmatch(value) else "source_id": value}
        return self._read(value)

    @cached_property
    def _read(self) -> Reader:
        return compile_schema(self.schema)


class PublicationBody(WireSchema):
    """Whom to give what; a voucher goes before a campaign."""

    voucher = Text(allow_none=True)
    campaign = _Pool(PublicationCampaign, allow_none=True)
    customer = _Receiver(CustomerBody, required=True)
    source_id = Text(allow_none=True, validate=identifier())
    channel = Text(allow_none=True, validate=at_most(512))
    metadata = Json(allow_none=True)


class JoinOnceQuery(WireSchema):
    """Whether the customer may have one code of the campaign only, and gets the same one again."""

    join_once = Switch(load_default=False)


class PublicationQuery(JoinOnceQuery):
    """A publication as a query string asks for it."""

    voucher = Text()
    campaign = _Pool(PublicationCampaign)
    customer = _Receiver(CustomerBody, required=True)
    source_id = Text(validate=identifier())
    metadata = Json()


class _Published(WireSchema):
    """What all publications tell."""

    id = Text(required=True)
    object = Text(required=True)
    created_at = Moment(required=True)
    customer_id = Text(required=True)
    tracking_id = Text()
    metadata = Json(required=True)
    channel = Text(required=True)
    source_id = Text(required=True, allow_none=True)
    result = Text(required=True)
    customer = Part(Customer, required=True)
    vouchers_id = Many(Text(), required=True)
    vouchers = Many(Text())


class Publication(_Published):
    """A publication that succeeded: one code as `voucher`, several as `vouchers`."""

    voucher = Part(Voucher)


class PublishedVoucher(WireSchema):
    """A code that was given away, in short."""

    code = Text(required=True)
    campaign = Text()
    discount = Part(Discount)
    gift = Json()
    loyalty_card = Json()
    is_referral_code = Flag(allow_none=True)
    object = Text(required=True)


class ListedPublication(_Published):
    """A publication as listings tell of it, or a failed attempt at one."""

    voucher = Part(PublishedVoucher)
    failure_code = Text()
    failure_message = Text()


class PublicationList(CountedList):
    """A page of publications."""

    publications = Many(Part(ListedPublication), required=True)


VOUCHER_TYPES = {
    "discount": "DISCOUNT_VOUCHER",
    "gift": "GIFT_VOUCHER",
    "loyalty": "LOYALTY_CARD",
}


class PublicationListQuery(ListQuery):
    """Which publications to list."""

    ORDER = ("id", "voucher_code", "tracking_id", "customer_id", "created_at", "channel")

    class Meta(ListQuery.Meta):
        exclude = ("created_at", "updated_at", "start_date", "end_date", "starting_after_id")

    campaign = Text()
    customer = Text()
    voucher = Text()
    result = Text(validate=one_of("SUCCESS", "FAILURE"))
    voucher_type = Text(validate=one_of(*VOUCHER_TYPES))
    is_referral_code = Switch()
    source_id = Text()


def dump_publication(
    row: Mapping[str, Any],
    customer: Mapping[str, Any],
    voucher: Mapping[str, Any] | None = None,
    codes: Sequence[str] | None = None,
) -> dict[str, Any]:
    """The wire's publication of one voucher, or of several by their codes.

    Shapes:  customer and voucher are the wire's.
    """
    body = {
        "id": row["id"],
        "object": "publication",
        "created_at": format_moment(row["created_at"]),
        "customer_id": row["customer_id"],
        "metadata": row["metadata"],
        "channel": row["channel"],
        "source_id": row["source_id"],
        "result": row["result"],
        "customer": customer,
        "vouchers_id": row["voucher_ids"],
    }
    known = {"tracking_id": row["tracking_id"], "voucher": voucher, "vouchers": codes}
    return body | {name: value for name, value in known.items() if value is not None}


def dump_listed(
    row: Mapping[str, Any], customer: Mapping[str, Any], voucher: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The wire's publication in a listing.

    Shapes:  voucher is the whole voucher of the wire; None for several or none, and for one that
        was deleted.
    """
    # Reference: a single voucher names its campaign; without one the codes are listed as well.
    is_single = voucher is not None and "campaign" in voucher
    body = dump_publication(
        row,
        customer,
        None if voucher is None else _in_short(voucher),
        None if is_single else row["voucher_codes"],
    )
    if row["result"] == "FAILURE":
        body |= {name: row[name] for name in ("failure_code", "failure_message")}
        body["vouchers"] = row["voucher_codes"]
    return body


def _in_short(voucher: Mapping[str, Any]) -> dict[str, Any]:
    return {name: voucher[name] for name in PublishedVoucher().fields if name in voucher}

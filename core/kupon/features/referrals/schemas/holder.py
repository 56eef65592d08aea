"""The holders of a referral code: its referrer, and the referees whom it was passed on to."""

from __future__ import annotations

from typing import Any

from marshmallow import validate

from kupon.features.customers.schemas import CustomerBody
from kupon.kit.timestamps import format_moment
from kupon.storage.tables.campaigns import REFERRAL_PROGRAM
from kupon.storage.tables.publications import RedeemableHolder
from kupon.web.fields import CountedList, Json, Many, Moment, PagedList, Part, Text, WireSchema
from kupon.web.query import ListQuery

MOST_HOLDERS = 100


class HoldersBody(WireSchema):
    """Whom a code was passed on to, and what is to be remembered of all of them."""

    holders = Many(
        Part(CustomerBody),
        required=True,
        validate=[
            validate.Length(min=1, error="must NOT have fewer than 1 items"),
            validate.Length(
                max=MOST_HOLDERS, error=f"must NOT have more than {MOST_HOLDERS} items"
            ),
        ],
    )
    metadata = Json()


class Holder(WireSchema):
    """What a customer is to a referral code."""

    id = Text(required=True)
    created_at = Moment(required=True)
    redeemable_id = Text(required=True)
    redeemable_object = Text(required=True)
    customer_id = Text(required=True)
    holder_role = Text(required=True)
    campaign_id = Text(required=True)
    campaign_type = Text(required=True)
    voucher_type = Text(required=True)
    metadata = Json()
    object = Text(required=True)


class Holders(WireSchema):
    """The holders that were added."""

    holders = Many(Part(Holder), required=True)


class HolderList(CountedList, PagedList):
    """A page of a code's holders."""

    data = Many(Part(Holder), required=True)


class HolderListQuery(ListQuery):
    """Parameters of the listing."""

    ORDER = ("id",)

    class Meta(ListQuery.Meta):
        exclude = ("page", "created_at", "updated_at", "start_date", "end_date")


def dump_holder(row: RedeemableHolder, voucher_type: str) -> dict[str, Any]:
    """The wire's holder."""
    return {
        "id": row.id,
        "created_at": format_moment(row.created_at),
        "redeemable_id": row.voucher_id,
        "redeemable_object": "voucher",
        "customer_id": row.customer_id,
        "holder_role": row.holder_role,
        "campaign_id": row.campaign_id,
        "campaign_type": REFERRAL_PROGRAM,
        "voucher_type": voucher_type,
        "metadata": row.holder_metadata,
        "object": "redeemable_holder",
    }


def dump_told_holder(row: RedeemableHolder, voucher_type: str) -> dict[str, Any]:
    """The wire's holder as events carry it."""
    return dump_holder(row, voucher_type) | {"publication_id": row.publication_id}

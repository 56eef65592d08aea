"""Wire shapes of the older calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kupon.engine.model import Redeemable
from kupon.engine.qualify import Qualified
from kupon.features.campaigns.schemas import Campaign
from kupon.features.customers.schemas import CustomerBody
from kupon.features.orders.schemas import OrderBody
from kupon.features.qualifications.schemas.bodies import MOST
from kupon.features.validations.schemas import Articles, dump_articles
from kupon.features.vouchers.schemas import Voucher
from kupon.web.fields import Json, Many, Moment, Part, Text, Whole, WireSchema, between, one_of
from kupon.web.query import Switch

_ORDERS = ("created_at", "-created_at", "updated_at", "-updated_at")
_CODES = ("code", "-code")
_CAMPAIGNS = ("type", "-type", "category", "-category", "campaign", "-campaign")


class ExaminationReward(WireSchema):
    """A reward to pay for in points; no code that is for everybody is a card of them."""

    id = Text(allow_none=True)
    assignment_id = Text(allow_none=True)
    points = Whole(allow_none=True)


class ExaminationBody(WireSchema):
    """Who asks, and about which cart."""

    customer = Part(CustomerBody, allow_none=True)
    order = Part(OrderBody, allow_none=True)
    metadata = Json(allow_none=True)
    tracking_id = Text(allow_none=True)
    reward = Part(ExaminationReward, allow_none=True)


class ExaminationQuery(WireSchema):
    """How many to name, and whether only the audience is asked for."""

    audience_only = Switch(load_default=False, data_key="audienceRulesOnly")
    limit = Whole(load_default=10, validate=between(1, MOST))


class ExaminedVouchersQuery(ExaminationQuery):
    """How many codes to name, and in which order."""

    order = Text(validate=one_of(*_ORDERS, *_CODES))


class ExaminedCampaignsQuery(ExaminationQuery):
    """How many campaigns to name, and in which order."""

    order = Text(validate=one_of(*_ORDERS, *_CODES, *_CAMPAIGNS))


class Examination(WireSchema):
    """What would do, in a list that has an id of its own."""

    id = Text(required=True)
    created_at = Moment(required=True)
    object = Text(required=True)
    data_ref = Text(required=True)
    total = Whole(required=True)
    tracking_id = Text()


class ExaminedVoucher(Voucher):
    """A code that would do, and for which articles."""

    applicable_to = Part(Articles)
    inapplicable_to = Part(Articles)


class ExaminedVouchers(Examination):
    """Answer of POST /v1/vouchers/qualification."""

    data = Many(Part(ExaminedVoucher), required=True)


class ExaminedCampaigns(Examination):
    """Answer of POST /v1/campaigns/qualification."""

    data = Many(Part(Campaign), required=True)


def dump_examined(
    wire: Mapping[str, Any], redeemable: Redeemable, qualified: Qualified
) -> dict[str, Any]:
    """A code that would do; wire is the voucher itself."""
    source = redeemable.source
    return {**wire} if source is None else {**wire, **dump_articles(source, qualified.step)}

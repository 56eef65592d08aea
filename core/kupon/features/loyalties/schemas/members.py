"""Wire shapes of members, which are cards."""

from __future__ import annotations

from kupon.features.customers.schemas import CustomerBody
from kupon.web.fields import Json, Part, Text, WireSchema, at_most, identifier
from kupon.web.query import ListQuery, Texts


class MembersQuery(ListQuery):
    """Which members to list."""

    class Meta(ListQuery.Meta):
        exclude = ("start_date", "end_date", "starting_after_id", "filters")

    ORDER = ("created_at", "updated_at", "code")

    customer = Text()
    code = Text()
    ids = Texts()


class MemberBody(WireSchema):
    """Who joins; without a certain card any free one is taken."""

    voucher = Text(allow_none=True)
    customer = Part(CustomerBody, required=True)
    source_id = Text(allow_none=True, validate=identifier())
    channel = Text(allow_none=True, validate=at_most(512))
    metadata = Json(allow_none=True)

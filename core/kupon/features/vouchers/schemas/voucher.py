"""Wire shapes of a voucher: bodies, queries and answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from marshmallow import validate

from kupon.features.categories.schemas import Category
from kupon.features.validation_rules.schemas import RuleAssignments, rule_ids
from kupon.features.vouchers.schemas.definitions import (
    CodeConfig,
    Discount,
    NewCode,
    Timed,
    TimeLimits,
    dump_time_limits,
)
from kupon.kit.pages import list_body
from kupon.kit.timestamps import format_moment
from kupon.web.fields import Flag, Json, Many, Moment, Part, Text, Whole, WireSchema, at_most
from kupon.web.query import ListQuery, Switch, Texts

_NO_RULES = list_body("data", [], total=0)


class VoucherCreate(NewCode, TimeLimits):
    """Body of creation; without a code one is drawn by the code_config."""

    type = Text(required=True)
    code = Text(validate=validate.Length(min=1, error="must not be empty"))
    code_config = Part(CodeConfig, allow_none=True)
    discount = Part(Discount, allow_none=True)
    campaign = Text(allow_none=True)
    campaign_id = Text(allow_none=True)
    active = Flag(load_default=True)
    validation_rules = rule_ids


class VoucherUpdate(TimeLimits):
    """Body of an update; what is absent stays."""

    category = Text(allow_none=True)
    category_id = Text(allow_none=True)
    type = Text()
    discount = Part(Discount)
    metadata = Json(allow_none=True)
    additional_info = Text(allow_none=True, validate=at_most(10_000))
    active = Flag()
    validation_rules = rule_ids


class Publications(WireSchema):
    """How often a code was published, and where to read about it."""

    object = Text(required=True)
    count = Whole(required=True)
    url = Text(required=True)


class Redemptions(WireSchema):
    """How often a code may be and was used; without a quantity it has no limit."""

    quantity = Whole()
    redeemed_quantity = Whole(required=True)
    object = Text(required=True)
    url = Text(required=True)


class Voucher(TimeLimits):
    """A voucher."""

    id = Text(required=True)
    code = Text(required=True)
    type = Text(required=True)
    campaign = Text()
    campaign_id = Text()
    category = Text()
    category_id = Text()
    categories = Many(Part(Category), required=True)
    discount = Part(Discount)
    is_referral_code = Flag(required=True, allow_none=True)
    holder_id = Text()
    active = Flag(required=True)
    additional_info = Text()
    metadata = Json(required=True)
    publish = Part(Publications, required=True)
    redemption = Part(Redemptions, required=True)
    validation_rules_assignments = Part(RuleAssignments, required=True)
    created_at = Moment(required=True)
    updated_at = Moment()
    object = Text(required=True)


class VoucherList(WireSchema):
    """One page of vouchers."""

    object = Text(required=True)
    data_ref = Text(required=True)
    vouchers = Many(Part(Voucher), required=True)
    total = Whole(required=True)


class VouchersQuery(ListQuery):
    """Which vouchers to list."""

    class Meta(ListQuery.Meta):
        exclude = ("start_date", "end_date", "starting_after_id")

    ORDER = ("created_at", "updated_at", "code")

    code = Text()
    ids = Texts()
    campaign = Text()
    campaign_id = Text()
    category = Text()
    customer = Text()


class ForceQuery(WireSchema):
    """Whether to delete for good instead of into the bin."""

    force = Switch(load_default=False)


class TransactionsQuery(ListQuery):
    """Which transactions to list."""

    class Meta(ListQuery.Meta):
        exclude = ("page", "start_date", "end_date", "created_at", "updated_at", "filters")

    ORDER = ("id",)


class Transaction(WireSchema):
    """A movement on a gift card or a loyalty card."""

    id = Text(required=True)
    source_id = Text(required=True, allow_none=True)
    voucher_id = Text(required=True)
    campaign_id = Text(required=True, allow_none=True)
    source = Text(required=True, allow_none=True)
    reason = Text(required=True, allow_none=True)
    type = Text(required=True)
    details = Json(required=True, allow_none=True)
    related_transaction_id = Text(required=True, allow_none=True)
    created_at = Moment(required=True)


class TransactionList(WireSchema):
    """One page of transactions."""

    object = Text(required=True)
    data_ref = Text(required=True)
    data = Many(Part(Transaction), required=True)
    has_more = Flag(required=True)
    more_starting_after = Text()


class BalanceUpdate(WireSchema):
    """How much to add to a gift card or a loyalty card, or to take off it."""

    amount = Whole(required=True)
    source_id = Text(allow_none=True)
    reason = Text(allow_none=True)


class RelatedObject(WireSchema):
    """What a balance belongs to."""

    id = Text(required=True)
    type = Text(required=True)


class Balance(WireSchema):
    """The balance of a card after a change."""

    type = Text(required=True)
    total = Whole(required=True)
    amount = Whole(required=True)
    balance = Whole(required=True)
    operation_type = Text(required=True)
    related_object = Part(RelatedObject, required=True)
    object = Text(required=True)


class VoucherColumns(Timed, Protocol):
    """A voucher as it is stored, however it was read."""

    @property
    def id(self) -> str: ...

    @property
    def code(self) -> str: ...

    @property
    def type(self) -> str: ...

    @property
    def campaign_id(self) -> str | None: ...

    @property
    def discount(self) -> dict[str, Any] | None: ...

    @property
    def is_active(self) -> bool: ...

    @property
    def additional_info(self) -> str | None: ...

    @property
    def voucher_metadata(self) -> dict[str, Any]: ...

    @property
    def redemption_quantity(self) -> int | None: ...

    @property
    def redeemed_quantity(self) -> int: ...

    @property
    def publish_count(self) -> int: ...

    @property
    def holder_id(self) -> str | None: ...

    @property
    def created_at(self) -> datetime: ...

    @property
    def updated_at(self) -> datetime | None: ...


def dump_voucher(
    row: VoucherColumns,
    campaign_name: str | None,
    category: Mapping[str, Any] | None,
    rules: Mapping[str, Any] = _NO_RULES,
) -> dict[str, Any]:
    """The wire's voucher; category and the list of rules are the wire's too.

    What is unset is left out: the reference declares no null here.
    """
    path = f"/v1/vouchers/{row.id}"
    uses = {"redeemed_quantity": row.redeemed_quantity, "object": "list"}
    if row.redemption_quantity is not None:
        uses["quantity"] = row.redemption_quantity
    uses["url"] = f"{path}/redemptions?page=1&limit=10"
    publications = f"{path}/publications?page=1&limit=10"
    body = {
        "id": row.id,
        "code": row.code,
        "type": row.type,
        "categories": [] if category is None else [category],
        "is_referral_code": False,
        "active": row.is_active,
        "metadata": row.voucher_metadata,
        "publish": {"object": "list", "count": row.publish_count, "url": publications},
        "redemption": uses,
        "validation_rules_assignments": rules,
        "created_at": format_moment(row.created_at),
        "object": "voucher",
        **dump_time_limits(row),
    }
    if row.campaign_id is not None and campaign_name is not None:
        body["campaign"] = campaign_name
        body["campaign_id"] = row.campaign_id
    if category is not None:
        body["category"] = category["name"]
        body["category_id"] = category["id"]
    return _with_rest(body, row)


def _with_rest(body: dict[str, Any], row: VoucherColumns) -> dict[str, Any]:
    if row.discount is not None:
        body["discount"] = row.discount
    if row.additional_info is not None:
        body["additional_info"] = row.additional_info
    if row.holder_id is not None:
        body["holder_id"] = row.holder_id
    if row.updated_at is not None:
        body["updated_at"] = format_moment(row.updated_at)
    return body

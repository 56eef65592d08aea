"""Wire shapes of a voucher: bodies, queries and answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Protocol

from marshmallow import validate

from kupon.engine.balances import Balance
from kupon.engine.giftcards import GIFT_VOUCHER
from kupon.engine.points import LOYALTY_CARD
from kupon.features.assets.schemas import CodeAssets, dump_assets
from kupon.features.categories.schemas import Category
from kupon.features.customers.schemas import dump_gift, dump_loyalty_card
from kupon.features.validation_rules.schemas import RuleAssignments, rule_ids
from kupon.features.vouchers.schemas.definitions import (
    CodeConfig,
    Discount,
    Gift,
    HeldPoints,
    LoyaltyCard,
    NewCode,
    Timed,
    TimeLimits,
    dump_time_limits,
)
from kupon.kit.pages import list_body
from kupon.kit.timestamps import format_moment
from kupon.storage.tables.campaigns import REFERRAL_PROGRAM
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
)
from kupon.web.query import ListQuery, Switch, Texts

_NO_RULES = list_body("data", [], total=0)


class VoucherCreate(NewCode, TimeLimits):
    """Body of creation; without a code one is drawn by the code_config."""

    type = Text(required=True)
    code = Text(validate=validate.Length(min=1, error="must not be empty"))
    code_config = Part(CodeConfig, allow_none=True)
    discount = Part(Discount, allow_none=True)
    gift = Part(Gift, allow_none=True)
    loyalty_card = Part(LoyaltyCard, allow_none=True)
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
    """How often a code was published, and where to read about it.

    The voucher that is asked for alone lists the publications by their ids.
    """

    object = Text(required=True)
    count = Whole(required=True)
    entries = Many(Text())
    url = Text(required=True)


class Redemptions(WireSchema):
    """How often a code may be and was used; without a quantity it has no limit."""

    quantity = Whole()
    redeemed_quantity = Whole(required=True)
    redeemed_amount = Whole()
    redeemed_points = Whole()
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
    gift = Part(Gift)
    loyalty_card = Part(HeldPoints)
    is_referral_code = Flag(required=True, allow_none=True)
    holder_id = Text()
    referrer_id = Text()
    active = Flag(required=True)
    additional_info = Text()
    metadata = Json(required=True)
    assets = Part(CodeAssets)
    publish = Part(Publications, required=True)
    redemption = Part(Redemptions, required=True)
    validation_rules_assignments = Part(RuleAssignments, required=True)
    created_at = Moment(required=True)
    updated_at = Moment()
    object = Text(required=True)


class VoucherList(CountedList):
    """One page of vouchers."""

    vouchers = Many(Part(Voucher), required=True)


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
    def gift_effect(self) -> str | None: ...

    @property
    def balance(self) -> Balance: ...

    @property
    def pending_points(self) -> int: ...

    @property
    def next_expiration_date(self) -> date | None: ...

    @property
    def next_expiration_points(self) -> int | None: ...

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
    *,
    campaign_type: str | None,
) -> dict[str, Any]:
    """The wire's voucher; category and the list of rules are the wire's too.

    What is unset is left out: the reference declares no null here.
    """
    path = f"/v1/vouchers/{row.id}"
    uses = {"redeemed_quantity": row.redeemed_quantity, "object": "list"}
    if row.redemption_quantity is not None:
        uses["quantity"] = row.redemption_quantity
    if row.type == GIFT_VOUCHER:
        uses["redeemed_amount"] = row.balance.redeemed
    if row.type == LOYALTY_CARD:
        uses["redeemed_points"] = row.balance.redeemed
    uses["url"] = f"{path}/redemptions?page=1&limit=10"
    publications = f"{path}/publications?page=1&limit=10"
    body = {
        "id": row.id,
        "code": row.code,
        "type": row.type,
        "categories": [] if category is None else [category],
        "is_referral_code": campaign_type == REFERRAL_PROGRAM,
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
    if row.type == GIFT_VOUCHER:
        body["gift"] = dump_gift(row.balance, row.gift_effect)
    if row.type == LOYALTY_CARD:
        body["loyalty_card"] = dump_loyalty_card(row)
    if row.additional_info is not None:
        body["additional_info"] = row.additional_info
    if row.holder_id is not None:
        body["holder_id"] = row.holder_id
        if body["is_referral_code"]:
            # Whoever holds a referral code refers with it.
            body["referrer_id"] = row.holder_id
    if row.updated_at is not None:
        body["updated_at"] = format_moment(row.updated_at)
    assets = dump_assets(row.code)
    if assets is not None:
        body["assets"] = assets
    return body


def dump_simple_voucher(voucher: Mapping[str, Any]) -> dict[str, Any]:
    """The wire's SimpleVoucher: a voucher without lists, time windows and what describes it."""
    uses = voucher["redemption"]
    simple = {name: value for name, value in voucher.items() if name not in _MORE_THAN_SIMPLE}
    simple["redemption"] = {
        "quantity": uses.get("quantity"),
        "redeemed_quantity": uses["redeemed_quantity"],
    }
    return simple


_MORE_THAN_SIMPLE = frozenset(
    (
        "assets",
        "publish",
        "validation_rules_assignments",
        "validity_timeframe",
        "validity_day_of_week",
        "validity_hours",
        "additional_info",
    )
)

"""Wire shapes of balances and of the ledgers that tell how they came about.

Source: spec campaigns-loyalty-referral-gift, sections 5.2, 5.3 and 7.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from kupon.features.vouchers.schemas.definitions import LONGEST_TEXT
from kupon.kit.timestamps import format_moment
from kupon.web.fields import (
    Json,
    Many,
    Moment,
    PagedList,
    Part,
    Text,
    Whole,
    WireSchema,
    at_most,
    identifier,
)
from kupon.web.query import ListQuery


class TransactionsQuery(ListQuery):
    """Which transactions to list."""

    class Meta(ListQuery.Meta):
        exclude = ("page", "start_date", "end_date", "created_at", "updated_at", "filters")

    ORDER = ("id",)


class RelatedObject(WireSchema):
    """What a balance belongs to."""

    id = Text(required=True)
    type = Text(required=True)


class Balance(WireSchema):
    """The balance of a card after a change; the total is net of what was taken off by hand."""

    type = Text(required=True)
    total = Whole(required=True)
    amount = Whole()
    points = Whole()
    balance = Whole(required=True)
    operation_type = Text(required=True)
    related_object = Part(RelatedObject, required=True)
    object = Text(required=True)


class TransactionDetails(WireSchema):
    """What a movement did to the balance, and what it belongs to."""

    balance = Part(Balance)
    order = Json()
    redemption = Json()
    rollback = Json()
    event = Json()
    custom_event = Json()
    event_schema = Json()
    segment = Json()
    earning_rule = Json()
    loyalty_tier = Json()
    holder_loyalty_tier = Json()
    pending_points = Json()
    reward = Json()
    source_voucher = Json()
    destination_voucher = Json()


class Transaction(WireSchema):
    """A movement on a gift card or a loyalty card."""

    id = Text(required=True)
    source_id = Text(required=True, allow_none=True)
    voucher_id = Text(required=True)
    campaign_id = Text(required=True, allow_none=True)
    source = Text(required=True, allow_none=True)
    reason = Text(required=True, allow_none=True)
    type = Text(required=True)
    details = Part(TransactionDetails, required=True, allow_none=True)
    related_transaction_id = Text(required=True, allow_none=True)
    created_at = Moment(required=True)


class TransactionList(PagedList):
    """One page of transactions."""

    data = Many(Part(Transaction), required=True)


class BalanceUpdate(WireSchema):
    """How much to add to a gift card or a loyalty card, or to take off it."""

    amount = Whole(required=True)
    source_id = Text(allow_none=True, validate=identifier())
    reason = Text(allow_none=True, validate=at_most(LONGEST_TEXT))


class TransactionColumns(Protocol):
    """A line of a ledger, as it was read or written."""

    @property
    def id(self) -> str: ...

    @property
    def voucher_id(self) -> str: ...

    @property
    def campaign_id(self) -> str | None: ...

    @property
    def type(self) -> str: ...

    @property
    def source(self) -> str | None: ...

    @property
    def reason(self) -> str | None: ...

    @property
    def source_id(self) -> str | None: ...

    @property
    def amount(self) -> int: ...

    @property
    def total_after(self) -> int: ...

    @property
    def balance_after(self) -> int: ...

    @property
    def operation_type(self) -> str: ...

    @property
    def order_id(self) -> str | None: ...

    @property
    def redemption_id(self) -> str | None: ...

    @property
    def rollback_id(self) -> str | None: ...

    @property
    def related_transaction_id(self) -> str | None: ...

    @property
    def details(self) -> Mapping[str, Any] | None: ...

    @property
    def created_at(self) -> datetime: ...


def dump_balance(line: TransactionColumns) -> dict[str, Any]:
    """The wire's balance after a movement; points and money have different names for it."""
    is_points = is_of_points(line)
    return {
        "type": "loyalty_card" if is_points else "gift_voucher",
        "total": line.total_after,
        "points" if is_points else "amount": line.amount,
        "object": "balance",
        "balance": line.balance_after,
        "operation_type": line.operation_type,
        "related_object": {"type": "voucher", "id": line.voucher_id},
    }


def dump_adjusted(line: TransactionColumns) -> dict[str, Any]:
    """The wire's answer to what was adjusted by hand, which calls points amount as well."""
    return dump_balance(line) | {"amount": line.amount}


def is_of_points(line: TransactionColumns) -> bool:
    """Whether a movement is one of a loyalty card."""
    return "POINTS" in line.type


def dump_transaction(line: TransactionColumns, order_source_id: str | None) -> dict[str, Any]:
    """The wire's movement."""
    details: dict[str, Any] = {"balance": dump_balance(line), **(line.details or {})}
    if line.order_id is not None and "order" not in details:
        details["order"] = {"id": line.order_id, "source_id": order_source_id}
    if line.redemption_id is not None:
        details["redemption"] = {"id": line.redemption_id}
    if line.rollback_id is not None:
        details["rollback"] = {"id": line.rollback_id}
    return {
        "id": line.id,
        "source_id": line.source_id,
        "voucher_id": line.voucher_id,
        "campaign_id": line.campaign_id,
        "source": line.source,
        "reason": line.reason,
        "type": line.type,
        "details": details,
        "related_transaction_id": line.related_transaction_id,
        "created_at": format_moment(line.created_at),
    }

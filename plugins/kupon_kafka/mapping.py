"""Records of the topic of commands as deliveries, and deliveries as commands.

Source: spec adapters-marketing, sections 1.3 and 5.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError

from kupon.hooks.adapter import Delivery
from kupon.hooks.commands import (
    Command,
    EraseCustomer,
    MergeCustomers,
    PublishVoucher,
    SetAudienceMembership,
    Stamp,
    TrackEvent,
    UpsertCustomer,
    UpsertOrder,
    UpsertProduct,
)
from kupon_kafka.schemas import DATA, Letter


class NoCommand(ValueError):
    """A record that can't become a command, however often it is read."""

    def __init__(self, key: str, reason: str) -> None:
        """Say what kind of mistake it is, and where."""
        super().__init__(reason)
        self.key = key


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record as it lies in its topic."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()
    timestamp_ms: int | None = None


def delivery_of(record: Record, project_id: str) -> Delivery | None:
    """A record as it goes into the inbox; None for what is nobody's or another project's.

    Raises:  NoCommand.
    """
    if record.value is None:
        return None
    payload = _read(record.value)
    letter = _check(Letter, payload)
    if letter["project_id"] not in (None, project_id):
        return None
    if letter["type"] not in DATA:
        raise NoCommand("unknown_type", f"there is no command {letter['type'][:100]}")
    data = _check(DATA[letter["type"]], letter["data"])
    return Delivery(
        id=_name(record, letter["id"]),
        event=letter["type"],
        subject=_subject(letter["type"], data),
        payload=payload,
        occurred_at=letter["occurred_at"],
    )


def command_of(payload: Mapping[str, Any]) -> Command:
    """What a delivery says; it was checked when it came."""
    letter: Mapping[str, Any] = Letter().load(payload)
    data: Mapping[str, Any] = DATA[letter["type"]]().load(letter["data"])
    stamp = Stamp(at=letter["occurred_at"], version=letter["version"])
    return _COMMANDS[letter["type"]](data, stamp)


def _read(value: bytes) -> dict[str, Any]:
    try:
        payload = json.loads(value)
    except (ValueError, RecursionError):
        raise NoCommand("invalid_json", "the value is no JSON") from None
    if not isinstance(payload, dict):
        raise NoCommand("invalid_json", "the value is no object")
    return payload


def _check(schema: Any, value: Any) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = schema().load(value)
    except ValidationError as error:
        # Its messages name members; what they hold is not repeated.
        raise NoCommand("invalid_payload", json.dumps(error.messages, default=str)) from None
    return loaded


def _name(record: Record, id: str | None) -> str:
    """What is the same in every repetition: the caller's name of it, else its place."""
    headers = dict(record.headers)
    ce_id, ce_source = headers.get("ce_id"), headers.get("ce_source")
    if ce_id:
        return f"{_text(ce_source or b'')}#{_text(ce_id)}"
    return id or f"{record.topic}/{record.partition}/{record.offset}"


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _subject(type: str, data: Mapping[str, Any]) -> str:
    """The object whose commands are to stay in order."""
    if type == "customer.merge":
        return f"customer:{data['into']['source_id']}"
    kind = type.partition(".")[0]
    kind = kind if kind in ("order", "product") else "customer"
    return f"{kind}:{data[kind]['source_id']}"


def _rest(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != "source_id"}


def _customer(data: Mapping[str, Any], stamp: Stamp) -> Command:
    body = data["customer"]
    return UpsertCustomer(source_id=body["source_id"], fields=_rest(body), stamp=stamp)


def _erase(data: Mapping[str, Any], _: Stamp) -> Command:
    return EraseCustomer(source_id=data["customer"]["source_id"])


def _merge(data: Mapping[str, Any], _: Stamp) -> Command:
    return MergeCustomers(
        from_source_id=data["source"]["source_id"], into_source_id=data["into"]["source_id"]
    )


def _audience(data: Mapping[str, Any], _: Stamp) -> Command:
    body = data["customer"]
    return SetAudienceMembership(
        source_id=body["source_id"],
        audience_id=data["audience_id"],
        is_member=data["is_member"],
        list_key=data["list_key"],
        customer=_rest(body),
    )


def _event(data: Mapping[str, Any], _: Stamp) -> Command:
    body = data["customer"]
    return TrackEvent(
        source_id=body["source_id"],
        event=data["event"],
        customer=_rest(body),
        metadata=data["metadata"],
        referral=data["referral"],
        loyalty=data["loyalty"],
    )


def _order(data: Mapping[str, Any], stamp: Stamp) -> Command:
    body = data["order"]
    return UpsertOrder(
        source_id=body["source_id"],
        fields=_rest(body),
        redeemables=data["redeemables"],
        checkout_key=data["session_key"],
        placed_at=data["placed_at"],
        stamp=stamp,
    )


def _product(data: Mapping[str, Any], stamp: Stamp) -> Command:
    body = data["product"]
    return UpsertProduct(
        source_id=body["source_id"], fields=_rest(body), skus=data["skus"], stamp=stamp
    )


def _publication(data: Mapping[str, Any], _: Stamp) -> Command:
    return PublishVoucher(
        customer_source_id=data["customer"]["source_id"],
        campaign=data["campaign"],
        voucher=data["voucher"],
        source_id=data["source_id"],
        metadata=data["metadata"],
    )


_COMMANDS: Mapping[str, Callable[[Mapping[str, Any], Stamp], Command]] = {
    "customer.upsert": _customer,
    "customer.erase": _erase,
    "customer.merge": _merge,
    "audience.set": _audience,
    "event.track": _event,
    "order.upsert": _order,
    "product.upsert": _product,
    "publication.create": _publication,
}

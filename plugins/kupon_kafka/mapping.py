"""Records of the topic of commands as deliveries, and deliveries as commands.

Source: spec adapters-marketing, sections 1.3 and 5.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
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
from kupon.kit.nesting import is_too_deep
from kupon_kafka.records import ORIGIN_HEADER
from kupon_kafka.registry import Registry, Unreadable, is_framed
from kupon_kafka.schemas import DATA, Letter

# What was told because this connection told it, and comes back, would go round for ever.
_ECHOED = ("customer.upsert", "event.track")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How records of a topic become commands.

    Shapes: connection_id is whose echoes are passed over; unframe reads a value that a schema
        registry explains, None where there is none; translate makes the words of a command of
        foreign ones, None of what is none.
    """

    project_id: str
    connection_id: str = ""
    is_shared: bool = False
    unframe: Callable[[Record], Any] | None = None
    translate: Callable[[Mapping[str, Any]], Mapping[str, Any] | None] | None = None


def delivery_of(record: Record, reading: Reading) -> Delivery | None:
    """A record as it goes into the inbox; None for what is nobody's, or not meant for Kupon.

    Raises:  NoCommand; AdapterError where a registry is needed that is away.
    """
    if record.value is None:
        return None
    said = _read(record, reading)
    payload = said if reading.translate is None else reading.translate(said)
    if payload is None:
        return None
    letter = _check(Letter, payload)
    if letter["project_id"] not in (None, reading.project_id):
        if reading.is_shared:
            return None
        raise NoCommand("unknown_project", "the command is another project's")
    if letter["type"] not in DATA:
        raise NoCommand("unknown_type", f"there is no command {letter['type'][:100]}")
    if letter["type"] in _ECHOED and _origin(record) == reading.connection_id:
        return None
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


def _read(record: Record, reading: Reading) -> dict[str, Any]:
    payload = _parse(record.value or b"") if reading.unframe is None else reading.unframe(record)
    if not isinstance(payload, dict):
        raise NoCommand("invalid_json", "the value is no object")
    if is_too_deep(payload):
        raise NoCommand("invalid_json", "the value is nested too deeply")
    return payload


def _parse(value: bytes) -> Any:
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        raise NoCommand("invalid_json", "the value is no JSON") from None


def unframed(record: Record, registry: Registry) -> Any:
    """What a value says that a schema explains, or that is JSON after all.

    Shapes:  of Avro's members, `data` may be JSON as text; moments become text.
    Raises:  NoCommand; AdapterError where the registry is away.
    """
    value = record.value or b""
    if not is_framed(value):
        return _parse(value)
    try:
        payload = registry.read(record.topic, value)
    except Unreadable as error:
        raise NoCommand("unreadable", str(error)) from None
    plain = json.loads(json.dumps(payload, default=_plain))
    if isinstance(plain, dict) and isinstance(plain.get("data"), str):
        plain["data"] = _parse(plain["data"].encode())
    return plain


def _plain(value: Any) -> Any:
    """What JSON does not have, and Avro does."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return float(value) if isinstance(value, Decimal) else str(value)


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


def _origin(record: Record) -> str:
    """The connection that has caused what a command was made of, where its headers were kept."""
    return _text(dict(record.headers).get(ORIGIN_HEADER) or b"-")


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

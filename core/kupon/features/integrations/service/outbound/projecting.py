"""What a customer is on a platform: attributes of the profile, by the names chosen for them.

Each has a declared type and keeps it: platforms freeze an attribute's type with its first value, so
a code that looks like a number stays a text, and a balance is a number even when it is 0.

Source: spec adapters-marketing, section 1.5.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from kupon.features.integrations.service.outbound.flattening import major_units
from kupon.kit.currencies import decimal_text
from kupon.kit.timestamps import format_moment
from kupon.storage.queries.projections import Holding

GIFT: Final = "GIFT_VOUCHER"
CARD: Final = "LOYALTY_CARD"

# The links of a code's images: {"qr": {"url"}, "barcode": {"url"}}; None where nobody knows them.
Links = Callable[[str], Mapping[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Backdrop:
    """What projections need besides the customers' codes."""

    environment: str
    currency: str
    links: Links


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of profiles.

    Shapes: campaign, by id or name, narrows the codes that are looked at, None for all. type is
        text, or number for what is one on the platform.
    """

    field: str
    name: str
    type: str
    campaign: str | None = None


def _of_voucher(read: Callable[[Holding, Backdrop], Any]) -> Callable[..., Any]:
    return lambda held, backdrop: read(held[0], backdrop) if held else None


def _of_card(read: Callable[[Holding], Any]) -> Callable[..., Any]:
    def read_first(held: Sequence[Holding], _: Backdrop) -> Any:
        card = next((each for each in held if each.type == CARD), None)
        return None if card is None else read(card)

    return read_first


def _sum_of_cards(read: Callable[[Holding], int]) -> Callable[..., Any]:
    def add(held: Sequence[Holding], _: Backdrop) -> int | None:
        cards = [read(each) for each in held if each.type == CARD]
        return sum(cards) if cards else None

    return add


def _value(voucher: Holding, backdrop: Backdrop) -> str | None:
    discount = voucher.discount or {}
    if voucher.type == GIFT:
        return decimal_text(voucher.amount, backdrop.currency)
    if voucher.type == CARD:
        return str(voucher.amount)
    if discount.get("percent_off") is not None:
        return f"{discount['percent_off']:g}%"
    for member in ("amount_off", "fixed_amount"):
        if discount.get(member) is not None:
            return decimal_text(int(discount[member]), backdrop.currency)
    return None if discount.get("unit_off") is None else f"{discount['unit_off']:g}"


def _balance(voucher: Holding, _: Backdrop) -> int | None:
    return voucher.balance if voucher.type in (GIFT, CARD) else None


def _balance_major(voucher: Holding, backdrop: Backdrop) -> Any:
    return major_units(voucher.balance, backdrop.currency) if voucher.type == GIFT else None


def _published(voucher: Holding, _: Backdrop) -> str | None:
    return None if voucher.published_at is None else format_moment(voucher.published_at)


def _link(kind: str) -> Callable[..., Any]:
    def find(voucher: Holding, backdrop: Backdrop) -> str | None:
        found = (backdrop.links(voucher.code) or {}).get(kind)
        return None if found is None else found["url"]

    return _of_voucher(find)


def _day(card: Holding) -> str | None:
    return None if card.next_expiration_date is None else card.next_expiration_date.isoformat()


# What can be told of a customer: of which type it is, and how it is read of the codes held.
FIELDS: Final[Mapping[str, tuple[str, Callable[[Sequence[Holding], Backdrop], Any]]]] = {
    "voucher_code": ("text", _of_voucher(lambda voucher, _: voucher.code)),
    "voucher_value": ("text", _of_voucher(_value)),
    "voucher_balance": ("number", _of_voucher(_balance)),
    "voucher_balance_major": ("number", _of_voucher(_balance_major)),
    "voucher_publication_date": ("text", _of_voucher(_published)),
    "voucher_qr": ("text", _link("qr")),
    "voucher_barcode": ("text", _link("barcode")),
    "loyalty_balance": ("number", _sum_of_cards(lambda card: card.balance)),
    "loyalty_pending_points": ("number", _sum_of_cards(lambda card: card.pending_points)),
    "loyalty_next_expiration_points": ("number", _of_card(lambda c: c.next_expiration_points)),
    "loyalty_next_expiration_date": ("text", _of_card(_day)),
    "loyalty_tier_id": ("text", _of_card(lambda card: card.tier_id)),
    "loyalty_tier_name": ("text", _of_card(lambda card: card.tier_name)),
    "environment": ("text", lambda _, backdrop: backdrop.environment),
}
TYPES: Final = ("text", "number")

# Names where the connection chooses none.
_USUAL_NAMES: Final = {
    "voucher_code": "voucher_code",
    "voucher_value": "voucher_code_value",
    "voucher_balance": "voucher_code_balance",
    "voucher_balance_major": "voucher_code_balance_major",
    "voucher_publication_date": "voucher_code_publication_date",
    "voucher_qr": "voucher_code_qr",
    "voucher_barcode": "voucher_code_barcode",
}
USUAL: Final = tuple(
    Attribute(field, _USUAL_NAMES.get(field, field), type)
    for field, (type, _) in FIELDS.items()
    if field != "environment"
)


def project(
    attributes: Sequence[Attribute], held: Sequence[Holding], backdrop: Backdrop
) -> dict[str, Any]:
    """The attributes of a customer who holds some codes, the last ones first; None where unset."""
    projected = {}
    for each in attributes:
        meant = [one for one in held if each.campaign in (None, one.campaign_id, one.campaign)]
        projected[each.name] = _typed(FIELDS[each.field][1](meant, backdrop), each.type)
    return projected


def _typed(value: Any, type: str) -> Any:
    if value is None:
        return None
    if type == "text":
        return str(value)
    if not isinstance(value, str):
        return value
    try:
        return int(value) if value.lstrip("-").isdecimal() else float(value)
    except ValueError:
        return None


_NAMES: Final = ("source_id", "email")
_PERSON: Final = (*_NAMES, "name", "phone", "birthdate", "address")


def digest_of(
    customer: Mapping[str, Any], attributes: Mapping[str, Any], *, is_filling: bool = False
) -> str:
    """A short form of what a platform gets of a customer; the same as long as that is.

    Shapes:  attributes without a value count for nothing; is_filling says that the platform gets
        the person's own data too.
    """
    told = {name: value for name, value in attributes.items() if value is not None}
    whom = {name: customer.get(name) for name in (_PERSON if is_filling else _NAMES)}
    return hashlib.sha256(orjson.dumps([whom, told], option=orjson.OPT_SORT_KEYS)).hexdigest()

"""An event's objects in the flat form that platforms can filter by.

One level of objects with plain values inside, and beside them the figures by names that are the
same for all types of events. Amounts are whole minor units; `<name>_major` repeats them as
decimals, since those who write messages would show a hundred times too much.

Source: spec adapters-marketing, section 1.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from kupon.kit.currencies import decimal_text

Json = Mapping[str, Any]

_SCALARS: Final = (str, int, float, bool)

# The flat names, and where their values are looked for: the first place that has one.
_PLACES: Final[Mapping[str, tuple[str, ...]]] = {
    "customer_id": ("customer.id",),
    "customer_source_id": ("customer.source_id",),
    "campaign_id": ("campaign.id", "voucher.campaign_id"),
    "campaign_name": ("campaign.name", "voucher.campaign"),
    "campaign_type": ("campaign.campaign_type",),
    "voucher_code": ("voucher.code", "publication.voucher.code", "redemption.voucher.code"),
    "voucher_type": ("voucher.type", "publication.voucher.type", "redemption.voucher.type"),
    "redemption_id": ("redemption.id",),
    "redemption_result": ("redemption.result",),
    "failure_code": (
        "redemption_rollback.failure_code",
        "redemption.failure_code",
        "publication.failure_code",
    ),
    "order_source_id": ("order.source_id", "redemption.order.source_id"),
    "loyalty_points_delta": ("balance.points", "points", "transaction.details.balance.points"),
    "loyalty_balance": ("voucher.loyalty_card.balance",),
    "tier_id": ("loyalty_tier.id", "loyalty_tier_to.id"),
    "tier_name": ("loyalty_tier.name", "loyalty_tier_to.name"),
    "reward_id": ("reward.id",),
    "reward_name": ("reward.name",),
    "publication_id": ("publication.id",),
    "channel": ("publication.channel", "redemption.channel.channel_type"),
}
_AMOUNTS: Final[Mapping[str, tuple[str, ...]]] = {
    "order_amount": ("order.amount", "redemption.order.amount"),
    "order_total_discount_amount": (
        "order.total_discount_amount",
        "redemption.order.total_discount_amount",
    ),
    "order_total_amount": ("order.total_amount", "redemption.order.total_amount"),
    "gift_balance": ("voucher.gift.balance",),
}


def properties_of(
    data: Json, *, event_id: str, occurred_at: str, project_id: str, currency: str
) -> dict[str, Any]:
    """The flat form of an event's data.

    Shapes:  what is unset is left out; 0 and false are not. occurred_at is as on the wire.
    Units:   minor units, but for names that end in `_major`.
    """
    flat: dict[str, Any] = {
        "kupon_event_id": event_id,
        "occurred_at": occurred_at,
        "project_id": project_id,
    }
    for name, places in _PLACES.items():
        flat[name] = _first(data, places)
    for name, places in _AMOUNTS.items():
        flat[name] = amount = _first(data, places)
        flat[f"{name}_major"] = major_units(amount, currency)
    shallow = {name: _shallow(value) for name, value in data.items() if name not in flat}
    # What somebody wanted to be known of a custom event lies a level deeper than all else.
    shallow["metadata"] = _shallow((data.get("event") or {}).get("metadata"))
    return {name: value for name, value in (flat | shallow).items() if value is not None}


def major_units(amount: Any, currency: str) -> float | int | None:
    """An amount as a decimal number; None for what is no amount.

    Units:   minor units in.
    """
    if not isinstance(amount, int) or isinstance(amount, bool):
        return None
    text = decimal_text(amount, currency)
    return int(text) if Decimal(text) == int(Decimal(text)) and "." not in text else float(text)


def _first(data: Json, places: tuple[str, ...]) -> Any:
    for place in places:
        value: Any = data
        for word in place.split("."):
            value = value.get(word) if isinstance(value, Mapping) else None
        if isinstance(value, _SCALARS):
            return value
    return None


def _shallow(value: Any) -> Any:
    """A value of data as far as it is plain, or an object of plain values."""
    if isinstance(value, Mapping):
        plain = {name: each for name, each in value.items() if _is_plain(each)}
        return plain or None
    return value if _is_plain(value) else None


def _is_plain(value: Any) -> bool:
    if isinstance(value, list):
        # Of an empty one nobody knows what it would hold.
        return bool(value) and all(isinstance(each, _SCALARS) for each in value)
    return isinstance(value, _SCALARS)

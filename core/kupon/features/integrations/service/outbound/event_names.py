"""What platforms call Kupon's events, and which of them they hear of without being asked.

Source: spec adapters-marketing, section 1.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# Forwarded only where it is asked for by name: platforms send these themselves.
CUSTOM: Final = "customer.custom_event"

DEFAULT: Final = frozenset({
    "customer.redemption.succeeded",
    "customer.redemption.failed",
    "customer.redemption.rollback.succeeded",
    "customer.redemption.rollback.failed",
    "customer.publication.succeeded",
    "customer.publication.failed",
    "customer.validation.succeeded",
    "customer.validation.failed",
    "customer.rewarded",
    "customer.rewarded.loyalty_points",
    "customer.reward_redemptions.created",
    "customer.reward_redemptions.completed",
})  # fmt: skip

_OPTIONAL: Final = (
    "customer.reward_redemptions.pending",
    "customer.reward_redemptions.rolledback",
    "customer.voucher.loyalty_card.points_added",
    "customer.voucher.loyalty_card.points_expired",
    "customer.voucher.loyalty_card.pending_points.added",
    "customer.voucher.loyalty_card.pending_points.updated",
    "customer.voucher.loyalty_card.pending_points.activated",
    "customer.voucher.loyalty_card.pending_points.canceled",
    "customer.voucher.gift.balance_added",
    "customer.loyalty.tier.joined",
    "customer.loyalty.tier.left",
    "customer.loyalty.tier.upgraded",
    "customer.loyalty.tier.downgraded",
    "customer.loyalty.tier.prolonged",
    "customer.segment.entered",
    "customer.segment.left",
    "customer.referred",
    "customer.order.created",
    "customer.order.updated",
    "customer.order.paid",
    "customer.order.canceled",
)
ALL: Final = DEFAULT.union(_OPTIONAL)
KNOWN: Final = ALL | {CUSTOM}

STYLES: Final = ("title", "short", "dotted", "upper_dotted")

# Beginnings of types, and what stands for them in a title and in a short name; the first that fits.
_BEGINNINGS: Final = (
    ("customer.redemption.rollback.", "customer redemption rollback ", "rollback_"),
    ("customer.rewarded.loyalty_points", "customer rewarded loyalty points", "points_rewarded"),
    ("customer.reward_redemptions.", "customer reward redemptions ", "reward_"),
    ("customer.voucher.loyalty_card.pending_", "loyalty pending ", "pending_"),
    ("customer.voucher.loyalty_card.", "loyalty ", ""),
    ("customer.voucher.gift.", "gift ", "gift_"),
    ("customer.loyalty.tier.", "loyalty tier ", "tier_"),
    ("customer.order.", "order ", "order_"),
    ("customer.", "customer ", ""),
)
_LONGEST: Final = 32


def wants(asked: object, type: str) -> bool:
    """Whether a connection that asked for some types hears of one.

    Shapes:  asked is a list of types, ["*"] for all but custom events, or None for the default.
    """
    if not isinstance(asked, list):
        return type in DEFAULT
    return type in asked or ("*" in asked and type in ALL)


def name_of(type: str, style: str, own: Mapping[str, str]) -> str:
    """What a platform calls a type; own are the names that the connection sets for some."""
    if type in own:
        return own[type]
    if style == "dotted":
        return type
    if style == "upper_dotted":
        return f"EVENTS.{type.upper()}"
    for beginning, title, short in _BEGINNINGS:
        if type.startswith(beginning):
            rest = type.removeprefix(beginning).replace(".", "_")
            if style == "short":
                return f"kupon_{short}{rest}".rstrip("_")[:_LONGEST]
            return f"{title}{rest.replace('_', ' ')}".strip().title()
    return type

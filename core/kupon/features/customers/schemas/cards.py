"""What gift cards and loyalty cards hold, as wallets and vouchers show it.

Source: spec campaigns-loyalty-referral-gift, sections 5.1 and 7.1.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Protocol

from kupon.engine.balances import Balance


class CardColumns(Protocol):
    """A loyalty card as it is stored, however it was read."""

    @property
    def balance(self) -> Balance: ...

    @property
    def pending_points(self) -> int: ...

    @property
    def next_expiration_date(self) -> date | None: ...

    @property
    def next_expiration_points(self) -> int | None: ...


def dump_gift(balance: Balance, effect: str | None) -> dict[str, Any]:
    """The wire's gift, from a card's balance."""
    return {
        "amount": balance.income,
        "subtracted_amount": balance.subtracted,
        "balance": balance.left,
        "effect": effect,
    }


def dump_loyalty_card(row: CardColumns) -> dict[str, Any]:
    """The wire's loyalty card; without a date no points on it end."""
    body: dict[str, Any] = {
        "points": row.balance.income,
        "balance": row.balance.left,
        "expired_points": row.balance.expired,
        "subtracted_points": row.balance.subtracted,
        "pending_points": row.pending_points,
    }
    if row.next_expiration_date is not None:
        body["next_expiration_date"] = row.next_expiration_date.isoformat()
        body["next_expiration_points"] = row.next_expiration_points
    return body

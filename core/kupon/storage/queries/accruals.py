"""Statements on what earning rules look at and leave behind: who holds which card, what was paid.

Source: spec campaigns-loyalty-referral-gift, sections 7.3 and 12 (L16).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from kupon.storage.uow import UnitOfWork


def has_rules(uow: UnitOfWork) -> bool:
    """Whether the project has any earning rule."""
    row = uow.reader.execute(
        "SELECT EXISTS (SELECT FROM earning_rules WHERE project_id = %s)", (uow.project_id,)
    ).fetchone()
    return row is not None and bool(row[0])


class HeldCard(NamedTuple):
    """A loyalty card and whose it is."""

    id: str
    campaign_id: str
    holder_id: str


_HELD = (
    "SELECT id, campaign_id, holder_id FROM vouchers"
    " WHERE project_id = %s AND {} AND type = 'LOYALTY_CARD' AND campaign_id IS NOT NULL"
    " AND holder_id IS NOT NULL AND binned_at IS NULL ORDER BY created_at, id"
)


def find_held_cards(uow: UnitOfWork, holder_id: str) -> dict[str, HeldCard]:
    """The cards of a customer by programme."""
    rows = uow.reader.execute(_HELD.format("holder_id = %s"), (uow.project_id, holder_id))
    cards: dict[str, HeldCard] = {}
    for row in rows.fetchall():
        card = HeldCard(*row)
        cards.setdefault(card.campaign_id, card)
    return cards


def find_held_card(uow: UnitOfWork, voucher_id: str) -> HeldCard | None:
    """A card by its id; None where nobody holds it."""
    rows = uow.reader.execute(_HELD.format("id = %s"), (uow.project_id, voucher_id))
    row = rows.fetchone()
    return None if row is None else HeldCard(*row)


def hold_customers(uow: UnitOfWork, customer_ids: Sequence[str]) -> None:
    """Let nobody else give codes to customers until the end of the unit of work.

    Locks:  the customers' rows by ascending id.
    """
    uow.driver.execute(
        "SELECT 1 FROM customers WHERE project_id = %s AND id = ANY(%s)"
        " ORDER BY id FOR NO KEY UPDATE",
        (uow.project_id, sorted(set(customer_ids))),
    )


def claim_accruals(uow: UnitOfWork, cause: str, cards: Mapping[str, str]) -> frozenset[str]:
    """Note that rules pay for a cause; the rules that had not yet done so.

    Shapes:  cards are the ids of the cards that are paid, by rule.
    Locks:   the cards must be locked.
    """
    if not cards:
        return frozenset()
    rows = uow.driver.execute(
        "INSERT INTO accruals (project_id, earning_rule_id, cause, voucher_id, created_at)"
        " SELECT %s, p.rule_id, %s, p.voucher_id, %s"
        " FROM unnest(%s::text[], %s::text[]) AS p(rule_id, voucher_id)"
        " ON CONFLICT DO NOTHING RETURNING earning_rule_id",
        (uow.project_id, cause, uow.now, list(cards), list(cards.values())),
    ).fetchall()
    return frozenset(row[0] for row in rows)

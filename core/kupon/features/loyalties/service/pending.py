"""Pending points: earned already, on the card only when their day has come.

Source: spec campaigns-loyalty-referral-gift, section 7.5; events-webhooks-data, section 4.3.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from kupon.engine.definitions import LARGEST_WHOLE
from kupon.engine.loyalty.expiration import parse_expiration, points_expire_on
from kupon.features.loyalties.schemas import pending as schemas
from kupon.features.loyalties.service.members import find_member
from kupon.features.loyalties.service.points import find_editable, lock_card
from kupon.features.loyalties.service.programmes import find_programme
from kupon.features.loyalties.service.settling import settle
from kupon.features.orders.schemas import dump_order, dump_simple_order
from kupon.features.vouchers import schemas as voucher_schemas
from kupon.features.vouchers import service as vouchers
from kupon.kit.errors import KuponError, invalid_payload
from kupon.kit.pages import PageRequest
from kupon.storage.ledger import PENDING_POINTS_ACTIVATION, Line
from kupon.storage.points import Card, Posting
from kupon.storage.queries import orders, pending_points
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.queries.pending_points import ACTIVATED, CANCELED, PENDING
from kupon.storage.tables.loyalties import PendingPoints
from kupon.storage.uow import UnitOfWork


def add_pending(
    uow: UnitOfWork, cards: MutableMapping[str, Card], rows: Sequence[PendingPoints]
) -> None:
    """Have points wait on their cards for their day to come.

    Shapes:  cards are brought up to date in place.
    Locks:   the cards must be locked, as by storage.points.lock_cards.
    """
    if not rows:
        return
    pending_points.insert_pending(uow, rows)
    for row in rows:
        _count(cards, row.voucher_id, row.points)
    _stage(uow, "added", cards, [(row, row.points) for row in rows], is_manual=False)


def activate_due(uow: UnitOfWork, cards: MutableMapping[str, Card], *, today: date) -> list[Line]:
    """Put on their cards all points whose day has come.

    Shapes:  cards are brought up to date in place.
    Locks:   the cards must be locked, as by storage.points.lock_cards.
    """
    due = pending_points.find_due(uow, list(cards), today)
    return _activate(uow, cards, due, today=today, is_manual=False)


def _activate(
    uow: UnitOfWork,
    cards: MutableMapping[str, Card],
    rows: Sequence[PendingPoints],
    *,
    today: date,
    is_manual: bool,
) -> list[Line]:
    """Points that are on the card from now on; the time they have begins today."""
    if not rows:
        return []
    pending_points.finish(uow, rows, ACTIVATED)
    for row in rows:
        _count(cards, row.voucher_id, -row.points)
    postings = [_posting(uow, cards[row.voucher_id], row, today, is_manual) for row in rows]
    lines = vouchers.post_points(uow, cards, postings, today=today)
    _stage_activated(uow, rows, lines)
    return lines


def _posting(
    uow: UnitOfWork, card: Card, row: PendingPoints, today: date, is_manual: bool
) -> Posting:
    own = parse_expiration(row.expiration_rules, ".expiration_rules")
    movement = vouchers.points_movement(
        uow,
        card,
        PENDING_POINTS_ACTIVATION,
        row.points,
        is_manual=is_manual,
        source="API" if is_manual else "Automation",
        order_id=row.order_id,
        details={**row.details, "pending_points": schemas.dump_pending(row)},
    )
    return Posting(movement, points_expire_on(today, own, card.expiration))


def _count(cards: MutableMapping[str, Card], voucher_id: str, points: int) -> None:
    card = cards[voucher_id]
    cards[voucher_id] = replace(card, pending_points=card.pending_points + points)


def list_of_member(
    uow: UnitOfWork,
    project: ProjectFacts,
    programme: str | None,
    member: str,
    request: PageRequest,
) -> dict[str, Any]:
    """One page of what is pending on a card.

    Raises:  not_found.
    """
    card = find_member(uow, project, programme, member).voucher
    tz = ZoneInfo(project.timezone)
    page = pending_points.list_of_voucher(uow, card.id, request, tz)
    return schemas.dump_pending_list(page)


def list_of_programme(
    uow: UnitOfWork, project: ProjectFacts, programme: str, request: PageRequest
) -> dict[str, Any]:
    """One page of what is pending on the cards of a programme.

    Raises:  not_found.
    """
    campaign = find_programme(uow, programme)
    tz = ZoneInfo(project.timezone)
    return schemas.dump_pending_list(pending_points.list_of_campaign(uow, campaign.id, request, tz))


def activate(uow: UnitOfWork, project: ProjectFacts, member: str, name: str) -> dict[str, Any]:
    """Put pending points on their card before their day has come.

    Raises:  not_found; invalid_pending_points_state.
    """
    card, row = _find(uow, project, member, name, "activated")
    today = vouchers.today_of(uow, project)
    lines = _activate(uow, {card.id: card}, [row], today=today, is_manual=True)
    settle(uow, project, [card.id])
    return voucher_schemas.dump_balance(lines[0])


def adjust(
    uow: UnitOfWork, project: ProjectFacts, member: str, name: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    """Add to pending points, or take off them; at least one is left.

    Raises:  not_found; invalid_payload for nothing to do; invalid_amount;
        invalid_pending_points_state.
    """
    points: int = body["points"]
    if points == 0:
        raise invalid_payload("Property .points must not be 0")
    card, row = _find(uow, project, member, name, "updated")
    if row.points + points < 1:
        raise KuponError("invalid_amount", f"Of {row.points} pending points at least 1 must stay")
    if card.pending_points + points > LARGEST_WHOLE:
        raise KuponError("invalid_amount", f"A card takes at most {LARGEST_WHOLE} in all")
    pending_points.change_points(uow, row, row.points + points)
    cards = {card.id: card}
    _count(cards, card.id, points)
    _stage(uow, "updated", cards, [(row, points)], is_manual=True)
    total = cards[card.id].pending_points
    return schemas.dump_pending_balance(card.id, points, total, is_manual=True)


def cancel(uow: UnitOfWork, project: ProjectFacts, member: str, name: str) -> None:
    """Have pending points never come.

    Raises:  not_found; invalid_pending_points_state.
    """
    card, row = _find(uow, project, member, name, "canceled")
    pending_points.finish(uow, [row], CANCELED)
    cards = {card.id: card}
    _count(cards, card.id, -row.points)
    _stage(uow, "canceled", cards, [(row, -row.points)], is_manual=True)


def _find(
    uow: UnitOfWork, project: ProjectFacts, member: str, name: str, wanted: str
) -> tuple[Card, PendingPoints]:
    """What is still pending on a card, both locked."""
    card = lock_card(uow, find_editable(uow, project, None, member))
    row = pending_points.get_pending(uow, card.id, name)
    if row.status != PENDING:
        raise KuponError(
            "invalid_pending_points_state",
            f"Only pending points in 'PENDING' status can be {wanted}."
            f" Current status: '{row.status}'.",
            resource_id=row.id,
            resource_type="pending_points",
        )
    return card, row


def _stage(
    uow: UnitOfWork,
    change: str,
    cards: Mapping[str, Card],
    changed: Sequence[tuple[PendingPoints, int]],
    *,
    is_manual: bool,
) -> None:
    scene = _describe(uow, [row for row, _ in changed])
    for row, points in changed:
        total = cards[row.voucher_id].pending_points
        balance = schemas.dump_pending_balance(row.voucher_id, points, total, is_manual=is_manual)
        payload = {
            **scene[row.id],
            "voucher_pending_points_balance": {
                **balance,
                "type": "loyalty_card",
                "balance": total,
            },
        }
        _stage_one(uow, change, row, payload)


def _stage_activated(uow: UnitOfWork, rows: Sequence[PendingPoints], lines: Sequence[Line]) -> None:
    scene = _describe(uow, rows)
    for row, line in zip(rows, lines, strict=True):
        payload = {
            **scene[row.id],
            "balance": voucher_schemas.dump_balance(line),
            "transaction": voucher_schemas.dump_transaction(line, None),
        }
        _stage_one(uow, "activated", row, payload)


def _stage_one(uow: UnitOfWork, change: str, row: PendingPoints, payload: dict[str, Any]) -> None:
    name = f"voucher.loyalty_card.pending_points.{change}"
    uow.stage(name, row.voucher_id, payload)


def _describe(uow: UnitOfWork, rows: Sequence[PendingPoints]) -> dict[str, dict[str, Any]]:
    """What all events of pending points tell, by the id of the pending points."""
    about = vouchers.describe_cards(uow, [row.voucher_id for row in rows])
    known = {id: orders.find_order(uow, id=id) for id in {row.order_id for row in rows} if id}
    scene: dict[str, dict[str, Any]] = {}
    for row in rows:
        scene[row.id] = {**about[row.voucher_id], "pending_points": schemas.dump_pending(row)}
        order = known.get(row.order_id or "")
        if order is not None:
            scene[row.id]["order"] = dump_simple_order(dump_order(order))
    return scene

"""Points of members: adjusting and transferring them, what became of them, when they end.

Source: spec campaigns-loyalty-referral-gift, sections 7.2 and 7.6 to 7.8.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from kupon.engine.access import may_edit
from kupon.features.loyalties.schemas import points as schemas
from kupon.features.loyalties.service.members import find_member
from kupon.features.loyalties.service.programmes import find_programme
from kupon.features.loyalties.service.settling import settle
from kupon.features.vouchers import schemas as voucher_schemas
from kupon.features.vouchers import service as vouchers
from kupon.kit.errors import KuponError, invalid_payload, not_found
from kupon.kit.pages import OrderTerm, PageRequest
from kupon.kit.timestamps import format_moment
from kupon.storage.ledger import POINTS_TRANSFER_IN, POINTS_TRANSFER_OUT, Line, Movement
from kupon.storage.points import Card, Posting, lock_cards
from kupon.storage.queries import points_buckets, voucher_transactions
from kupon.storage.queries.campaign_access import check_access
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.queries.vouchers import FoundVoucher
from kupon.storage.tables.vouchers import Voucher
from kupon.storage.uow import UnitOfWork

MOST_TRANSFERS = 100


def find_editable(
    uow: UnitOfWork, project: ProjectFacts, programme: str | None, member: str
) -> Voucher:
    """A card by its id or code, for a change.

    Raises:  not_found; forbidden for a restricted key that may not do so.
    """
    card = find_member(uow, project, programme, member).voucher
    check_access(uow, card.campaign_id, may_edit, otherwise=("voucher", card.id))
    return card


def lock_card(uow: UnitOfWork, card: Voucher) -> Card:
    """A card that was found, locked.

    Raises:  not_found where it has gone meanwhile.
    Locks:   the card.
    """
    locked = lock_cards(uow, [card.id])
    if card.id not in locked:
        raise not_found("voucher", card.id)
    return locked[card.id]


def adjust_balance(
    uow: UnitOfWork,
    project: ProjectFacts,
    programme: str | None,
    member: str,
    body: Mapping[str, Any],
) -> dict[str, Any]:
    """Add points to a card by hand, or take them off.

    Raises:  not_found; invalid_expiration_date; as vouchers.adjust_points.
    """
    card = lock_card(uow, find_editable(uow, project, programme, member))
    today = vouchers.today_of(uow, project)
    line = vouchers.adjust_points(
        uow,
        card,
        body["points"],
        today=today,
        expires_on=_read_end(card, body, today, ZoneInfo(project.timezone)),
        reason=body.get("reason"),
        source_id=body.get("source_id"),
    )
    settle(uow, project, [card.id])
    return voucher_schemas.dump_balance(line)


def _read_end(card: Card, body: Mapping[str, Any], today: date, tz: ZoneInfo) -> date | None:
    """The last day of points that are added by hand."""
    kind = body.get("expiration_type") or schemas.PROGRAM_RULES
    if kind == schemas.PROGRAM_RULES:
        return card.expires_on(today)
    if kind == schemas.NON_EXPIRING:
        return None
    end = body.get("expiration_date")
    if end is None:
        raise KuponError(
            "invalid_expiration_date", "Property .expiration_date is required for CUSTOM_DATE"
        )
    day: date = end.astimezone(tz).date() if isinstance(end, datetime) else end
    if day < today:
        raise KuponError(
            "invalid_expiration_date", "Property .expiration_date must not be in the past"
        )
    return day


def transfer_points(
    uow: UnitOfWork,
    project: ProjectFacts,
    programme: str,
    member: str,
    body: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Bring points from other cards to one, from all of them or from none.

    Raises:  not_found; invalid_payload; invalid_customer for cards that nobody holds;
        loyalty_card_points_exceeded; duplicate_source_id.
    Locks:   the cards, by id.
    """
    if not 1 <= len(body) <= MOST_TRANSFERS:
        raise invalid_payload(f"Payload must have between 1 and {MOST_TRANSFERS} items")
    target = find_editable(uow, project, programme, member)
    sources = [find_editable(uow, project, None, item["code"]) for item in body]
    if any(source.id == target.id for source in sources):
        raise invalid_payload("Property .code must not be the code of the card itself")
    wanted = {card.id for card in (target, *sources)}
    cards = lock_cards(uow, wanted)
    for id in sorted(wanted):
        if id not in cards:
            raise not_found("voucher", id)
        vouchers.require_holder(cards[id])
    today = vouchers.today_of(uow, project)
    end = cards[target.id].expires_on(today)
    postings = [
        posting
        for source, item in zip(sources, body, strict=True)
        for posting in _transfer(uow, cards, source, target, item, end)
    ]
    lines = vouchers.post_points(uow, cards, postings, today=today)
    _stage_transferred(uow, lines)
    settle(uow, project, sorted(wanted))
    return schemas.dump_transferred_to(vouchers.get_voucher(uow, project, target.id))


def _transfer(
    uow: UnitOfWork,
    cards: Mapping[str, Card],
    source: Voucher,
    target: Voucher,
    item: Mapping[str, Any],
    end: date | None,
) -> tuple[Posting, Posting]:
    """The two sides of a transfer, each naming the other."""
    points, said = item["points"], {"source": "API", "reason": item.get("reason")}
    out = vouchers.points_movement(
        uow,
        cards[source.id],
        POINTS_TRANSFER_OUT,
        -points,
        is_manual=True,
        source_id=item.get("source_id"),
        details={"destination_voucher": _dump_side(target)},
        **said,
    )
    into = vouchers.points_movement(
        uow,
        cards[target.id],
        POINTS_TRANSFER_IN,
        points,
        is_manual=True,
        related_transaction_id=out.id,
        details={"source_voucher": _dump_side(source)},
        **said,
    )
    return Posting(_related(out, into)), Posting(into, end)


def _related(movement: Movement, other: Movement) -> Movement:
    return replace(movement, related_transaction_id=other.id)


def _dump_side(card: Voucher) -> dict[str, Any]:
    """What the other side's ledger keeps of a card: what doesn't change with its points."""
    side: dict[str, Any] = {
        "id": card.id,
        "code": card.code,
        "campaign_id": card.campaign_id,
        "holder_id": card.holder_id,
        "type": card.type,
        "created_at": format_moment(card.created_at),
        "object": "voucher",
    }
    return side


def _stage_transferred(uow: UnitOfWork, lines: Sequence[Line]) -> None:
    about = vouchers.describe_cards(uow, [line.voucher_id for line in lines])
    # The lines come in pairs: what goes out, then what comes in by it.
    for out, into in zip(lines[::2], lines[1::2], strict=True):
        sides = {
            "source_voucher": about[out.voucher_id]["voucher"],
            "destination_voucher": about[into.voucher_id]["voucher"],
        }
        for line in (out, into):
            payload = {
                **about[line.voucher_id],
                **sides,
                "balance": voucher_schemas.dump_balance(line),
                "transaction": voucher_schemas.dump_transaction(line, None),
            }
            uow.stage("voucher.loyalty_card.points_transferred", line.voucher_id, payload)


def list_transactions(
    uow: UnitOfWork,
    project: ProjectFacts,
    programme: str | None,
    member: str,
    request: PageRequest,
) -> dict[str, Any]:
    """One page of the movements on a card.

    Raises:  not_found.
    """
    card = find_member(uow, project, programme, member).voucher
    tz = ZoneInfo(project.timezone)
    page = voucher_transactions.list_of_voucher(uow, card.id, request, tz)
    return vouchers.dump_transactions(uow, page)


def list_all_transactions(
    uow: UnitOfWork, project: ProjectFacts, programme: str, request: PageRequest
) -> dict[str, Any]:
    """One page of the movements on a programme's cards.

    Raises:  not_found.
    """
    campaign = find_programme(uow, programme)
    tz = ZoneInfo(project.timezone)
    page = voucher_transactions.list_of_campaign(uow, campaign.id, request, tz)
    return vouchers.dump_transactions(uow, page)


def list_expiration(
    uow: UnitOfWork, project: ProjectFacts, programme: str, member: str, request: PageRequest
) -> dict[str, Any]:
    """One page of when the points of a card end, the soonest first, those that never do last.

    Raises:  not_found.
    """
    found: FoundVoucher = find_member(uow, project, programme, member)
    ordered = replace(request, order=(OrderTerm("expires_on"),))
    tz = ZoneInfo(project.timezone)
    page = points_buckets.list_of_voucher(uow, found.voucher.id, ordered, tz)
    rows = [voucher_schemas.dump_bucket(row) for row in page.rows]
    return schemas.dump_buckets(rows, page.total)

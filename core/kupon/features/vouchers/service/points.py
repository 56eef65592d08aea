"""Points of loyalty cards: moving them, and telling of it.

Source: spec campaigns-loyalty-referral-gift, sections 7.1, 7.2 and 7.6; events-webhooks-data,
    section 4.3.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, MutableMapping, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from kupon.engine.loyalty.buckets import Bucket
from kupon.features.vouchers import schemas
from kupon.features.vouchers.service.telling import describe_cards, stage_lines
from kupon.kit.calendar import Calendar
from kupon.kit.errors import KuponError, invalid_payload
from kupon.runtime import ids
from kupon.storage import points
from kupon.storage.ledger import (
    AUTOMATIC,
    MANUAL,
    POINTS_ADDITION,
    POINTS_EXPIRATION,
    POINTS_REMOVAL,
    Line,
    Movement,
)
from kupon.storage.points import Card, Posting
from kupon.storage.queries import points_buckets
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.snapshots import VoucherFacts
from kupon.storage.tables.vouchers import Voucher
from kupon.storage.uow import UnitOfWork

POINTS_CHANGED = "loyalty.points_changed"


def today_of(uow: UnitOfWork, project: ProjectFacts) -> date:
    """The project's day."""
    return Calendar(uow.now, ZoneInfo(project.timezone)).today


def points_movement(
    uow: UnitOfWork, card: Card, type: str, amount: int, *, is_manual: bool = False, **rest: Any
) -> Movement:
    """What is to become a line of a card's ledger; rest are further members of Movement."""
    return Movement(
        id=ids.new_id("vtx_"),
        voucher_id=card.id,
        campaign_id=card.campaign_id,
        type=type,
        amount=amount,
        operation_type=MANUAL if is_manual else AUTOMATIC,
        created_at=uow.now,
        **rest,
    )


def post_points(
    uow: UnitOfWork,
    cards: MutableMapping[str, Card],
    postings: Sequence[Posting],
    *,
    today: date,
    closing: Collection[str] = (),
) -> list[Line]:
    """Move points as storage.points.write_points does, and stage what the ledgers got.

    Raises:  as write_points.
    Locks:   the cards must be locked, as by storage.points.lock_cards.
    """
    lines = points.write_points(uow, cards, postings, today=today, closing=closing)
    stage_lines(uow, lines)
    return lines


def adjust_points(
    uow: UnitOfWork,
    card: Card,
    points: int,
    *,
    today: date,
    expires_on: date | None = None,
    reason: str | None = None,
    source_id: str | None = None,
) -> Line:
    """Add points by hand, or take them off; the line that tells of it.

    Shapes:  expires_on is the last day of what is added, None for never.
    Raises:  invalid_payload for nothing to do; invalid_customer for a card that nobody holds; as
        post_points.
    Locks:   the card must be locked, as by storage.points.lock_cards.
    """
    if points == 0:
        raise invalid_payload("Property .points must not be 0")
    require_holder(card)
    type = POINTS_ADDITION if points > 0 else POINTS_REMOVAL
    movement = points_movement(
        uow, card, type, points, is_manual=True, source="API", reason=reason, source_id=source_id
    )
    lines = post_points(uow, {card.id: card}, [Posting(movement, expires_on)], today=today)
    stage_points_added(uow, lines)
    return lines[0]


def require_holder(card: Card) -> None:
    """Refuse a card that nobody holds.

    Raises:  invalid_customer.
    """
    if card.holder_id is None:
        raise KuponError(
            "invalid_customer",
            f"Loyalty card {card.code} has no holder",
            resource_id=card.id,
            resource_type="voucher",
        )


def stage_points_added(uow: UnitOfWork, lines: Sequence[Line]) -> None:
    """Tell of points that were adjusted by hand, or that a reward or a referral gave.

    Also of a removal: the wire has no other word for it, as with gift cards.
    """
    about = describe_cards(uow, [line.voucher_id for line in lines])
    for line in lines:
        payload = {
            **about[line.voucher_id],
            "balance": schemas.dump_balance(line),
            "transaction": schemas.dump_transaction(line, None),
        }
        uow.stage("voucher.loyalty_card.points_added", line.voucher_id, payload)


def stage_points_changed(uow: UnitOfWork, cards: Iterable[Card | Voucher | VoucherFacts]) -> None:
    """Have loyalty programmes look at cards whose points have moved without their doing."""
    for card in cards:
        if card.holder_id is not None:
            payload = {
                "voucher_id": card.id,
                "campaign_id": card.campaign_id,
                "customer_id": card.holder_id,
            }
            uow.stage(POINTS_CHANGED, card.holder_id, payload)


def expire_points(uow: UnitOfWork, cards: MutableMapping[str, Card], *, today: date) -> list[Line]:
    """Take away what ended before today, with a line for every bucket that had something left.

    Locks:   the cards must be locked, as by storage.points.lock_cards.
    """
    due = [
        (card, bucket)
        for card in cards.values()
        for bucket in sorted(card.buckets, key=lambda each: each.expires_on or date.max)
        if bucket.expires_on is not None and bucket.expires_on < today
    ]
    left = [(card, bucket) for card, bucket in due if bucket.points]
    postings = [
        Posting(points_movement(uow, card, POINTS_EXPIRATION, -bucket.points, source="Automation"))
        for card, bucket in left
    ]
    closing = {bucket.id for _, bucket in due}
    lines = post_points(uow, cards, postings, today=today, closing=closing)
    _stage_expired(uow, [(line, bucket) for line, (_, bucket) in zip(lines, left, strict=True)])
    return lines


def _stage_expired(uow: UnitOfWork, expired: Sequence[tuple[Line, Bucket]]) -> None:
    about = describe_cards(uow, [line.voucher_id for line, _ in expired])
    ended = points_buckets.find_buckets(uow, [bucket.id for _, bucket in expired])
    for line, bucket in expired:
        payload = {
            **about[line.voucher_id],
            "points": -line.amount,
            "buckets": [schemas.dump_bucket(ended[bucket.id], bucket.points)],
            "transaction": schemas.dump_transaction(line, None),
        }
        uow.stage("voucher.loyalty_card.points_expired", line.voucher_id, payload)

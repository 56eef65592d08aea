"""Points of loyalty cards: the sums, the ledger and the buckets move together or not at all.

Features move points by `vouchers.service.post_points`, which also tells of it.

Source: spec campaigns-loyalty-referral-gift, sections 7.1, 7.2, 7.6 and 12.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, MutableMapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy.orm.util import identity_key

from kupon.engine.balances import Balance
from kupon.engine.loyalty.buckets import Bucket, next_expiration
from kupon.engine.loyalty.expiration import parse_expiration
from kupon.kit.errors import KuponError, RaceLost
from kupon.storage import ledger
from kupon.storage.ledger import Line
from kupon.storage.points_book import Book, Shelf
from kupon.storage.points_book import Card as Card
from kupon.storage.points_book import Posting as Posting
from kupon.storage.refusing import refusing
from kupon.storage.tables.vouchers import Voucher
from kupon.storage.uow import UnitOfWork


def lock_cards(uow: UnitOfWork, voucher_ids: Iterable[str]) -> dict[str, Card]:
    """Lock loyalty cards and read them with their buckets; two statements for any number.

    Shapes:  by id; what is gone, in the bin or no loyalty card is missing.
    Locks:   vouchers by ascending id.
    """
    wanted = sorted(set(voucher_ids))
    uow.session.flush()
    rows = uow.driver.execute(
        f"SELECT v.id, v.code, v.campaign_id, v.holder_id, v.is_active, v.start_date,"
        f" v.expiration_date, {ledger.SUMS.format('v')}, v.pending_points,"
        " c.voucher #> '{loyalty_card,expiration_rules}'"
        " FROM vouchers v LEFT JOIN campaigns c"
        " ON c.project_id = v.project_id AND c.id = v.campaign_id"
        " WHERE v.project_id = %s AND v.id = ANY(%s) AND v.type = 'LOYALTY_CARD'"
        " AND v.binned_at IS NULL AND c.binned_at IS NULL ORDER BY v.id FOR UPDATE OF v",
        (uow.project_id, wanted),
    ).fetchall()
    held, buckets = _contents(uow, [row[0] for row in rows])
    return {
        row[0]: Card(
            id=row[0],
            code=row[1],
            campaign_id=row[2],
            holder_id=row[3],
            is_active=row[4],
            start_date=row[5],
            expiration_date=row[6],
            balance=Balance(*row[7:11]),
            pending_points=row[11],
            expiration=parse_expiration(row[12], ".voucher.loyalty_card.expiration_rules"),
            held=held.get(row[0], 0),
            buckets=tuple(buckets.get(row[0], ())),
        )
        for row in rows
    }


def _contents(
    uow: UnitOfWork, voucher_ids: Sequence[str]
) -> tuple[dict[str, int], dict[str, list[Bucket]]]:
    """What sessions hold of locked cards, and the cards' active buckets."""
    held: dict[str, int] = {}
    buckets: dict[str, list[Bucket]] = {}
    # Only now, with the locks: a statement sees nothing of what ended while it waited.
    for voucher_id, bucket_id, expires_on, points in uow.driver.execute(
        "SELECT voucher_id, id, expires_on, points FROM points_buckets"
        " WHERE project_id = %(project_id)s AND voucher_id = ANY(%(ids)s) AND status = 'ACTIVE'"
        " UNION ALL SELECT voucher_id, NULL, NULL, sum(credits)::bigint FROM session_locks"
        " WHERE project_id = %(project_id)s AND voucher_id = ANY(%(ids)s)"
        " AND expires_at > %(now)s GROUP BY voucher_id",
        {"project_id": uow.project_id, "ids": voucher_ids, "now": uow.now},
    ):
        if bucket_id is None:
            held[voucher_id] = points
        else:
            buckets.setdefault(voucher_id, []).append(Bucket(bucket_id, expires_on, points))
    return held, buckets


def write_points(
    uow: UnitOfWork,
    cards: MutableMapping[str, Card],
    postings: Sequence[Posting],
    *,
    today: date,
    closing: Collection[str] = (),
) -> list[Line]:
    """Move points in the order given; one statement, a second one where something is refunded.

    Shapes:  cards are brought up to date in place, unless it fails. today is the project's day.
        closing names buckets that end with this and must be empty by then (POINTS_EXPIRATION
        takes what is left in them, as all that goes out takes what ends soonest).
    Raises:  loyalty_card_points_exceeded where less is on a card, less what sessions hold;
        invalid_add_balance_params where more would come in than a card takes in all;
        duplicate_source_id; RaceLost where a card isn't as it was read.
    Locks:   the cards must be locked, as by lock_cards.
    """
    spent = _spent_of(uow, [each.refund_of for each in postings if each.refund_of is not None])
    book = Book(dict(cards), uow.now, today)
    lines = [book.post(each, spent.get(each.refund_of or "", ())) for each in postings]
    book.close(closing)
    _write(uow, book, lines)
    cards.update(book.cards)
    return lines


def open_cards(uow: UnitOfWork, voucher_ids: Iterable[str], *, today: date) -> None:
    """Have the time begin that is given to what cards have had from the start.

    Publications do so when they give cards away; what a card began with belongs to nobody
    before that, and a day in the life of points is a day in which somebody could spend them.

    Locks:   vouchers by ascending id.
    """
    cards = lock_cards(uow, voucher_ids)
    book = Book(cards, uow.now, today)
    for voucher_id in cards:
        book.open(voucher_id)
    if book.shelves:
        _write(uow, book, [])


def spend_of_redemption(uow: UnitOfWork, lines: Sequence[Line], *, today: date) -> None:
    """Take from the buckets what the lines of a redemption took off the cards' sums.

    Shapes:  lines as apply.write_redemption has written them; those of gift cards are ignored.
    Locks:   the cards are locked, having been written in this transaction.
    """
    spent = [line for line in lines if line.type == ledger.POINTS_REDEMPTION]
    if not spent:
        return
    cards = lock_cards(uow, (line.voucher_id for line in spent))
    book = Book(cards, uow.now, today)
    for line in spent:
        book.open(line.voucher_id, already_taken=-line.amount)
        book.take(line)
    _write(uow, book, [])


def give_back(uow: UnitOfWork, lines: Sequence[Line], *, today: date) -> None:
    """Put back into the buckets what the lines of a rollback gave back to the cards' sums.

    Shapes:  lines as apply.restore has written them, each naming by related_transaction_id the
        line that it undoes; those of gift cards are ignored.
    Locks:   the cards are locked, having been written in this transaction.
    """
    refunds = [line for line in lines if line.type == ledger.POINTS_REFUND]
    if not refunds:
        return
    related = [str(line.related_transaction_id) for line in refunds]
    spent = _spent_of(uow, related)
    cards = lock_cards(uow, (line.voucher_id for line in refunds))
    book = Book(cards, uow.now, today)
    for line, source in zip(refunds, related, strict=True):
        fallback = cards[line.voucher_id].expires_on(today)
        book.open(line.voucher_id, already_taken=-line.amount)
        book.refill(line, spent.get(source, ()), fallback)
    _write(uow, book, [])


def _spent_of(
    uow: UnitOfWork, transaction_ids: Sequence[str]
) -> dict[str, list[tuple[date | None, int]]]:
    """What transactions took: of which day how much."""
    spent: dict[str, list[tuple[date | None, int]]] = {}
    if not transaction_ids:
        return spent
    for transaction_id, expires_on, points in uow.driver.execute(
        "SELECT m.transaction_id, b.expires_on, -m.points FROM points_bucket_movements m"
        " JOIN points_buckets b ON b.project_id = m.project_id AND b.id = m.bucket_id"
        " WHERE m.project_id = %s AND m.transaction_id = ANY(%s) ORDER BY b.expires_on, b.id",
        (uow.project_id, list(transaction_ids)),
    ):
        spent.setdefault(transaction_id, []).append((expires_on, points))
    return spent


_WRITE = (
    "WITH changed AS (UPDATE vouchers v SET balance_income = n.income,"
    " balance_subtracted = n.subtracted, balance_expired = n.expired,"
    " balance_redeemed = n.redeemed, next_expiration_date = n.next_date,"
    " next_expiration_points = n.next_points, updated_at = %(now)s"
    " FROM jsonb_to_recordset(%(cards)s) AS n(id text, income bigint, subtracted bigint,"
    " expired bigint, redeemed bigint, next_date date, next_points bigint, seen jsonb)"
    " WHERE v.project_id = %(project_id)s AND v.id = n.id"
    f" AND jsonb_build_array({ledger.SUMS.format('v')}) = n.seen RETURNING v.id),"
    " shelved AS (INSERT INTO points_buckets AS b (project_id, id, voucher_id, campaign_id,"
    " expires_on, points, status, created_at) SELECT %(project_id)s, s.id, s.voucher_id,"
    " s.campaign_id, s.expires_on, s.points, s.status, %(now)s"
    " FROM jsonb_populate_recordset(NULL::points_buckets, %(shelves)s) AS s"
    " ON CONFLICT (project_id, id) DO UPDATE SET points = excluded.points,"
    " status = excluded.status, updated_at = %(now)s),"
    " moved AS (INSERT INTO points_bucket_movements (project_id, transaction_id, bucket_id, points)"
    " SELECT %(project_id)s, m.transaction_id, m.bucket_id, m.points"
    " FROM jsonb_populate_recordset(NULL::points_bucket_movements, %(moved)s) AS m),"
    " told AS (INSERT INTO voucher_transactions (project_id, id, voucher_id, campaign_id, type,"
    " source, reason, source_id, amount, total_after, balance_after, operation_type, order_id,"
    " redemption_id, rollback_id, related_transaction_id, details, created_at)"
    " SELECT %(project_id)s, l.id, l.voucher_id, l.campaign_id, l.type, l.source, l.reason,"
    " l.source_id, l.amount, l.total_after, l.balance_after, l.operation_type, l.order_id,"
    " l.redemption_id, l.rollback_id, l.related_transaction_id, l.details, l.created_at"
    " FROM ROWS FROM (jsonb_to_recordset(%(lines)s) AS (id text, voucher_id text,"
    " campaign_id text, type text, source text, reason text, source_id text, amount bigint,"
    " total_after bigint, balance_after bigint, operation_type text, order_id text,"
    " redemption_id text, rollback_id text, related_transaction_id text, details jsonb,"
    " created_at timestamptz)) WITH ORDINALITY AS l ORDER BY ordinality)"
    " SELECT count(*) FROM changed"
)


def _write(uow: UnitOfWork, book: Book, lines: Sequence[Line]) -> None:
    cards = book.changed_cards()
    if not cards and not lines:
        return
    names = [line.source_id for line in lines if line.source_id is not None]
    error = KuponError(
        "duplicate_source_id",
        f"A transaction with source_id {' or '.join(names)} exists already",
        resource_id=names[0] if len(names) == 1 else None,
        resource_type="voucher_transaction",
    )
    parameters = {
        "project_id": uow.project_id,
        "now": uow.now,
        "cards": Jsonb([_columns(card, book.seen[card.id]) for card in cards]),
        "shelves": Jsonb([_shelf_columns(each, book) for each in book.shelves.values()]),
        "moved": Jsonb(
            [
                {"transaction_id": transaction_id, "bucket_id": bucket_id, "points": points}
                for (transaction_id, bucket_id), points in book.moved.items()
            ]
        ),
        "lines": ledger.as_parameter(lines),
    }
    with (
        refusing("uq_voucher_transactions_source", error),
        refusing("uq_points_buckets_day", RaceLost()),
    ):
        row = uow.driver.execute(_WRITE, parameters).fetchone()
    if row is None or row[0] != len(cards):
        raise RaceLost
    forget_rows(uow, [card.id for card in cards])


def forget_rows(uow: UnitOfWork, voucher_ids: Iterable[str]) -> None:
    """Have the session read codes anew that were changed behind its back."""
    for voucher_id in voucher_ids:
        known = uow.session.identity_map.get(identity_key(Voucher, (uow.project_id, voucher_id)))
        if known is not None:
            uow.session.expire(known)


def _columns(card: Card, seen: Card) -> dict[str, Any]:
    coming = next_expiration(card.buckets)
    return {
        "id": card.id,
        **card.balance._asdict(),
        "next_date": None if coming is None else coming[0].isoformat(),
        "next_points": None if coming is None else coming[1],
        "seen": list(seen.balance),
    }


def _shelf_columns(shelf: Shelf, book: Book) -> dict[str, Any]:
    ends = None if shelf.expires_on is None else shelf.expires_on.isoformat()
    campaign_id = book.cards[shelf.voucher_id].campaign_id
    return asdict(shelf) | {"expires_on": ends, "campaign_id": campaign_id}

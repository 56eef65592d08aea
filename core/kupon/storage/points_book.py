"""Loyalty cards under change: what movements make of their sums and their buckets.

Nothing here touches the database; `storage.points` reads the cards and writes what comes of them.

Source: spec campaigns-loyalty-referral-gift, sections 7.1, 7.2 and 7.6.
"""

from __future__ import annotations

from collections.abc import Collection, MutableMapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from kupon.engine.balances import Balance
from kupon.engine.definitions import LARGEST_WHOLE
from kupon.engine.loyalty.buckets import Bucket, refill, take
from kupon.engine.loyalty.expiration import Expiration
from kupon.kit.errors import KuponError
from kupon.runtime import ids
from kupon.storage import ledger
from kupon.storage.ledger import Line, Movement

# Which of a card's sums a movement changes, and whether it grows by what the movement takes.
_SUMS = {
    ledger.POINTS_ACCRUAL: ("income", 1),
    ledger.PENDING_POINTS_ACTIVATION: ("income", 1),
    ledger.POINTS_ADDITION: ("income", 1),
    ledger.POINTS_TRANSFER_IN: ("income", 1),
    ledger.POINTS_REMOVAL: ("subtracted", -1),
    ledger.POINTS_TRANSFER_OUT: ("subtracted", -1),
    ledger.POINTS_EXPIRATION: ("expired", -1),
    ledger.POINTS_REDEMPTION: ("redeemed", -1),
    ledger.POINTS_REFUND: ("redeemed", -1),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A loyalty card as its lock found it.

    Shapes:  buckets are the active ones; expiration is what the card's programme says, None where
        its points never end.
    Units:   held is what validation sessions hold of the balance.
    """

    id: str
    code: str
    campaign_id: str | None
    holder_id: str | None
    is_active: bool
    start_date: datetime | None
    expiration_date: datetime | None
    balance: Balance
    pending_points: int
    expiration: Expiration | None
    held: int = 0
    buckets: tuple[Bucket, ...] = ()

    @property
    def available(self) -> int:
        """What can be taken off without breaking what sessions were promised."""
        return max(self.balance.left - self.held, 0)

    def expires_on(self, activity: date) -> date | None:
        """The last day of points that come in on a day, by the programme's own rules."""
        return None if self.expiration is None else self.expiration.expires_on(activity)


@dataclass(frozen=True, slots=True)
class Posting:
    """A movement of points, and where what comes in is to go.

    Shapes: expires_on names the bucket of an inflow, None the one without a day. refund_of names
        the transaction whose buckets are refilled; what has passed of them goes to expires_on.
    """

    movement: Movement
    expires_on: date | None = None
    refund_of: str | None = None


@dataclass(slots=True)
class Shelf:
    """A bucket that is being changed."""

    id: str
    voucher_id: str
    expires_on: date | None
    points: int
    status: str = "ACTIVE"


class Book:
    """Cards under change: what their sums and buckets become.

    Shapes: shelves are the buckets that have changed, by id; moved what each transaction changed
        in each of them.
    """

    def __init__(self, cards: MutableMapping[str, Card], now: datetime, today: date) -> None:
        self.cards = cards
        self.seen = dict(cards)
        self.now = now
        self.today = today
        self.shelves: dict[str, Shelf] = {}
        self.moved: dict[tuple[str, str], int] = {}

    def post(self, posting: Posting, spent: Sequence[tuple[date | None, int]]) -> Line:
        """Move points; the line that tells of it."""
        movement = posting.movement
        self.open(movement.voucher_id)
        self._change_sums(movement)
        if movement.amount < 0:
            self.take(movement)
        elif posting.refund_of is not None:
            self.refill(movement, spent, posting.expires_on)
        else:
            self._put(movement, posting.expires_on, movement.amount)
        return ledger.line_of(movement, self.cards[movement.voucher_id].balance)

    def _change_sums(self, movement: Movement) -> None:
        card = self.cards[movement.voucher_id]
        name, sign = _SUMS[movement.type]
        promised = 0 if movement.type == ledger.POINTS_EXPIRATION else card.held
        if movement.amount < 0 and card.balance.left - promised + movement.amount < 0:
            raise _exceeded(card, -movement.amount)
        after = getattr(card.balance, name) + sign * movement.amount
        if after > LARGEST_WHOLE:
            raise KuponError(
                "invalid_add_balance_params", f"A card takes at most {LARGEST_WHOLE} in all"
            )
        self.cards[card.id] = replace(card, balance=card.balance._replace(**{name: after}))

    def open(self, voucher_id: str, *, already_taken: int = 0) -> None:
        """Give what a card began with its bucket, if it has none yet.

        Units: already_taken has left the card's sums but not yet its buckets.
        """
        card = self.cards[voucher_id]
        known = sum(bucket.points for bucket in card.buckets)
        missing = card.balance.left + already_taken - known
        if missing > 0:
            # The card's own id stands for the transaction that there is none of.
            self._change(card.id, card.id, card.expires_on(self.today), missing)

    def take(self, movement: Movement) -> None:
        """Take what goes out, of what ends soonest first."""
        card = self.cards[movement.voucher_id]
        for bucket, points in take(card.buckets, -movement.amount):
            self._change(movement.id, card.id, bucket.expires_on, -points)

    def refill(
        self, movement: Movement, spent: Sequence[tuple[date | None, int]], fallback: date | None
    ) -> None:
        """Put points back where they were taken from; what has passed goes to another day."""
        days = refill(spent, self.today, fallback)
        # What no bucket is known of, or what comes back of a part only, goes to that day too.
        missing = movement.amount - sum(days.values())
        if missing > 0:
            days[fallback] = days.get(fallback, 0) + missing
        for expires_on, points in days.items():
            self._put(movement, expires_on, points)

    def _put(self, movement: Movement, expires_on: date | None, points: int) -> None:
        if points > 0:
            self._change(movement.id, movement.voucher_id, expires_on, points)

    def _change(
        self, transaction_id: str, voucher_id: str, expires_on: date | None, points: int
    ) -> None:
        card = self.cards[voucher_id]
        known = [each for each in card.buckets if each.expires_on == expires_on]
        bucket = known[0] if known else Bucket(ids.new_id("lopb_"), expires_on, 0)
        changed = Bucket(bucket.id, expires_on, bucket.points + points)
        self.shelves[bucket.id] = Shelf(bucket.id, voucher_id, expires_on, changed.points)
        others = tuple(each for each in card.buckets if each.id != bucket.id)
        self.cards[voucher_id] = replace(card, buckets=(*others, changed))
        key = (transaction_id, bucket.id)
        self.moved[key] = self.moved.get(key, 0) + points

    def close(self, bucket_ids: Collection[str]) -> None:
        """End buckets; those that have something left stay as they are."""
        if not bucket_ids:
            return
        for card in list(self.cards.values()):
            ended = {each for each in card.buckets if each.id in bucket_ids and not each.points}
            for each in ended:
                self.shelves[each.id] = Shelf(each.id, card.id, each.expires_on, 0, "EXPIRED")
            left = tuple(each for each in card.buckets if each not in ended)
            self.cards[card.id] = replace(card, buckets=left)

    def changed_cards(self) -> list[Card]:
        """The cards whose sums or buckets differ from what was read."""
        return [card for id, card in self.cards.items() if card is not self.seen[id]]


def _exceeded(card: Card, wanted: int) -> KuponError:
    """The refusal of what asks for more points than there are."""
    return KuponError(
        "loyalty_card_points_exceeded",
        f"Card {card.code} has {card.balance.left} points, of which sessions hold {card.held};"
        f" {wanted} were asked for",
        resource_id=card.id,
        resource_type="voucher",
    )

"""The points of a card by the day on which they end: which go first, and which come back.

Source: spec campaigns-loyalty-referral-gift, section 7.6; invariant L7.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple


class Bucket(NamedTuple):
    """Points that end on one day; expires_on None is never."""

    id: str
    expires_on: date | None
    points: int


def take(buckets: Iterable[Bucket], points: int) -> tuple[tuple[Bucket, int], ...]:
    """Return from which buckets so many points go, and how many from each.

    Shapes: soonest first, those without a day last; buckets that give nothing are left out.
    Raises: ValueError where there are fewer.
    """
    taken = []
    for bucket in sorted(buckets, key=_order):
        part = min(points, bucket.points)
        if part > 0:
            taken.append((bucket, part))
            points -= part
    if points > 0:
        raise ValueError(f"{points} points more than the buckets hold")
    return tuple(taken)


def refill(
    taken: Sequence[tuple[date | None, int]], today: date, instead: date | None
) -> dict[date | None, int]:
    """Return how many points come back under which day when an outflow is undone.

    Shapes: taken is what went from which day; instead is the day for points whose own has passed.
    UNCERTAIN: what a refund does to the days (section 7.6).
    """
    days: dict[date | None, int] = {}
    for day, points in taken:
        back = instead if day is not None and day < today else day
        days[back] = days.get(back, 0) + points
    return days


def next_expiration(buckets: Iterable[Bucket]) -> tuple[date, int] | None:
    """Return the day on which points end next and how many, None where none ever do."""
    dated = [
        (bucket.expires_on, bucket.points)
        for bucket in buckets
        if bucket.expires_on is not None and bucket.points > 0
    ]
    if not dated:
        return None
    first = min(day for day, _ in dated)
    return first, sum(points for day, points in dated if day == first)


def _order(bucket: Bucket) -> date:
    return bucket.expires_on or date.max

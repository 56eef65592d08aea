"""In which tier a card is: the ranges of points, and the judgement of one card by them.

Source: spec campaigns-loyalty-referral-gift, sections 7.9 and 7.10.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise

from kupon.engine.definitions import DefinitionError, Fields
from kupon.engine.loyalty.policies import TierPolicy
from kupon.engine.loyalty.spans import first_day


@dataclass(frozen=True, slots=True)
class Tier:
    """A range of points, both ends in it; points_to None is open."""

    id: str
    points_from: int
    points_to: int | None = None

    def holds(self, measure: int) -> bool:
        """Whether so many points are in the range."""
        return self.points_from <= measure and (self.points_to is None or measure <= self.points_to)


@dataclass(frozen=True, slots=True, init=False)
class Structure:
    """A programme's tiers, from the lowest to the highest."""

    tiers: tuple[Tier, ...]

    def __init__(self, tiers: Iterable[Tier]) -> None:
        """Put tiers in order."""
        ranked = sorted(tiers, key=lambda tier: (tier.points_from, tier.id))
        object.__setattr__(self, "tiers", tuple(ranked))

    def refuse_overlaps(self, path: str = "") -> None:
        """Refuse tiers that share points.

        Raises: DefinitionError.
        """
        for lower, higher in pairwise(self.tiers):
            if lower.points_to is None or lower.points_to >= higher.points_from:
                raise DefinitionError(path, "must not overlap with the points of another tier")

    def reached(self, measure: int) -> Tier | None:
        """Return the tier that so many points are in; none is below the lowest."""
        return next((tier for tier in self.tiers if tier.holds(measure)), None)

    def find(self, tier_id: str) -> Tier | None:
        """Return a tier by its id."""
        return next((tier for tier in self.tiers if tier.id == tier_id), None)


@dataclass(frozen=True, slots=True)
class Standing:
    """The tier that a card holds.

    Shapes: expires_on is the last day, None while only its range of points decides.
    """

    tier_id: str
    starts_on: date
    expires_on: date | None = None

    def is_over(self, today: date) -> bool:
        """Whether its last day has passed."""
        return self.expires_on is not None and self.expires_on < today


class Change(StrEnum):
    """What became of a card's tier: the last word of `customer.loyalty.tier.<change>`."""

    JOINED = "joined"
    LEFT = "left"
    UPGRADED = "upgraded"
    DOWNGRADED = "downgraded"
    PROLONGED = "prolonged"
    EXPIRATION_CHANGED = "expiration.changed"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to make of a card's tier; without change the standing is the one that it had."""

    change: Change | None
    standing: Standing | None


def parse_range(raw: object, path: str) -> tuple[int, int | None]:
    """Read `points` of a tier: from, and to or None.

    Raises: DefinitionError.
    """
    fields = Fields(raw, path)
    first, last = fields.required_whole("from"), fields.whole("to")
    if last is not None and last < first:
        raise fields.error("to", "must be >= from")
    return first, last


def measured_span(
    policy: TierPolicy, standing: Standing | None, today: date
) -> tuple[date, date] | None:
    """Return from which day to which the earned points count; None where the balance does.

    Shapes: both days count.
    """
    return policy.span(_granted_on(policy, standing, today))


def judge(
    policy: TierPolicy,
    structure: Structure,
    standing: Standing | None,
    measure: int,
    today: date,
) -> Verdict:
    """Return what becomes of a card's tier today.

    Shapes: measure is the balance, or the points earned within `measured_span`. Judging again the
        same day by the same measure changes nothing. A tier that the structure lacks is lost:
        what follows is left or joined.
    """
    reached = structure.reached(measure)
    held = None if standing is None else structure.find(standing.tier_id)
    if reached is None:
        return _without(policy, standing, held, today)
    if standing is None or held is None:
        return _enter(Change.JOINED, policy, standing, reached, today)
    if reached.points_from > held.points_from:
        return _enter(Change.UPGRADED, policy, standing, reached, today)
    if _is_kept(policy, standing, today):
        return Verdict(None, standing)
    if reached != held:
        return _enter(Change.DOWNGRADED, policy, standing, reached, today)
    if standing.is_over(today):
        return _enter(Change.PROLONGED, policy, standing, reached, today)
    return Verdict(None, standing)


def refresh(
    policy: TierPolicy,
    structure: Structure,
    standing: Standing | None,
    measure: int,
    today: date,
) -> Verdict:
    """Return what becomes of a card's tier when the terms change and members are to follow.

    Shapes: as in `judge`; a tier that still counts is never lost by it, only its last day moves.
    """
    held = None if standing is None else structure.find(standing.tier_id)
    reached = structure.reached(measure)
    if standing is None or held is None or standing.is_over(today):
        return judge(policy, structure, standing, measure, today)
    if reached is not None and reached.points_from > held.points_from:
        return _enter(Change.UPGRADED, policy, standing, reached, today)
    expires_on = policy.expires_on(standing.starts_on)
    if expires_on is not None and expires_on < today:
        expires_on = policy.expires_on(today)
    if expires_on == standing.expires_on:
        return Verdict(None, standing)
    return Verdict(Change.EXPIRATION_CHANGED, replace(standing, expires_on=expires_on))


def _is_kept(policy: TierPolicy, standing: Standing, today: date) -> bool:
    """Whether a tier stays although the points are no longer in its range.

    UNCERTAIN: one without a last day stays when periods come to count (section 7.9, Editing).
    """
    if standing.expires_on is None:
        return policy.period is not None
    return not standing.is_over(today)


def _without(
    policy: TierPolicy, standing: Standing | None, held: Tier | None, today: date
) -> Verdict:
    if standing is None or (held is not None and _is_kept(policy, standing, today)):
        return Verdict(None, standing)
    return Verdict(Change.LEFT, None)


def _enter(
    change: Change, policy: TierPolicy, standing: Standing | None, tier: Tier, today: date
) -> Verdict:
    granted = policy.starts_on(_granted_on(policy, standing, today))
    return Verdict(change, Standing(tier.id, max(granted, today), policy.expires_on(granted)))


def _granted_on(policy: TierPolicy, standing: Standing | None, today: date) -> date:
    """On which day a tier is reached by what is measured today.

    What the last day of a tier that is over still supports carries on from that day, so that
    terms follow each other without a gap; points that gave the tier don't prolong it.
    UNCERTAIN: by which period an expired tier is judged (section 7.10).
    """
    if policy.period is not None and policy.starts_next_period:
        # A period grants the tier of the next one.
        return first_day(today, policy.period) - timedelta(days=1)
    if standing is None or standing.expires_on is None or not standing.is_over(today):
        return today
    expires_on = policy.expires_on(policy.starts_on(standing.expires_on))
    is_still_good = expires_on is not None and expires_on >= today
    return standing.expires_on if is_still_good else today

"""The work on loyalty cards at each project's midnight, in steps whose order is fixed.

Whatever a step does to a card is one transaction with the note of how far the step has come, so a
night that was broken off goes on where it was, and one that is begun twice is done once. The work
of a day is done as at its midnight, however late it is: what was missed comes out as it would have.

Source: spec campaigns-loyalty-referral-gift, section 7.10.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from kupon.engine.loyalty.mappings import parse_mapping
from kupon.features.loyalties.service.judging import judge_cards, load_terms
from kupon.features.loyalties.service.pending import activate_due
from kupon.features.loyalties.service.settling import settle, tell_updated
from kupon.features.vouchers import service as vouchers
from kupon.kit.calendar import Calendar
from kupon.storage.points import lock_cards
from kupon.storage.queries import loyalty_tiers, nightly
from kupon.storage.queries.keys import ProjectFacts, load_facts
from kupon.storage.queries.nightly import Automatic, LastNight
from kupon.storage.savepoints import TRANSIENT, savepoint
from kupon.storage.tables.loyalties import LoyaltyTier
from kupon.storage.uow import UnitOfWork

NIGHT = "loyalties.night"

# Small enough that a request which waits for one of these cards waits briefly.
SLICE = 200
# How long it is known of a night that it was done.
KEPT = timedelta(days=90)

_DAY = timedelta(days=1)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Night:
    uow: UnitOfWork
    project: ProjectFacts
    day: date

    @property
    def eve(self) -> date:
        """The day that is over."""
        return self.day - _DAY


@dataclass(frozen=True, slots=True)
class _Step:
    """What to do with which cards; find takes the last card done and how many to find at most."""

    find: Callable[[_Night, str, int], Sequence[str]]
    work: Callable[[_Night, Sequence[str]], None]


def begin_nights(uow: UnitOfWork) -> None:
    """Have the work done of every day that has begun somewhere, in order where days were missed."""
    for last in nightly.last_nights(uow):
        begin_nights_of(uow, last)


def begin_nights_of(uow: UnitOfWork, last: LastNight) -> None:
    """Have the work done of every day that has begun in a project since its last night."""
    tz = ZoneInfo(last.timezone)
    today, first = Calendar(uow.now, tz).today, Calendar(last.since, tz).today
    first = today if last.day is None else max(first, last.day + _DAY)
    days = [first + _DAY * number for number in range((today - first).days + 1)]
    if days:
        nightly.begin_nights(uow, last.project_id, NIGHT, days)


def night_slice(uow: UnitOfWork, day: str) -> bool:
    """Do the next part of the work of a day; whether there is more.

    Shapes:  steps without a card to work on are done with at once.
    Locks:   the night's step, then as the step.
    """
    night = _Night(uow, load_facts(uow), date.fromisoformat(day))
    progress = nightly.lock_progress(uow, night.day)
    if progress is None:
        return False
    number, after = progress.step, progress.after
    cards = _STEPS[number - 1].find(night, after, SLICE)
    while not cards and number < len(_STEPS):
        nightly.finish_step(uow, night.day, number, next_step=number + 1)
        number += 1
        cards = _STEPS[number - 1].find(night, "", SLICE)
    _work(night, _STEPS[number - 1], cards)
    if len(cards) == SLICE:
        nightly.save_progress(uow, night.day, number, cards[-1])
        return True
    is_last = number == len(_STEPS)
    nightly.finish_step(uow, night.day, number, next_step=None if is_last else number + 1)
    if is_last:
        nightly.forget_nights(uow, night.day - KEPT)
    return not is_last


def _work(night: _Night, step: _Step, cards: Sequence[str]) -> None:
    """Do a step; a card with which it can't be done is left for the next night, with a word."""
    try:
        with savepoint(night.uow):
            _work_on(night, step, cards)
    except TRANSIENT:
        raise
    except Exception:  # noqa: BLE001 - one broken card must not stop the others
        said = {"project": night.project.id, "day": night.day.isoformat(), "cards": list(cards)}
        if len(cards) <= 1:
            _log.exception("nightly work has left out a card", extra=said)
            return
        for card in cards:
            _work(night, step, [card])


def _work_on(night: _Night, step: _Step, cards: Sequence[str]) -> None:
    """Do a step as at midnight; what has come since waited for it where a tier was over."""
    if cards:
        uow, now = night.uow, night.uow.now
        uow.now = Calendar(now, ZoneInfo(night.project.timezone)).start(night.day)
        try:
            step.work(night, cards)
        finally:
            uow.now = now
        judge_cards(uow, night.project, cards)


def _activate(night: _Night, card_ids: Sequence[str]) -> None:
    """Put points on cards whose day has come; for a card, the next steps may follow at once."""
    cards = lock_cards(night.uow, card_ids)
    activate_due(night.uow, cards, today=night.day)
    _settle(night, card_ids)


def _settle(night: _Night, card_ids: Sequence[str]) -> None:
    settle(night.uow, night.project, card_ids, is_night=True)


def _expire(night: _Night, card_ids: Sequence[str]) -> None:
    """Take away what has ended, and judge by what is left: no other card has a part in it."""
    cards = lock_cards(night.uow, card_ids)
    vouchers.expire_points(night.uow, cards, today=night.day)
    tell_updated(night.uow, judge_cards(night.uow, night.project, card_ids, is_night=True))


def _judge(night: _Night, card_ids: Sequence[str]) -> None:
    judge_cards(night.uow, night.project, card_ids, is_night=True)


def _to_activate(night: _Night, after: str, most: int) -> Sequence[str]:
    return nightly.cards_to_activate(night.uow, night.day, after, most)


def _to_redeem(night: _Night, after: str, most: int) -> Sequence[str]:
    """Cards that can afford what redeems itself, at the lowest price that any tier has for it."""
    offered = nightly.automatic_assignments(night.uow)
    structures = loyalty_tiers.find_structures(night.uow, (each.campaign_id for each in offered))
    prices = {
        each.campaign_id: min(_prices(each, structures.get(each.campaign_id, ())))
        for each in offered
    }
    return nightly.cards_to_redeem(night.uow, prices, after, most) if prices else []


def _prices(offered: Automatic, tiers: Iterable[LoyaltyTier]) -> Iterator[int]:
    yield offered.points
    for tier in tiers:
        raw = tier.rewards.get(offered.assignment_id)
        price = None if raw is None else parse_mapping(raw, ".rewards").apply(offered.points)
        if price is not None:
            yield max(price, 1)


def _to_judge(night: _Night, after: str, most: int) -> Sequence[str]:
    return nightly.cards_to_judge(night.uow, night.eve, after, most)


def _to_qualify(night: _Night, after: str, most: int) -> Sequence[str]:
    """Members of the programmes of which a period begins that those before it decide."""
    programmes = [
        id
        for id, terms in load_terms(night.uow, loyalty_tiers.tiered_programmes(night.uow)).items()
        if terms.policy.starts_next_period and terms.policy.is_period_start(night.day)
    ]
    return nightly.cards_of_programmes(night.uow, programmes, after, most) if programmes else []


def _to_expire(night: _Night, after: str, most: int) -> Sequence[str]:
    return nightly.cards_to_expire(night.uow, night.eve, after, most)


_STEPS = (
    _Step(_to_activate, _activate),
    _Step(_to_redeem, _settle),
    _Step(_to_judge, _judge),
    _Step(_to_qualify, _judge),
    _Step(_to_expire, _expire),
)

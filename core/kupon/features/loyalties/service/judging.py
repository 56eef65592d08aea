"""In which tier cards are: judging them, writing it down and telling of what changed.

Source: spec campaigns-loyalty-referral-gift, sections 7.9 and 7.10; events-webhooks-data, 4.4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from kupon.engine.loyalty.policies import TierPolicy, parse_policy
from kupon.engine.loyalty.tiers import (
    Change,
    Standing,
    Structure,
    Tier,
    Verdict,
    judge,
    measured_span,
)
from kupon.features.customers import service as customers
from kupon.features.loyalties.schemas import tiers as schemas
from kupon.features.vouchers import schemas as voucher_schemas
from kupon.kit.calendar import Calendar
from kupon.kit.timestamps import format_moment
from kupon.storage.points import Card, lock_cards
from kupon.storage.queries import campaigns, loyalty_tiers
from kupon.storage.queries.customers import find_customers
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.queries.loyalty_tiers import Membership, Span
from kupon.storage.tables.campaigns import Campaign
from kupon.storage.tables.loyalties import LoyaltyTier
from kupon.storage.uow import UnitOfWork

# How often a change of tiers may lead to another one by the points that it earns.
DEEPEST = 10

Judge = Callable[[TierPolicy, Structure, Standing | None, int, date], Verdict]
Wire = Mapping[str, Any]

_DAY = timedelta(days=1)
_NOTHING: Wire = {}


@dataclass(frozen=True, slots=True)
class Terms:
    """A programme's tiers and how they are judged."""

    campaign: Campaign
    policy: TierPolicy
    structure: Structure
    tiers: Mapping[str, LoyaltyTier]


@dataclass(frozen=True, slots=True)
class Case:
    """A card that somebody holds, with the tier that it is in, if any."""

    card: Card
    customer_id: str
    terms: Terms
    membership: Membership | None

    @property
    def standing(self) -> Standing | None:
        held = self.membership
        return None if held is None else Standing(held.tier_id, held.starts_on, held.expires_on)


def judge_cards(
    uow: UnitOfWork,
    project: ProjectFacts,
    card_ids: Iterable[str],
    *,
    by: Judge = judge,
    is_night: bool = False,
    removed: Wire = _NOTHING,
    depth: int = 0,
) -> list[Case]:
    """Bring the tiers of cards up to date; those that somebody holds, as they were before.

    A tier whose last day is over is judged by the nightly work alone, which has an order to keep;
    one that was removed, by the job that follows its removal.

    Shapes:  removed are tiers that are gone, as on the wire, by id. depth is how many changes of
        tiers have led here.
    Locks:   the cards by ascending id.
    """
    calendar = Calendar(uow.now, ZoneInfo(project.timezone))
    found = _find_cases(uow, card_ids, removed)
    cases = [each for each in found if is_night or not _is_over(each.standing, calendar.today)]
    measures = _measure(uow, cases, calendar)
    verdicts = [
        (
            each,
            by(
                each.terms.policy,
                each.terms.structure,
                each.standing,
                measures[each.card.id],
                calendar.today,
            ),
        )
        for each in cases
    ]
    changed = [(case, verdict) for case, verdict in verdicts if verdict.change is not None]
    if changed:
        _write(uow, changed)
        _Telling(uow, changed, removed, depth, calendar).tell_all()
    return found


def load_terms(uow: UnitOfWork, campaign_ids: Iterable[str]) -> dict[str, Terms]:
    """The terms of programmes that are not in the bin, by their ids."""
    ids = sorted(set(campaign_ids))
    structures = loyalty_tiers.find_structures(uow, ids)
    return {
        id: Terms(
            campaign,
            parse_policy(campaign.loyalty_tiers_expiration, ".loyalty_tiers_expiration"),
            structure_of(structures.get(id, ())),
            {row.id: row for row in structures.get(id, ())},
        )
        for id, campaign in campaigns.find_campaigns(uow, ids).items()
        if campaign.binned_at is None
    }


def structure_of(rows: Iterable[LoyaltyTier]) -> Structure:
    """The tiers of a programme as the engine looks at them."""
    return Structure(Tier(row.id, row.points_from, row.points_to) for row in rows)


def _find_cases(uow: UnitOfWork, card_ids: Iterable[str], removed: Wire) -> list[Case]:
    cards = lock_cards(uow, card_ids)
    # Only now, with the locks: nobody else writes these memberships.
    held = loyalty_tiers.find_memberships(uow, cards)
    terms = load_terms(uow, (card.campaign_id for card in cards.values() if card.campaign_id))
    cases = []
    for card in cards.values():
        of_programme = terms.get(card.campaign_id or "")
        if of_programme is None or card.holder_id is None:
            continue
        membership = held.get(card.id)
        tier_id = None if membership is None else membership.tier_id
        if tier_id is None or tier_id in of_programme.tiers or tier_id in removed:
            cases.append(Case(card, card.holder_id, of_programme, membership))
    return cases


def _is_over(standing: Standing | None, today: date) -> bool:
    return standing is not None and standing.is_over(today)


def _measure(uow: UnitOfWork, cases: Sequence[Case], calendar: Calendar) -> dict[str, int]:
    """By what each card is judged: its balance, or what it earned in the period that counts."""
    spans: dict[str, Span] = {}
    for case in cases:
        days = measured_span(case.terms.policy, case.standing, calendar.today)
        if days is not None:
            first, last = days
            spans[case.card.id] = Span(calendar.start(first), calendar.start(last + _DAY))
    earned = loyalty_tiers.sum_earned(uow, spans)
    return {
        case.card.id: earned.get(case.card.id, 0)
        if case.card.id in spans
        else case.card.balance.left
        for case in cases
    }


def _write(uow: UnitOfWork, changed: Sequence[tuple[Case, Verdict]]) -> None:
    kept = [
        _member(uow, case, verdict.standing)
        for case, verdict in changed
        if verdict.standing is not None
    ]
    left = [case.card.id for case, verdict in changed if verdict.standing is None]
    loyalty_tiers.save_memberships(uow, kept, left)


def _member(uow: UnitOfWork, case: Case, standing: Standing) -> Membership:
    held = case.membership
    is_same = held is not None and held.tier_id == standing.tier_id
    return Membership(
        voucher_id=case.card.id,
        campaign_id=case.terms.campaign.id,
        customer_id=case.customer_id,
        tier_id=standing.tier_id,
        starts_on=standing.starts_on,
        expires_on=standing.expires_on,
        created_at=held.created_at if held is not None and is_same else uow.now,
        updated_at=uow.now if is_same else None,
    )


class _Telling:
    """Stages what became of tiers; of customers that are gone there is nothing to tell."""

    def __init__(
        self,
        uow: UnitOfWork,
        changed: Sequence[tuple[Case, Verdict]],
        removed: Wire,
        depth: int,
        calendar: Calendar,
    ) -> None:
        self._uow = uow
        self._changed = changed
        self._removed = removed
        self._depth = depth + 1
        self._calendar = calendar

    def tell_all(self) -> None:
        """Stage an event for each change, unless changes have led to changes too often."""
        if self._depth > DEEPEST:
            return
        ids = sorted({case.customer_id for case, _ in self._changed})
        known = find_customers(self._uow, ids)
        for case, verdict in self._changed:
            if case.customer_id in known and verdict.change is not None:
                payload = {
                    "customer": customers.dump_simple_customer(known[case.customer_id]),
                    "campaign": voucher_schemas.dump_campaign_summary(case.terms.campaign),
                    **self._describe(case, verdict, verdict.change),
                    "created_at": format_moment(self._uow.now),
                    "voucher_id": case.card.id,
                    "depth": self._depth,
                }
                name = f"customer.loyalty.tier.{verdict.change}"
                self._uow.stage(name, case.customer_id, payload)

    def _describe(self, case: Case, verdict: Verdict, change: Change) -> dict[str, Any]:
        before, after = self._before(case), self._after(case, verdict)
        if change in (Change.UPGRADED, Change.DOWNGRADED):
            return {"loyalty_tier_from": before, "loyalty_tier_to": after}
        if change == Change.EXPIRATION_CHANGED:
            last = None if verdict.standing is None else verdict.standing.expires_on
            moment = None if last is None else format_moment(self._calendar.start(last))
            return {"loyalty_tier": after, "expiration_date": moment}
        return {"loyalty_tier": before if change == Change.LEFT else after}

    def _before(self, case: Case) -> Wire | None:
        held = case.membership
        if held is None:
            return None
        row = case.terms.tiers.get(held.tier_id)
        gone: Wire | None = self._removed.get(held.tier_id)
        return gone if row is None else schemas.dump_tier(row, held)

    def _after(self, case: Case, verdict: Verdict) -> Wire | None:
        if verdict.standing is None:
            return None
        member = _member(self._uow, case, verdict.standing)
        return schemas.dump_tier(case.terms.tiers[member.tier_id], member)

"""Qualification: what may qualify is looked at one by one until a page is full; nothing is kept.

Source: spec rules-and-qualification, section 14.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from kupon.engine.judging import base_subject
from kupon.engine.model import Redeemable, Snapshot, Step
from kupon.engine.qualify import (
    Promising,
    Qualified,
    Scenario,
    first_look,
    scenario_of,
    second_look,
)
from kupon.engine.rules import Subject
from kupon.features.qualifications import schemas
from kupon.features.qualifications.service.choosing import is_chosen
from kupon.features.qualifications.service.offers import (
    Offer,
    batched,
    offers,
    tier_offer,
)
from kupon.features.validation_rules.service import lists_of
from kupon.features.validations import service as validations
from kupon.features.validations.service import Loaded
from kupon.kit.timestamps import format_moment, parse_moment
from kupon.storage.definitions import Definitions
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.queries.promotions import StackFacts
from kupon.storage.queries.rule_assignments import Related
from kupon.storage.uow import UnitOfWork

DEFAULT_LIMIT: Final = 5
# A request does not look at more than this; the next page goes on from there.
MOST_LOOKED_AT: Final = 100_000
_MILLISECOND: Final = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Found:
    """An offer that qualifies; stacked are the steps of a stack's tiers."""

    offer: Offer
    qualified: Qualified
    stacked: tuple[tuple[Offer, Qualified], ...] = ()


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page goes on: after so many that qualify of one millisecond.

    Codes that were made together share their moment; the digits that a printed moment does not
    use for milliseconds count how many of them have been told already, so that none is lost.
    """

    moment: datetime
    told: int

    @classmethod
    def parse(cls, text: str | None) -> Cursor | None:
        """Read a cursor as it was printed, or a moment; empty and "null" are none."""
        if text in (None, "", "null"):
            return None
        moment = parse_moment(str(text)).astimezone(UTC)
        told = moment.microsecond % 1000
        return cls(moment - timedelta(microseconds=told), told)

    @property
    def until(self) -> datetime:
        """The newest moment that the page may hold."""
        return self.moment + _MILLISECOND if self.told else self.moment

    def __str__(self) -> str:
        return format_moment(self.moment)[:-1] + f"{self.told:03d}Z"


def qualify(
    uow: UnitOfWork, project: ProjectFacts, api_key: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    """What qualifies, a page of it.

    Raises:  not_found for an unknown customer or order id.
    """
    options = body.get("options") or {}
    scenario = scenario_of(body.get("scenario") or "ALL")
    loaded = validations.load(uow, project, api_key, body, is_sent_first=True)
    snapshot = validations.snapshot_of(uow, loaded, (), {}, is_about_segments=True)
    cursor = Cursor.parse(options.get("starting_after"))
    search = _Search(uow, loaded, snapshot, scenario, options.get("filters") or {})
    limit = options.get("limit") or DEFAULT_LIMIT
    page, following = _page(search.results(cursor), cursor, limit)
    sorting = options.get("sorting_rule")
    if sorting in _DEALS:
        page.sort(key=lambda found: _DEALS[sorting] * _taken(found.qualified.step))
    expand = frozenset(options.get("expand") or ())
    answer = schemas.dump_page(
        _dump_all(uow, loaded.definitions, page, expand), following, loaded.definitions
    )
    if loaded.customer is not None and loaded.tracking_id is not None:
        answer["tracking_id"] = loaded.tracking_id
    if loaded.body.get("order"):
        answer["order"] = schemas.dump_plain_order(loaded.order)
    return answer


_DEALS: Final = {"BEST_DEAL": -1, "LEAST_DEAL": 1}


def _taken(step: Step) -> int:
    return step.after.total_discount_amount - step.before.total_discount_amount


def _page(
    results: Iterator[Found], cursor: Cursor | None, limit: int
) -> tuple[list[Found], str | None]:
    """The next results, and where the page after them goes on."""
    page: list[Found] = []
    told = 0
    for found in results:
        moment = _millisecond(found.offer.created_at)
        if cursor is not None and moment == cursor.moment and told < cursor.told:
            told += 1
            continue
        if len(page) == limit:
            return page, str(_cursor_after(page, cursor, moment))
        page.append(found)
    return page, None


def _cursor_after(page: list[Found], cursor: Cursor | None, following: datetime) -> Cursor:
    last = _millisecond(page[-1].offer.created_at)
    if following != last:
        return Cursor(last, 0)
    told = sum(1 for found in page if _millisecond(found.offer.created_at) == last)
    if cursor is not None and cursor.moment == last:
        told += cursor.told
    # More than that share a moment only where a thousand qualify at once.
    return Cursor(last, min(told, 999))


def _millisecond(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


class _Search:
    """One request's way through what may qualify."""

    def __init__(
        self,
        uow: UnitOfWork,
        loaded: Loaded,
        snapshot: Snapshot,
        scenario: Scenario,
        filters: Mapping[str, Any],
    ) -> None:
        self._uow = uow
        self._loaded = loaded
        self._snapshot = snapshot
        self._scenario = scenario
        self._filters = filters
        self._bases: dict[str, Subject] = {}

    def results(self, cursor: Cursor | None) -> Iterator[Found]:
        """What qualifies, the newest first."""
        if self._scenario.has_stacks:
            yield from self._stacks(cursor)
            return
        definitions, snapshot = self._loaded.definitions, self._snapshot
        until = None if cursor is None else cursor.until
        found = offers(self._uow, definitions, snapshot, self._scenario, until)
        looked_at = 0
        for batch in batched(offer for offer in found if is_chosen(offer, self._filters)):
            if cursor is not None and cursor.told == 0:
                batch = [each for each in batch if each.created_at < cursor.moment]
            yield from self._qualified(batch)
            looked_at += len(batch)
            if looked_at >= MOST_LOOKED_AT:
                return

    def _qualified(self, batch: list[Offer]) -> Iterator[Found]:
        snapshot = self._counted(batch)
        promising = []
        for offer in batch:
            seen = self._first_look(offer.redeemable, snapshot)
            if seen is not None:
                promising.append((offer, seen))
        snapshot = self._with_articles(snapshot, [seen for _, seen in promising])
        for offer, seen in promising:
            qualified = second_look(seen, snapshot, self._scenario)
            if qualified is not None:
                yield Found(offer, qualified)

    def _first_look(self, redeemable: Redeemable, snapshot: Snapshot) -> Promising | None:
        base = self._bases.get(redeemable.object)
        if base is None:
            base = base_subject(snapshot, snapshot.order, redeemable.object)
            self._bases[redeemable.object] = base
        return first_look(redeemable, snapshot, self._scenario, base)

    def _counted(self, batch: list[Offer]) -> Snapshot:
        """The snapshot with the counters that the batch's rules look at and that are asked."""
        counters = validations.read_asked_counters(
            self._uow,
            self._loaded,
            [offer.redeemable for offer in batch],
            self._scenario.omitted,
        )
        snapshot = self._snapshot
        return replace(snapshot, counters=counters) if counters else snapshot

    def _with_articles(self, snapshot: Snapshot, seen: list[Promising]) -> Snapshot:
        articles = validations.find_articles(self._uow, [each.redeemable for each in seen])
        return replace(snapshot, articles=articles) if articles else snapshot

    def _stacks(self, cursor: Cursor | None) -> Iterator[Found]:
        stacks = self._loaded.definitions.programmes.stacks.values()
        for stack in sorted(stacks, key=lambda each: (-each.created_at.timestamp(), each.id)):
            is_older = cursor is None or stack.created_at < cursor.moment
            if is_older or (cursor is not None and cursor.told and stack.created_at < cursor.until):
                found = self._stack(stack)
                if found is not None:
                    yield found

    def _stack(self, stack: StackFacts) -> Found | None:
        """A stack whose tiers all qualify, each after the ones before it."""
        steps: list[tuple[Offer, Qualified]] = []
        start = snapshot = self._snapshot
        for tier_id in stack.tier_ids:
            candidate = self._loaded.definitions.promotions.candidate(tier_id)
            if candidate is None:
                return None
            offer = tier_offer(self._loaded.definitions, candidate)
            seen = first_look(
                offer.redeemable,
                snapshot,
                self._scenario,
                base_subject(snapshot, snapshot.order, "promotion_tier"),
            )
            if seen is None:
                return None
            qualified = second_look(seen, self._with_articles(snapshot, [seen]), self._scenario)
            if qualified is None:
                return None
            steps.append((offer, qualified))
            snapshot = replace(snapshot, order=qualified.step.after)
        if not steps:
            return None
        offer, last = steps[-1]
        whole = replace(last.step, before=start.order)
        named = Offer(
            redeemable=Redeemable(object="promotion_stack", id=stack.id),
            facts=offer.facts,
            created_at=stack.created_at,
        )
        omitted = tuple(label for _, each in steps for label in each.omitted)
        return Found(named, Qualified(step=whole, omitted=omitted), tuple(steps))


def _dump_all(
    uow: UnitOfWork, definitions: Definitions, page: list[Found], expand: frozenset[str]
) -> list[dict[str, Any]]:
    singles = [single for found in page for single in _singles(found)]
    articles = validations.find_articles(uow, [offer.redeemable for offer, _ in singles])
    rules: dict[str, Any] = {}
    if "validation_rules" in expand:
        rules = _rule_lists(uow, [offer for offer, _ in singles])

    def dump(offer: Offer, qualified: Qualified) -> dict[str, Any]:
        body = schemas.dump_offer(offer.redeemable, offer.facts, qualified, articles)
        body |= schemas.expand_offer(offer.facts, definitions, expand)
        if offer.facts.id in rules:
            body["validation_rules_assignments"] = rules[offer.facts.id]
        return body

    dumped = []
    for found in page:
        if not found.stacked:
            dumped.append(dump(found.offer, found.qualified))
            continue
        stack = definitions.programmes.stacks[found.offer.redeemable.id]
        tiers = [dump(*single) for single in found.stacked]
        body = schemas.dump_stack(found.offer.redeemable, stack, found.qualified, tiers)
        dumped.append(body | schemas.expand_offer(stack, definitions, expand))
    return dumped


def _singles(found: Found) -> tuple[tuple[Offer, Qualified], ...]:
    return found.stacked or ((found.offer, found.qualified),)


def _rule_lists(uow: UnitOfWork, offers: list[Offer]) -> dict[str, Any]:
    """The lists of rules that hold for offers, by the id of what is offered."""
    chains = []
    for offer in offers:
        chain = [Related(offer.redeemable.object, offer.facts.id)]
        if offer.redeemable.object != "campaign" and offer.facts.campaign_id is not None:
            chain.append(Related("campaign", offer.facts.campaign_id))
        chains.append(chain)
    lists = lists_of(uow, chains)
    return {offer.facts.id: each for offer, each in zip(offers, lists, strict=True)}

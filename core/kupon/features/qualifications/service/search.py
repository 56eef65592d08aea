"""One request's way through what may qualify, until somebody has seen enough.

Source: spec rules-and-qualification, sections 14.2 to 14.4.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from kupon.engine.judging import base_subject
from kupon.engine.model import Redeemable, Snapshot, Step
from kupon.engine.qualify import Promising, Qualified, Scenario, first_look, second_look
from kupon.engine.rules import Subject
from kupon.features.qualifications.service.choosing import Choice
from kupon.features.qualifications.service.offers import Offer, batched, offers, tier_offer
from kupon.features.qualifications.service.pages import Cursor, millisecond
from kupon.features.validations import service as validations
from kupon.features.validations.service import Loaded
from kupon.kit.lean import dataclass
from kupon.storage.queries.campaign_access import visibility
from kupon.storage.queries.promotions import StackFacts
from kupon.storage.uow import UnitOfWork

# A request does not look at more than this; the next page goes on from there.
MOST_LOOKED_AT: Final = 100_000


@dataclass(frozen=True, slots=True)
class Found:
    """An offer that qualifies; stacked are the steps of a stack's tiers."""

    offer: Offer
    qualified: Qualified
    stacked: tuple[tuple[Offer, Qualified], ...] = ()

    @property
    def created_at(self) -> datetime:
        """When the offer was made, by which pages are turned."""
        return self.offer.created_at

    @property
    def singles(self) -> Sequence[Offer]:
        """The offer, or those of a stack's tiers."""
        return [tier for tier, _ in self.stacked] or [self.offer]

    @property
    def taken(self) -> int:
        """What it takes off the order, in minor units."""
        step = self.qualified.step
        return step.after.total_discount_amount - step.before.total_discount_amount


class Search:
    """What qualifies for one request; rest is where to go on if there was too much to look at."""

    def __init__(
        self, uow: UnitOfWork, loaded: Loaded, scenario: Scenario, filters: Mapping[str, Any]
    ) -> None:
        self.rest: Cursor | None = None
        self._uow = uow
        self._loaded = loaded
        self._snapshot = validations.snapshot_of(uow, loaded, (), {}, is_about_segments=True)
        self._scenario = scenario
        customer = self._snapshot.customer
        self._choice = Choice(filters, None if customer is None else customer.id)
        self._is_visible = visibility(uow)
        self._bases: dict[str, Subject] = {}

    def results(self, cursor: Cursor | None, limit: int) -> Iterator[Found]:
        """What qualifies, the newest first, of which so many are wanted."""
        before = None if cursor is None else cursor.before
        if self._scenario.has_stacks:
            yield from self._stacks(before)
            return
        kinds = self._choice.kinds
        found = offers(self._uow, self._loaded, self._snapshot, self._scenario, kinds, before)
        chosen = (each for each in self._bounded(found) if self._takes(each))
        # Whether there is another page is only known from one more than wanted.
        for batch in batched(chosen, limit + 1):
            yield from self._qualified(batch)

    def _takes(self, offer: Offer) -> bool:
        return self._is_visible(offer.facts.campaign_id) and self._choice.takes(offer)

    def _bounded(self, found: Iterator[Offer]) -> Iterator[Offer]:
        """As many as a request looks at, and the others of the last one's millisecond."""
        last: datetime | None = None
        for count, offer in enumerate(found, 1):
            if count >= MOST_LOOKED_AT:
                moment = millisecond(offer.created_at)
                if last is not None and moment != last:
                    self.rest = Cursor(last)
                    return
                last = moment
            yield offer

    def _qualified(self, found: Sequence[Offer]) -> Iterator[Found]:
        batch = self._held(found)
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

    def _held(self, batch: Sequence[Offer]) -> list[Offer]:
        """The offers with what those who have the codes say of them."""
        customer = self._snapshot.customer
        redeemables = validations.with_holdings(
            self._uow,
            [offer.redeemable for offer in batch],
            [offer.facts for offer in batch],
            None if customer is None else customer.id,
        )
        return [
            offer if offer.redeemable is redeemable else replace(offer, redeemable=redeemable)
            for offer, redeemable in zip(batch, redeemables, strict=True)
        ]

    def _first_look(self, redeemable: Redeemable, snapshot: Snapshot) -> Promising | None:
        base = self._bases.get(redeemable.object)
        if base is None:
            base = base_subject(snapshot, snapshot.order, redeemable.object)
            self._bases[redeemable.object] = base
        is_promising = redeemable.object == "promotion_tier"
        return first_look(redeemable, snapshot, self._scenario, base, is_promising=is_promising)

    def _counted(self, batch: Sequence[Offer]) -> Snapshot:
        """The snapshot with the counters that the batch's rules look at and that are asked."""
        counters = validations.read_asked_counters(
            self._uow,
            self._loaded,
            [offer.redeemable for offer in batch],
            self._scenario.omitted,
        )
        snapshot = self._snapshot
        return replace(snapshot, counters=counters) if counters else snapshot

    def _with_articles(self, snapshot: Snapshot, seen: Sequence[Promising]) -> Snapshot:
        articles = validations.find_articles(self._uow, [each.redeemable for each in seen])
        return replace(snapshot, articles=articles) if articles else snapshot

    def _stacks(self, before: datetime | None) -> Iterator[Found]:
        stacks = self._loaded.definitions.programmes.stacks.values()
        for stack in sorted(stacks, key=lambda each: (-each.created_at.timestamp(), each.id)):
            offer = Offer(Redeemable(object="promotion_stack", id=stack.id), stack)
            if (before is None or stack.created_at < before) and self._takes(offer):
                found = self._stack(offer, stack)
                if found is not None:
                    yield found

    def _stack(self, offer: Offer, stack: StackFacts) -> Found | None:
        """A stack whose tiers all qualify, each after the ones before it."""
        definitions = self._loaded.definitions
        candidates = [definitions.promotions.candidate(tier_id) for tier_id in stack.tier_ids]
        tiers = [tier_offer(definitions, each) for each in candidates if each is not None]
        if not tiers or len(tiers) < len(candidates):
            return None
        snapshot = self._counted(tiers)
        steps: list[Step] = []
        stacked: list[tuple[Offer, Qualified]] = []
        for tier in tiers:
            base = base_subject(snapshot, snapshot.order, "promotion_tier")
            seen = first_look(tier.redeemable, snapshot, self._scenario, base, steps)
            if seen is None:
                return None
            qualified = second_look(seen, self._with_articles(snapshot, [seen]), self._scenario)
            if qualified is None:
                return None
            stacked.append((tier, qualified))
            steps.append(qualified.step)
            snapshot = replace(snapshot, order=qualified.step.after)
        omitted = {rule: labels for _, each in stacked for rule, labels in each.omitted.items()}
        whole = replace(steps[-1], before=self._snapshot.order)
        return Found(offer, Qualified(step=whole, omitted=omitted), tuple(stacked))

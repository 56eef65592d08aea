"""What rules look at besides the cart: the customer in full, and past uses.

Source: spec rules-and-qualification, sections 5 and 6.9.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from kupon.engine.customer import Customer
from kupon.engine.model import Incentive, Redeemable, Step
from kupon.engine.rules import Counter, window_start
from kupon.engine.usage import party_of, scope_of, use_of
from kupon.features.customers.schemas import dump_loyalty, dump_summary
from kupon.kit.lean import dataclass
from kupon.storage.definitions import Definitions
from kupon.storage.queries.custom_events import count_events
from kupon.storage.queries.customers import summarize
from kupon.storage.queries.rule_counters import ALL_TIMES, CounterKey
from kupon.storage.snapshots import Facts
from kupon.storage.uow import UnitOfWork


def engine_customer(
    uow: UnitOfWork,
    merged: Mapping[str, Any] | None,
    facts: Facts,
    *,
    has_figures: bool,
) -> Customer | None:
    """The customer as rules see it: what was sent over what is stored.

    Shapes:  has_figures says that what past orders, points and events come to will be asked for.
    """
    if merged is None:
        return None
    customer_id, tiers = merged["id"], frozenset[str]()
    profile = merged
    if has_figures and customer_id is not None:
        figures = summarize(uow, [customer_id])[customer_id]
        tiers = figures.tier_ids
        profile = {
            **merged,
            "summary": dump_summary(figures),
            "loyalty": dump_loyalty(figures),
            "events": count_events(uow, [customer_id])[customer_id],
        }
    return Customer(
        id=customer_id,
        profile=profile,
        static_segments=facts.static_segments,
        loyalty_tiers=tiers,
    )


def asks_for(name: str, redeemables: Iterable[Redeemable]) -> bool:
    """Whether a rule of any redeemable is about something, by the rule's name."""
    return any(
        name in rule.names
        for redeemable in redeemables
        if redeemable.source is not None
        for rule in redeemable.source.rules
    )


@dataclass(frozen=True, slots=True)
class CounterNames:
    """How the counters of one request are named in storage.

    Shapes: customer_id is None where there is no stored customer; moment decides the windows.
    """

    definitions: Definitions
    customer_id: str | None
    api_key: str
    moment: datetime

    def wanted(self, redeemables: Iterable[Redeemable]) -> dict[CounterKey, tuple[str, Counter]]:
        """The rows behind the counters that count uses of these redeemables."""
        return {
            key: (key.scope_id, counter)
            for redeemable in redeemables
            if redeemable.source is not None
            for key, counter in self.keys(redeemable.source)
        }

    def keys(self, source: Incentive) -> Iterable[tuple[CounterKey, Counter]]:
        """The rows that a use of an incentive counts in."""
        counters = set(self.definitions.programmes.counted_in(source.campaign_id))
        for rule in source.rules:
            counters.update(rule.counters)
        for counter in counters:
            party = party_of(counter, self.customer_id, self.api_key)
            if party is not None:
                key = CounterKey(
                    scope_of(source, counter), counter.rule, party, self._since(counter)
                )
                yield key, counter

    def _since(self, counter: Counter) -> datetime:
        if counter.period is None:
            return ALL_TIMES
        definitions = self.definitions
        return window_start(
            counter.period, self.moment, definitions.timezone, definitions.week_start
        )

    def moves(self, applied: Iterable[Step]) -> dict[CounterKey, int]:
        """What applied steps add to the rows."""
        moves: dict[CounterKey, int] = {}
        for step in applied:
            if step.redeemable.source is not None:
                for key, counter in self.keys(step.redeemable.source):
                    moves[key] = moves.get(key, 0) + use_of(counter, step)
        return moves

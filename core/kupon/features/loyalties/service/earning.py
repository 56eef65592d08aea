"""What earning rules give to a customer: which of them hold, and for how many points.

Source: spec campaigns-loyalty-referral-gift, section 7.3.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson

from kupon.engine.bundles import allocate
from kupon.engine.conditions import Moment
from kupon.engine.customer import Customer
from kupon.engine.definitions import DefinitionError
from kupon.engine.filters import Surroundings
from kupon.engine.limits import check
from kupon.engine.loyalty.earning import Earning, parse_earning
from kupon.engine.loyalty.mappings import parse_mapping
from kupon.engine.loyalty.measures import EarningFacts
from kupon.engine.order import Order
from kupon.engine.rules import Rule, Subject
from kupon.engine.rules.subject import NO_ORDER
from kupon.features.customers import service as customers
from kupon.storage.definitions import Definitions
from kupon.storage.points import Card
from kupon.storage.queries import loyalty_tiers, segments
from kupon.storage.queries.custom_events import count_events
from kupon.storage.queries.customers import Row, summarize
from kupon.storage.queries.earning_rules import KIND, OwnedRule
from kupon.storage.snapshots import VoucherFacts
from kupon.storage.stored_definitions import read_validity
from kupon.storage.tables.campaigns import Campaign
from kupon.storage.tables.loyalties import LoyaltyTier
from kupon.storage.uow import UnitOfWork

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What rules may look at: a customer, and what happened to them.

    Shapes: metadata is a custom event's, None for all other events.
    """

    customer: Customer
    order: Order | None
    metadata: Mapping[str, Any] | None
    surroundings: Surroundings
    definitions: Definitions

    def allows(self, owned: OwnedRule) -> bool:
        """Whether a rule holds now, as far as its time limits and its validation rule say."""
        if not is_open(owned.rule if _has_limits(owned.rule) else owned.campaign, self):
            return False
        rule = self.definitions.programmes.rule_of((KIND, owned.rule.id))
        return rule is None or self._satisfies(rule)

    def _satisfies(self, rule: Rule) -> bool:
        definitions, surroundings = self.definitions, self.surroundings
        order = NO_ORDER if self.order is None else self.order
        subject = Subject(
            moment=surroundings.moment,
            surroundings=surroundings,
            object=KIND,
            kind="Earning Rule",
            customer=self.customer,
            order=order,
            projected=order,
            initial_amount=order.initial_amount,
            event=self.metadata,
            segments=definitions.segments,
            collections=definitions.collections,
        )
        if rule.judge(subject).truth is not True:
            return False
        if rule.bundle is None:
            return True
        return bool(allocate(rule.bundle, order, definitions.collections, surroundings).quantity)

    def points(self, owned: OwnedRule, tier: LoyaltyTier | None) -> int:
        """What a rule gives in a tier, None for a card in none; 0 where it gives nothing."""
        facts = EarningFacts(
            customer=self.customer,
            order=self.order,
            event_metadata=self.metadata or {},
            collections=self.definitions.collections,
            surroundings=self.surroundings,
        )
        rule, raw = owned.rule, mapping_of(owned, tier)
        try:
            mapping = None if raw is None else parse_mapping(raw, ".earning_rules")
            earning = _read_earning(orjson.dumps(rule.loyalty), rule.event)
        except DefinitionError as error:
            # Written by another version: one such rule must not keep all the others from paying.
            _log.error("earning rule %s gives nothing: %s", rule.id, error)
            return 0
        return earning.points(facts, mapping)


def mapping_of(owned: OwnedRule, tier: LoyaltyTier | None) -> Mapping[str, Any] | None:
    """What a tier changes of a rule; None where it changes nothing."""
    if tier is None:
        return None
    mapping: Mapping[str, Any] | None = tier.earning_rules.get(owned.rule.id)
    return mapping


@lru_cache(maxsize=10_000)
def _read_earning(loyalty: bytes, event: str) -> Earning:
    return parse_earning(orjson.loads(loyalty), event, ".loyalty", _is_number)


def _is_number(_: str, __: str) -> bool:
    # That was asked when the rule was written.
    return True


_LIMITS = (
    "start_date",
    "expiration_date",
    "validity_timeframe",
    "validity_day_of_week",
    "validity_hours",
)


def _has_limits(row: Any) -> bool:
    return any(getattr(row, name) for name in _LIMITS)


def is_open(row: Any, scene: Scene) -> bool:
    """Whether the time limits of a rule or a programme let it do anything now."""
    moment = scene.surroundings.moment
    return check(read_validity(row), moment.now, moment.timezone) is None


def is_usable(card: Card | VoucherFacts, now: datetime) -> bool:
    """Whether a card takes part at a moment: enabled, begun and not expired."""
    has_begun = card.start_date is None or card.start_date <= now
    has_ended = card.expiration_date is not None and card.expiration_date < now
    return card.is_active and card.holder_id is not None and has_begun and not has_ended


def look_at(uow: UnitOfWork, row: Row, definitions: Definitions, now: datetime) -> Scene:
    """A stored customer as rules see them at a moment, before anything happened."""
    id = row["id"]
    customer = customers.engine_customer(
        row,
        summarize(uow, [id])[id],
        count_events(uow, [id])[id],
        segments.find_static_segments(uow, id),
    )
    return Scene(
        customer=customer,
        order=None,
        metadata=None,
        surroundings=Surroundings(Moment(now, definitions.timezone), definitions.locations),
        definitions=definitions,
    )


def find_held_tiers(
    uow: UnitOfWork, card_ids: Iterable[str], scene: Scene
) -> dict[str, LoyaltyTier]:
    """The tiers that cards are in, by card; one that has yet to begin is not held.

    Locks:  the cards must be locked, for a tier to be still the card's when points are given.
    """
    today = scene.surroundings.moment.today
    held = loyalty_tiers.find_memberships(uow, card_ids)
    begun = {id: each.tier_id for id, each in held.items() if each.starts_on <= today}
    rows = loyalty_tiers.find_tiers(uow, sorted(set(begun.values())))
    return {id: rows[tier_id] for id, tier_id in begun.items() if tier_id in rows}


def is_running(campaign: Campaign, scene: Scene) -> bool:
    """Whether a programme gives points at all now."""
    return campaign.is_active and is_open(campaign, scene)

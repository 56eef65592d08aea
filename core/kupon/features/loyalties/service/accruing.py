"""Points that customers get because something happened: every rule pays for itself, once.

Source: spec campaigns-loyalty-referral-gift, sections 7.2 to 7.5 and 12 (L16).
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kupon.engine.definitions import LARGEST_WHOLE
from kupon.engine.loyalty.expiration import parse_expiration, points_expire_on
from kupon.engine.loyalty.pending import activates_on
from kupon.features.loyalties.service.earning import (
    Scene,
    find_held_tiers,
    is_usable,
    look_at,
    mapping_of,
)
from kupon.features.loyalties.service.earning_rules import dump_rules
from kupon.features.loyalties.service.occasions import Occasion
from kupon.features.loyalties.service.pending import add_pending
from kupon.features.loyalties.service.rewarding import stage_rewarded
from kupon.features.orders import service as orders
from kupon.features.publications import service as publications
from kupon.features.validations import service as validations
from kupon.features.vouchers import service as vouchers
from kupon.kit.errors import KuponError
from kupon.runtime import ids
from kupon.storage.ledger import POINTS_ACCRUAL, Line, Movement
from kupon.storage.points import Card, Posting, lock_cards
from kupon.storage.queries import accruals, earning_rules
from kupon.storage.queries.activities import activity_id
from kupon.storage.queries.customers import Row, find_customers
from kupon.storage.queries.earning_rules import OwnedRule
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.tables.loyalties import LoyaltyTier, PendingPoints
from kupon.storage.uow import UnitOfWork

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Award:
    """What one rule gives to one card; tier is the one held before."""

    owned: OwnedRule
    card_id: str
    points: int
    tier: LoyaltyTier | None

    @property
    def is_pending(self) -> bool:
        """Whether the points have to wait for their day."""
        return self.owned.rule.pending_points is not None


def accrue(uow: UnitOfWork, project: ProjectFacts, occasion: Occasion) -> Sequence[str]:
    """Pay what an occasion earns; the ids of the cards whose points have moved.

    Shapes:  nothing is paid a second time for the same cause, nor to a customer who is gone.
    Locks:   the customer must be locked; their cards by id, then a card that they get.
    """
    found = earning_rules.find_listening(uow, [occasion.name], occasion.campaign_id)
    rules = [each for each in found if occasion.concerns(each.rule)]
    if not rules:
        return ()
    row = find_customers(uow, [occasion.customer_id]).get(occasion.customer_id)
    if row is None:
        return ()
    purse = _open_purse(uow, occasion, row, {each.campaign.id for each in rules})
    allowed = [each for each in rules if purse.scene.allows(each)]
    _join(uow, project, purse, allowed)
    awards = _claim(uow, occasion, purse.awards(allowed))
    _give_pending(uow, purse, [each for each in awards if each.is_pending])
    _give(uow, purse, [each for each in awards if not each.is_pending])
    return sorted({each.card_id for each in awards if not each.is_pending})


@dataclass(slots=True, kw_only=True)
class _Purse:
    """A customer with their cards on one occasion.

    Shapes: cards are the locked ones, held their ids by programme, whether they can be used or
        not; tiers are those held before the occasion, by card.
    """

    occasion: Occasion
    customer: Row
    scene: Scene
    held: dict[str, str]
    cards: dict[str, Card]
    tiers: Mapping[str, LoyaltyTier] = field(default_factory=dict)

    def usable(self, campaign_id: str) -> Card | None:
        """The customer's card of a programme; None where it can't be used."""
        card = self.cards.get(self.held.get(campaign_id, ""))
        now = self.scene.surroundings.moment.now
        return card if card is not None and is_usable(card, now) else None

    def awards(self, rules: Iterable[OwnedRule]) -> list[Award]:
        """What rules give to these cards, no more than cards can hold."""
        awards = []
        room = {id: LARGEST_WHOLE - card.balance.income for id, card in self.cards.items()}
        for owned in rules:
            card = self.usable(owned.campaign.id)
            if card is None:
                continue
            tier = self.tiers.get(card.id)
            points = min(self.scene.points(owned, tier), room[card.id])
            if points > 0:
                room[card.id] -= points
                awards.append(Award(owned=owned, card_id=card.id, points=points, tier=tier))
        return awards


def _open_purse(
    uow: UnitOfWork, occasion: Occasion, row: Row, campaign_ids: Collection[str]
) -> _Purse:
    found = _find_held(uow, occasion)
    held = {campaign_id: id for campaign_id, id in found.items() if campaign_id in campaign_ids}
    cards = lock_cards(uow, held.values())
    scene = look_at(uow, row, validations.read_definitions(uow), occasion.event.created_at)
    tiers = find_held_tiers(uow, cards, scene)
    order = occasion.order
    if order is not None:
        engine_order = orders.build_order(uow, order, known_lines=order.get("items") or ())
        scene = replace(scene, order=engine_order)
    scene = replace(scene, metadata=occasion.metadata)
    return _Purse(occasion=occasion, customer=row, scene=scene, held=held, cards=cards, tiers=tiers)


def _find_held(uow: UnitOfWork, occasion: Occasion) -> dict[str, str]:
    """The cards that an occasion is about, by programme."""
    if occasion.voucher_id is None:
        found = accruals.find_held_cards(uow, occasion.customer_id)
        return {campaign_id: card.id for campaign_id, card in found.items()}
    card = accruals.find_held_card(uow, occasion.voucher_id)
    return {} if card is None else {card.campaign_id: card.id}


def _join(
    uow: UnitOfWork, project: ProjectFacts, purse: _Purse, rules: Iterable[OwnedRule]
) -> None:
    """Give the customer a card of each programme that wants it and has points for them."""
    wanted = {
        owned.campaign.id: owned.campaign
        for owned in rules
        if owned.campaign.id not in purse.held
        and owned.campaign.auto_join
        and purse.occasion.voucher_id is None
        and purse.scene.points(owned, None) > 0
    }
    joined: dict[str, str] = {}
    for campaign_id, campaign in sorted(wanted.items()):
        outcome = publications.join(uow, project, campaign, purse.occasion.customer_id)
        if isinstance(outcome, KuponError):
            _log.warning("nobody can join programme %s: %s", campaign_id, outcome)
        else:
            joined[campaign_id] = outcome.id
    if joined:
        purse.held |= joined
        purse.cards |= lock_cards(uow, joined.values())


def _claim(uow: UnitOfWork, occasion: Occasion, awards: Sequence[Award]) -> list[Award]:
    """Those awards that were not given before."""
    cards = {each.owned.rule.id: each.card_id for each in awards}
    news = accruals.claim_accruals(uow, occasion.cause, cards)
    return [each for each in awards if each.owned.rule.id in news]


def _give(uow: UnitOfWork, purse: _Purse, awards: Sequence[Award]) -> None:
    if not awards:
        return
    day = purse.scene.surroundings.moment.today
    postings = [_posting(uow, purse, each) for each in awards]
    lines = vouchers.post_points(uow, purse.cards, postings, today=day)
    _tell(uow, purse, awards, lines)


def _posting(uow: UnitOfWork, purse: _Purse, award: Award) -> Posting:
    card = purse.cards[award.card_id]
    own = parse_expiration(award.owned.rule.expiration_rules, ".expiration_rules")
    day = purse.scene.surroundings.moment.today
    return Posting(_movement(uow, purse, card, award), points_expire_on(day, own, card.expiration))


def _movement(uow: UnitOfWork, purse: _Purse, card: Card, award: Award) -> Movement:
    order = purse.occasion.order
    return vouchers.points_movement(
        uow,
        card,
        POINTS_ACCRUAL,
        award.points,
        source="Automation",
        order_id=None if order is None else order["id"],
        details=_details(purse.occasion, award),
    )


def _details(occasion: Occasion, award: Award) -> dict[str, Any]:
    """What a ledger's line tells of why there are points."""
    rule, tier = award.owned.rule, award.tier
    details: dict[str, Any] = {
        **occasion.details,
        "event": {
            "id": activity_id(occasion.event.created_at, occasion.event.seq),
            "type": occasion.type,
        },
        "earning_rule": {"id": rule.id, "source": {"banner": rule.banner or ""}},
    }
    if tier is not None:
        named = {"id": tier.id, "name": tier.name}
        details["holder_loyalty_tier"] = named
        if mapping_of(award.owned, tier) is not None:
            details["loyalty_tier"] = named
    return details


def _give_pending(uow: UnitOfWork, purse: _Purse, awards: Sequence[Award]) -> None:
    add_pending(uow, purse.cards, [_pending(uow, purse, each) for each in awards])


def _pending(uow: UnitOfWork, purse: _Purse, award: Award) -> PendingPoints:
    rule, order = award.owned.rule, purse.occasion.order
    day = purse.scene.surroundings.moment.today
    return PendingPoints(
        project_id=uow.project_id,
        id=ids.new_id("lopp_"),
        voucher_id=award.card_id,
        campaign_id=award.owned.campaign.id,
        customer_id=purse.occasion.customer_id,
        order_id=None if order is None else order["id"],
        earning_rule_id=rule.id,
        points=award.points,
        activates_on=activates_on(day, rule.pending_points or {}),
        expiration_rules=rule.expiration_rules,
        details=_details(purse.occasion, award),
        created_at=uow.now,
        status="PENDING",
    )


def _tell(uow: UnitOfWork, purse: _Purse, awards: Sequence[Award], lines: Sequence[Line]) -> None:
    about = vouchers.describe_cards(uow, [line.voucher_id for line in lines])
    rules = dump_rules(uow, [award.owned.rule for award in awards])
    for award, rule, line in zip(awards, rules, lines, strict=True):
        stage_rewarded(
            uow,
            purse.occasion,
            purse.customer,
            rule=rule,
            tier=award.tier,
            about=about[line.voucher_id],
            line=line,
        )

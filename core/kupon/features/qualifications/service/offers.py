"""All that may qualify, the newest first: tiers from the index, codes and campaigns as needed.

Source: spec rules-and-qualification, sections 14.2, 14.3 and 14.6.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import Any, Final

import orjson

from kupon.engine.candidates import Candidate, promising
from kupon.engine.discounts import Discount
from kupon.engine.giftcards import GiftCredits
from kupon.engine.judging import base_subject
from kupon.engine.model import Redeemable, Snapshot, Voucher
from kupon.engine.points import LOYALTY_CARD
from kupon.engine.qualify import Scenario
from kupon.features.qualifications.schemas import OfferFacts
from kupon.features.validations import service as validations
from kupon.features.validations.service import Loaded, Payment
from kupon.kit.lean import dataclass
from kupon.storage.definitions import Definitions
from kupon.storage.offered import Offered, OffersWanted, Source
from kupon.storage.queries.offers import CampaignFacts, find_named, find_names
from kupon.storage.snapshots import VoucherFacts, to_engine
from kupon.storage.stored_definitions import read_discount, read_validity
from kupon.storage.tables.campaigns import REFERRAL_PROGRAM
from kupon.storage.uow import UnitOfWork

BATCH: Final = 50


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that may qualify, with what storage knows of it."""

    redeemable: Redeemable
    facts: OfferFacts

    @property
    def created_at(self) -> datetime:
        """When it was made."""
        return self.facts.created_at


def stored_offers(
    scenario: Scenario,
    kinds: Container[str],
    before: datetime | None,
    *,
    has_customer: bool,
) -> OffersWanted | None:
    """The first codes and campaigns that a scenario asks for; None where it asks for none."""
    sources = tuple(_sources(scenario, kinds, has_customer))
    if not sources:
        return None
    # No id is lower than none.
    return OffersWanted(sources, BATCH, None if before is None else (before, ""))


def _sources(scenario: Scenario, kinds: Container[str], has_customer: bool) -> Iterator[Source]:
    if scenario.has_standalone and "voucher" in kinds:
        yield Source.WITHOUT_CAMPAIGN
        yield Source.OF_STANDALONE_CAMPAIGNS
    if scenario.has_held and "voucher" in kinds and has_customer:
        yield Source.HELD
    if scenario.has_campaigns and "campaign" in kinds:
        yield Source.CAMPAIGNS


def offers(
    uow: UnitOfWork,
    loaded: Loaded,
    snapshot: Snapshot,
    scenario: Scenario,
    kinds: Container[str],
    before: datetime | None,
) -> Iterator[Offer]:
    """Everything of some kinds that may qualify in a scenario and is older than a moment."""
    definitions = loaded.definitions
    streams: list[Iterator[Offer]] = []
    if scenario.has_tiers and "promotion_tier" in kinds:
        streams.append(_tiers(definitions, snapshot, scenario, before))
    customer_id = None if snapshot.customer is None else snapshot.customer.id
    offered = loaded.facts.offered
    if offered is None:
        wanted = stored_offers(scenario, kinds, before, has_customer=customer_id is not None)
        if wanted is not None:
            offered = Offered(wanted, find_names(uow, wanted, customer_id))
    if offered is not None and offered.names:
        streams.append(_stored(uow, definitions, offered, customer_id))
    return streams[0] if len(streams) == 1 else merge(*streams, key=_by_age)


def _by_age(offer: Offer) -> float:
    return -offer.created_at.timestamp()


def _tiers(
    definitions: Definitions, snapshot: Snapshot, scenario: Scenario, before: datetime | None
) -> Iterator[Offer]:
    index = definitions.promotions.index(scenario.omitted, snapshot.now)
    found = index.find(snapshot)
    if before is not None:
        found = [candidate for candidate in found if candidate.created_at < before]
    base = base_subject(snapshot, snapshot.order, "promotion_tier")
    for candidate in promising(found, base, scenario.omitted):
        yield tier_offer(definitions, candidate)


def tier_offer(definitions: Definitions, candidate: Candidate) -> Offer:
    """The offer of a tier."""
    return Offer(candidate.redeemable, definitions.programmes.tiers[candidate.tier.id])


def _stored(
    uow: UnitOfWork, definitions: Definitions, offered: Offered, customer_id: str | None
) -> Iterator[Offer]:
    """Codes and campaigns, batch by batch, each read when the one before it is used up."""
    names, following = offered.names, offered.wanted.after(offered.names)
    while names:
        for facts in find_named(uow, names):
            redeemable = _redeemable(uow, facts, definitions)
            if redeemable is not None:
                yield Offer(redeemable, facts)
        if following is None:
            return
        names = find_names(uow, following, customer_id)
        following = following.after(names)


def _redeemable(
    uow: UnitOfWork, facts: VoucherFacts | CampaignFacts, definitions: Definitions
) -> Redeemable | None:
    """A code or campaign for the engine; None for what is worth nothing by itself.

    UNCERTAIN: so is a loyalty card that can't pay for orders (section 14).
    """
    if isinstance(facts, CampaignFacts):
        if facts.discount is None and facts.gift is None:
            return None
        if facts.campaign_type == REFERRAL_PROGRAM:
            # Whoever were given a code would refer others by it.
            return None
        return Redeemable(object="campaign", id=facts.id, source=_as_code(facts, definitions))
    programmes = definitions.programmes
    of_campaign = programmes.campaign_rule(facts.campaign_id)
    rules = programmes.named_rules(facts.rule_id, of_campaign)
    category = definitions.engine_category(facts.effective_category_id)
    if facts.type != LOYALTY_CARD:
        source = to_engine(facts, rules, category)
    else:
        money = validations.as_money(uow, facts, definitions)
        if money is None:
            return None
        source = validations.as_payment(facts, rules, category, Payment(*money), definitions)
    return Redeemable(object="voucher", id=facts.code, source=source)


def _as_code(facts: CampaignFacts, definitions: Definitions) -> Voucher:
    """The code that the customer would be given; nobody holds it yet."""
    programmes = definitions.programmes
    return Voucher(
        id=facts.id,
        code=facts.id,
        worth=_worth(facts),
        validity=read_validity(facts),
        category=definitions.engine_category(facts.category_id),
        campaign_id=facts.id,
        rules=programmes.named_rules(programmes.campaign_rule(facts.id)),
        metadata=facts.incentive_metadata,
    )


def _worth(facts: CampaignFacts) -> Discount | GiftCredits:
    if facts.gift is not None:
        return GiftCredits(effect=facts.gift["effect"], balance=facts.gift["amount"])
    return read_discount(orjson.dumps(facts.discount))


def batched(found: Iterator[Any], first: int) -> Iterator[list[Any]]:
    """What comes, in lists: the first one of a length, then longer ones."""
    batch = list(islice(found, first))
    while batch:
        yield batch
        batch = list(islice(found, BATCH))

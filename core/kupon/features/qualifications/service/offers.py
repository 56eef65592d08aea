"""All that may qualify, the newest first: tiers from the index, codes and campaigns as needed.

Source: spec rules-and-qualification, sections 14.2, 14.3 and 14.6.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import merge
from typing import Any, Final, Protocol, TypeVar

import orjson

from kupon.engine.candidates import Candidate
from kupon.engine.model import Redeemable, Snapshot, Voucher
from kupon.engine.qualify import Scenario
from kupon.features.qualifications.schemas import OfferFacts
from kupon.storage.definitions import Definitions
from kupon.storage.queries.offered_campaigns import CampaignFacts, offered_campaigns
from kupon.storage.snapshots import VoucherFacts, offered_vouchers, to_engine
from kupon.storage.stored_definitions import read_discount, read_validity
from kupon.storage.uow import UnitOfWork

BATCH: Final = 50
Position = tuple[datetime, str]
# Before this everything was created.
NEWEST: Final[Position] = (datetime(9999, 1, 1, tzinfo=UTC), "~")


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that may qualify, with what storage knows of it."""

    redeemable: Redeemable
    facts: OfferFacts
    created_at: datetime

    @property
    def rank(self) -> tuple[float, str, str]:
        """Where it stands: the newest first, then in a fixed order."""
        name = self.redeemable
        return (-self.created_at.timestamp(), name.object, name.id)


class _Dated(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def created_at(self) -> datetime: ...


Row = TypeVar("Row", bound=_Dated)


def offers(
    uow: UnitOfWork,
    definitions: Definitions,
    snapshot: Snapshot,
    scenario: Scenario,
    until: datetime | None,
) -> Iterator[Offer]:
    """Everything that may qualify in a scenario and is not newer than a moment."""
    start = NEWEST if until is None else (until, "~")
    customer_id = None if snapshot.customer is None else snapshot.customer.id
    streams: list[Iterator[Offer]] = []
    if scenario.has_tiers:
        streams.append(_tiers(definitions, snapshot, scenario, start))
    if scenario.has_standalone:
        streams.append(_vouchers(uow, definitions, None, start))
    if customer_id is not None and not scenario.has_stacks:
        streams.append(_vouchers(uow, definitions, customer_id, start))
    if scenario.has_campaigns:
        streams.append(_campaigns(uow, definitions, start))
    return _distinct(merge(*streams, key=_rank))


def _rank(offer: Offer) -> tuple[float, str, str]:
    return offer.rank


def _distinct(found: Iterator[Offer]) -> Iterator[Offer]:
    """A code without campaign that the customer holds comes in two streams."""
    last: tuple[str, str] | None = None
    for offer in found:
        name = (offer.redeemable.object, offer.redeemable.id)
        if name != last:
            yield offer
        last = name


def _tiers(
    definitions: Definitions, snapshot: Snapshot, scenario: Scenario, start: Position
) -> Iterator[Offer]:
    index = definitions.promotions.index(scenario.omitted, snapshot.now)
    for candidate in index.find(snapshot):
        if candidate.created_at <= start[0]:
            yield tier_offer(definitions, candidate)


def tier_offer(definitions: Definitions, candidate: Candidate) -> Offer:
    """The offer of a tier."""
    tier = candidate.tier
    return Offer(
        redeemable=Redeemable(object="promotion_tier", id=tier.id, source=tier),
        facts=definitions.programmes.tiers[tier.id],
        created_at=candidate.created_at,
    )


def _vouchers(
    uow: UnitOfWork, definitions: Definitions, customer_id: str | None, start: Position
) -> Iterator[Offer]:
    def read(until: Position) -> list[VoucherFacts]:
        return offered_vouchers(uow, customer_id, until, BATCH)

    for facts in _batches(read, start):
        programmes = definitions.programmes
        of_campaign = programmes.campaign_rule(facts.campaign_id)
        rules = programmes.named_rules(facts.rule_id, of_campaign)
        category = definitions.engine_category(facts.effective_category_id)
        source = to_engine(facts, rules, category)
        redeemable = Redeemable(object="voucher", id=facts.code, source=source)
        yield Offer(redeemable=redeemable, facts=facts, created_at=facts.created_at)


def _campaigns(uow: UnitOfWork, definitions: Definitions, start: Position) -> Iterator[Offer]:
    def read(until: Position) -> list[CampaignFacts]:
        return offered_campaigns(uow, until, BATCH)

    for facts in _batches(read, start):
        if facts.discount is not None:
            redeemable = Redeemable(
                object="campaign", id=facts.id, source=_as_code(facts, definitions)
            )
            yield Offer(redeemable=redeemable, facts=facts, created_at=facts.created_at)


def _as_code(facts: CampaignFacts, definitions: Definitions) -> Voucher:
    """The code that the customer would be given; nobody holds it yet."""
    programmes = definitions.programmes
    return Voucher(
        id=facts.id,
        code=facts.id,
        worth=read_discount(orjson.dumps(facts.discount)),
        validity=read_validity(facts),
        category=definitions.engine_category(facts.category_id),
        campaign_id=facts.id,
        rules=programmes.named_rules(programmes.campaign_rule(facts.id)),
        metadata=facts.incentive_metadata,
    )


def _batches(read: Callable[[Position], Sequence[Row]], start: Position) -> Iterator[Row]:
    """Rows batch by batch, each read when the one before it is used up."""
    until = start
    while True:
        rows = read(until)
        yield from rows
        if len(rows) < BATCH:
            return
        until = (rows[-1].created_at, rows[-1].id)


def batched(found: Iterator[Any], size: int = BATCH) -> Iterator[list[Any]]:
    """What comes, in lists of a size."""
    batch: list[Any] = []
    for each in found:
        batch.append(each)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch

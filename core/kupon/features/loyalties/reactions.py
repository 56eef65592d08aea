"""What programmes do about what happened to their members, and what others are told of it.

One consumer does all of the former, in the order of each customer's events: first every rule pays,
by the tier that was held when the event came, then the cards are settled.

Source: spec campaigns-loyalty-referral-gift, sections 7.3 and 7.9; events-webhooks-data, 4.4.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kupon.features.loyalties.service import accruing, occasions, rewarding, telling
from kupon.features.loyalties.service.occasions import Occasion
from kupon.features.loyalties.service.settling import settle
from kupon.features.vouchers.service import POINTS_CHANGED
from kupon.jobs.described import EFFECT, Described
from kupon.storage.queries import accruals, keys
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.queries.outbox import EventRow
from kupon.storage.uow import UnitOfWork

OCCASIONS = occasions.EVENTS
ALWAYS = (POINTS_CHANGED,)

LINES = ("voucher.loyalty_card.transaction.created",)
# What feeds have of programmes themselves.
TOLD = (
    rewarding.REWARDED,
    *occasions.TIER_EVENTS,
    "customer.loyalty.tier.expiration.changed",
    "customer.loyalty.updated",
)
# Of a tier's event what is for programmes, not for feeds.
_INTERNAL = ("voucher_id", "depth")


def react(uow: UnitOfWork, events: Sequence[EventRow]) -> None:
    """Give customers the points that their events earn, then settle their cards."""
    if not (accruals.has_rules(uow) or any(each.name == POINTS_CHANGED for each in events)):
        return
    project = keys.load_facts(uow)
    request_id = uow.request_id
    found = [(event, _occasion_of(event)) for event in events]
    accruals.hold_customers(uow, [id for each in found if (id := _customer_of(*each)) is not None])
    for event, occasion in found:
        # Whatever follows belongs to the request that caused it.
        uow.request_id = event.request_id
        _react_to(uow, project, event, occasion)
    uow.request_id = request_id


def _occasion_of(event: EventRow) -> Occasion | None:
    return None if event.name == POINTS_CHANGED else occasions.occasion_of(event)


def _customer_of(event: EventRow, occasion: Occasion | None) -> str | None:
    if event.name == POINTS_CHANGED:
        customer_id: str = event.payload["customer_id"]
        return customer_id
    return None if occasion is None else occasion.customer_id


def _react_to(
    uow: UnitOfWork, project: ProjectFacts, event: EventRow, occasion: Occasion | None
) -> None:
    if event.name == POINTS_CHANGED:
        settle(uow, project, [event.payload["voucher_id"]])
    elif occasion is not None:
        card_ids = uow.attempt(lambda: accruing.accrue(uow, project, occasion))
        if card_ids:
            settle(uow, project, card_ids, depth=occasion.depth)


def describe(_: UnitOfWork, events: Sequence[EventRow], __: bool) -> Iterator[Described]:
    """What became of customers in programmes."""
    for event in events:
        data = {name: value for name, value in event.payload.items() if name not in _INTERNAL}
        campaign = data.get("campaign") or {}
        customer_id = event.payload["customer"]["id"]
        yield Described(
            event=event,
            type=event.name,
            data=data,
            entity_id=customer_id,
            category=EFFECT,
            customer_id=customer_id,
            campaign_id=campaign.get("id"),
            campaign_type=campaign.get("campaign_type"),
        )


def describe_lines(uow: UnitOfWork, events: Sequence[EventRow], _: bool) -> Iterator[Described]:
    """Movements of points, which only projects are told of."""
    return telling.describe_lines(uow, events)

"""What projects are told of movements of points: the card, and all that had a part in it.

Source: spec events-webhooks-data, sections 4.1 and 4.3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kupon.features.loyalties.schemas import tiers as tier_schemas
from kupon.features.redemptions import service as redemptions
from kupon.features.rewards import schemas as reward_schemas
from kupon.features.validation_rules.schemas import dump_earning_rule_summary
from kupon.features.vouchers import service as vouchers
from kupon.jobs.described import Described
from kupon.kit.timestamps import format_moment
from kupon.storage.queries import custom_events, earning_rules, loyalty_tiers
from kupon.storage.queries import rewards as reward_rows
from kupon.storage.queries.outbox import EventRow
from kupon.storage.uow import UnitOfWork

Wire = Mapping[str, Any]


def describe_lines(uow: UnitOfWork, events: Sequence[EventRow]) -> Iterator[Described]:
    """Movements of points with all that the wire tells of them; null where there is none."""
    scene = _look_up(uow, [_details(event) for event in events])
    for described in redemptions.describe_lines(uow, events):
        details = _details(described.event)
        data = {**described.data, **scene.describe(details, described.data["holder"])}
        yield replace(described, data=data)


def _details(event: EventRow) -> Wire:
    details: Wire = event.payload["transaction"]["details"] or {}
    return details


@dataclass(frozen=True, slots=True)
class _Scene:
    """What the details of some lines name, as the wire has it, by id."""

    tiers: Mapping[str, Wire]
    earning_rules: Mapping[str, Wire]
    rewards: Mapping[str, Wire]
    custom_events: Mapping[str, Wire]
    cards: Mapping[str, Wire]

    def describe(self, details: Wire, holder: Wire | None) -> dict[str, Any]:
        """The members that only movements of points have."""

        def named(member: str, known: Mapping[str, Wire]) -> Wire | None:
            return known.get((details.get(member) or {}).get("id", ""))

        custom = named("custom_event", self.custom_events)
        segment = details.get("segment")
        return {
            "event": details.get("event"),
            "earning_rule": named("earning_rule", self.earning_rules),
            "segment": None if segment is None else {**segment, "object": "segment"},
            "loyalty_tier": named("loyalty_tier", self.tiers),
            "holder_loyalty_tier": named("holder_loyalty_tier", self.tiers),
            "reward": named("reward", self.rewards),
            "custom_event": None if custom is None else {**custom, "customer": holder or {}},
            "source_voucher": named("source_voucher", self.cards),
            "destination_voucher": named("destination_voucher", self.cards),
        }


def _look_up(uow: UnitOfWork, details: Sequence[Wire]) -> _Scene:
    def ids(*members: str) -> list[str]:
        found = {(each.get(member) or {}).get("id") for each in details for member in members}
        return sorted(id for id in found if id is not None)

    tiers = loyalty_tiers.find_tiers(uow, ids("loyalty_tier", "holder_loyalty_tier"))
    rules = earning_rules.find_rules(uow, ids("earning_rule"))
    rewards = reward_rows.find_rewards(uow, ids("reward"))
    cards = vouchers.describe_cards(uow, ids("source_voucher", "destination_voucher"))
    events = custom_events.find_events(uow, ids("custom_event"))
    return _Scene(
        tiers={id: tier_schemas.dump_tier(row) for id, row in tiers.items()},
        earning_rules={id: dump_earning_rule_summary(row) for id, row in rules.items()},
        rewards={id: reward_schemas.dump_reward(row) for id, row in rewards.items()},
        custom_events={
            row.id: {
                "id": row.id,
                "object": "event",
                "type": row.name,
                "metadata": row.event_metadata,
                # Which codes it has named is told by the event itself.
                "referral": {},
                "loyalty": {},
                "created_at": format_moment(row.created_at),
            }
            for row in events
        },
        cards={id: about["voucher"] for id, about in cards.items()},
    )

"""In which counters of rules a stored redemption was counted.

Source: spec rules-and-qualification, section 6.9.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kupon.engine.rules import Counter, window_start
from kupon.engine.usage import EVERY_COUNTER, is_of_campaign, party_of
from kupon.storage.definitions import Definitions
from kupon.storage.queries.rule_counters import ALL_TIMES, CounterKey


def counted_uses(
    row: Mapping[str, Any], definitions: Definitions
) -> Iterator[tuple[CounterKey, int]]:
    """Every counter that may have counted a redemption, and what it counted.

    Units:   uses, or minor units for the counters of amounts.
    """
    for counter in EVERY_COUNTER:
        party = party_of(counter, row["customer_id"], row["channel_id"])
        if party is not None:
            scope = row["campaign_id"] if is_of_campaign(counter) else None
            since = _since(counter, row, definitions)
            key = CounterKey(scope or row["related_object_id"], counter.rule, party, since)
            yield key, _use_of(counter, row)


def _since(counter: Counter, row: Mapping[str, Any], definitions: Definitions) -> Any:
    if counter.period is None:
        return ALL_TIMES
    zone, first = definitions.timezone, definitions.week_start
    return window_start(counter.period, row["created_at"], zone, first)


def _use_of(counter: Counter, row: Mapping[str, Any]) -> int:
    figures = row["order_figures"] or {}
    if counter.name == "campaign.orders.amount":
        return int(figures.get("amount", 0))
    if counter.name == "campaign.orders.amount_discounted":
        return int(figures.get("total_applied_discount_amount", 0))
    if counter.name == "redemption.gift.amount":
        return int(row["amount"] or 0)
    return 1

"""What has been used up before an attempt, and what a use adds to the counters of rules.

Source: spec rules-and-qualification, sections 6.6, 6.7 and 6.9.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from kupon.engine.model import Incentive, Snapshot, Status, Step
from kupon.engine.rules import PERIODS, Counter

# What these count is the whole campaign's; all others count one code or tier.
_OF_CAMPAIGN: Final = ("campaign.", "redemption.gift.amount")
_PER_CUSTOMER: Final = frozenset(
    ("campaign.redemptions.customers_count", "redemption.count.per_customer")
)
_PER_API_KEY: Final = "redemption.count.per_api_key"


def scope_of(source: Incentive, counter: Counter) -> str:
    """Return the id of what a counter counts: the campaign, or the code or tier itself.

    UNCERTAIN: a code without campaign stands for its campaign (rules-and-qualification, 6.9).
    """
    return (source.campaign_id or source.id) if is_of_campaign(counter) else source.id


def is_of_campaign(counter: Counter) -> bool:
    """Whether a counter counts a whole campaign."""
    return counter.name.startswith(_OF_CAMPAIGN)


def party_of(counter: Counter, customer_id: str | None, api_key: str) -> str | None:
    """Return whose uses a counter counts: a customer's, a key's, or everybody's (empty).

    Shapes: None for a customer's where there is no customer yet, who can't have used anything.
    """
    if counter.name in _PER_CUSTOMER:
        return customer_id
    return api_key if counter.name == _PER_API_KEY else ""


def past_uses(
    source: Incentive, snapshot: Snapshot, earlier: Sequence[Step]
) -> Mapping[Counter, int]:
    """Return the counters that an incentive's rules look at, this request's steps included.

    Units:  uses, or minor units for the counters of amounts.
    """
    counters = {counter for rule in source.rules for counter in rule.counters}
    return {
        counter: snapshot.counters.get((scope_of(source, counter), counter), 0)
        + sum(use_of(counter, step) for step in earlier if _counts(step, source, counter))
        for counter in counters
    }


def _counts(step: Step, source: Incentive, counter: Counter) -> bool:
    if step.status is not Status.APPLICABLE or step.redeemable.source is None:
        return False
    return scope_of(step.redeemable.source, counter) == scope_of(source, counter)


def use_of(counter: Counter, step: Step) -> int:
    """Return what an applied step adds to a counter.

    Units:  uses, or minor units for the counters of amounts.
    """
    if counter.name == "campaign.orders.amount":
        return step.after.amount or 0
    if counter.name == "campaign.orders.amount_discounted":
        return step.after.total_discount_amount - step.before.total_discount_amount
    if counter.name == "redemption.gift.amount":
        return (step.applied.credits or 0) if step.applied is not None else 0
    return 1


_PERIODICAL: Final = (
    "campaign.redemptions.count",
    "campaign.redemptions.customers_count",
    "redemption.count",
    "redemption.count.per_customer",
)
EVERY_COUNTER: Final = (
    Counter("campaign.orders.amount"),
    Counter("campaign.orders.amount_discounted"),
    Counter("redemption.gift.amount"),
    Counter(_PER_API_KEY),
    *(Counter(name, period) for name in _PERIODICAL for period in (None, *PERIODS)),
)

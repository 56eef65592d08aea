"""What referees and referrers get, each once for what it is for.

UNCERTAIN (6.3, rule 6): what was paid stays paid, whatever becomes of the referral, and who is
referred once more is not paid for again.

Source: spec campaigns-loyalty-referral-gift, section 6.3, rules 3 to 6.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from kupon.engine.conditions import Moment
from kupon.engine.definitions import DefinitionError
from kupon.engine.filters import Surroundings
from kupon.engine.segments import Segment, parse_segment_filter
from kupon.features.customers import service as customers
from kupon.features.referrals.schemas import dump_simple_tier
from kupon.features.referrals.schemas.tier import MINIMUM
from kupon.features.rewards import service as rewards
from kupon.features.rewards.service import Given
from kupon.kit.errors import KuponError
from kupon.storage.queries import referral_tiers, referrals
from kupon.storage.queries.custom_events import count_events
from kupon.storage.queries.customers import find_customers, summarize
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.queries.locations import load_locations
from kupon.storage.queries.metadata_kinds import load_kinds
from kupon.storage.queries.referrals import Referral
from kupon.storage.queries.rewards import find_rewards
from kupon.storage.queries.segments import find_static_segments
from kupon.storage.savepoints import savepoint
from kupon.storage.tables.campaigns import Campaign
from kupon.storage.tables.referrals import ReferralTier
from kupon.storage.tables.rewards import Reward
from kupon.storage.uow import UnitOfWork

# What conversions stage of a referral.
Counted = Mapping[str, Any]

# Of which campaigns the cards are that a referee may be rewarded with.
_PROGRAMMES = {"LOYALTY_CARD": "LOYALTY_PROGRAM", "GIFT_VOUCHER": "GIFT_VOUCHERS"}


def pay_referee(
    uow: UnitOfWork, project: ProjectFacts, campaign: Campaign, referral: Referral
) -> None:
    """Add what the campaign promises to a card of the referee, who gets one if need be.

    Locks:  the referee, then the card.
    """
    promised = (campaign.referral_program or {}).get("referee_reward")
    if promised is None:
        return
    parameters = {
        "id": promised["related_object_parent"]["id"],
        "type": _PROGRAMMES[promised["type"]],
        "balance": int(promised["amount"]),
    }
    reward = Reward(type="CAMPAIGN", parameters={"campaign": parameters})
    cause = referral.referee_id
    if referrals.insert_payout(uow, campaign.id, referral.referrer_id, cause):
        given = _grant(uow, project, reward, referral.referee_id)
        if isinstance(given, KuponError):
            referrals.delete_payout(uow, campaign.id, referral.referrer_id, cause)


def _grant(
    uow: UnitOfWork, project: ProjectFacts, reward: Reward, customer_id: str
) -> Given | KuponError:
    """Give a reward, or tell why not; a referral counts all the same."""

    def attempt() -> Given | KuponError:
        with savepoint(uow):
            return rewards.grant(uow, project, reward, customer_id)

    try:
        return uow.attempt(attempt)
    except KuponError as error:
        return error


def pay_referrer(uow: UnitOfWork, project: ProjectFacts, counted: Counted) -> None:
    """Give a referrer what the campaign's tiers have for a referral that has been counted.

    Shapes:  as conversions stage it; nothing for one that was taken back meanwhile.
    Locks:   the referrer, then rewards and codes.
    """
    campaign_id, referrer_id = counted["campaign_id"], counted["customer"]["id"]
    tiers = referral_tiers.list_tiers(uow, campaign_id)
    if not tiers or not referrals.has_referral(uow, counted["referral_id"]):
        return
    count = referrals.count_referees(uow, campaign_id, referrer_id)
    known = find_rewards(uow, [tier.reward_id for tier in tiers])
    for tier in tiers:
        reward = known.get(tier.reward_id)
        if reward is None or (tier.criterion == MINIMUM and count < tier.threshold):
            continue
        if _is_meant(uow, project, tier, referrer_id):
            _pay_once(uow, project, tier, reward, counted)


def _is_meant(uow: UnitOfWork, project: ProjectFacts, tier: ReferralTier, customer_id: str) -> bool:
    """Whether the referrer is one of those whom the tier is for."""
    row = find_customers(uow, [customer_id]).get(customer_id)
    if row is None:
        return False
    if tier.segment_filter is None:
        return True
    try:
        kinds = dict(load_kinds(uow, "customer"))
        filter = parse_segment_filter(tier.segment_filter, kinds=kinds)
    except DefinitionError:
        # The customers' metadata schema has changed since.
        return False
    customer = customers.engine_customer(
        row,
        summarize(uow, [customer_id])[customer_id],
        count_events(uow, [customer_id])[customer_id],
        find_static_segments(uow, customer_id),
    )
    surroundings = Surroundings(Moment(uow.now, ZoneInfo(project.timezone)), load_locations(uow))
    segment = Segment(id=tier.id, type="passive", filter=filter)
    return segment.contains(customer, surroundings)


def _pay_once(
    uow: UnitOfWork, project: ProjectFacts, tier: ReferralTier, reward: Reward, counted: Counted
) -> None:
    referrer_id = counted["customer"]["id"]
    cause = "" if tier.criterion == MINIMUM else counted["referee_id"]
    if not referrals.insert_payout(uow, tier.id, referrer_id, cause):
        return
    given = _grant(uow, project, reward, referrer_id)
    if isinstance(given, KuponError):
        # A minimum is tried again with the next referral.
        referrals.delete_payout(uow, tier.id, referrer_id, cause)
        return
    row = rewards.record(
        uow,
        given,
        source_type="referral",
        source_id=counted["referral_id"],
        customer_id=referrer_id,
        card_id=counted["voucher_id"],
        campaign_id=counted["campaign_id"],
    )
    referrals.name_payout(uow, tier.id, referrer_id, cause, row["id"])
    shown = rewards.dump_given_rewards(uow, [row])[row["source_id"]]
    rewards.stage_given(uow, row, shown, referral_tier=dump_simple_tier(tier))

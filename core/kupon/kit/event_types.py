"""The types of events that projects subscribe to.

Source: spec events-webhooks-data, sections 2.2, 3.1 and 4; C3.
"""

from __future__ import annotations

from typing import Final

# Feeds have all types of customers, receivers of projects those below as well.
OF_CUSTOMERS: Final = "customer."

PUBLIC: Final = frozenset(
    {
        "business_validation_rule.assignment.created",
        "business_validation_rule.assignment.deleted",
        "business_validation_rule.created",
        "business_validation_rule.deleted",
        "business_validation_rule.updated",
        "campaign.created",
        "campaign.deleted",
        "campaign.disabled",
        "campaign.earning_rule.assigned",
        "campaign.earning_rule.deleted",
        "campaign.earning_rule.disabled",
        "campaign.earning_rule.enabled",
        "campaign.earning_rule.updated",
        "campaign.enabled",
        "campaign.loyalty_tier.created",
        "campaign.loyalty_tier.deleted",
        "campaign.loyalty_tier.updated",
        "campaign.promotion_stack.created",
        "campaign.promotion_stack.updated",
        "campaign.promotion_tier.created",
        "campaign.promotion_tier.deleted",
        "campaign.promotion_tier.disabled",
        "campaign.promotion_tier.enabled",
        "campaign.promotion_tier.updated",
        "campaign.referral_tier.created",
        "campaign.referral_tier.deleted",
        "campaign.referral_tier.updated",
        "campaign.reward.assignment.created",
        "campaign.reward.assignment.deleted",
        "campaign.reward.assignment.updated",
        "campaign.updated",
        "campaign.vouchers.added",
        "campaign.vouchers.generation.completed",
        "campaign.vouchers.generation.failed",
        "campaign.vouchers.generation.started",
        "customer.confirmed",
        "customer.created",
        "customer.deleted",
        "customer.rewarded",
        "customer.rewarded.loyalty_points",
        "customer.updated",
        "publication.succeeded",
        "redemption.failed",
        "redemption.rollback.failed",
        "redemption.rollback.succeeded",
        "redemption.succeeded",
        "voucher.created",
        "voucher.deleted",
        "voucher.disabled",
        "voucher.enabled",
        "voucher.gift.balance_added",
        "voucher.gift.transaction.created",
        "voucher.loyalty_card.pending_points.activated",
        "voucher.loyalty_card.pending_points.added",
        "voucher.loyalty_card.pending_points.canceled",
        "voucher.loyalty_card.pending_points.updated",
        "voucher.loyalty_card.points_added",
        "voucher.loyalty_card.points_expired",
        "voucher.loyalty_card.transaction.created",
        "voucher.published",
        "voucher.updated",
    }
)

# Feeds of the reference do not have these; receivers that are no webhooks, and plugins, are told.
OWN: Final = frozenset({"customer.erased", "customer.merged"})

# The reference's management document spells four of them so; both are taken.
MISSPELT: Final = {
    "campaign.vouchers.aded": "campaign.vouchers.added",
    "voucher.gift.balance_aded": "voucher.gift.balance_added",
    "voucher.loyalty_card.pending_points.aded": "voucher.loyalty_card.pending_points.added",
    "voucher.loyalty_card.points_aded": "voucher.loyalty_card.points_added",
}

_PREFIXES: Final = {
    "business_validation_rule": "evbvr_",
    "campaign": "evcam_",
    "customer": "evcus_",
    "publication": "evpub_",
    "redemption": "evred_",
    "voucher": "evvou_",
}


def is_of_feeds(type: str) -> bool:
    """Whether feeds of customers have events of a type."""
    return type.startswith(OF_CUSTOMERS) and type not in OWN


def prefix_of(type: str) -> str:
    """What the ids of a type's events begin with."""
    return _PREFIXES[type.partition(".")[0]]

"""Promotions: discounts without codes, in the tiers of a campaign, and stacks of such tiers.

Reference: promotions.json (14 operations); validating and redeeming tiers is for other features
Tables:    promotion_tiers, promotion_stacks; campaigns (read, locked)
Stages:    campaign.promotion_tier.created, .updated, .enabled, .disabled and .deleted,
           campaign.promotion_stack.created and .updated
Engine:    discounts, limits
"""

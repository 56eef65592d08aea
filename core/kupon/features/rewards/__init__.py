"""Rewards: what points buy, which programmes offer it at which price, and how it is given.

Reference: rewards.json (10 operations)
Tables:    rewards, reward_assignments, reward_redemptions; auto_redemptions (forgotten with an
           assignment); campaigns, products, skus, loyalty_tiers, loyalty_tier_memberships (read);
           vouchers and their ledgers through vouchers and publications
Stages:    campaign.reward.assignment.{created,updated,deleted}, customer.rewarded,
           customer.reward_redemptions.{created,pending,completed,rolledback}
Describes: its own events
Engine:    loyalty.mappings
"""

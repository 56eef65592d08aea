"""Campaigns: what many codes have in common, and the making, changing and deleting of these codes.

Reference: campaigns.json (15 operations, less imports and exports); discount coupons only
Tables:    campaigns, vouchers, async_actions; redemptions (read for summaries)
Stages:    campaign.created, campaign.updated, campaign.deleted, campaign.enabled,
           campaign.disabled, campaign.vouchers.added,
           campaign.vouchers.generation.started, .completed and .failed
Engine:    codes, discounts, limits
"""

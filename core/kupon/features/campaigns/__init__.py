"""Campaigns: what many codes have in common, and the making, changing and deleting of these codes.

Reference: campaigns.json (15 operations, less imports and exports); discount coupons, gift cards
Tables:    campaigns, campaign_access, vouchers, async_actions, trash_bin_entries (written);
           redemptions and voucher_transactions (read)
Stages:    campaign.created, campaign.updated, campaign.deleted, campaign.enabled,
           campaign.disabled, campaign.vouchers.added,
           campaign.vouchers.generation.started, .completed and .failed
Engine:    codes, discounts, giftcards, limits
"""

"""Campaigns: what many codes have in common, and the making, changing and deleting of these codes.

Reference: campaigns.json (15 operations, less imports and exports); of all
           types, what belongs to a type only being that of other features
Tables:    campaigns, campaign_access, vouchers, async_actions, trash_bin_entries (written);
           redemptions, voucher_transactions, pending_points_movements and referrals (read); what
           programmes consist of, removed with them
Stages:    campaign.created, campaign.updated, campaign.deleted, campaign.enabled,
           campaign.disabled, campaign.vouchers.added,
           campaign.vouchers.generation.started, .completed and .failed,
           campaign.codes_changed, loyalty.members_to_judge
Engine:    codes, discounts, giftcards, points, loyalty, limits
"""

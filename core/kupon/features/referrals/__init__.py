"""Referrals: customers who bring others by their codes, and what both get for it.

Reference: referrals.json; the tiers of referrers are ours
Tables:    referrals, referral_tiers, referral_payouts, redeemable_holders; redemptions, vouchers,
           campaigns (read)
Stages:    customer.holder.assignment.created, customer.holder.assignment.deleted,
           customer.referred, referral.counted, referral.undone, campaign.referral_tier.*
Reacts to: redemption.created, redemption.rolled_back, customer.custom_event (conversions),
           referral.counted (what referrers get)
Describes: its own events of customers
Engine:    segments (filters of tiers)
"""

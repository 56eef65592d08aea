"""Redemptions: counting uses for good, and taking them back.

Reference: redemptions.json (8 operations, one of them for promotion tiers)
Tables:    redemptions, orders, vouchers, voucher_transactions, points_buckets; what loyalty cards
           buy through rewards
Stages:    redemption.created, redemption.failed, redemption.rolled_back,
           redemption.rollback_failed, loyalty.points_changed,
           voucher.{gift,loyalty_card}.transaction.created
Describes: its own events, movements on gift cards
Engine:    validate, redeem, rollback
"""

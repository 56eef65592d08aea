"""Vouchers: single codes, what they take off or hold, how often and when they may be used.

Reference: vouchers.json (17 operations, less the bulk, import and export ones)
Tables:    vouchers, voucher_transactions, session_locks (released only), trash_bin_entries
           (written), campaigns (read; its count of codes written)
Stages:    voucher.created, voucher.updated, voucher.deleted, voucher.enabled, voucher.disabled,
           voucher.gift.balance_added, voucher.gift.transaction.created
Describes: its own events
Engine:    codes, discounts, giftcards, limits
"""

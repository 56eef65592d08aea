"""Vouchers: single codes, what they take off, how often and when they may be used.

Reference: vouchers.json (17 operations, less the bulk, import and export ones)
Tables:    vouchers, session_locks (released only), campaigns (read; its count of codes written)
Stages:    voucher.created, voucher.updated, voucher.deleted, voucher.enabled, voucher.disabled
Engine:    codes, discounts, limits
"""

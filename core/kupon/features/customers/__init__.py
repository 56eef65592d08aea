"""Customers: profiles, what they come to, what they hold, what they did, and their removal.

Reference: customers.json (13 operations, less the bulk and import ones)
Tables:    customers, activities; segments and their members, redeemable_holders, vouchers,
           loyalty_tier_memberships and referrals (read); whatever names a customer when traces
           are erased
Stages:    customer.created, customer.updated, customer.deleted, customer.confirmed,
           customer.erased, customer.merged
Describes: those, customer.order.*, customer.segment.*
Hears:     whatever is described of customers (the activity feed)
Engine:    segments (those that a customer is in)
"""

"""Customers: profiles, what they hold, what happened to them, and their removal.

Reference: customers.json (13 operations)
Tables:    customers, activities
Stages:    customer.created, customer.updated, customer.deleted
Reacts to: customer.*, redemption.*, validation.* (the activity feed)
"""

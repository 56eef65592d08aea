"""Qualifications: what a customer could use for a cart, each incentive on its own.

Reference: qualifications.json (1 operation); of vouchers.json and campaigns.json the older ones
Tables:    none of its own
Engine:    qualify, candidates
"""

"""Qualifications: what a customer could use for a cart, each incentive on its own.

Reference: qualifications.json (1 operation)
Tables:    none of its own
Engine:    qualify, candidates
"""

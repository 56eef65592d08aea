"""Validation rules: who may use an incentive and on which cart, and what has which rule.

Reference: validation-rules.json (9 operations)
Tables:    validation_rules, validation_rule_assignments; campaigns, vouchers and promotion_tiers
           (locked while they are given a rule)
Stages:    business_validation_rule.created, .updated and .deleted,
           business_validation_rule.assignment.created and .deleted
Engine:    rules
"""

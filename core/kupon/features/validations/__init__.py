"""Validations: would these incentives apply to this cart, and what would they take off?

Reference: validations.json (4 operations, three of them deprecated)
Tables:    session_locks (written only when a session is asked for)
Stages:    customer.validation.succeeded and .failed, where anybody but feeds listens
Describes: those
Engine:    validate, qualify (the older call on all promotions), figures
"""

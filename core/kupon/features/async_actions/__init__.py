"""Async actions: how far the bulk work that callers asked for has come, and how it ended.

Reference: async-actions.json (2 operations)
Tables:    async_actions
"""

"""The surface for browsers and apps: thin routes over the same use cases.

Reference: client-side.json (6 of its 8 operations so far)
"""

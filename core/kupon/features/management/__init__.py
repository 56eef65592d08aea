"""Management: projects, their keys and their settings.

Reference: management.json
Tables:    projects, api_keys, management_keys
"""

"""Management: projects, their keys and their settings.

Reference: management.json; areas and stores are told of in its guides
Tables:    projects, api_keys, management_keys
"""

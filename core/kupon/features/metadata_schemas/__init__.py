"""Metadata schemas: what the metadata of objects may hold, and what custom events may tell.

Reference: metadata-schemas.json (2 operations; its like in management.json are routes there)
Tables:    metadata_schemas, custom_event_schemas
Engine:    metadata
"""

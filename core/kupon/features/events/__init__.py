"""Custom events: what customers did that only the shop has a name for.

Reference: events.json
Tables:    custom_events; custom_event_schemas, vouchers, campaigns (read)
Stages:    customer.custom_event
Describes: customer.custom_event
Engine:    metadata
"""

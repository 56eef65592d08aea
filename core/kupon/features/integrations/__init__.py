"""Integrations: connections with platforms, what they tell and what they are told.

Vendor routes: /management/v1/projects/{id}/adapters and .../connections; /integrations/{token} and
               the adapters' own prefixes, where platforms call
Tables:        connections, inbox, platform_records, platform_checkouts, connection_counts,
               customer_aliases, sync_runs, outbound_items, pushed_profiles, told_codes
"""

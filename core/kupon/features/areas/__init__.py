"""Areas and their stores: where a campaign is to be used, and what restricted keys can reach.

Reference: none of its documents; `/v1/areas` is told of in its changelog of July 2026. Stores below
           `/v1/areas` are Kupon's own, as is what both look like.
Tables:    areas, area_stores; campaign_access, api_keys (read before a deletion)
Engine:    access
"""

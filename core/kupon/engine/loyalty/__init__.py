"""Loyalty programmes: what an event earns, when points end, and which tier a member is in.

`earning` works out the points of one rule, `mappings` what a tier makes of them; `pending` and
`expiration` say from which day until which they can be spent, `buckets` which go first; `policies`
are the terms of tiers and `tiers` judges one card by them. Days are those of the project's time
zone, and a day on which something ends is the last one on which it counts.
"""

"""The bin: what was deleted without force keeps its names and codes until it is purged here.

Reference: bin.json (2 operations)
Tables:    trash_bin_entries; campaigns, products, skus, vouchers (rows with binned_at)
"""

"""Products and their SKUs: the catalogue that prices orders and that discounts point at.

Reference: products.json (10 operations; CSV and bulk work are not here yet)
Tables:    products, skus, trash_bin_entries (written)
"""

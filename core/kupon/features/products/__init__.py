"""Products and their SKUs: the catalogue that prices orders and that discounts point at.

Every project has the product of free shipping, which cannot be deleted; it is listed from when
something was said of it.

Reference: products.json (10 operations; CSV and bulk work are not here yet)
Tables:    products, skus, trash_bin_entries (written)
"""

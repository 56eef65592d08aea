"""Product collections: products and SKUs by list or by filter, for rules and discounts.

Reference: product-collections.json (6 operations; activities are told of elsewhere)
Tables:    product_collections, definition_activities; products and skus (read), validation_rules
           (asked whether they name a collection)
Engine:    collections, filters
"""

"""Categories: names with a hierarchy that order and limit stacked incentives.

Reference: categories.json (5 operations)
Tables:    categories
"""

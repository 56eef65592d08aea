"""Campaign templates: discount and gift campaigns and promotion tiers, kept to be made again.

Reference: templates.json (7 operations)
Tables:    campaign_templates
"""

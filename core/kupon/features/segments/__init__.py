"""Segments: customers by list or by filter, and telling when they enter or leave one.

Reference: segments.json (4 operations; change and activities are told of elsewhere)
Tables:    segments, segment_members, definition_activities
Stages:    customer.segment.entered, customer.segment.left
Reacts to: customer.created, customer.updated, customer.custom_event, customer.loyalty.updated,
           customer.order.*, redemption.*, referral.*
Engine:    segments, filters
"""

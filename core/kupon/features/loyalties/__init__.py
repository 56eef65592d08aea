"""Loyalty programmes: members with their cards, how points are earned, spent and lost, and tiers.

Reference: loyalties.json (58 operations, less the exports)
Tables:    earning_rules, accruals, points_buckets, points_bucket_movements, pending_points,
           loyalty_tiers, loyalty_tier_memberships, nightly_steps, auto_redemptions; campaigns,
           vouchers, voucher_transactions and activities through others
Stages:    voucher.loyalty_card.points_added, .points_transferred, .points_expired,
           .transaction.created and .pending_points.{added,updated,activated,canceled};
           customer.rewarded.loyalty_points, customer.loyalty.updated,
           customer.loyalty.tier.{joined,left,upgraded,downgraded,prolonged,expiration.changed};
           campaign.loyalty_tier.{created,updated,deleted};
           campaign.earning_rule.{assigned,updated,enabled,disabled,deleted}
Reacts to: orders, segments, custom events and tiers (points are earned); points that moved
           elsewhere and new terms of campaigns (tiers are judged)
Describes: its own events of customers, movements of points
Engine:    loyalty, points
"""

"""Publications: codes given to customers, each code to one customer only.

Reference: publications.json
Tables:    publications, redeemable_holders, vouchers (given away, drawn), campaigns (read; its
           count of codes written), points_buckets (of cards given away)
Stages:    publication.succeeded, publication.failed, voucher.published, loyalty.points_changed
Engine:    codes, periods
"""

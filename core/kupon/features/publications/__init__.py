"""Publications: codes given to customers, each code to one customer only.

Reference: publications.json
Tables:    publications, redeemable_holders, vouchers (given away, drawn), campaigns (read; its
           count of codes written)
Stages:    publication.succeeded, publication.failed, voucher.published
Engine:    codes, periods
"""

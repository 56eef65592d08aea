"""The shop of the example: its programmes, and the figures worked out by hand.

Ada's first order     45.00, 10 points for every 5.00              =  90 points
her tier              Silver from 50 points: points count twice
her second order      45.00, 20 points for every 5.00              = 180 points, 270 in all
a coupon as a reward  for 70 points                                = 200 points left
paying with points    100 points are worth 20.00: 45.00 - 20.00    =  25.00 to pay, 100 points left
                      the order of 45.00 is paid, and earns 180    = 280 points
the gift card         50.00, of which 45.00 pay the next order     =   5.00 left; after the
                      rollback                                        50.00 again
Bob, whom Ada brought 5.00 off 45.00                               =  40.00 to pay; 25 points
                                                                      for Ada
"""

from __future__ import annotations

EARNING = {
    "event": "order.paid",
    "loyalty": {
        "type": "PROPORTIONAL",
        "calculation_type": "ORDER_AMOUNT",
        "order": {"amount": {"every": 500, "points": 10}},
    },
}
SILVER_FROM = 50
COUPON_PRICE = 70
# The SDK takes the second as text only.
COIN = {"exchange_ratio": 20, "points_ratio": "100"}
FIVE_OFF = {"type": "AMOUNT", "amount_off": 500, "effect": "APPLY_TO_ORDER"}
GIFT = 5000

ORDER = 4500
FIRST_POINTS = 90
SECOND_POINTS = 270
AFTER_COUPON = 200
PAID_WITH_POINTS = 100
WORTH_OF_POINTS = 2000
AFTER_COIN = 280
GIFT_LEFT = 500
REFEREE_PAYS = 4000
REFERRER_GETS = 25
AFTER_REFERRAL = 305

"""The shop of the example: its cart, its promotions, and the figures worked out by hand.

cart                    2 x 18.90 + 1 x 64.50                       = 102.30
with the free mug       102.30 + 7.25, of which 7.25 are taken off  = 102.30 to pay
10 % off                10.23 of what is left                       =  92.07 to pay
and 5.00 off            by a coupon                                 =  87.07 to pay
the members' coupon     half of 102.30, and nothing besides         =  51.15 to pay
"""

COFFEE = {"source_id": "coffee-1kg", "name": "Coffee beans, 1 kg", "price": 1890}
GRINDER = {"source_id": "hand-grinder", "name": "Hand grinder", "price": 6450}
MUG = {"source_id": "mug", "name": "Stoneware mug", "price": 725}

TEN_PERCENT = {"type": "PERCENT", "percent_off": 10, "effect": "APPLY_TO_ORDER"}
FIVE_OFF = {"type": "AMOUNT", "amount_off": 500, "effect": "APPLY_TO_ORDER"}
HALF = {"type": "PERCENT", "percent_off": 50, "effect": "APPLY_TO_ORDER"}

FROM_A_HUNDRED = {
    "1": {"name": "order.amount", "conditions": {"$more_than_or_equal": [10000]}},
    "logic": "1",
}

CART = 10230
WITH_MUG = 10955
MUG_OFF = 725
TEN_OFF = 1023
AFTER_STACK = 9207
AFTER_COUPON = 8707
FOR_MEMBERS = 5115

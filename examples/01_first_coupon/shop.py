"""The shop of the example: its cart, its coupons, and the figures worked out by hand.

amount      2 x 18.90 + 1 x 64.50 + 3 x 7.25              = 124.05
10 % off    3.78 + 6.45 + 2.18 (2.175 rounded half up)    =  12.41
5.00 off    of the order, after the lines                 =   5.00
to pay      124.05 - 12.41 - 5.00                         = 106.64
"""

CODES = 20

PRODUCTS = [
    {"source_id": "coffee-1kg", "name": "Coffee beans, 1 kg", "price": 1890},
    {"source_id": "hand-grinder", "name": "Hand grinder", "price": 6450},
    {"source_id": "mug", "name": "Stoneware mug", "price": 725},
]
QUANTITIES = [2, 1, 3]

CUSTOMER = {
    "source_id": "ada@example.com",
    "name": "Ada Example",
    "email": "ada@example.com",
    "metadata": {"newsletter": True},
}

TEN_PERCENT = {"type": "PERCENT", "percent_off": 10, "effect": "APPLY_TO_ITEMS"}
FIVE_OFF = {"type": "AMOUNT", "amount_off": 500, "effect": "APPLY_TO_ORDER"}

LINE_AMOUNTS = [3780, 6450, 2175]
LINE_DISCOUNTS = [378, 645, 218]
LINE_SUBTOTALS = [3402, 5805, 1957]

AMOUNT = 12405
ITEMS_DISCOUNT = 1241
ORDER_DISCOUNT = 500
TOTAL_DISCOUNT = 1741
TO_PAY = 10664

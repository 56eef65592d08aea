"""What units of an article cost by one of the platform's prices: its tiers, discounts and rounding.

Source: commercetools, "Line Item price selection", types `Price`, `PriceTier`, `RoundingMode`.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Final

from kupon_commercetools.mapping.texts import Json

# By the cart's own mode, how totals of prices with parts of a cent are rounded.
_ROUNDED: Final = {
    "HalfEven": ROUND_HALF_EVEN,
    "HalfUp": ROUND_HALF_UP,
    "HalfDown": ROUND_HALF_DOWN,
}


def cost(price: Json, quantity: int, of: int, raw: Json, settings: Json) -> int:
    """What some units of a line cost in a cart or an order, before its discounts.

    Shapes:  of is how many units the line has, which decides on the tier.
    Units:  minor units.
    """
    value = _unit(price, of, settings)
    if value.get("type") != "highPrecision":
        return int(value["centAmount"]) * quantity
    digits = int(value["fractionDigits"]) - int(raw["totalPrice"].get("fractionDigits", 2))
    exact = Decimal(value["preciseAmount"]) * quantity / Decimal(10) ** digits
    mode = _ROUNDED.get(str(raw.get("priceRoundingMode")), ROUND_HALF_EVEN)
    return int(exact.quantize(Decimal(1), mode))


def _unit(price: Json, of: int, settings: Json) -> Json:
    """The money of one unit: after a product discount if those count, else that of its tier.

    A price that is discounted has no tiers.
    """
    discounted = price.get("discounted")
    if isinstance(discounted, Mapping):
        return discounted["value"] if settings["use_discounted_price"] else price["value"]
    reached = [each for each in price.get("tiers") or () if int(each["minimumQuantity"]) <= of]
    if not reached:
        return price["value"]
    return max(reached, key=lambda tier: int(tier["minimumQuantity"]))["value"]

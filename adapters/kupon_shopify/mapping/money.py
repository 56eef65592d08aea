"""The shop's money or the buyer's, whichever the connection counts in.

Source: spec adapters-commerce, sections 1.5 and 5.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kupon.kit.currencies import minor_units
from kupon_shopify.config import PRESENTMENT, SHOP_MONEY
from kupon_shopify.mapping.inbound import Json, Settings

_MONEY: Final = {SHOP_MONEY: "shopMoney", PRESENTMENT: "presentmentMoney"}
_CURRENCY: Final = {SHOP_MONEY: "currencyCode", PRESENTMENT: "presentmentCurrencyCode"}


def amount_of(bag: Mapping[str, Json], settings: Settings) -> int:
    """An amount that is told in both.

    Units:  minor units.
    """
    money = bag[_MONEY[settings["money"]]]
    return minor_units(str(money["amount"]), money["currencyCode"])


def currency_of(order: Json, settings: Settings) -> str:
    """The currency that an order counts in."""
    return str(order[_CURRENCY[settings["money"]]])

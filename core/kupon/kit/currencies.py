"""Currencies: how many digits their smallest unit has, and amounts written as decimals.

Source: ISO 4217; spec adapters-commerce, section 1.5.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

_USUAL: Final = 2
_UNUSUAL: Final = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_EXPONENTS: Final = {code: digits for digits, codes in _UNUSUAL.items() for code in codes.split()}


def exponent_of(currency: str) -> int:
    """How many decimal digits a currency's smallest unit has.

    Shapes: the ISO code, in any case; 2 for those that ISO does not know.
    """
    return _EXPONENTS.get(currency.upper(), _USUAL)


def is_exact(amount: str, currency: str) -> bool:
    """Whether a decimal amount is a whole number of the currency's smallest units."""
    scaled = Decimal(amount).scaleb(exponent_of(currency))
    return scaled == scaled.to_integral_value()


def minor_units(amount: str, currency: str) -> int:
    """A decimal amount as text ("12.29") in the currency's smallest units.

    Units:  minor units; what is finer is rounded half to even.
    Raises:  decimal.InvalidOperation for what is no number.
    """
    return int(Decimal(amount).scaleb(exponent_of(currency)).to_integral_value("ROUND_HALF_EVEN"))


def decimal_text(minor: int, currency: str, digits: int | None = None) -> str:
    """An amount of smallest units as decimal text.

    Units:  minor units in; digits are those after the point, the currency's own where None.
    """
    exponent = exponent_of(currency)
    value = Decimal(minor).scaleb(-exponent)
    return f"{value:.{exponent if digits is None else digits}f}"

"""Money arithmetic on whole minor units; nothing here ever sees a float.

Source: spec discounts-and-stacking, section 1.
"""

from __future__ import annotations

from decimal import Decimal


def percent_of(base_minor: int, percent: Decimal) -> int:
    """Return a percentage of an amount, rounded half up once.

    Units:  minor units in and out; percent is 0 to 100 as the wire has it, 2.5 is 2.5 %.
    Source: spec discounts-and-stacking, section 1 (3 % of 50350 = 1510.5 -> 1511).
    """
    numerator, denominator = percent.as_integer_ratio()
    # floor(x + 1/2) in whole numbers: exact for every size, unlike a Decimal context.
    return (base_minor * numerator * 2 + denominator * 100) // (denominator * 200)

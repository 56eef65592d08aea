"""Money arithmetic on whole minor units; nothing here ever sees a float.

Source: spec discounts-and-stacking, section 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import lcm


def percent_of(base_minor: int, percent: Decimal, share: int = 1, of: int = 1) -> int:
    """Return a percentage of an amount, or of a share of it, rounded half up once.

    Units:  minor units in and out; percent is 0 to 100 as the wire has it, 2.5 is 2.5 %; a share
        of 3 of 5 is three fifths of the amount.
    Source: spec discounts-and-stacking, section 1 (3 % of 50350 = 1510.5 -> 1511).
    """
    return ratio_of(base_minor, percent.as_integer_ratio(), share, of)


def ratio_of(base_minor: int, percent: tuple[int, int], share: int = 1, of: int = 1) -> int:
    """Return the same for a percentage that is a numerator and a denominator."""
    numerator, denominator = percent[0] * share, percent[1] * of
    # floor(x + 1/2) in whole numbers: exact for every size, unlike a Decimal context.
    return (base_minor * numerator * 2 + denominator * 100) // (denominator * 200)


def round_half_up(amount: Fraction | int) -> int:
    """Return an amount in whole minor units; a half goes up.

    Source: spec discounts-and-stacking, section 1.
    """
    return (2 * amount.numerator + amount.denominator) // (2 * amount.denominator)


def split(total_minor: int, weights: Sequence[Fraction | int]) -> list[int]:
    """Split an amount by weights into whole minor units that add up to it exactly.

    Shapes: one part per weight; all are 0 where no weight is above 0.
    Source: spec discounts-and-stacking, section 1 (largest remainder, ties to the lower index;
        300 over 3300 and 3400 is 148 and 152).
    """
    # In whole numbers, which are a tenth of the work of fractions.
    scale = lcm(*(weight.denominator for weight in weights))
    scaled = [weight.numerator * (scale // weight.denominator) for weight in weights]
    whole = sum(scaled)
    if not whole:
        return [0] * len(weights)
    shares = [divmod(total_minor * weight, whole) for weight in scaled]
    parts = [part for part, _ in shares]
    places = sorted(range(len(parts)), key=lambda place: -shares[place][1])
    for place in places[: total_minor - sum(parts)]:
        parts[place] += 1
    return parts

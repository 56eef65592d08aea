"""What a tier makes of the points of an earning rule, or of the price of a reward.

Source: spec campaigns-loyalty-referral-gift, sections 7.3 and 7.9; examples E03 to E06.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Final

from kupon.engine.definitions import LARGEST_WHOLE, Fields
from kupon.kit.money import round_half_up

_LARGEST_MULTIPLIER: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Multiply:
    """Points times a number."""

    multiplier: Decimal

    def apply(self, points: int | Decimal) -> int | None:
        """Return the points, rounded half up."""
        return whole_points(Fraction(points) * Fraction(self.multiplier))


@dataclass(frozen=True, slots=True)
class Custom:
    """Other points instead."""

    points: int

    def apply(self, points: int | Decimal) -> int | None:
        """Return the points of the tier, whatever they are elsewhere."""
        return self.points


@dataclass(frozen=True, slots=True)
class Disabled:
    """Nothing: the tier has no such reward."""

    def apply(self, points: int | Decimal) -> int | None:
        """Return None."""
        return None


PointsMapping = Multiply | Custom | Disabled


def whole_points(points: Fraction) -> int:
    """Return points rounded half up, no more than the wire can count."""
    return min(round_half_up(points), LARGEST_WHOLE)


def parse_mapping(raw: object, path: str) -> PointsMapping:
    """Read one mapping: MULTIPLY with `multiplier`, CUSTOM with `points`, DISABLED.

    UNCERTAIN: the name of the last (section 7.9).
    Raises: DefinitionError.
    """
    fields = Fields(raw, path)
    kind = fields.choice("type", ("MULTIPLY", "CUSTOM", "DISABLED"), None)
    if kind == "CUSTOM":
        return Custom(fields.required_whole("points"))
    return Disabled() if kind == "DISABLED" else Multiply(_multiplier(fields))


def _multiplier(fields: Fields) -> Decimal:
    value = fields.required("multiplier")
    try:
        number = Decimal("nan" if isinstance(value, bool) else str(value))
    except InvalidOperation:
        number = Decimal("nan")
    if not number.is_finite():
        raise fields.error("multiplier", "must be number")
    if not 0 <= number <= _LARGEST_MULTIPLIER:
        raise fields.error("multiplier", f"must be between 0 and {_LARGEST_MULTIPLIER}")
    return number

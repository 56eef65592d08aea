"""A discount whose kind nobody registers any more: its plugin was removed.

Source: house B8 (plugins may be gone); as rules do, see `rules.parse`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from kupon.engine.order import Order
from kupon.engine.refusals import Refusal
from kupon.engine.situation import PLAIN, Situation


@dataclass(frozen=True, slots=True)
class MissingDiscount:
    """Takes nothing off, and says why."""

    effect: ClassVar[None] = None
    members: ClassVar[tuple[str, ...]] = ()
    type: str

    def apply(self, order: Order, situation: Situation = PLAIN) -> Refusal:
        """Refuse."""
        return Refusal("invalid_voucher", f"Discount type {self.type} is not installed")

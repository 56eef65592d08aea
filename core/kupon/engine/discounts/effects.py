"""The words for what a discount is taken off."""

from __future__ import annotations

from typing import Final

APPLY_TO_ORDER: Final = "APPLY_TO_ORDER"
APPLY_TO_ITEMS: Final = "APPLY_TO_ITEMS"

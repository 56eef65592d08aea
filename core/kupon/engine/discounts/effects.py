"""The words for what a discount is taken off."""

from __future__ import annotations

from typing import Final

from kupon.engine.definitions import Fields
from kupon.engine.situation import Situation

APPLY_TO_ORDER: Final = "APPLY_TO_ORDER"
APPLY_TO_ITEMS: Final = "APPLY_TO_ITEMS"


def parse_effect(fields: Fields, allowed: tuple[str, ...]) -> str | None:
    """Read the effect; None where the definition leaves it to the product lists.

    Raises: DefinitionError.
    """
    if fields.get("effect") is None:
        return None
    return fields.choice("effect", allowed, None)


def effect_in(effect: str | None, situation: Situation) -> str:
    """Return the effect in force; a missing one follows from the product lists.

    Source: spec discounts-and-stacking, section 4.1.
    """
    if effect is not None:
        return effect
    return APPLY_TO_ITEMS if situation.applicability.has_lists else APPLY_TO_ORDER

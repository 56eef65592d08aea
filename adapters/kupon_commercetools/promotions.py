"""The promotion tiers that fit a cart, as codes that may be chosen or applied.

Source: spec adapters-commerce, section 2.5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from kupon.hooks.adapter import Shop
from kupon.kit.errors import KuponError
from kupon_commercetools.mapping import codes
from kupon_commercetools.mapping.codes import Code

_MOST: Final = 5
_TIERS: Final = {"resource_type": {"conditions": {"$is": [codes.TIER]}}}


def fitting_tiers(shop: Shop, situation: Mapping[str, Any]) -> list[Code]:
    """The tiers that fit, the best one first; none of a cart that Kupon does not take.

    Raises:  KuponError where Kupon can't answer for now.
    """
    options = {
        "sorting_rule": "BEST_DEAL",
        "limit": _MOST,
        "filters": _TIERS,
        "expand": ["redeemable"],
    }
    try:
        answer = shop.qualify({**situation, "scenario": "ALL", "options": options})
    except KuponError as error:
        if error.status >= 500:
            raise
        return []
    return [
        Code(
            code=str(each["id"]),
            type=codes.TIER,
            status=codes.AVAILABLE,
            banner=each.get("banner") or each.get("name"),
        )
        for each in answer["redeemables"]["data"]
        if each.get("object") == codes.TIER
    ]


def those_besides(tiers: Sequence[Code], others: Sequence[Code]) -> list[Code]:
    """The tiers that are not among the codes of a cart."""
    known = {each.code for each in others}
    return [each for each in tiers if each.code not in known]

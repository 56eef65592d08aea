"""The codes of an order that can be Kupon's, and what they took off in the shop.

Source: spec adapters-commerce, sections 1.8 and 5.4.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from kupon_shopify.mapping.inbound import Json, Settings
from kupon_shopify.mapping.money import amount_of

# Where an agent's tool keeps the codes whose discount it has put on a draft order; only of drafts,
# as buyers can write attributes of all others.
CODES: Final = "_kupon_codes"
_OF_DRAFT: Final = "shopify_draft_order"
_BY_HAND: Final = "ManualDiscountApplication"


@dataclass(frozen=True, slots=True)
class OrderCodes:
    """Codes as Kupon writes them.

    Shapes: entered are those that the checkout took, by how the order has them; agents' are those
        whose discount was put on a draft.
    """

    entered: Mapping[str, str]
    agents: Sequence[str]

    @classmethod
    def read(cls, node: Json, settings: Settings, letters: Mapping[str, str | None]) -> Self:
        """The codes of an order; letters as for `order_of`."""
        known = {code: letters.get(code, code) for code in node["discountCodes"]}
        noted = attribute_of(node, CODES) if node["sourceName"] == _OF_DRAFT else None
        noted_codes = re.split(r"[,\s]+", noted or "")
        is_kupons = re.compile(settings["code_pattern"]).fullmatch
        return cls(
            entered={each: code for each, code in known.items() if code and is_kupons(code)},
            agents=[code for code in noted_codes if code and is_kupons(code)],
        )

    @property
    def names(self) -> list[str]:
        """All of them, each once."""
        return list(dict.fromkeys([*self.entered.values(), *self.agents]))

    def discount(self, node: Json, settings: Settings) -> int | None:
        """What the order's lines are cheaper by them; None where there are none.

        Shapes:  what the shop's other discounts gave is no part of it.
        Units:   minor units.
        """
        if not self.names:
            return None
        return sum(
            amount_of(each["allocatedAmountSet"], settings)
            for line in node["lineItems"]["nodes"]
            for each in line["discountAllocations"]
            if self._is_by_them(each["discountApplication"])
        )

    def _is_by_them(self, application: Json) -> bool:
        if application["__typename"] == _BY_HAND:
            return bool(self.agents)
        code = str(application.get("code") or "").casefold()
        return code in {each.casefold() for each in self.entered}


def attribute_of(order: Json, name: str) -> str | None:
    """What was noted on an order, or on the cart before it."""
    attributes: Sequence[Json] = order["customAttributes"]
    return next((each["value"] for each in attributes if each["key"] == name), None)

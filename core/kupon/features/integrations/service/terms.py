"""What the settings of a shop's connection say of its orders.

Source: spec adapters-commerce, sections 1.2, 1.5 and 1.9.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Self

from kupon.hooks.settings import ORDER_PLACED
from kupon.kit.errors import KuponError

# An order that is placed waits for its payment at least that long.
_PAYMENT_TERM: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class OrderTerms:
    """When codes count, how long they are held for a payment, and in which currencies; empty: all.

    Shapes: adapters' settings have these members by `kupon.hooks.settings.OrderSettings`; where
        they have not, the terms are the usual ones.
    """

    redeems_when_placed: bool = False
    payment_term: timedelta = _PAYMENT_TERM
    currencies: frozenset[str] = frozenset()

    @classmethod
    def read(cls, settings: Mapping[str, Any]) -> Self:
        """The terms in settings that were checked when they were stored."""
        held = timedelta(seconds=settings.get("lock_ttl_seconds") or 0)
        return cls(
            redeems_when_placed=settings.get("redeem_on") == ORDER_PLACED,
            payment_term=max(_PAYMENT_TERM, held),
            currencies=frozenset(settings.get("currencies") or ()),
        )

    def check_currency(self, currency: object) -> None:
        """Refuse an order in a currency that amounts of discounts do not mean.

        Raises:  currency_not_supported.
        """
        if self.currencies and isinstance(currency, str) and currency not in self.currencies:
            raise KuponError("currency_not_supported", f"Orders in {currency} are not discounted")

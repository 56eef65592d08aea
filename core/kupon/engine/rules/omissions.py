"""Which rules qualification leaves out of account, by the scenario of the request.

A scenario's rules are named for `Rule.judge(subject, omitted)`: whatever answers `name in omitted`.

Source: spec rules-and-qualification, sections 14.3 and 14.4.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

Omitted = Container[str]

NOTHING: Final[Omitted] = frozenset()


@dataclass(frozen=True, slots=True)
class AllBut:
    """Every rule name but some."""

    names: frozenset[str]

    def __contains__(self, name: object) -> bool:
        """Tell whether a rule is left out."""
        return name not in self.names


EVERYTHING: Final = AllBut(frozenset())

_PERIODS: Final = ("", ".daily", ".weekly", ".monthly")
_COUNTERS: Final = (
    "campaign.redemptions.count",
    "campaign.redemptions.customers_count",
    "redemption.count.per_customer",
)
# Ignored by qualification where the project asks for minimum amounts to be kept.
STRICTLY_IGNORED: Final = frozenset(
    {"campaign.orders.amount_discounted"}
    | {counter + period for counter in _COUNTERS for period in _PERIODS}
)
# UNCERTAIN: "Total amount before discount" could mean another rule (section 14.3).
IGNORED: Final = STRICTLY_IGNORED | {"order.amount"}

_AUDIENCE: Final = frozenset(("customer.segment", "customer.metadata", "customer.loyalty.tier"))
# UNCERTAIN: that the own match of item nodes counts, their sub-rules not (section 14.3).
_ARTICLES: Final = frozenset(
    (
        "order.items.any",
        "order.items.every",
        "order.items.none",
        "order.items.most_expensive",
        "order.items.cheapest",
        "product.id",
        "sku.id",
        "product.metadata",
    )
)

AUDIENCE_ONLY: Final = AllBut(_AUDIENCE)
PRODUCTS: Final = AllBut(_ARTICLES)
PRODUCTS_BY_CUSTOMER: Final = AllBut(_ARTICLES | _AUDIENCE)
PRODUCTS_DISCOUNT: Final = EVERYTHING
PRODUCTS_DISCOUNT_BY_CUSTOMER: Final = AUDIENCE_ONLY


def omitted_by(scenario: str, ignored: frozenset[str] = IGNORED) -> Omitted:
    """Return what a scenario leaves out.

    Shapes: ignored is the project's list of rules that qualification never asks; it goes for the
        scenarios that evaluate everything else.
    """
    return _BY_SCENARIO.get(scenario, ignored)


_BY_SCENARIO: Final[Mapping[str, Omitted]] = MappingProxyType(
    {
        "AUDIENCE_ONLY": AUDIENCE_ONLY,
        "PRODUCTS": PRODUCTS,
        "PRODUCTS_BY_CUSTOMER": PRODUCTS_BY_CUSTOMER,
        "PRODUCTS_DISCOUNT": PRODUCTS_DISCOUNT,
        "PRODUCTS_DISCOUNT_BY_CUSTOMER": PRODUCTS_DISCOUNT_BY_CUSTOMER,
    }
)

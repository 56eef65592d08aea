"""Validation rules of codes that the shop can check by itself: minimums, and once per customer.

Source: spec adapters-commerce, section 5.4; rules-and-qualification, sections 5 and 6.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from kupon.kit.currencies import decimal_text
from kupon_shopify.mapping.inbound import Json

# All nodes of a rule must hold: "1", or "1 and 2 and 3".
_ALL: Final = re.compile(r"\s*\w+(\s+and\s+\w+)*\s*", re.IGNORECASE)
# What is added to a value to have the least that fits.
_AT_LEAST: Final = {
    "$more_than": 1,
    "$greater_than": 1,
    "$more_than_or_equal": 0,
    "$more_than_equal": 0,
    "$greater_than_or_equal": 0,
}
# A redemption counts itself.
_ONCE: Final = frozenset(
    (("$is", 1), ("$less_than", 2), ("$less_than_equal", 1), ("$less_than_or_equal", 1))
)
_AMOUNTS: Final = frozenset(("order.amount", "order.initial_amount"))
_UNITS: Final = "order.items.count"
_PER_CUSTOMER: Final = "redemption.count.per_customer"
# What a node may be made of besides its name.
_PLAIN: Final = frozenset(("name", "conditions", "error"))


class Unlike(Exception):
    """A rule that the shop could not check."""


def limits_of(rules: Sequence[Json], currency: str) -> dict[str, Any]:
    """What a discount's input says of rules.

    Raises:  Unlike, with what the shop can't do.
    """
    amounts, units, is_once = [0], [0], False
    for name, condition, value in (found for rule in rules for found in _conditions(rule)):
        if name in _AMOUNTS and condition in _AT_LEAST:
            amounts.append(value + _AT_LEAST[condition])
        elif name == _UNITS and condition in _AT_LEAST:
            units.append(value + _AT_LEAST[condition])
        elif name == _PER_CUSTOMER and (condition, value) in _ONCE:
            is_once = True
        else:
            raise Unlike(f"{name} {condition}")
    amount, unit = max(amounts), max(units)
    if amount > 0 and unit > 0:
        raise Unlike("a least amount and a least number of units at once")
    return {
        "appliesOncePerCustomer": is_once,
        "minimumRequirement": _minimum(amount, unit, currency),
    }


def _minimum(amount: int, units: int, currency: str) -> dict[str, Any] | None:
    if amount > 0:
        return {"subtotal": {"greaterThanOrEqualToSubtotal": decimal_text(amount, currency)}}
    return {"quantity": {"greaterThanOrEqualToQuantity": str(units)}} if units > 0 else None


def _conditions(rule: Json) -> Iterator[tuple[str, str, int]]:
    """Name, operator and value of what a rule asks for."""
    lists: Mapping[str, Any] = rule.get("applicable_to") or {}
    if lists.get("included") or lists.get("excluded"):
        raise Unlike("lists of products")
    if rule.get("bundle_rules"):
        raise Unlike("bundles")
    nodes = dict(rule.get("rules") or {})
    logic = str(nodes.pop("logic", ""))
    if nodes and not _ALL.fullmatch(logic):
        raise Unlike(f"the logic {logic}")
    for node in nodes.values():
        odd = [name for name, value in node.items() if value and name not in _PLAIN]
        if odd:
            raise Unlike(", ".join(sorted(odd)))
        for condition, values in node["conditions"].items():
            if len(values) != 1 or not isinstance(values[0], int):
                raise Unlike(f"{node['name']} {condition}")
            yield str(node["name"]), str(condition), values[0]

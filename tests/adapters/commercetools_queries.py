"""Queries and changes of the played commercetools: predicates, prices of a choice, update actions.

Source: commercetools, "Query predicates", and the update actions of types, extensions,
subscriptions and tax categories.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from typing import Any

from tests.adapters.commercetools_carts import Json


def change(found: Json, action: Mapping[str, Any]) -> None:
    match action["action"]:
        case "addFieldDefinition":
            found["fieldDefinitions"].append(action["fieldDefinition"])
        case "changeDestination":
            found["destination"] = action["destination"]
        case "changeTriggers":
            found["triggers"] = action["triggers"]
        case "setTimeoutInMs":
            found["timeoutInMs"] = action["timeoutInMs"]
        case "setAdditionalContext":
            found["additionalContext"] = action["additionalContext"]
        case "setMessages":
            found["messages"] = action["messages"]
        case "setChanges":
            found["changes"] = action["changes"]
        case "addTaxRate":
            found["rates"].append(action["taxRate"])
        case "setCustomType" | "setCustomField":
            _set_custom(found, action)
        case other:
            raise AssertionError(f"unknown action {other}")


def _set_custom(found: Json, action: Mapping[str, Any]) -> None:
    if "type" in action:
        found["custom"] = {"type": action["type"], "fields": dict(action["fields"])}
        return
    fields = found["custom"]["fields"]
    fields.pop(action["name"], None)
    if "value" in action:
        fields[action["name"]] = action["value"]


def shown_as(found: Json) -> Json:
    """An object as it is answered: the header of an extension is partly hidden."""
    shown = copy.deepcopy(found)
    authentication = shown.get("destination", {}).get("authentication")
    if authentication:
        authentication["headerValue"] = f"{authentication['headerValue'][:8]}****"
    return shown


def fits(each: Json, query: Mapping[str, str], field: str) -> bool:
    """Whether an object is in a query: those that the adapter makes, and no others."""
    where = query.get("where", "")
    values = {name.removeprefix("var."): text for name, text in query.items() if "var." in name}
    if " in (" in where:
        return any(
            str(value) in {values[name] for name in re.findall(r":(\w+)", listed)}
            for path, listed in re.findall(r"([\w(]+) in \(([^)]*)\)", where)
            for value in _values(each, path.split("("))
        )
    types = re.findall(r'type = "(\w+)"', where)
    if types and each["type"] not in types:
        return False
    if "id > :id" in where:
        return (each[field], each["id"]) > (query["var.t"], query["var.id"])
    if ">= :t" in where:
        return bool(each[field] >= query["var.t"])
    assert not where, where
    return True


def _values(each: Any, path: Sequence[str]) -> list[Any]:
    """What an object has at a path of a predicate."""
    first, *rest = path
    value = each.get(first)
    found = value if isinstance(value, list) else [] if value is None else [value]
    return [inner for one in found for inner in _values(one, rest)] if rest else found


def selected(each: Json, query: Mapping[str, str]) -> Json:
    """A product whose variants have a price only in the currency that is asked for."""
    wanted = query.get("priceCurrency")
    # A fixture is as the platform answered it, with prices that were selected.
    if wanted is None or "productType" in each or "masterVariant" not in each:
        return each
    shown = copy.deepcopy(each)
    for variant in (shown["masterVariant"], *shown.get("variants", ())):
        price = variant.get("price")
        if price and price["value"]["currencyCode"] != wanted:
            del variant["price"]
    return shown

"""What apps have written to a played shop's orders.

Source: Shopify's Admin API, `metafieldsSet`.
"""

from __future__ import annotations

import json
from collections.abc import Container, Sequence
from typing import Any

from graphql import GraphQLError


class Metafields:
    """The metafields of orders, by the numbers of these."""

    def __init__(self, orders: Container[str], refused: set[str]) -> None:
        self.values: dict[str, Any] = {}
        self.changed: list[str] = []
        self.is_allowed = True
        self._orders = orders
        self._refused = refused

    def roots(self) -> dict[str, Any]:
        """The mutation."""
        return {"metafieldsSet": self._set}

    def _set(self, _: Any, metafields: Sequence[dict[str, str]]) -> dict[str, Any]:
        if not self.is_allowed:
            raise GraphQLError("Access denied", extensions={"code": "ACCESS_DENIED"})
        owners = [each["ownerId"].removeprefix("gid://shopify/Order/") for each in metafields]
        self.changed = owners
        errors = [
            {"elementIndex": place, "field": ["metafields"], "message": "Owner does not exist."}
            for place, owner in enumerate(owners)
            if owner in self._refused or owner not in self._orders
        ]
        if not errors:
            for owner, each in zip(owners, metafields, strict=True):
                assert (each["namespace"], each["key"], each["type"]) == (
                    "kupon", "redemption", "json",
                )  # fmt: skip
                self.values[owner] = json.loads(each["value"])
        return {"userErrors": errors}

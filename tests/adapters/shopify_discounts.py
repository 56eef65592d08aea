"""The discounts of a played Shopify shop: their codes, which it counts, and what changes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import count
from typing import Any

Node = dict[str, Any]
BASIC, FREE_SHIPPING = "DiscountCodeBasic", "DiscountCodeFreeShipping"


class Discounts:
    """All discounts of a shop, of which some have many codes."""

    def __init__(self, refused: set[str]) -> None:
        self.nodes: dict[str, Node] = {}
        self.changed: list[str] = []
        # Whether the shop takes its time to add codes.
        self.is_slow = False
        self._refused = refused
        self._numbers = count(1)
        self._creations: dict[str, Node] = {}

    def roots(self) -> dict[str, Any]:
        return {
            "codeDiscountNodeByCode": lambda _, code: self.by_code().get(code.lower()),
            "discountNodes": self._search,
            "discountRedeemCodeBulkCreation": self._creation,
            "discountCodeBasicCreate": self._create,
            "discountCodeBasicUpdate": self._update,
            "discountCodeDeactivate": self._deactivate,
            "discountCodeDelete": self._delete,
            "discountRedeemCodeBulkAdd": self._add,
            "discountCodeRedeemCodeBulkDelete": self._remove,
        }

    def by_code(self) -> dict[str, Node]:
        """The discounts by their codes, in lower case."""
        return {
            each["code"].lower(): node for node in self.nodes.values() for each in node["redeem"]
        }

    def held(self) -> dict[str, Node]:
        """Those that were made by the API, by their codes as they are written."""
        return {
            each["code"]: node
            for node in self.nodes.values()
            if "customerGets" in node
            for each in node["redeem"]
        }

    def use(self, code: str) -> Node | None:
        """The discount of a code that a checkout takes; uses are counted for good."""
        node = self.by_code().get(code.lower())
        if node is None or node["codeDiscount"]["status"] != "ACTIVE":
            return None
        redeem = self.redeem_code(code)
        limit = node["codeDiscount"].get("usageLimit")
        if limit is not None and redeem["asyncUsageCount"] >= limit:
            return None
        redeem["asyncUsageCount"] += 1
        return node

    def redeem_code(self, code: str) -> Node:
        """A code with its count of uses."""
        node = self.by_code()[code.lower()]
        return next(each for each in node["redeem"] if each["code"].lower() == code.lower())

    def store(self, code: str, kind: str, tags: list[str]) -> Node:
        """A discount of one code."""
        id = f"gid://shopify/DiscountCodeNode/{next(self._numbers)}"
        node: Node = {"id": id, "redeem": [self._redeem_code(code)]}
        node["codeDiscount"] = {
            "__typename": kind,
            "tags": tags,
            "status": "ACTIVE",
            "usageLimit": None,
            "codes": lambda _, **asked: self._codes(node, **asked),
            "context": {"__typename": "DiscountBuyerSelectionAll", "all": "ALL"},
        }
        self.nodes[id] = node
        return node

    def _redeem_code(self, code: str) -> Node:
        id = f"gid://shopify/DiscountRedeemCode/{next(self._numbers)}"
        return {"id": id, "code": code, "asyncUsageCount": 0}

    @staticmethod
    def _codes(node: Node, query: str | None = None, sortKey: str = "ID", **_: Any) -> list[Node]:
        """A search finds whatever has words that begin alike, the best first if that is asked."""
        words = _words(query or "")
        found = [
            each
            for each in node["redeem"]
            if all(any(w.startswith(word) for w in _words(each["code"])) for word in words)
        ]
        if sortKey == "RELEVANCE":
            found.sort(key=lambda each: each["code"].lower() != (query or "").lower())
        return found

    def _search(self, _: Any, first: int, query: str = "") -> list[Node]:
        tag = query.removeprefix("tag:")
        return [
            {
                "id": node["id"].replace("DiscountCodeNode", "DiscountNode"),
                "discount": node["codeDiscount"],
            }
            for node in self.nodes.values()
            if tag in node["codeDiscount"]["tags"]
        ]

    def _complaint(self, code: str) -> Node | None:
        if code in self._refused:
            return {"code": "INVALID", "field": None, "message": "Code is invalid"}
        if code.lower() in self.by_code():
            return {"code": "TAKEN", "field": None, "message": "Code must be unique."}
        return None

    def _create(self, _: Any, basicCodeDiscount: Node) -> Node:
        given = basicCodeDiscount
        self.changed.append(given["code"])
        complaint = self._complaint(given["code"])
        if complaint is not None:
            return {"codeDiscountNode": None, "userErrors": [complaint]}
        assert len(given["tags"]) <= 5
        node = self.store(given["code"], BASIC, given["tags"])
        return self._write(node, given)

    def _update(self, _: Any, id: str, basicCodeDiscount: Node) -> Node:
        code = basicCodeDiscount["code"]
        self.changed.append(code)
        if code in self._refused:
            return {"codeDiscountNode": None, "userErrors": [self._complaint(code)]}
        return self._write(self.nodes[id], basicCodeDiscount)

    def _write(self, node: Node, given: Node) -> Node:
        shown, context = node["codeDiscount"], given["context"]
        node |= {name: value for name, value in given.items() if name != "context"}
        shown |= {"tags": given["tags"], "status": "ACTIVE", "usageLimit": given["usageLimit"]}
        if "customers" in context:
            known = {each["id"] for each in shown["context"].get("customers", ())}
            kept = (known | set(context["customers"]["add"])) - set(
                context["customers"].get("remove", ())
            )
            held = [{"id": each} for each in sorted(kept)]
            shown["context"] = {"__typename": "DiscountCustomers", "customers": held}
        else:
            shown["context"] = {"__typename": "DiscountBuyerSelectionAll", "all": "ALL"}
        return {"codeDiscountNode": node, "userErrors": []}

    def _deactivate(self, _: Any, id: str) -> Node:
        node = self.nodes[id]
        self.changed.append(node["redeem"][0]["code"])
        node["codeDiscount"]["status"] = "EXPIRED"
        return {"codeDiscountNode": node, "userErrors": []}

    def _delete(self, _: Any, id: str) -> Node:
        del self.nodes[id]
        return {"deletedCodeDiscountId": id, "userErrors": []}

    def _add(self, _: Any, discountId: str, codes: list[Mapping[str, str]]) -> Node:
        assert len(codes) <= 250
        id = f"gid://shopify/DiscountRedeemCodeBulkCreation/{next(self._numbers)}"
        self._creations[id] = {"id": id, "to": discountId, "added": [c["code"] for c in codes]}
        self.changed += [each["code"] for each in codes]
        if not self.is_slow:
            self._finish(self._creations[id])
        return {"bulkCreation": self._creations[id], "userErrors": []}

    def finish(self) -> None:
        """Do what the shop takes its time for."""
        for creation in self._creations.values():
            if "codes" not in creation:
                self._finish(creation)

    def _finish(self, creation: Node) -> None:
        node, told = self.nodes[creation["to"]], []
        for code in creation["added"]:
            complaint = self._complaint(code)
            if complaint is None:
                node["redeem"].append(self._redeem_code(code))
            told.append({"code": code, "errors": [] if complaint is None else [complaint]})
        creation |= {"codes": told, "done": True}

    def _creation(self, _: Any, id: str) -> Node:
        return {"done": False, "codes": [], **self._creations[id]}

    def _remove(self, _: Any, discountId: str, ids: list[str]) -> Node:
        node = self.nodes[discountId]
        self.changed += [each["code"] for each in node["redeem"] if each["id"] in ids]
        node["redeem"] = [each for each in node["redeem"] if each["id"] not in ids]
        return {"job": {"id": "gid://shopify/Job/1", "done": False}, "userErrors": []}


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[^a-z0-9]+", text.lower()) if word]

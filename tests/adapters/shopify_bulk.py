"""Bulk operations of a played Shopify shop: queries that it runs by itself, into a file.

Source: Shopify's pages on bulk operations: five connections at most, two levels of them inside one
another; parts of a record are lines of their own below it, which name their parent.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from graphql import GraphQLError

from kupon.testing import Received, Reply

Node = dict[str, Any]


class BulkOperations:
    """What was ordered, and the files that came of it."""

    def __init__(self, execute: Callable[[str], Node]) -> None:
        self.operations: dict[str, Node] = {}
        # What the next look is told; the last of them stays.
        self.states = ["COMPLETED"]
        self.is_busy = False
        self.is_denied = False
        # Whether the addresses of files have ended.
        self.is_over = False
        self._execute = execute

    def roots(self, url: str) -> dict[str, Any]:
        return {
            "bulkOperationRunQuery": self._run,
            "bulkOperation": lambda _, id: self._state(id, url),
        }

    def _run(self, _: Any, query: str, groupObjects: bool) -> Node:
        if self.is_denied:
            raise GraphQLError("Access denied", extensions={"code": "ACCESS_DENIED"})
        assert groupObjects
        assert query.count("edges") <= 5
        if self.is_busy:
            error = {"code": "OPERATION_IN_PROGRESS", "message": "One is running already"}
            return {"bulkOperation": None, "userErrors": [error]}
        told = self._execute(query)
        (page,) = told.values()
        lines = [line for edge in page["edges"] for line in _lines(edge["node"])]
        number = str(len(self.operations) + 1)
        content = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        id = f"gid://shopify/BulkOperation/{number}"
        self.operations[id] = {"id": id, "number": number, "content": content}
        return {"bulkOperation": self.operations[id], "userErrors": []}

    def _state(self, id: str, url: str) -> Node | None:
        operation = self.operations.get(id)
        if operation is None:
            return None
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        found: Node = {"id": id, "status": state, "url": None, "fileSize": None}
        found["objectCount"] = operation["content"].count(b"\n")
        if state == "COMPLETED" and operation["content"] and not self.is_over:
            found["url"] = f"{url}/bulk/{operation['number']}?signature=canary-of-a-file"
            found["fileSize"] = len(operation["content"])
        return found

    def read(self, request: Received, number: str) -> Reply:
        """A part of a file."""
        content = self.operations[f"gid://shopify/BulkOperation/{number}"]["content"]
        asked = request.headers.get("range")
        if asked is None:
            return Reply(content)
        start, end = (int(each) for each in asked.removeprefix("bytes=").split("-"))
        if start >= len(content):
            return Reply(b"", 416)
        return Reply(content[start : end + 1], 206)


def _lines(node: Node, parent: str | None = None) -> Iterator[Node]:
    own = {name: value for name, value in node.items() if not _is_connection(value)}
    yield own if parent is None else {**own, "__parentId": parent}
    for value in node.values():
        if _is_connection(value):
            for edge in value["edges"]:
                yield from _lines(edge["node"], node["id"])


def _is_connection(value: Any) -> bool:
    return isinstance(value, dict) and "edges" in value

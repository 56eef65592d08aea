"""Records that Shopify has collected into a file, read from it part by part.

A line is a record, or a part of one that names its parent and stands below it. Parts of the file
are read from one record's line to another's, so that whoever dies goes on at the same place.

Source: Shopify's pages on bulk operations.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

_PREFIX: Final = "bulk"
# What is read at once, some hundred records; one that is larger is read with more.
PARTS: Final = (65_536, 1_048_576, 8_388_608)
_PARENT: Final = "__parentId"
# Where a part belongs in its parent, by the kind in its id.
_PLACES: Final = {
    "LineItem": "lineItems",
    "ProductVariant": "variants",
    "Collection": "collections",
}
_MEDIA: Final = "media"
_LISTS: Final[Mapping[str, tuple[str, ...]]] = {
    "Order": ("lineItems",),
    "Product": ("variants", "collections"),
    "ProductVariant": (_MEDIA,),
}

Node = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the file of a bulk operation.

    Units:  offset in bytes.
    """

    operation: str
    offset: int = 0

    @classmethod
    def parse(cls, cursor: str | None) -> Self | None:
        """The place that a cursor names; None for a cursor of another kind."""
        prefix, _, rest = (cursor or "").partition(" ")
        if prefix != _PREFIX:
            return None
        operation, _, offset = rest.partition(" ")
        return cls(operation, int(offset))

    def __str__(self) -> str:
        """The cursor."""
        return f"{_PREFIX} {self.operation} {self.offset}"


def read_records(
    read: Callable[[int, int], bytes], start: int, size: int
) -> tuple[list[Node], int]:
    """The records from a place on, and the place behind them.

    Shapes:  read gets a place and a number of bytes; the records have their parts as lists.
    Raises:  ValueError for a file that is not as documented.
    """
    for count in PARTS:
        part = read(start, min(count, size - start))
        is_all = start + len(part) >= size
        whole = part if is_all else part[: _last_record(part)]
        if whole:
            return list(_assembled(whole)), start + len(whole)
    raise ValueError("a record is too large")


def _last_record(part: bytes) -> int:
    """Where the last record begins that may go on behind the part."""
    begin = part.rfind(b"\n") + 1
    lines = part[:begin].splitlines(keepends=True)
    for line in reversed(lines):
        begin -= len(line)
        if _PARENT not in json.loads(line):
            return begin
    return 0


def _assembled(part: bytes) -> Iterator[Node]:
    by_id: dict[str, Node] = {}
    for line in part.splitlines():
        if not line.strip():
            continue
        node: Node = json.loads(line)
        kind = str(node["id"]).split("/")[3]
        for name in _LISTS.get(kind, ()):
            node[name] = {"nodes": []}
        by_id[node["id"]] = node
        parent = node.pop(_PARENT, None)
        if parent is not None:
            by_id[parent][_PLACES.get(kind, _MEDIA)]["nodes"].append(node)
    yield from (node for node in by_id.values() if _is_record(node))


def _is_record(node: Node) -> bool:
    return str(node["id"]).split("/")[3] in ("Customer", "Order", "Product")

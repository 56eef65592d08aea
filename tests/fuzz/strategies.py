"""Requests made from our OpenAPI document: as it says, a little off, and far off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

DEEPEST = 6

# What has broken servers before: limits of integers and of texts, and characters that are none.
ODD_NUMBERS = [0, -1, 1.5, -0.0, 2**31, 2**53 + 1, 2**63, -(2**63), 10**30, 1e308, 1e-308]
ODD_TEXTS = [
    *("", " ", "0", "null", "\x00", "a\x00b", "\n", "%", "%s", "\\", "'", '"', ";--", "$1"),
    *("\u202e", "\ufeff", "e\u0301", "\U0001f39f", "a" * 5000, "../..", "{}", "[]", "NaN", "1e999"),
    *("9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2024-02-30", "2024-01-01T00:00:00+23:59"),
    *("P1D", "P-1D", "PT999999999999H", "99:99", "24:00", "UTC", "-created_at"),
]
DATES = ["2024-02-29", "2030-12-31T10:20:30Z", "2016-11-16T14:14:31.123+02:00", "nonsense"]

texts = st.sampled_from(ODD_TEXTS) | st.text(max_size=20)
numbers = st.sampled_from(ODD_NUMBERS) | st.integers() | st.floats(allow_nan=False)
anything = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@dataclass(frozen=True)
class Operation:
    """One operation of the document."""

    method: str
    template: str
    parameters: list[dict[str, Any]]
    body: dict[str, Any] | None

    def __str__(self) -> str:
        return f"{self.method} {self.template}"


@dataclass(frozen=True)
class Request:
    """What is sent."""

    method: str
    path: str
    query: str
    has_body: bool
    body: Any = field(repr=True)


def operations(document: dict[str, Any]) -> Iterator[Operation]:
    """Every operation with its own and its path's parameters."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method == "parameters":
                continue
            parameters = item.get("parameters", []) + operation.get("parameters", [])
            content = operation.get("requestBody", {}).get("content", {})
            body = content.get("application/json", {}).get("schema")
            yield Operation(method.upper(), path, parameters, body)


class Requests:
    """Strategies for one document, with identifiers that exist."""

    def __init__(self, document: dict[str, Any], known: list[str]) -> None:
        self._components = document["components"]
        # Texts that are not drawn from an enumeration are often identifiers.
        self._names = st.sampled_from(known) | texts

    def of(self, operation: Operation) -> SearchStrategy[Request]:
        """Requests for one operation."""
        path = self._path(operation)
        query = self._query(operation)
        body = st.none() if operation.body is None else self._near(operation.body, 0) | anything
        return st.builds(
            Request,
            st.just(operation.method),
            path,
            query,
            st.just(operation.body is not None),
            body,
        )

    def _path(self, operation: Operation) -> SearchStrategy[str]:
        parts = [
            self._names.map(lambda name: quote(name, safe="") or "-")
            if part.startswith("{")
            else st.just(part)
            for part in operation.template.split("/")
        ]
        return st.tuples(*parts).map("/".join)

    def _query(self, operation: Operation) -> SearchStrategy[str]:
        named = [
            self._pairs(parameter["name"], self._resolve(parameter["schema"]))
            for parameter in operation.parameters
            if parameter["in"] == "query"
        ]
        wild = st.lists(st.tuples(texts, texts), max_size=2)
        several = st.lists(st.one_of(named), max_size=4) if named else st.just([])
        return st.tuples(several, wild).map(lambda both: _encode([*both[0], *both[1]]))

    def _pairs(self, name: str, schema: dict[str, Any]) -> SearchStrategy[tuple[str, str]]:
        brackets = st.sampled_from(["", "", "[]", "[0]", "[", "[x]", "[x][conditions][$in][0]"])
        inner = [f"[{key}]" for key in schema.get("properties", {})]
        suffix = st.sampled_from(inner) | brackets if inner else brackets
        values = self._near(schema, DEEPEST).map(str) | self._names
        return st.tuples(suffix.map(lambda s: name + s), values)

    def _near(self, schema: dict[str, Any], depth: int) -> SearchStrategy[Any]:
        """Mostly what the schema says; one value in eight is anything."""
        right = self._right(self._resolve(schema), depth)
        return st.integers(0, 7).flatmap(lambda dice: right if dice else anything)

    def _right(self, schema: dict[str, Any], depth: int) -> SearchStrategy[Any]:
        for word in ("oneOf", "anyOf", "allOf"):
            if word in schema:
                return st.one_of([self._near(variant, depth) for variant in schema[word]])
        if "enum" in schema:
            return st.sampled_from(schema["enum"])
        match schema.get("type"):
            case "object" if depth < DEEPEST:
                return self._object(schema, depth)
            case "array" if depth < DEEPEST:
                return st.lists(self._near(schema.get("items", {}), depth + 1), max_size=3)
            case "string" if schema.get("format") in ("date", "date-time"):
                return st.sampled_from(DATES)
            case "string":
                return self._names
            case "integer" | "number":
                return st.integers(schema.get("minimum", -5), 1000) | numbers
            case "boolean":
                return st.booleans()
        return anything

    def _object(self, schema: dict[str, Any], depth: int) -> SearchStrategy[dict[str, Any]]:
        properties = {
            name: self._near(part, depth + 1) for name, part in schema.get("properties", {}).items()
        }
        required = {n: s for n, s in properties.items() if n in schema.get("required", ())}
        optional = {n: s for n, s in properties.items() if n not in required}
        if not properties:
            return st.dictionaries(texts, anything, max_size=3)
        return st.fixed_dictionaries(required, optional=optional)

    def _resolve(self, schema: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in schema:
            schema = self._components["schemas"][schema["$ref"].rpartition("/")[2]]
        return schema


def _encode(pairs: list[tuple[str, str]]) -> str:
    return "&".join(f"{quote(name, safe='[]')}={quote(value)}" for name, value in pairs)

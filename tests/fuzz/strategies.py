"""Requests made from our OpenAPI document: good ones, with a few places changed or made absurd."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

DEEPEST = 5
# Stands for an identifier that is new each time a request is sent.
NEW = "brand-new-name"
Path = tuple[str | int, ...]

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


def mostly(usual: SearchStrategy[Any], odd: SearchStrategy[Any]) -> SearchStrategy[Any]:
    """The usual, and once in eight the odd."""
    return st.integers(0, 7).flatmap(lambda dice: usual if dice else odd)


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
    body: Any


@dataclass(frozen=True)
class Known:
    """What exists: identifiers by the name of their path parameter, and accepted bodies."""

    names: dict[str, list[str]]
    bodies: dict[str, Any]

    @property
    def all_names(self) -> list[str]:
        return [name for names in self.names.values() for name in names]


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
    """Strategies for one document."""

    def __init__(self, document: dict[str, Any], known: Known) -> None:
        self._components = document["components"]
        self._known = known
        # Texts that are not drawn from an enumeration are often identifiers.
        self._names = st.sampled_from(known.all_names) | texts

    def of(self, operation: Operation) -> SearchStrategy[Request]:
        """Requests for one operation."""
        has_body = operation.body is not None
        return st.builds(
            Request,
            st.just(operation.method),
            self._path(operation),
            self._query(operation),
            st.just(has_body),
            self._body(operation) if has_body else st.none(),
        )

    def _path(self, operation: Operation) -> SearchStrategy[str]:
        return st.tuples(*map(self._segment, operation.template.split("/"))).map("/".join)

    def _segment(self, part: str) -> SearchStrategy[str]:
        if not part.startswith("{"):
            return st.just(part)
        existing = st.sampled_from(self._known.names.get(part[1:-1], ["unheard-of"]))
        return mostly(existing, self._names).map(lambda name: quote(name, safe="") or "-")

    def _query(self, operation: Operation) -> SearchStrategy[str]:
        named = [
            self._pair(parameter["name"], self._resolve(parameter["schema"]))
            for parameter in operation.parameters
            if parameter["in"] == "query"
        ]
        usual = st.lists(st.one_of(named), max_size=3) if named else st.just([])
        wild = st.lists(st.tuples(texts, texts), max_size=2)
        return mostly(usual, st.tuples(usual, wild).map(lambda both: [*both[0], *both[1]])).map(
            _encode
        )

    def _pair(self, name: str, schema: dict[str, Any]) -> SearchStrategy[tuple[str, str]]:
        if schema.get("type") == "array":
            usual, values = st.sampled_from(["", "[]", "[0]"]), schema.get("items", {})
        elif inner := schema.get("properties"):
            usual = st.sampled_from([f"[{key}]" for key in inner])
            values = next(iter(inner.values()))
        elif schema.get("type") == "object":
            usual, values = st.sampled_from(FILTERS), {"type": "string"}
        else:
            usual, values = st.just(""), schema
        suffix = mostly(usual, st.sampled_from(["", "[]", "[0]", "[", "[x]", "[x][$in]"]))
        return st.tuples(suffix.map(lambda s: name + s), self._near(values, 0).map(str))

    def _body(self, operation: Operation) -> SearchStrategy[Any]:
        """An accepted body with up to three places changed."""
        assert operation.body is not None
        nothing: Any = [] if operation.body.get("type") == "array" else {}
        sample = self._known.bodies.get(str(operation), nothing)
        places = list(self._places(operation.body, (), 0))
        if not places:
            return mostly(st.just(sample), anything)
        edit = st.sampled_from(places).flatmap(
            lambda place: st.tuples(st.just(place[0]), self._near(place[1], len(place[0])))
        )
        edited = st.lists(edit, max_size=3).map(lambda edits: _apply(sample, edits))
        return mostly(edited, anything)

    def _places(
        self, schema: dict[str, Any], path: Path, depth: int
    ) -> Iterator[tuple[Path, dict[str, Any]]]:
        schema = self._resolve(schema)
        if depth > DEEPEST:
            return
        for name, part in schema.get("properties", {}).items():
            yield (*path, name), part
            yield from self._places(part, (*path, name), depth + 1)
        if "items" in schema:
            yield (*path, 0), schema["items"]
            yield from self._places(schema["items"], (*path, 0), depth + 1)
        for word in ("oneOf", "anyOf", "allOf"):
            for variant in schema.get(word, ()):
                yield from self._places(variant, path, depth)

    def _near(self, schema: dict[str, Any], depth: int) -> SearchStrategy[Any]:
        return mostly(self._right(self._resolve(schema), depth), anything)

    def _right(self, schema: dict[str, Any], depth: int) -> SearchStrategy[Any]:
        for word in ("oneOf", "anyOf", "allOf"):
            if word in schema:
                return st.one_of([self._right(self._resolve(v), depth) for v in schema[word]])
        if "enum" in schema:
            return st.sampled_from(schema["enum"])
        match schema.get("type"):
            case "object" if depth < DEEPEST and "properties" in schema:
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
        parts = {name: self._near(p, depth + 1) for name, p in schema["properties"].items()}
        required = {name: parts.pop(name) for name in schema.get("required", ()) if name in parts}
        return st.fixed_dictionaries(required, optional=parts)

    def _resolve(self, schema: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in schema:
            schema = self._components["schemas"][schema["$ref"].rpartition("/")[2]]
        return schema


FILTERS = [
    f"[{name}][conditions][{operator}]"
    for name in ("id", "code", "created_at", "status", "result", "metadata.a", "junction")
    for operator in (
        "$is",
        "$in][0",
        "$in][]",
        "$before",
        "$starts_with",
        "$has_value",
        "$more_than",
    )
]


def _apply(sample: Any, edits: list[tuple[Path, Any]]) -> Any:
    """The sample with values put at places; what stands in a place's way gives way."""
    body = deepcopy(sample)
    for path, value in edits:
        node = body
        for step, following in pairwise(path):
            node = _child(node, step, [] if following == 0 else {})
        _put(node, path[-1], value)
    return body


def _child(node: Any, step: str | int, fresh: Any) -> Any:
    if isinstance(step, int):
        if not node or not isinstance(node[0], type(fresh)):
            node[:1] = [fresh]
        return node[0]
    if not isinstance(node.get(step), type(fresh)):
        node[step] = fresh
    return node[step]


def _put(node: Any, step: str | int, value: Any) -> None:
    if isinstance(step, int):
        node[:1] = [value]
    else:
        node[step] = value


def _encode(pairs: list[tuple[str, str]]) -> str:
    return "&".join(f"{quote(name, safe='[]$')}={quote(value)}" for name, value in pairs)

"""The wire's document as a test of each answer: `/openapi.json` must describe what was said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException

if TYPE_CHECKING:
    from flask import Flask
    from jsonschema import Draft4Validator

    from kupon.testing.answer import Answer

# How deep a property must be documented to be sent.
_LEVELS = 2
_ERROR_STATUS = 400
_BUG_STATUS = 500
_FRAMEWORK_ERROR = {"statusCode", "error", "message"}

Schema = dict[str, Any]


class WireDocument:
    """The OpenAPI document of one application."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self.content: dict[str, Any] = app.test_client().get("/openapi.json").json or {}
        self._validators: dict[tuple[str, str, str], Draft4Validator | None] = {}

    def check(self, method: str, path: str, answer: Answer) -> None:
        """Compare an answer with what its operation documents.

        Raises:  AssertionError naming the operation and the place, and for a 500. Paths without
            an operation are only held to the error body.
        """
        if answer.status >= _ERROR_STATUS:
            assert answer.status != _BUG_STATUS, f"{method} {path}: {answer.body!r}"
            assert_error_body(answer)
            return
        template = self._template(method, path)
        if template is None:
            return
        place = f"{method} {template} {answer.status}"
        responses = self.content["paths"][template][method.lower()]["responses"]
        assert str(answer.status) in responses, f"{place} is not documented"
        schema = _schema_of(responses[str(answer.status)])
        if schema is None:
            assert not answer.body, f"{place} has a body that is not documented"
            return
        self._check_body(place, schema, answer.json)

    def _check_body(self, place: str, schema: Schema, body: Any) -> None:
        # Whoever has pytest beside Kupon, but not what tests need, gets no error from this plugin.
        from jsonschema import Draft4Validator

        whole = {**_nullable(schema), "components": _nullable(self.content["components"])}
        for error in Draft4Validator(whole).iter_errors(body):
            raise AssertionError(f"{place} {error.json_path}: {error.message}")
        unknown = sorted(self._undocumented(schema, body, "$", _LEVELS))
        assert not unknown, f"{place} does not document {', '.join(unknown)}"

    def _template(self, method: str, path: str) -> str | None:
        try:
            rule, _ = self._app.url_map.bind("localhost").match(path, method, return_rule=True)
        except HTTPException:
            return None
        template = _openapi_path(rule.rule)
        return template if method.lower() in self.content["paths"].get(template, {}) else None

    def _undocumented(self, schema: Schema, body: Any, place: str, levels: int) -> set[str]:
        if isinstance(body, list):
            items = self._resolve(schema).get("items", {})
            return set().union(*(self._undocumented(items, row, place, levels) for row in body))
        if not isinstance(body, dict) or not levels:
            return set()
        properties, is_open = self._properties(schema)
        found: set[str] = set()
        for name, value in body.items():
            if name in properties:
                # A list's rows are looked at as far as a single object's members are.
                depth = levels if isinstance(value, list) else levels - 1
                found |= self._undocumented(properties[name], value, f"{place}.{name}", depth)
            elif not is_open:
                found.add(f"{place}.{name}")
        return found

    def _properties(self, schema: Schema) -> tuple[dict[str, Schema], bool]:
        """The properties of a schema and its variants, and whether others are allowed."""
        schema = self._resolve(schema)
        variants = [v for word in ("allOf", "anyOf", "oneOf") for v in schema.get(word, ())]
        properties = dict(schema.get("properties", {}))
        is_open = "additionalProperties" in schema or not (properties or variants)
        for variant in variants:
            more, is_variant_open = self._properties(variant)
            properties |= more
            is_open = is_open or (is_variant_open and bool(more))
        return properties, is_open

    def _resolve(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            _, _, kind, name = schema["$ref"].split("/")
            schema = self.content["components"][kind][name]
        return schema


def assert_error_body(answer: Answer) -> None:
    """Hold an answer of 400 and above to one of the two standard envelopes."""
    body = answer.json
    assert isinstance(body, dict), f"{answer.status} without an error body: {answer.body[:500]!r}"
    if "statusCode" in body:
        assert set(body) == _FRAMEWORK_ERROR, body
        assert body["statusCode"] == answer.status, body
        return
    assert body.get("code") == answer.status, body
    assert isinstance(body.get("message"), str), body
    if answer.status not in (401, 429):
        assert isinstance(body.get("key"), str), body
        assert body.get("request_id") == answer.headers["X-Request-Id"], body


def _openapi_path(rule: str) -> str:
    """`/v1/orders/<path:order_id>` as the document writes it."""
    parts = rule.split("<")
    return parts[0] + "".join(
        "{" + part.partition(">")[0].rpartition(":")[2] + "}" + part.partition(">")[2]
        for part in parts[1:]
    )


def _schema_of(response: dict[str, Any]) -> Schema | None:
    schema: Schema | None = response.get("content", {}).get("application/json", {}).get("schema")
    return schema


def _nullable(schema: Any) -> Any:
    """OpenAPI 3.0's `nullable` in the words of JSON Schema."""
    if isinstance(schema, list):
        return [_nullable(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    translated = {key: _nullable(part) for key, part in schema.items() if key != "nullable"}
    if schema.get("nullable") is True:
        return {"anyOf": [translated, {"type": "null"}]}
    return translated

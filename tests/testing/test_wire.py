"""The check of answers against the document notices what it should."""

from __future__ import annotations

import pytest
from flask import Flask, Response, json

from kupon.testing.client import ApiClient
from kupon.testing.wire import WireDocument

TEXT = {"type": "string"}
THING = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": TEXT,
        "note": {**TEXT, "nullable": True},
        "metadata": {"type": "object", "additionalProperties": {}},
        "part": {"type": "object", "properties": {"size": {"type": "integer"}}},
        "either": {"oneOf": [{"type": "object", "properties": {"a": TEXT}}, TEXT]},
    },
}
LIST = {
    "type": "object",
    "properties": {"data": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}},
}


def _operation(status: int, schema: dict | None) -> dict:
    content = {"application/json": {"schema": schema}} if schema else None
    response = {"description": "OK"} | ({"content": content} if content else {})
    return {"responses": {str(status): response}}


DOCUMENT = {
    "paths": {
        "/things/{thing_id}": {"get": _operation(200, {"$ref": "#/components/schemas/Thing"})},
        "/things": {"get": _operation(200, LIST)},
        "/gone": {"delete": _operation(204, None)},
    },
    "components": {"schemas": {"Thing": THING}},
}


@pytest.fixture
def client():
    """A client of an application that says whatever `client.says` is."""
    app = Flask("pretender")
    app.add_url_rule("/openapi.json", view_func=lambda: DOCUMENT, endpoint="document")
    says = {}

    def answer(**_: str) -> Response:
        body, status = says["answer"]
        headers = {"X-Request-Id": "v-1"}
        text = "" if body is None else json.dumps(body)
        return Response(text, status, headers, mimetype="application/json")

    app.add_url_rule("/things/<thing_id>", view_func=answer, endpoint="one")
    app.add_url_rule("/things", view_func=answer, endpoint="many")
    app.add_url_rule("/gone", view_func=answer, endpoint="gone", methods=["DELETE"])
    made = ApiClient(app, WireDocument(app), {})
    made.says = says
    return made


@pytest.mark.parametrize(
    "body",
    [
        {"id": "a"},
        {"id": "a", "note": None},
        {"id": "a", "metadata": {"anything": {"at": "all"}}},
        {"id": "a", "part": {"size": 1}},
        {"id": "a", "either": {"a": "b"}},
        {"id": "a", "either": "b"},
    ],
)
def test_what_is_documented_passes(client, body):
    client.says["answer"] = (body, 200)
    assert client.get("/things/1").expect() == body
    client.says["answer"] = ({"data": [body]}, 200)
    assert client.get("/things").expect() == {"data": [body]}


@pytest.mark.parametrize(
    ("body", "place"),
    [
        pytest.param({}, "'id' is a required property", id="missing"),
        pytest.param({"id": None}, "None is not of type 'string'", id="null"),
        pytest.param({"id": 1}, "1 is not of type 'string'", id="type"),
        pytest.param({"id": "a", "more": 1}, r"\$\.more", id="undocumented"),
        pytest.param({"id": "a", "part": {"more": 1}}, r"\$\.part\.more", id="second level"),
        pytest.param({"id": "a", "either": {"more": 1}}, r"\$\.either\.more", id="in a variant"),
    ],
)
def test_what_is_not_documented_fails(client, body, place):
    client.says["answer"] = (body, 200)
    with pytest.raises(AssertionError, match=place):
        client.get("/things/1")


def test_rows_of_a_list_are_looked_at_like_single_objects(client):
    client.says["answer"] = ({"data": [{"id": "a", "part": {"more": 1}}]}, 200)
    with pytest.raises(AssertionError, match=r"\$\.data\.part\.more"):
        client.get("/things")


def test_another_status_fails(client):
    client.says["answer"] = ({"id": "a"}, 202)
    with pytest.raises(AssertionError, match=r"GET /things/\{thing_id\} 202 is not documented"):
        client.get("/things/1")


def test_a_body_where_none_is_documented_fails(client, monkeypatch):
    content = {"/gone": {"delete": _operation(200, None)}}
    monkeypatch.setitem(client.document.content, "paths", content)
    client.says["answer"] = ({"id": "a"}, 200)
    with pytest.raises(AssertionError, match="has a body that is not documented"):
        client.delete("/gone")


STANDARD = {"code": 404, "key": "not_found", "message": "no", "request_id": "v-1"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(STANDARD, 404, id="application"),
        pytest.param({"code": 401, "message": "no"}, 401, id="short"),
        pytest.param({"statusCode": 413, "error": "e", "message": "m"}, 413, id="framework"),
    ],
)
def test_standard_errors_pass(client, body, status):
    client.says["answer"] = (body, status)
    assert client.get("/things/1").json == body


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(None, 404, id="no body"),
        pytest.param({"error": "no"}, 404, id="no code"),
        pytest.param(STANDARD, 400, id="another code"),
        pytest.param({"code": 404, "message": "no", "request_id": "v-1"}, 404, id="no key"),
        pytest.param({**STANDARD, "request_id": "v-2"}, 404, id="another request's id"),
        pytest.param({**STANDARD, "code": 500}, 500, id="a bug"),
        pytest.param({"statusCode": 413, "message": "m"}, 413, id="half an envelope"),
    ],
)
def test_other_errors_fail(client, body, status):
    client.says["answer"] = (body, status)
    with pytest.raises(AssertionError):
        client.get("/things/1")

"""A client of the wire: sends a project's keys and JSON, and holds each answer to the document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from json import dumps
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import orjson

from kupon.testing.answer import Answer
from kupon.web.auth import HEADERS

if TYPE_CHECKING:
    from flask import Flask

    from kupon.testing.wire import WireDocument

JSON = "application/json"
ORIGIN = "https://shop.example.com"

_CREDENTIALS = {
    "server": ("app_id", "app_token"),
    "client": ("client_application_id", "client_token"),
    "management": ("management_id", "management_token"),
}


class ApiClient:
    """Calls one application in this process, as one key pair."""

    def __init__(self, app: Flask, document: WireDocument, headers: Mapping[str, str]) -> None:
        self._app = app
        self.document = document
        self._headers = dict(headers)

    def get(self, path: str, **options: Any) -> Answer:
        """GET; see `send`."""
        return self.send("GET", path, **options)

    def post(self, path: str, **options: Any) -> Answer:
        """POST; see `send`."""
        return self.send("POST", path, **options)

    def put(self, path: str, **options: Any) -> Answer:
        """PUT; see `send`."""
        return self.send("PUT", path, **options)

    def delete(self, path: str, **options: Any) -> Answer:
        """DELETE; see `send`."""
        return self.send("DELETE", path, **options)

    def send(
        self,
        method: str,
        path: str,
        *,
        json: Any = ...,
        body: bytes | None = None,
        query: Mapping[str, Any] | str | None = None,
        headers: Mapping[str, str | None] | None = None,
    ) -> Answer:
        """Send one request and check the answer against our OpenAPI document.

        Shapes:  `json` is sent as JSON (None as `null`; leave it out for no body), `body` as it
            is; `query` may nest: {"created_at": {"before": "2024-01-01"}}; a header of None is
            left out.
        Raises:  AssertionError for an answer that the document does not describe.
        """
        sent = self._headers | {"Content-Type": JSON} | dict(headers or {})
        response = self._app.test_client().open(
            path,
            method=method,
            data=body if json is ... else dumps(json).encode(),
            query_string=query if isinstance(query, str | None) else encode_query(query),
            headers={name: value for name, value in sent.items() if value is not None},
        )
        is_json = response.mimetype == JSON and response.data
        parsed = orjson.loads(response.data) if is_json else None
        answer = Answer(response.status_code, parsed, response.headers, response.data)
        self.document.check(method, path, answer)
        return answer


def key_headers(surface: str, credentials: Mapping[str, str]) -> dict[str, str]:
    """The headers that open one surface (server, client or management)."""
    names = _CREDENTIALS[surface]
    headers = {
        header: credentials[name] for header, name in zip(HEADERS[surface], names, strict=True)
    }
    return headers | ({"Origin": ORIGIN} if surface == "client" else {})


def encode_query(query: Mapping[str, Any]) -> str:
    """Nested data as a query string with bracketed names."""
    return urlencode([pair for name, value in query.items() for pair in _flatten(name, value)])


def _flatten(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, child in value.items():
            yield from _flatten(f"{name}[{key}]", child)
    elif isinstance(value, list | tuple):
        for index, child in enumerate(value):
            yield from _flatten(f"{name}[{index}]", child)
    elif isinstance(value, bool):
        yield name, str(value).lower()
    else:
        yield name, str(value)

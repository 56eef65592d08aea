"""Logs: one JSON object a line, and no secret in any of its places."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

import pytest

from kupon.runtime.log import JsonFormatter, redact, redact_text, request_id

CANARY = "canary-7f3a"


def line(message: str, *args: object, **extra: Any) -> dict[str, Any]:
    record = logging.makeLogRecord({"name": "kupon.web", "levelname": "INFO", "created": 0.5})
    record.msg, record.args = message, args
    vars(record).update(extra)
    entry: dict[str, Any] = json.loads(JsonFormatter().format(record))
    del entry["process"]
    return entry


def test_line_holds_message_time_and_extra_fields() -> None:
    assert line("%s of %s", 1, 2, status=200, path="/v1") == {
        "time": "1970-01-01T00:00:00.500+00:00",
        "level": "INFO",
        "logger": "kupon.web",
        "message": "1 of 2",
        "status": 200,
        "path": "/v1",
    }


def test_request_id_is_added_inside_a_request() -> None:
    token = request_id.set("v-1")
    try:
        assert line("x")["request_id"] == "v-1"
    finally:
        request_id.reset(token)
    assert "request_id" not in line("x")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"connecting to postgresql://kupon:{CANARY}@db/kupon", id="url"),
        pytest.param(f"Authorization: Bearer {CANARY}", id="bearer"),
        pytest.param(f"{{'X-App-Token': '{CANARY}'}}", id="repr of headers"),
        pytest.param(f'{{"client_secret": "two words {CANARY}"}}', id="json with a space"),
        pytest.param(f"POST /v1/oauth?token={CANARY}&scope=api", id="query"),
        pytest.param(f"password = {CANARY}", id="setting"),
    ],
)
def test_secret_in_text_is_hidden(text: str) -> None:
    assert CANARY not in redact_text(text)
    assert "[redacted]" in redact_text(text)


@pytest.mark.parametrize("text", ["tokens left: none at all", "host db:5432/kupon", "a@b.example"])
def test_plain_text_is_untouched(text: str) -> None:
    assert redact_text(text) == text


def test_secret_in_fields_is_hidden_at_any_depth() -> None:
    given = {"headers": [{"X-App-Token": CANARY, "Accept": "*/*"}], "n": 1, "none": None}
    assert redact(given) == {
        "headers": [{"X-App-Token": "[redacted]", "Accept": "*/*"}],
        "n": 1,
        "none": None,
    }
    assert given["headers"] == [{"X-App-Token": CANARY, "Accept": "*/*"}]


def test_exception_is_told_without_its_secret() -> None:
    try:
        raise ValueError(f"bad token={CANARY}")
    except ValueError:
        entry = line("failed", exc_info=sys.exc_info())
    assert entry["exception"].endswith("ValueError: bad token=[redacted]\n")

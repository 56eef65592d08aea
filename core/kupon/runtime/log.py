"""Logs: one JSON object per line on standard error, with the request's id and without secrets."""

import json
import logging
import logging.config
import re
import traceback
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from kupon.runtime.settings import Settings

REDACTED = "[redacted]"

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""Set by the web room for each request and by the jobs room for each job; None outside of both."""

_SECRET_NAME = re.compile(
    r"token|secret|passw(or)?d|authorization|cookie|credential|api[-_]?key|private[-_]?key",
    re.IGNORECASE,
)
# One alternative per shape in which a secret reaches a message: a URL with a password, an
# authorization scheme, and name=value or "name": "value" pairs as headers and reprs print them.
_SECRET_TEXT = re.compile(
    r"(?P<url>://[^/\s:@]*:)[^/\s@]+(?=@)"
    r"|(?P<scheme>\b(?:bearer|basic)\s+)[\w.~+/=-]+"
    r"|(?P<pair>[\w-]*(?:token|secret|passw(?:or)?d|authorization|cookie|api[-_]?key)[\w-]*"
    r"[\"']?\s*[:=]\s*)(?!(?:bearer|basic)\s)(?:\"[^\"]*\"|'[^']*'|[^\s\"',;&)}\]]+)",
    re.IGNORECASE,
)
_STANDARD_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def redact_text(text: str) -> str:
    """Hide the secrets inside running text; the words around them stay."""
    return _SECRET_TEXT.sub(
        lambda m: (m["url"] or m["scheme"] or m["pair"]) + REDACTED,
        text,
    )


def redact(value: Any) -> Any:
    """Hide every value whose key names a secret, at any depth, and secrets inside texts.

    Shapes:  mappings and sequences are copied, the given value is never changed.
    """
    if isinstance(value, Mapping):
        return {
            str(key): REDACTED if _SECRET_NAME.search(str(key)) else redact(item)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [redact(item) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return redact_text(str(value))


class JsonFormatter(logging.Formatter):
    """Writes a record and its `extra` fields as one line of JSON, redacted."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": redact_text(record.getMessage()),
            "process": record.process,
        }
        if (current := request_id.get()) is not None:
            entry["request_id"] = current
        extra = {k: v for k, v in vars(record).items() if k not in _STANDARD_FIELDS}
        entry |= redact(extra)
        if record.exc_info and record.exc_info[0] is not None:
            entry["exception"] = redact_text("".join(traceback.format_exception(*record.exc_info)))
        return json.dumps(entry, ensure_ascii=False)


def log_config(level: str) -> dict[str, Any]:
    """Describe the set-up for `logging.config.dictConfig`; the web server is given the same."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": f"{__name__}.{JsonFormatter.__name__}"}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "json",
                "stream": "ext://sys.stderr",
            }
        },
        "root": {"handlers": ["stderr"], "level": level},
        # Alembic tells of each of its own plugins, and of no more than what its caller asked for.
        "loggers": {"alembic": {"level": "WARNING"}},
    }


def configure_logging(settings: Settings) -> None:
    """Send this process's logs to standard error from here on."""
    logging.config.dictConfig(log_config(settings.log_level))
    logging.captureWarnings(True)

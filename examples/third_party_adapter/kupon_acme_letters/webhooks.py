"""Notices of the print shop: who sent them, and what they are about."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from kupon.hooks.adapter import Delivery, InboundRequest
from kupon.hooks.errors import Unmappable
from kupon.hooks.signatures import check_age, check_hmac

LASTS: Final = timedelta(minutes=5)


def verify(request: InboundRequest, settings: Mapping[str, Any]) -> None:
    """Raise Refused unless the print shop sent it, a moment ago."""
    sent_at = request.headers.get("x-letters-time", "")
    signed = sent_at.encode("utf-8", "surrogateescape") + b"." + request.body
    check_hmac(request.headers.get("x-letters-signature"), settings["notice_secret"], signed)
    check_age(_seconds(sent_at), request.received_at, LASTS)


def deliveries_of(request: InboundRequest) -> list[Delivery]:
    """The one notice of a request.

    Raises:  Unmappable for what is none.
    """
    try:
        notice = json.loads(request.body)
    except ValueError:
        raise Unmappable("request", "it is not JSON") from None
    if not isinstance(notice, dict) or not notice.get("notice"):
        raise Unmappable("request", "it is no notice")
    return [
        Delivery(
            id=str(notice["notice"]),
            event=str(notice.get("kind")),
            subject=f"customer:{notice.get('recipient')}",
            payload=notice,
            occurred_at=_moment(notice.get("changed_at")),
        )
    ]


def _seconds(text: str) -> datetime | None:
    return datetime.fromtimestamp(int(text), UTC) if text.isascii() and text.isdigit() else None


def _moment(text: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo is not None else None

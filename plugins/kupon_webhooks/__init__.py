"""Tells a project's servers of events: one signed HTTP request for each.

`x-voucherify-signature` is the hexadecimal HMAC-SHA256 of the body under the project's signing key;
beside it are the headers of Standard Webhooks, whose signature covers the time of sending as well.
The body is JSON as JavaScript writes it, so that receivers that parse it and write it again come to
the same signature.

Source: spec events-webhooks-data, sections 3 and 18.5.
"""

from __future__ import annotations

from collections.abc import Sequence

from kupon.hooks import hookimpl
from kupon.hooks.types import EventSink
from kupon_webhooks.sink import WebhookSink


@hookimpl
def register_event_sinks() -> Sequence[EventSink]:
    """The kind `webhook`."""
    return [WebhookSink()]

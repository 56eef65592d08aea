"""Hands published codes to a program of the shop, which sends the letter, mail or message itself.

Publications whose `channel` is `http` are posted as JSON to the project's URL, signed like this:
`X-Kupon-Signature` is the hexadecimal HMAC-SHA256 of the body under the project's secret.
"""

from __future__ import annotations

from collections.abc import Sequence

from marshmallow import Schema

from kupon.hooks import hookimpl
from kupon.hooks.types import Channel
from kupon_http_channel.channel import HttpChannel
from kupon_http_channel.config import HttpChannelSettings


@hookimpl
def register_channels() -> Sequence[Channel]:
    """The channel `http`."""
    return [HttpChannel()]


@hookimpl
def register_settings() -> type[Schema]:
    """Where to."""
    return HttpChannelSettings

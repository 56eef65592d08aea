"""What a receiver of webhooks needs to know."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from marshmallow import ValidationError, fields, validate

from kupon.hooks.settings import MASK, Secret, SettingsSchema

MOST_HEADERS: Final = 20
LONGEST: Final = 2000

# What HTTP, the signature and its standards decide is not for custom headers.
_RESERVED: Final = re.compile(
    r"host|connection|transfer-encoding|user-agent|content-.*|x-voucherify-.*|x-kupon-.*|webhook-.*"
)
_NAME: Final = re.compile(r"[A-Za-z0-9-]{1,100}")
_VALUE: Final = re.compile(r"[\x20-\x7e]{0,1000}")


class SecretHeaders(Secret):
    """Headers by name, which may hold credentials and so are kept like one."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        if value == MASK:
            return {}
        if not isinstance(value, Mapping) or len(value) > MOST_HEADERS:
            raise ValidationError(f"must be an object of at most {MOST_HEADERS} members")
        for name, content in value.items():
            if not _NAME.fullmatch(name) or _RESERVED.fullmatch(name.lower()):
                raise ValidationError("must not have members that are no custom headers")
            if not isinstance(content, str) or not _VALUE.fullmatch(content):
                raise ValidationError("must have texts without line breaks as members")
        if len({name.lower() for name in value}) < len(value):
            raise ValidationError("must not name a header twice")
        return dict(value)


class WebhookSettings(SettingsSchema):
    """Where to send, and what to send along."""

    target_url = fields.Url(
        required=True,
        schemes={"http", "https"},
        require_tld=False,
        validate=validate.Length(max=LONGEST, error="must be at most {max} characters long"),
        error_messages={"invalid": "must be an http or https URL"},
        metadata={"description": "The address that takes the events."},
    )
    headers = SecretHeaders(
        load_default=dict,
        metadata={"description": "Headers to send along, such as Authorization."},
    )

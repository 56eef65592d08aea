"""Where a project wants its codes."""

from __future__ import annotations

from marshmallow import fields, validate

from kupon.hooks.settings import Secret, SettingsSchema


class HttpChannelSettings(SettingsSchema):
    """Both are needed: an unsigned message can't be told from a forged one."""

    url = fields.Url(
        required=True,
        schemes={"http", "https"},
        require_tld=False,
        metadata={"description": "The address that takes the messages."},
    )
    secret = Secret(
        required=True,
        validate=validate.Length(min=16),
        metadata={"description": "What messages are signed with; at least 16 characters."},
    )

"""What a connection with Acme Letters needs to know."""

from __future__ import annotations

from marshmallow import fields

from kupon.hooks.settings import Secret, SettingsSchema


class AcmeLettersSettings(SettingsSchema):
    """One account of the print shop."""

    url = fields.Url(
        required=True,
        schemes={"http", "https"},
        require_tld=False,
        metadata={"description": "Address of the account's API."},
    )
    token = Secret(required=True, metadata={"description": "Token of the account's API."})
    notice_secret = Secret(
        required=True, metadata={"description": "What the print shop signs its notices with."}
    )

"""What a shop of Acme's may set."""

from __future__ import annotations

from marshmallow import fields, validate

from kupon.hooks.settings import SettingsSchema


class AcmeSettings(SettingsSchema):
    """Everything has a default: activating the plugin suffices."""

    lowest_total = fields.Integer(
        load_default=0,
        strict=True,
        validate=validate.Range(min=0),
        metadata={"description": "Nothing is redeemed that leaves less to pay, in minor units."},
    )
    message = fields.String(
        load_default="Too little would be left to pay.",
        metadata={"description": "What the till shows then."},
    )

"""Whom a project blocks."""

from __future__ import annotations

from marshmallow import fields, validate

from kupon.hooks.settings import SettingsSchema

_MOST = 10_000


class Folded(fields.String):
    """A text that compares without case."""

    def _deserialize(self, value: object, *arguments: object, **options: object) -> str:
        return super()._deserialize(value, *arguments, **options).casefold()


class BlocklistSettings(SettingsSchema):
    """Both lists count; customers without a name are never blocked."""

    source_ids = fields.List(
        fields.String(),
        load_default=list,
        validate=validate.Length(max=_MOST),
        metadata={"description": "Source ids of customers who may redeem nothing."},
    )
    email_domains = fields.List(
        Folded(validate=validate.Length(min=1)),
        load_default=list,
        validate=validate.Length(max=_MOST),
        metadata={"description": "Domains of e-mail addresses that may redeem nothing."},
    )
    message = fields.String(
        load_default="This offer is not available to you.",
        metadata={"description": "What the refusal tells the shop."},
    )

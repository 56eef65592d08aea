"""The words of the topic of commands; what is not known is passed over.

Source: spec adapters-marketing, sections 1.3 and 5.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

_NAME = validate.Length(min=1, max=255)


class _Words(Schema):
    class Meta:
        """Newer callers may say more."""

        unknown = EXCLUDE


class _Body(fields.Dict):
    """A body as the API takes it, which has a source id."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        body = super()._deserialize(value, *args, **kwargs)
        source_id = body.get("source_id")
        if not isinstance(source_id, str) or not source_id.strip():
            raise ValidationError("must have a source_id")
        return body


def _moment() -> fields.AwareDateTime:
    return fields.AwareDateTime(format="iso", load_default=None, allow_none=True)


class Letter(_Words):
    """What is around every command."""

    id = fields.String(load_default=None, allow_none=True, validate=_NAME)
    type = fields.String(required=True)
    project_id = fields.String(load_default=None, allow_none=True)
    occurred_at = _moment()
    version = fields.Integer(load_default=None, allow_none=True, strict=True)
    data = fields.Dict(required=True, keys=fields.String())


class _Customer(_Words):
    customer = _Body(required=True)


class _Merge(_Words):
    into = _Body(required=True)
    source = _Body(required=True, data_key="from")


class _Audience(_Customer):
    audience_id = fields.String(required=True, validate=_NAME)
    is_member = fields.Boolean(required=True)
    list_key = fields.String(load_default="audiences", validate=_NAME)


class _Event(_Customer):
    event = fields.String(required=True, validate=_NAME)
    metadata = fields.Dict(load_default=dict)
    referral = fields.Dict(load_default=None, allow_none=True)
    loyalty = fields.Dict(load_default=None, allow_none=True)


class _Order(_Words):
    order = _Body(required=True)
    redeemables = fields.List(fields.Dict(), load_default=list)
    session_key = fields.String(load_default=None, allow_none=True)
    placed_at = _moment()


class _Product(_Words):
    product = _Body(required=True)
    skus = fields.List(_Body(), load_default=list)


class _Publication(_Customer):
    campaign = fields.String(load_default=None, allow_none=True)
    voucher = fields.String(load_default=None, allow_none=True)
    source_id = fields.String(load_default=None, allow_none=True)
    metadata = fields.Dict(load_default=dict)


DATA: Final[Mapping[str, type[Schema]]] = {
    "customer.upsert": _Customer,
    "customer.erase": _Customer,
    "customer.merge": _Merge,
    "audience.set": _Audience,
    "event.track": _Event,
    "order.upsert": _Order,
    "product.upsert": _Product,
    "publication.create": _Publication,
}

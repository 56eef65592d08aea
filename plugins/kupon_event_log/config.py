"""What a project has written into the log."""

from __future__ import annotations

from marshmallow import fields

from kupon.hooks.settings import SettingsSchema


class EventLogSettings(SettingsSchema):
    """Without types, all events."""

    types = fields.List(
        fields.String(),
        load_default=list,
        metadata={"description": "Types of the events to write; none named means all."},
    )
    has_data = fields.Boolean(
        load_default=False,
        metadata={"description": "Whether the objects of an event are written, people included."},
    )

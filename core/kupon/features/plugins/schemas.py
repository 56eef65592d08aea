"""Wire shapes of plugins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from marshmallow import fields

from kupon.hooks.manager import Plugin
from kupon.hooks.settings import Kept, describe, show_settings
from kupon.hooks.tenancy import Tenancy
from kupon.kit.timestamps import format_moment
from kupon.storage.tables.event_sinks import ProjectPlugin
from kupon.web.fields import CountedList, Flag, Json, Many, Moment, Part, Text, WireSchema


class ActivationBody(WireSchema):
    """What a project sets for a plugin; a mask leaves a secret as it is."""

    settings = Json()


class AnyAnswer(WireSchema):
    """What a plugin's route answers that does not say more of it."""


class SettingMember(WireSchema):
    """One member of a plugin's settings."""

    name = Text(required=True)
    help = Text(required=True)
    required = Flag(required=True)
    secret = Flag(required=True)
    default = fields.Raw()
    choices = Many(fields.Raw())


class ProjectPluginBody(WireSchema):
    """A plugin of the server as a project sees it; settings are there where it is active."""

    object = Text(required=True)
    name = Text(required=True)
    summary = Text(required=True)
    version = Text(required=True)
    distribution = Text(required=True)
    hooks = Many(Text(), required=True)
    active = Flag(required=True)
    settings = Json()
    settings_schema = Many(Part(SettingMember), required=True)
    activated_at = Moment()
    updated_at = Moment()


class PluginList(CountedList):
    """All plugins of the server."""

    data = Many(Part(ProjectPluginBody), required=True)


def dump_plugin(tenants: Tenancy, plugin: Plugin, row: ProjectPlugin | None) -> dict[str, Any]:
    """A plugin with its settings in a project, None where it is not active."""
    schema = tenants.contributions.settings.get(plugin.name)
    body: dict[str, Any] = {
        "object": "plugin",
        "name": plugin.name,
        "summary": plugin.summary,
        "version": plugin.version,
        "distribution": plugin.distribution,
        "hooks": list(plugin.hooks),
        "active": row is not None,
        "settings_schema": [] if schema is None else _members(list(describe(schema))),
    }
    if row is None:
        return body
    kept = Kept(row.settings, row.secrets)
    body["settings"] = {} if schema is None else show_settings(schema, tenants.vault, kept)
    body["activated_at"] = format_moment(row.created_at)
    if row.updated_at is not None:
        body["updated_at"] = format_moment(row.updated_at)
    return body


def _members(described: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {name: value for name, value in member.items() if value is not None} for member in described
    ]

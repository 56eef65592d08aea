"""Settings of adapters and plugins: marshmallow fields that know which values are secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from marshmallow import RAISE, Schema, fields

# What stands for a secret wherever settings are shown; sent back, it leaves the secret as it is.
MASK: Final = "********"


class Secret(fields.String):
    """A text that is encrypted where it is kept and never shown again."""


class SettingsSchema(Schema):
    """The base of settings: unknown members are errors, every member has a help text."""

    class Meta:
        """No member is passed over in silence."""

        unknown = RAISE


def secret_names(schema: type[Schema]) -> frozenset[str]:
    """The members of a schema that are secret."""
    declared = schema().fields.items()
    return frozenset(name for name, each in declared if isinstance(each, Secret))


def masked(schema: type[Schema], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as they may be shown."""
    secret = secret_names(schema)
    return {name: MASK if name in secret and value else value for name, value in settings.items()}


def describe(schema: type[Schema]) -> Iterator[dict[str, Any]]:
    """What an operator must know of each member: its name, help, default, and whether it is secret.

    Shapes:  {name, help, required, secret, default, choices}.
    """
    for name, each in schema().fields.items():
        choices = next((list(v.choices) for v in each.validators if hasattr(v, "choices")), None)
        yield {
            "name": name,
            "help": each.metadata.get("description", ""),
            "required": each.required,
            "secret": isinstance(each, Secret),
            "default": None if callable(each.load_default) else _plain(each.load_default),
            "choices": choices,
        }


def _plain(default: Any) -> Any:
    return default if isinstance(default, str | int | float | bool | list | dict) else None

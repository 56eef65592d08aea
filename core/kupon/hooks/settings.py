"""Settings of adapters and plugins: marshmallow fields that know which values are secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from kupon.hooks.errors import Misconfigured
from kupon.kit.complaints import first_complaint
from kupon.kit.errors import KuponError, invalid_payload
from kupon.runtime.vault import NoKeys, UnknownKey, Vault

# What stands for a secret wherever settings are shown; sent back, it leaves the secret as it is.
MASK: Final = "********"


class Secret(fields.String):
    """A text that is encrypted where it is kept and never shown again."""


class SettingsSchema(Schema):
    """The base of settings: unknown members are errors, every member has a help text."""

    class Meta:
        """No member is passed over in silence."""

        unknown = RAISE


# The setting that has an adapter write customers' own data to profiles too.
FILLS_PROFILES: Final = "fills_profiles"
# How long messages that ask again by the same query mean the same.
REPEATS: Final = "pull_dedup_seconds"
MOST_REPEATS_S: Final = 300


class PullSettings(SettingsSchema):
    """The base for platforms whose messages fetch codes while they are rendered."""

    pull_dedup_seconds = fields.Integer(
        load_default=0,
        validate=validate.Range(0, MOST_REPEATS_S),
        metadata={
            "description": "For so many seconds, GET /v1/publications/create without a source_id"
            " gives a customer the same code of a campaign again; 30 suits most, 0 is never."
        },
    )


ORDER_PAID, ORDER_PLACED = "ORDER_PAID", "ORDER_PLACED"
_WEEK_S: Final = 604_800
_YEAR_S: Final = 31_536_000


class OrderSettings(SettingsSchema):
    """The base for shops: what Kupon itself goes by, whatever the platform is.

    Source:  spec adapters-commerce, section 1.2.
    """

    redeem_on = fields.String(
        load_default=ORDER_PAID,
        validate=validate.OneOf((ORDER_PAID, ORDER_PLACED)),
        metadata={"description": "When the codes of an order count as used."},
    )
    lock_ttl_seconds = fields.Integer(
        load_default=_WEEK_S,
        validate=validate.Range(60, _YEAR_S),
        metadata={"description": "How long a cart holds its codes without being changed."},
    )
    currencies = fields.List(
        fields.String(validate=validate.Length(equal=3)),
        load_default=list,
        metadata={"description": "Currencies in which discounts are given; empty for all."},
    )


class Kept(NamedTuple):
    """Settings as they are stored: what may be shown, and the secrets, encrypted."""

    settings: dict[str, Any]
    secrets: str | None


def keep_settings(
    schema: type[Schema], vault: Vault, given: Mapping[str, Any], known: Kept | None = None
) -> Kept:
    """Check settings that somebody has sent, and divide them into what is stored.

    Shapes:  a mask stands for the secret that is known.
    Raises:  ValidationError; NoKeys, UnknownKey for secrets.
    """
    secret = secret_names(schema)
    old = {} if known is None else vault.open(known.secrets)
    complete = {name: value for name, value in given.items() if not _is_mask(name, value, secret)}
    complete |= {name: old[name] for name in given.keys() - complete.keys() if name in old}
    schema().load(complete)
    hidden = {name: value for name, value in complete.items() if name in secret}
    shown = {name: value for name, value in complete.items() if name not in secret}
    return Kept(shown, vault.seal(hidden) if hidden else None)


@contextmanager
def refusing_settings(member: str | None = "settings") -> Iterator[None]:
    """Tell a caller why settings that he sent can't be kept.

    Shapes:  member is where they stand in the body, None where they are the body.
    Raises:  invalid_payload; service_unavailable where the server has no key for secrets.
    """
    try:
        yield
    except ValidationError as error:
        messages = error.messages if member is None else {member: error.messages}
        raise invalid_payload(first_complaint(messages)) from None
    except (NoKeys, UnknownKey) as error:
        raise KuponError("service_unavailable", str(error)) from None


def open_settings(
    schema: type[Schema], vault: Vault, settings: Mapping[str, Any], secrets: str | None
) -> Mapping[str, Any]:
    """What the schema loads of settings that are stored.

    Raises:  Misconfigured where they can't be decrypted, or the schema no longer takes them.
    """
    try:
        loaded: Mapping[str, Any] = schema().load({**settings, **vault.open(secrets)})
    except (NoKeys, UnknownKey) as error:
        raise Misconfigured(str(error)) from None
    except ValidationError as error:
        # Its messages name members; what they hold is not repeated.
        raise Misconfigured(f"settings: {', '.join(map(str, error.messages))}") from None
    return loaded


def secret_names(schema: type[Schema]) -> frozenset[str]:
    """The members of a schema that are secret."""
    declared = schema().fields.items()
    return frozenset(name for name, each in declared if isinstance(each, Secret))


def masked(schema: type[Schema], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as they may be shown."""
    secret = secret_names(schema)
    return {name: MASK if name in secret and value else value for name, value in settings.items()}


def show_settings(schema: type[Schema], vault: Vault, kept: Kept) -> dict[str, Any]:
    """Stored settings as they may be shown; masks tell which secrets are set."""
    try:
        names = list(vault.open(kept.secrets))
    except (NoKeys, UnknownKey):
        names = sorted(secret_names(schema))
    return {**kept.settings, **dict.fromkeys(names, MASK)}


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


def _is_mask(name: str, value: Any, secret: frozenset[str]) -> bool:
    return name in secret and value == MASK

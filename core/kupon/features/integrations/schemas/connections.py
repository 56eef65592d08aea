"""Wire shapes of adapters, connections and what went through them."""

from __future__ import annotations

from typing import Any, Protocol

from marshmallow import RAISE, ValidationError, fields

from kupon.features.integrations.schemas.moments import dump_moments
from kupon.hooks.adapter import Adapter
from kupon.hooks.contributions import Contributions
from kupon.hooks.settings import Kept, describe, show_settings
from kupon.kit.complaints import first_complaint
from kupon.kit.errors import invalid_payload
from kupon.runtime.vault import Vault
from kupon.storage.tables.integrations import (
    Connection,
)
from kupon.web.fields import (
    CountedList,
    Flag,
    Json,
    Many,
    Moment,
    Part,
    Text,
    WireSchema,
    at_most,
    identifier,
)
from kupon.web.query import Switch

LONGEST_NAME = 200


class Addresses(Protocol):
    """What is asked of the loaded plugins to show a connection."""

    @property
    def contributions(self) -> Contributions:
        """What they registered."""

    @property
    def vault(self) -> Vault:
        """The keeper of secrets."""

    @property
    def public_url(self) -> str:
        """Where platforms reach this server."""

    def address(self, token: str) -> str:
        """Where a platform reaches a connection."""


class ConnectionCreate(WireSchema):
    """A connection to be made; settings are those of its adapter."""

    adapter = Text(required=True, validate=at_most(LONGEST_NAME))
    name = Text(required=True, validate=[*identifier(), at_most(LONGEST_NAME)])
    settings = Json()
    schedule = Json()


class ConnectionUpdate(WireSchema):
    """What is to change; settings are replaced whole, a mask leaves a secret as it is.

    The schedule, by resource, is replaced whole too.
    """

    name = Text(validate=[*identifier(), at_most(LONGEST_NAME)])
    settings = Json()
    schedule = Json()


def read_creation(sent: Any) -> dict[str, Any]:
    """A connection to be made that did not come with a request; unknown members are refused.

    Raises:  invalid_payload.
    """
    return _read(ConnectionCreate(unknown=RAISE), sent)


def read_update(sent: Any) -> dict[str, Any]:
    """Changes that did not come with a request.

    Raises:  invalid_payload.
    """
    return _read(ConnectionUpdate(unknown=RAISE), sent)


def _read(schema: WireSchema, sent: Any) -> dict[str, Any]:
    try:
        body: dict[str, Any] = schema.load(sent)
    except ValidationError as error:
        raise invalid_payload(first_complaint(error.messages)) from None
    return body


class ConnectionDeletion(WireSchema):
    """Whether to remove it even if the platform keeps what was installed there."""

    force = Switch(load_default=False)


class AdapterSetting(WireSchema):
    """One member of an adapter's settings."""

    name = Text(required=True)
    help = Text(required=True)
    required = Flag(required=True)
    secret = Flag(required=True)
    default = fields.Raw()
    choices = Many(fields.Raw())


class AdapterBody(WireSchema):
    """An adapter of the server."""

    object = Text(required=True)
    id = Text(required=True)
    name = Text(required=True)
    kind = Text(required=True)
    api_version = Text(required=True)
    capabilities = Many(Text(), required=True)
    events = Many(Text(), required=True)
    tier = Text(required=True)
    settings = Many(Part(AdapterSetting), required=True)


class AdapterList(CountedList):
    """All adapters of the server."""

    data = Many(Part(AdapterBody), required=True)


class IntegrationKey(WireSchema):
    """A key pair; the secret is told once."""

    app_id = Text(required=True)
    app_token = Text(required=True)


class ConnectionBody(WireSchema):
    """A connection; `integration_key` is there when one was just made."""

    object = Text(required=True)
    id = Text(required=True)
    adapter = Text(required=True)
    name = Text(required=True)
    status = Text(required=True)
    address = Text(required=True)
    prefix_address = Text()
    integration_key_id = Text()
    integration_key = Part(IntegrationKey)
    settings = Json(required=True)
    schedule = Json(required=True)
    provisioned = Flag(required=True)
    last_error = Text()
    last_error_at = Moment()
    last_success_at = Moment()
    created_at = Moment(required=True)
    updated_at = Moment()


class ConnectionList(CountedList):
    """All connections of a project."""

    data = Many(Part(ConnectionBody), required=True)


class ConnectionCheck(WireSchema):
    """What a look at the platform found."""

    object = Text(required=True)
    health = Text(required=True)
    message = Text(required=True)


def dump_adapter(adapter: type[Adapter]) -> dict[str, Any]:
    """The wire's adapter."""
    manifest = adapter.manifest()
    return {
        "object": "adapter",
        "id": manifest.id,
        "name": manifest.name,
        "kind": manifest.kind,
        "api_version": manifest.api_version,
        "capabilities": sorted(manifest.capabilities),
        "events": list(manifest.events),
        "tier": manifest.tier,
        "settings": [
            {name: value for name, value in member.items() if value is not None}
            for member in describe(adapter.settings)
        ],
    }


def dump_connection(tenants: Addresses, row: Connection) -> dict[str, Any]:
    """The wire's connection, its secrets masked, or unknown where the adapter is gone."""
    adapter = tenants.contributions.adapters.get(row.adapter)
    kept = Kept(row.settings, row.secrets)
    body: dict[str, Any] = {
        "object": "connection",
        "id": row.id,
        "adapter": row.adapter,
        "name": row.name,
        "status": row.status,
        "address": tenants.address(row.token),
    }
    prefix = None if adapter is None else adapter.manifest().prefix
    if prefix is not None:
        body["prefix_address"] = f"{tenants.public_url}/{prefix}"
    if row.key_id is not None:
        body["integration_key_id"] = row.key_id
    if adapter is None:
        body["settings"] = row.settings
    else:
        body["settings"] = show_settings(adapter.settings, tenants.vault, kept)
    body["schedule"] = row.schedule
    body["provisioned"] = row.provision_at is not None
    if row.last_error is not None:
        body["last_error"] = row.last_error
    names = ("last_error_at", "last_success_at", "created_at", "updated_at")
    return body | dump_moments(row, names)

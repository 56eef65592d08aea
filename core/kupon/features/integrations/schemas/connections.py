"""Wire shapes of adapters, connections and what went through them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from marshmallow import fields

from kupon.hooks.adapter import Adapter
from kupon.hooks.manager import Contributions
from kupon.hooks.settings import Kept, describe, show_settings
from kupon.kit.timestamps import format_moment
from kupon.runtime.vault import Vault
from kupon.storage.queries import inbox, platform_checkouts
from kupon.storage.tables.integrations import (
    Connection,
    ConnectionCount,
    InboxEntry,
    PlatformCheckout,
)
from kupon.web.fields import (
    Flag,
    Json,
    Many,
    Moment,
    Part,
    Text,
    Whole,
    WireSchema,
    at_most,
    between,
    identifier,
    one_of,
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


class ConnectionUpdate(WireSchema):
    """What is to change; settings are replaced whole, a mask leaves a secret as it is."""

    name = Text(validate=[*identifier(), at_most(LONGEST_NAME)])
    settings = Json()


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


class AdapterList(WireSchema):
    """All adapters of the server."""

    object = Text(required=True)
    data_ref = Text(required=True)
    data = Many(Part(AdapterBody), required=True)
    total = Whole(required=True)


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
    provisioned = Flag(required=True)
    last_error = Text()
    last_error_at = Moment()
    last_success_at = Moment()
    created_at = Moment(required=True)
    updated_at = Moment()


class ConnectionList(WireSchema):
    """All connections of a project."""

    object = Text(required=True)
    data_ref = Text(required=True)
    data = Many(Part(ConnectionBody), required=True)
    total = Whole(required=True)


class ConnectionCheck(WireSchema):
    """What a look at the platform found."""

    object = Text(required=True)
    health = Text(required=True)
    message = Text(required=True)


class ConnectionDay(WireSchema):
    """What went through on one day of the project."""

    date = Text(required=True)
    counts = Json(required=True)


class ConnectionStatistics(WireSchema):
    """What waits in a connection, what went through it in all, and by day of late."""

    object = Text(required=True)
    status = Text(required=True)
    inbox_waiting = Whole(required=True)
    inbox_parked = Whole(required=True)
    totals = Json(required=True)
    days = Many(Part(ConnectionDay), required=True)


class InboxQuery(WireSchema):
    """Which deliveries to list."""

    state = Text(load_default=inbox.PARKED, validate=one_of(*inbox.STATES))
    limit = Whole(load_default=20, validate=between(1, 100))
    starting_after = Whole()


class InboxDelivery(WireSchema):
    """A delivery of a platform; `payload` where a single one is asked for."""

    object = Text(required=True)
    id = Whole(required=True)
    delivery_id = Text(required=True)
    event = Text(required=True)
    subject = Text(required=True)
    state = Text(required=True)
    attempts = Whole(required=True)
    error = Text()
    payload = Json()
    occurred_at = Moment()
    received_at = Moment(required=True)
    processed_at = Moment()


class InboxDeliveryList(WireSchema):
    """A page of deliveries."""

    object = Text(required=True)
    data_ref = Text(required=True)
    data = Many(Part(InboxDelivery), required=True)
    has_more = Flag(required=True)


class InboxReplay(WireSchema):
    """How many deliveries wait anew."""

    object = Text(required=True)
    count = Whole(required=True)


class CheckoutQuery(WireSchema):
    """Which checkouts to list."""

    state = Text(validate=one_of(*platform_checkouts.STATES))
    limit = Whole(load_default=20, validate=between(1, 100))


class CheckoutBody(WireSchema):
    """A platform's order, and what became of its incentives."""

    object = Text(required=True)
    order_source_id = Text(required=True)
    checkout_key = Text()
    state = Text(required=True)
    redemption_id = Text()
    error = Text()
    created_at = Moment(required=True)
    updated_at = Moment()


class CheckoutList(WireSchema):
    """Checkouts of a connection."""

    object = Text(required=True)
    data_ref = Text(required=True)
    data = Many(Part(CheckoutBody), required=True)
    total = Whole(required=True)


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
    body["provisioned"] = bool(row.state)
    if row.last_error is not None:
        body["last_error"] = row.last_error
    names = ("last_error_at", "last_success_at", "created_at", "updated_at")
    return body | dict(_moments(row, names))


def dump_statistics(
    row: Connection,
    waiting: Mapping[str, int],
    totals: Mapping[str, int],
    counts: Sequence[ConnectionCount],
) -> dict[str, Any]:
    """The wire's statistics of a connection."""
    days: dict[str, dict[str, int]] = {}
    for each in counts:
        days.setdefault(each.day, {})[each.kind] = each.count
    return {
        "object": "connection_statistics",
        "status": row.status,
        "inbox_waiting": waiting[inbox.WAITING],
        "inbox_parked": waiting[inbox.PARKED],
        "totals": dict(totals),
        "days": [{"date": day, "counts": kinds} for day, kinds in sorted(days.items())],
    }


def dump_delivery(row: InboxEntry) -> dict[str, Any]:
    """The wire's delivery without its payload."""
    body: dict[str, Any] = {
        "object": "delivery",
        "id": row.seq,
        "delivery_id": row.delivery_id,
        "event": row.event,
        "subject": row.subject,
        "state": row.state,
        "attempts": row.attempts,
    }
    if row.error is not None:
        body["error"] = row.error
    return body | dict(_moments(row, ("occurred_at", "received_at", "processed_at")))


def dump_checkout(row: PlatformCheckout) -> dict[str, Any]:
    """The wire's checkout."""
    body = {"object": "checkout", "order_source_id": row.order_source_id, "state": row.state}
    for name in ("checkout_key", "redemption_id", "error"):
        if getattr(row, name) is not None:
            body[name] = getattr(row, name)
    return body | dict(_moments(row, ("created_at", "updated_at")))


def _moments(row: object, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        moment = getattr(row, name)
        if moment is not None:
            yield name, format_moment(moment)

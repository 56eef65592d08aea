"""How a cluster is reached, and which topics are Kupon's."""

from __future__ import annotations

import re
from typing import Any, Final

from marshmallow import ValidationError, fields, validate, validates_schema

from kupon.hooks.settings import Secret, SettingsSchema

_BROKER: Final = r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}"
_BROKERS: Final = re.compile(rf"{_BROKER}(?:,{_BROKER})*")
_TOPIC: Final = r"[A-Za-z0-9._-]{1,249}"

PROTOCOLS: Final = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
BEARER: Final = "OAUTHBEARER"
MECHANISMS: Final = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", BEARER)
JSON: Final = "json"
AVRO: Final = "avro"
JSON_SCHEMA: Final = "json-schema"
FORMATS: Final = (JSON, AVRO, JSON_SCHEMA)
SMALLEST: Final = 10_000
LARGEST: Final = 900_000


def _text(purpose: str) -> fields.String:
    return fields.String(load_default="", metadata={"description": purpose})


def _url(purpose: str) -> fields.Url:
    return fields.Url(
        load_default="",
        schemes={"http", "https"},
        require_tld=False,
        metadata={"description": purpose},
    )


def _secret(purpose: str) -> Secret:
    return Secret(load_default="", metadata={"description": purpose})


def _topic(default: str, purpose: str) -> fields.String:
    pattern = _TOPIC if default else f"(?:{_TOPIC})?"
    return fields.String(
        load_default=default,
        validate=validate.Regexp(pattern + r"\Z", error="must be the name of a topic"),
        metadata={"description": purpose},
    )


def _number(default: int, most: int, purpose: str, *, least: int = 1) -> fields.Integer:
    return fields.Integer(
        strict=True,
        load_default=default,
        validate=validate.Range(least, most),
        metadata={"description": purpose},
    )


def _switch(purpose: str) -> fields.Boolean:
    return fields.Boolean(load_default=False, metadata={"description": purpose})


class ClusterSettings(SettingsSchema):
    """Where the cluster is, what it asks of its clients, and how its topics are to be."""

    bootstrap_servers = fields.String(
        required=True,
        validate=validate.Regexp(
            _BROKERS.pattern + r"\Z", error="must be host:port, several with commas between"
        ),
        metadata={"description": "Some brokers as host:port, with commas between."},
    )
    security_protocol = fields.String(
        load_default="SASL_SSL",
        validate=validate.OneOf(PROTOCOLS),
        metadata={"description": "Whether connections are encrypted, and whether one logs in."},
    )
    sasl_mechanism = fields.String(
        load_default="SCRAM-SHA-512",
        validate=validate.OneOf(MECHANISMS),
        metadata={"description": "How one logs in, where the protocol begins with SASL."},
    )
    username = _text("Who logs in, where the protocol is SASL; with OAUTHBEARER the client's id.")
    password = _secret("The user's password; with OAUTHBEARER the client's secret.")
    token_url = _url("Where tokens come from by client credentials, with OAUTHBEARER.")
    scope = _text("What tokens are asked for, with OAUTHBEARER.")
    token_extensions = _text("SASL extensions as name=value, with commas between.")
    ca = _text("Certificates to trust, as PEM; the machine's own when empty.")
    certificate = _text("Kupon's own certificate, as PEM, where brokers ask for one.")
    key = _secret("The certificate's key, as PEM.")
    key_password = _secret("What the key is encrypted with.")
    registry_url = _url("Address of a schema registry, where values are not plain JSON.")
    registry_username = _text("Who logs in to the registry; with Confluent Cloud an API key.")
    registry_password = _secret("The registry's password or API secret.")
    registry_ca = _text("Certificates to trust in the registry's case, as PEM.")
    partitions = _number(6, 10_000, "Partitions of topics that Kupon makes.")
    replicas = _number(
        -1, 100, "Copies of topics that Kupon makes; -1 for the cluster's usual number.", least=-1
    )

    @validates_schema
    def check_login(self, data: dict[str, Any], **_: Any) -> None:
        """Nobody logs in without a name and a password, or gets a token from nowhere."""
        if not data["security_protocol"].startswith("SASL"):
            return
        needed = ["username", "password"]
        if data["sasl_mechanism"] == BEARER:
            needed.append("token_url")
        for name in needed:
            if not data[name]:
                raise ValidationError("must not be empty with this login", name)

    @validates_schema
    def check_copies(self, data: dict[str, Any], **_: Any) -> None:
        """No topic has no copy."""
        if data["replicas"] == 0:
            raise ValidationError("must not be 0", "replicas")


def _format() -> fields.String:
    return fields.String(
        load_default=JSON,
        validate=validate.OneOf(FORMATS),
        metadata={"description": "How values are written; all but json need a registry."},
    )


def _check_format(data: dict[str, Any]) -> None:
    if data["format"] != JSON and not data["registry_url"]:
        raise ValidationError("must not be empty with this format", "registry_url")


class SinkSettings(ClusterSettings):
    """Where events go."""

    topic = _topic("kupon.events.v1", "The topic that gets the events.")
    customers_topic = _topic("", "A compacted topic that has each customer as it is now.")
    vouchers_topic = _topic("", "A compacted topic that has each code as it is now.")
    create_topics = _switch("Whether Kupon makes topics that do not exist.")
    format = _format()
    largest_bytes = _number(
        LARGEST,
        LARGEST,
        "The size above which an event's data are left out; brokers take 1 MB.",
        least=SMALLEST,
    )

    @validates_schema
    def check_format(self, data: dict[str, Any], **_: Any) -> None:
        """Without a registry there is nothing but JSON."""
        _check_format(data)


class CommandSettings(ClusterSettings):
    """Where commands come from."""

    topic = _topic("kupon.commands.v1", "The topic that commands are read from.")
    dead_letter_topic = _topic(
        "kupon.commands.dlq.v1", "The topic that gets what is no command, as it came."
    )
    results_topic = _topic("", "A topic that is told what became of commands.")
    shared = _switch("Whether commands of other projects in the topic are passed over.")
    format = _format()

    @validates_schema
    def check_format(self, data: dict[str, Any], **_: Any) -> None:
        """Without a registry there is nothing but JSON."""
        _check_format(data)

"""How a cluster is reached, and which topics are Kupon's."""

from __future__ import annotations

import re
from typing import Any, Final

from marshmallow import ValidationError, fields, validate, validates_schema

from kupon.hooks.settings import Secret, SettingsSchema

_BROKER: Final = r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}"
_BROKERS: Final = re.compile(rf"{_BROKER}(?:,{_BROKER})*")
_TOPIC: Final = re.compile(r"[A-Za-z0-9._-]{1,249}")

PROTOCOLS: Final = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
MECHANISMS: Final = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
SMALLEST: Final = 10_000
LARGEST: Final = 900_000


def _topic(default: str, purpose: str) -> fields.String:
    return fields.String(
        load_default=default,
        validate=validate.Regexp(_TOPIC.pattern + r"\Z", error="must be the name of a topic"),
        metadata={"description": purpose},
    )


class ClusterSettings(SettingsSchema):
    """Where the cluster is, and what it asks of its clients."""

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
    username = fields.String(
        load_default="", metadata={"description": "Who logs in, where the protocol is SASL."}
    )
    password = Secret(load_default="", metadata={"description": "The user's password."})
    ca = fields.String(
        load_default="",
        metadata={"description": "Certificates to trust, as PEM; the machine's own when empty."},
    )
    certificate = fields.String(
        load_default="",
        metadata={"description": "Kupon's own certificate, as PEM, where brokers ask for one."},
    )
    key = Secret(load_default="", metadata={"description": "The certificate's key, as PEM."})

    @validates_schema
    def check_login(self, data: dict[str, Any], **_: Any) -> None:
        """Nobody logs in without a name and a password."""
        if data["security_protocol"].startswith("SASL"):
            for name in ("username", "password"):
                if not data[name]:
                    raise ValidationError("must not be empty with this protocol", name)


class SinkSettings(ClusterSettings):
    """Where events go."""

    topic = _topic("kupon.events.v1", "The topic that gets the events.")
    largest_bytes = fields.Integer(
        strict=True,
        load_default=LARGEST,
        validate=validate.Range(SMALLEST, LARGEST),
        metadata={
            "description": "The size above which an event's data are left out; brokers take 1 MB."
        },
    )


class CommandSettings(ClusterSettings):
    """Where commands come from."""

    topic = _topic("kupon.commands.v1", "The topic that commands are read from.")
    dead_letter_topic = _topic(
        "kupon.commands.dlq.v1", "The topic that gets what is no command, as it came."
    )

"""What librdkafka is told of a cluster, and whether its brokers may be called at all.

Source: spec adapters-marketing, section 5.2; librdkafka's CONFIGURATION.md.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any, Final

from kupon.hooks.addresses import AddressGuard, ForbiddenAddress
from kupon.hooks.errors import AdapterError, AuthFailed, Misconfigured, Unavailable

log = logging.getLogger("kupon.kafka")

LOOK_S: Final = 10.0


def options_of(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The options that all clients of a cluster have."""
    protocol = settings["security_protocol"]
    options: dict[str, Any] = {
        "bootstrap.servers": settings["bootstrap_servers"],
        "security.protocol": protocol,
        "client.id": "kupon",
        "socket.timeout.ms": 10_000,
        "log.connection.close": False,
        # Without it, librdkafka writes to the standard error itself.
        "logger": log,
    }
    if protocol.startswith("SASL"):
        options["sasl.mechanism"] = settings["sasl_mechanism"]
        options["sasl.username"] = settings["username"]
        options["sasl.password"] = settings["password"]
    if protocol.endswith("SSL"):
        pems = {
            "ssl.ca.pem": settings["ca"],
            "ssl.certificate.pem": settings["certificate"],
            "ssl.key.pem": settings["key"],
        }
        options |= {name: pem for name, pem in pems.items() if pem}
    return options


def check_brokers(settings: Mapping[str, Any], guard: AddressGuard) -> None:
    """See that the brokers which the settings name may be called.

    Raises:  Misconfigured; Unavailable for a name that nobody knows.
    """
    check_addresses(map(_address, settings["bootstrap_servers"].split(",")), guard)


def check_addresses(addresses: Iterable[tuple[str, int]], guard: AddressGuard) -> None:
    """See that some addresses may be called, by host and port.

    Raises:  as check_brokers.
    """
    for host, port in addresses:
        try:
            guard.resolve(host, port)
        except ForbiddenAddress as error:
            raise Misconfigured(str(error)) from None
        except (OSError, UnicodeError, OverflowError):
            raise Unavailable(f"{host}:{port} is unknown") from None


def look(client: Any, topic: str, guard: AddressGuard) -> None:
    """Ask a client's cluster for a topic, and see that all brokers it names may be called.

    Raises:  AdapterError.
    """
    from confluent_kafka import KafkaException

    try:
        found = client.list_topics(topic, timeout=LOOK_S)
    except KafkaException as error:
        raise understood(error.args[0]) from None
    check_addresses([(each.host, each.port) for each in found.brokers.values()], guard)


def understood(error: Any) -> AdapterError:
    """What is to be done about an error of librdkafka."""
    from confluent_kafka import KafkaError

    text = f"{error.name()}: {error.str()}"
    if error.code() in (
        KafkaError.SASL_AUTHENTICATION_FAILED,
        KafkaError._AUTHENTICATION,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
    ):
        return AuthFailed(text)
    return Unavailable(text)


def _address(broker: str) -> tuple[str, int]:
    host, _, port = broker.rpartition(":")
    return host.strip("[]"), int(port)

"""What librdkafka is told of a cluster, and whether its brokers may be called at all.

Source: spec adapters-marketing, section 5.2; librdkafka's CONFIGURATION.md.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from kupon.hooks.addresses import AddressGuard, ForbiddenAddress
from kupon.hooks.errors import AdapterError, AuthFailed, Misconfigured, Unavailable
from kupon_kafka.config import BEARER

log = logging.getLogger("kupon.kafka")

LOOK_S: Final = 10.0
# How often it is asked meanwhile whether somebody has said no.
_LISTEN_S: Final = 1.0

_Client = TypeVar("_Client")


def options_of(settings: Mapping[str, Any], ear: Ear) -> dict[str, Any]:
    """The options that all clients of a cluster have."""
    protocol = settings["security_protocol"]
    options: dict[str, Any] = {
        "bootstrap.servers": settings["bootstrap_servers"],
        "security.protocol": protocol,
        "client.id": "kupon",
        "socket.timeout.ms": 10_000,
        "log.connection.close": False,
        # Whoever is not let in asks again, and not ten times a second.
        "reconnect.backoff.ms": 1000,
        # Without it, librdkafka writes to the standard error itself.
        "logger": log,
        "error_cb": ear,
    }
    if protocol.startswith("SASL"):
        options |= _login(settings)
    if protocol.endswith("SSL"):
        options |= _given(
            {
                "ssl.ca.pem": settings["ca"],
                "ssl.certificate.pem": settings["certificate"],
                "ssl.key.pem": settings["key"],
                "ssl.key.password": settings["key_password"],
            }
        )
    return options


def _login(settings: Mapping[str, Any]) -> dict[str, Any]:
    mechanism = {"sasl.mechanism": settings["sasl_mechanism"]}
    if settings["sasl_mechanism"] != BEARER:
        return mechanism | {
            "sasl.username": settings["username"],
            "sasl.password": settings["password"],
        }
    return mechanism | _given(
        {
            "sasl.oauthbearer.method": "oidc",
            "sasl.oauthbearer.client.id": settings["username"],
            "sasl.oauthbearer.client.secret": settings["password"],
            "sasl.oauthbearer.token.endpoint.url": settings["token_url"],
            "sasl.oauthbearer.scope": settings["scope"],
            "sasl.oauthbearer.extensions": settings["token_extensions"],
        }
    )


def _given(options: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in options.items() if value}


def check_settings(settings: Mapping[str, Any], guard: AddressGuard) -> None:
    """See that whatever the settings name may be called: brokers, and who gives out tokens.

    Raises:  Misconfigured; Unavailable for a name that nobody knows.
    """
    check_addresses(map(_address, settings["bootstrap_servers"].split(",")), guard)
    if settings["sasl_mechanism"] == BEARER and settings["security_protocol"].startswith("SASL"):
        check_url(settings["token_url"], guard)


def check_url(url: str, guard: AddressGuard) -> None:
    """See that a URL may be called.

    Raises:  as check_settings.
    """
    refused = guard.refuse_url(url)
    if refused is not None:
        raise Misconfigured(f"{url} {refused}")
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    check_addresses([(parts.hostname or "", port)], guard)


def check_addresses(addresses: Iterable[tuple[str, int]], guard: AddressGuard) -> None:
    """See that some addresses may be called, by host and port.

    Raises:  as check_settings.
    """
    for host, port in addresses:
        try:
            guard.resolve(host, port)
        except ForbiddenAddress as error:
            raise Misconfigured(str(error)) from None
        except (OSError, UnicodeError, OverflowError):
            raise Unavailable(f"{host}:{port} is unknown") from None


class Ear:
    """Hears why a cluster lets nobody in, which the call that waits for it is not told."""

    def __init__(self) -> None:
        """Begin without anything heard."""
        self.refusal: Any = None

    def __call__(self, error: Any) -> None:
        """Take what librdkafka tells."""
        if isinstance(understood(error), AuthFailed):
            self.refusal = error


def open_client(kind: Callable[[dict[str, Any]], _Client], options: Mapping[str, Any]) -> _Client:
    """A client of librdkafka.

    Raises:  Misconfigured where it does not take its options, such as keys that are none.
    """
    from confluent_kafka import KafkaException

    try:
        return kind(dict(options))
    except (KafkaException, ValueError) as error:
        # Its text repeats no values.
        raise Misconfigured(f"librdkafka refuses the settings: {error.args[0]}") from None


def look(client: Any, topics: Sequence[str], guard: AddressGuard, ear: Ear) -> None:
    """Ask a client's cluster for topics, and see that all brokers it names may be called.

    Shapes:  ear is the one that the client got.
    Raises:  AdapterError.
    """
    from confluent_kafka import KafkaError

    for topic in topics:
        found = ask(client, topic, guard, ear)
        trouble = found[topic].error
        # A topic that was just made has no leader yet, for which clients wait by themselves.
        if trouble is not None and trouble.code() != KafkaError.LEADER_NOT_AVAILABLE:
            raise understood(trouble, topic)


def ask(client: Any, topic: str | None, guard: AddressGuard, ear: Ear) -> Mapping[str, Any]:
    """What a client's cluster knows of a topic, or of all; its brokers are ones to be called.

    Raises:  as look.
    """
    from confluent_kafka import KafkaException

    options = {} if topic is None else {"topic": topic}
    left_s = LOOK_S
    while True:
        left_s -= _LISTEN_S
        try:
            found = client.list_topics(**options, timeout=_LISTEN_S)
        except KafkaException as error:
            client.poll(0)
            if ear.refusal is not None or left_s <= 0:
                raise understood(ear.refusal or error.args[0]) from None
        else:
            check_addresses([(each.host, each.port) for each in found.brokers.values()], guard)
            topics: Mapping[str, Any] = found.topics
            return topics


def understood(error: Any, about: str = "") -> AdapterError:
    """What is to be done about an error of librdkafka."""
    from confluent_kafka import KafkaError

    text = f"{error.name()}: {error.str()}" + (f": {about}" if about else "")
    if error.code() in (
        KafkaError.SASL_AUTHENTICATION_FAILED,
        KafkaError._AUTHENTICATION,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    ):
        return AuthFailed(text)
    return Unavailable(text)


def _address(broker: str) -> tuple[str, int]:
    host, _, port = broker.rpartition(":")
    return host.strip("[]"), int(port)

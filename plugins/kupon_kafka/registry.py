"""A schema registry as Confluent's interface has it: asked by its own client, and understood.

Source: spec adapters-marketing, section 5.1; confluent-kafka's schema_registry.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from tempfile import NamedTemporaryFile
from typing import Any, Final
from weakref import finalize

from kupon.hooks.addresses import AddressGuard
from kupon.hooks.errors import AuthFailed, Misconfigured, Unavailable
from kupon_kafka.cluster import check_url

# Subjects are named after topics.
SUBJECTS: Final = {"subject.name.strategy.type": "TOPIC"}
_FRAME: Final = b"\0"
_FRAME_SIZE: Final = 5
_NOT_FOUND: Final = 404
_REFUSED: Final = (401, 403)
_TIMEOUT_S: Final = 10.0


class Unreadable(ValueError):
    """A value that no schema of the registry explains."""


@dataclass(slots=True, weakref_slot=True)
class Registry:
    """One registry; client is confluent-kafka's, closed when nobody has the registry any more."""

    client: Any
    _readers: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        finalize(self, self.client.close)

    def context(self, topic: str) -> Any:
        """Whose value it is, as confluent-kafka asks."""
        from confluent_kafka.serialization import MessageField, SerializationContext

        return SerializationContext(topic, MessageField.VALUE)

    def require(self, topic: str, compatibility: str) -> None:
        """Have a topic's schemas stay compatible; whoever has decided otherwise is left alone."""
        from confluent_kafka.schema_registry.error import SchemaRegistryError

        subject = f"{topic}-value"
        try:
            self.client.get_compatibility(subject)
        except SchemaRegistryError as error:
            if error.http_status_code != _NOT_FOUND:
                raise
            self.client.set_compatibility(subject, compatibility)

    def read(self, topic: str, value: bytes) -> Any:
        """What a framed value says.

        Raises:  Unreadable; AdapterError.
        """
        from confluent_kafka.schema_registry.error import SchemaRegistryError
        from httpx2 import HTTPError

        number = int.from_bytes(value[1:_FRAME_SIZE])
        with self.understood():
            try:
                return self._reader(number)(value, self.context(topic))
            except (SchemaRegistryError, HTTPError) as error:
                if getattr(error, "http_status_code", None) != _NOT_FOUND:
                    raise
                raise Unreadable(f"the registry has no schema {number}") from None
            except Unreadable:
                raise
            except Exception as error:  # noqa: BLE001 - whatever a decoder stumbles over
                kind = type(error).__name__
                raise Unreadable(f"the value is not what its schema says: {kind}") from None

    def _reader(self, number: int) -> Any:
        from confluent_kafka.schema_registry.avro import AvroDeserializer
        from confluent_kafka.schema_registry.json_schema import JSONDeserializer

        kind = self.client.get_schema(number).schema_type
        if kind not in self._readers:
            if kind == "AVRO":
                self._readers[kind] = AvroDeserializer(self.client, conf=dict(SUBJECTS))
            elif kind == "JSON":
                self._readers[kind] = JSONDeserializer(
                    None, schema_registry_client=self.client, conf=dict(SUBJECTS)
                )
            else:
                raise Unreadable(f"values of the kind {kind} are not read")
        return self._readers[kind]

    @contextmanager
    def understood(self) -> Iterator[None]:
        """Turn what goes wrong with the registry into what is to be done about it.

        Raises:  AdapterError.
        """
        from confluent_kafka.schema_registry.error import SchemaRegistryError
        from confluent_kafka.serialization import SerializationError
        from httpx2 import HTTPError

        try:
            yield
        except SerializationError as error:
            raise Misconfigured(f"the registry's schema refuses the value: {error}") from None
        except SchemaRegistryError as error:
            text = f"the registry answers {error.http_status_code}: {error.error_message}"
            if error.http_status_code in _REFUSED:
                raise AuthFailed(text) from None
            if error.http_status_code < 500 and error.http_status_code != 429:
                raise Misconfigured(text) from None
            raise Unavailable(text) from None
        except HTTPError as error:
            raise Unavailable(f"the registry is away: {type(error).__name__}") from None


def is_framed(value: bytes) -> bool:
    """Whether a value begins as framed ones do; no JSON does."""
    return len(value) >= _FRAME_SIZE and value.startswith(_FRAME)


def open_registry(settings: Mapping[str, Any], guard: AddressGuard) -> Registry | None:
    """The registry that settings name; None where they name none.

    Raises:  AdapterError.
    """
    if not settings["registry_url"]:
        return None
    if find_spec("httpx2") is None or find_spec("fastavro") is None:
        raise Misconfigured("a schema registry needs kupon[kafka-registry]")
    check_url(settings["registry_url"], guard)
    return Registry(_client(settings))


def _client(settings: Mapping[str, Any]) -> Any:
    from confluent_kafka.schema_registry import SchemaRegistryClient

    options: dict[str, Any] = {"url": settings["registry_url"], "timeout": _TIMEOUT_S}
    # Kupon tries again by itself, later.
    options["max.retries"] = 0
    if settings["registry_username"]:
        login = f"{settings['registry_username']}:{settings['registry_password']}"
        options["basic.auth.user.info"] = login
    if not settings["registry_ca"]:
        return SchemaRegistryClient(options)
    # It is read when the client is made, and not again.
    with NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(settings["registry_ca"])
        file.flush()
        return SchemaRegistryClient({**options, "ssl.ca.location": file.name})

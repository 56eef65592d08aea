"""Values as bytes: plain JSON, or framed by what a schema registry knows of them.

The frame is Confluent's: a zero, four bytes with the schema's number, and the value. Subjects are
named after their topic.

Source: spec adapters-marketing, section 5.1.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from kupon.hooks.addresses import AddressGuard
from kupon.hooks.errors import Misconfigured
from kupon_kafka.config import AVRO, JSON
from kupon_kafka.registry import SUBJECTS, Registry, open_registry
from kupon_kafka.shapes import Shape, Value, avro_schema, avro_value, json_schema

_BACKWARD: Final = "BACKWARD"


class Writer(Protocol):
    """Makes bytes of what is told."""

    @property
    def content_type(self) -> str:
        """What its bytes are."""

    def write(self, topic: str, shape: Shape, told: Value) -> bytes:
        """A value of a shape, for a topic.

        Raises:  AdapterError.
        """


class JsonWriter:
    """JSON as it is."""

    @property
    def content_type(self) -> str:
        """As Writer."""
        return "application/json"

    def write(self, topic: str, shape: Shape, told: Value) -> bytes:
        """As Writer."""
        text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8", "replace")


@dataclass(slots=True)
class RegistryWriter:
    """Values whose schemas a registry has; what it does not have yet is registered."""

    registry: Registry
    is_avro: bool
    _serializers: dict[str, Callable[..., bytes]] = field(default_factory=dict)

    @property
    def content_type(self) -> str:
        """What comes after the frame."""
        return "application/avro" if self.is_avro else "application/json"

    def write(self, topic: str, shape: Shape, told: Value) -> bytes:
        """As Writer."""
        with self.registry.understood():
            serialize = self._serializers.get(topic)
            if serialize is None:
                self.registry.require(topic, _BACKWARD)
                serialize = self._serializers[topic] = self._serializer(shape)
            value = avro_value(shape, _whole(told)) if self.is_avro else _whole(told)
            try:
                return serialize(value, self.registry.context(topic))
            except (TypeError, ValueError) as error:
                kind = type(error).__name__
                raise Misconfigured(f"{shape.name} does not fit its schema: {kind}") from None

    def _serializer(self, shape: Shape) -> Callable[..., bytes]:
        # A schema is registered once for each topic; from then on its number is known.
        from confluent_kafka.schema_registry.avro import AvroSerializer
        from confluent_kafka.schema_registry.json_schema import JSONSerializer

        client = self.registry.client
        made: Callable[..., bytes] = (
            AvroSerializer(client, avro_schema(shape), conf=dict(SUBJECTS))
            if self.is_avro
            else JSONSerializer(json_schema(shape), client, conf=dict(SUBJECTS))
        )
        return made


def _whole(told: Value) -> Any:
    """Text that can be encoded: halves of characters become question marks."""
    return json.loads(JsonWriter().write("", _ANY, told))


_ANY: Final = Shape("Any", {})


def open_writer(settings: Mapping[str, Any], guard: AddressGuard) -> Writer:
    """What writes values as settings want them.

    Raises:  AdapterError.
    """
    if settings["format"] == JSON:
        return JsonWriter()
    registry = open_registry(settings, guard)
    if registry is None:
        raise Misconfigured("this format needs a registry")
    return RegistryWriter(registry, settings["format"] == AVRO)

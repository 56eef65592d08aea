"""Whose records they are that a subscriber reads: commands, or what a platform has sent by Kafka.

Source: spec adapters-marketing, section 5.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from kupon.hooks.adapter import Delivery
from kupon.hooks.errors import Skip
from kupon.hooks.gateway import Gateway, Tap
from kupon_kafka.mapping import NoCommand, Reading, Record, delivery_of


@dataclass(slots=True)
class Read:
    """What some records hold; dead are those that hold nothing, and why."""

    deliveries: list[Delivery] = field(default_factory=list)
    dead: list[tuple[Record, NoCommand]] = field(default_factory=list)


class Intake(Protocol):
    """Reads records for a connection."""

    @property
    def tap(self) -> Tap:
        """The connection whose inbox they go into."""

    def read(self, records: Sequence[Record]) -> Read:
        """What records hold.

        Raises:  AdapterError.
        """


@dataclass(frozen=True, slots=True)
class Commands:
    """Records in the words of the topic of commands, or translated into them."""

    tap: Tap
    reading: Reading

    def read(self, records: Sequence[Record]) -> Read:
        """As Intake."""
        found = Read()
        for record in records:
            try:
                delivery = delivery_of(record, self.reading)
            except NoCommand as error:
                found.dead.append((record, error))
            else:
                found.deliveries += [delivery] if delivery is not None else []
        return found


@dataclass(frozen=True, slots=True)
class Forwarded:
    """Records that a platform has written, as its adapter understands them."""

    tap: Tap
    gateway: Gateway

    def read(self, records: Sequence[Record]) -> Read:
        """As Intake."""
        told = [record for record in records if record.value is not None]
        letters = [(_headers(record), record.value or b"") for record in told]
        found = Read()
        for record, read in zip(told, self.gateway.read(self.tap, letters), strict=True):
            if isinstance(read, Skip):
                found.dead.append((record, NoCommand("unmappable", read.reason)))
            else:
                found.deliveries += read
        return found


def _headers(record: Record) -> dict[str, str]:
    return {name: (value or b"").decode("utf-8", "replace") for name, value in record.headers}

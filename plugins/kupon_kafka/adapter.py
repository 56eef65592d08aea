"""A connection whose commands come by Kafka: nobody is let in by HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kupon.hooks.adapter import Adapter, Checked, Delivery, InboundRequest, checked
from kupon.hooks.commands import Command
from kupon.hooks.errors import Refused
from kupon_kafka.config import CommandSettings
from kupon_kafka.formats import open_writer
from kupon_kafka.mapping import command_of
from kupon_kafka.producers import open_producer
from kupon_kafka.topics import create_topics, topics_of


class KafkaAdapter(Adapter):
    """One topic of commands in one cluster."""

    settings = CommandSettings

    def check(self) -> Checked:
        """Ask the cluster for the topics."""

        def look() -> None:
            open_producer(self.config, list(topics_of(self.config)), self.http.guard)
            open_writer(self.config, self.http.guard)

        return checked(look)

    def provision(self) -> Mapping[str, Any]:
        """Make the topics that there are not; nobody's records are touched."""
        known = set(self.connection.state.get("topics", ()))
        return {"topics": sorted(known.union(create_topics(self.config, self.http.guard)))}

    def deprovision(self) -> None:
        """Leave the topics where they are: what lies in them is not Kupon's to throw away."""

    def verify(self, request: InboundRequest) -> None:
        """Raise Refused."""
        raise Refused("commands come by Kafka")

    def receive(self, request: InboundRequest) -> Sequence[Delivery]:
        """Nothing: requests were refused before."""
        return ()

    def process(self, deliveries: Sequence[Delivery]) -> Sequence[Command]:
        """What some records of one object say."""
        return [command_of(each.payload) for each in deliveries]

"""A connection whose commands come by Kafka: nobody is let in by HTTP."""

from __future__ import annotations

from collections.abc import Sequence

from kupon.hooks.adapter import Adapter, Checked, Delivery, Health, InboundRequest
from kupon.hooks.commands import Command
from kupon.hooks.errors import AdapterError, AuthFailed, Refused, Stop
from kupon_kafka.config import CommandSettings
from kupon_kafka.mapping import command_of
from kupon_kafka.producers import open_producer


class KafkaAdapter(Adapter):
    """One topic of commands in one cluster."""

    settings = CommandSettings

    def check(self) -> Checked:
        """Ask the cluster for the topic."""
        try:
            open_producer(self.config, self.config["topic"], self.http.guard)
        except AuthFailed as error:
            return Checked(Health.AUTH_FAILED, str(error))
        except Stop as error:
            return Checked(Health.MISCONFIGURED, str(error))
        except AdapterError as error:
            return Checked(Health.UNREACHABLE, str(error))
        except Exception as error:  # noqa: BLE001 - a check never raises
            return Checked(Health.MISCONFIGURED, type(error).__name__)
        return Checked(Health.OK)

    def verify(self, request: InboundRequest) -> None:
        """Raise Refused."""
        raise Refused("commands come by Kafka")

    def receive(self, request: InboundRequest) -> Sequence[Delivery]:
        """Nothing: requests were refused before."""
        return ()

    def process(self, deliveries: Sequence[Delivery]) -> Sequence[Command]:
        """What some records of one object say."""
        return [command_of(each.payload) for each in deliveries]

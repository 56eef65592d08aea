"""What hooks take and return: plain frozen data, and the engine's own types where it calls back.

Source: house B8.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import click
from marshmallow import Schema

from kupon.engine.conditions import Moment as Moment
from kupon.engine.conditions import Operator as Operator
from kupon.engine.conditions import Test as Test
from kupon.engine.conditions import Values as Values
from kupon.engine.conditions.operators import any_element as any_element
from kupon.engine.conditions.operators import negated as negated
from kupon.engine.definitions import DefinitionError as DefinitionError
from kupon.engine.definitions import Fields as Fields
from kupon.engine.discounts import Discount as Discount
from kupon.engine.discounts import Kind
from kupon.engine.discounts.effects import APPLY_TO_ITEMS as APPLY_TO_ITEMS
from kupon.engine.discounts.effects import APPLY_TO_ORDER as APPLY_TO_ORDER
from kupon.engine.order import Item as Item
from kupon.engine.order import Order as Order
from kupon.engine.refusals import Refusal as Refusal
from kupon.engine.situation import PLAIN as PLAIN
from kupon.engine.situation import Applied as Applied
from kupon.engine.situation import Outcome as Outcome
from kupon.engine.situation import Situation as Situation
from kupon.hooks.http import HttpClient as HttpClient

DiscountKind = Kind

# Makes one code of what the pattern gave: (code, random) -> code; random(n) is a whole number < n.
CodeGenerator = Callable[[str, Callable[[int], int]], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventEnvelope:
    """One event as those outside Kupon are told of it.

    Shapes: id is the same for every receiver and try; type and data are the wire's; customer_id is
        None for events of nobody; entity_id names what the event is about; group_id the request
        that caused it; source is the wire's event_source; origin the connection that caused it.
        delivery_id and queued_at are the id and the begin of its way to one endpoint.
    """

    id: str
    type: str
    project_id: str
    entity_id: str
    customer_id: str | None
    group_id: str
    occurred_at: datetime
    data: Mapping[str, Any]
    source: Mapping[str, Any]
    origin: str | None = None
    delivery_id: str | None = None
    queued_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What became of an event that was sent.

    Shapes: is_done where it has arrived; reason says why it has not, and is empty where it was not
        tried. status and body are the receiver's; is_gone says that it wants no more events.
    Units:  took_ms in milliseconds, None where nothing was sent.
    """

    is_done: bool
    reason: str = ""
    status: int | None = None
    body: str = ""
    took_ms: int | None = None
    retry_after_s: float | None = None
    is_gone: bool = False


class EventSink(Protocol):
    """A kind of receiver of events; a project has any number of endpoints of it.

    Shapes: one that sets `keeps_order` is not given an event before all earlier ones have arrived
        or were given up: after a failure the endpoint is left alone for a while, and then tried
        from that event on.
    """

    kind: str
    settings: type[Schema]

    def send(
        self,
        endpoint: Endpoint,
        events: Sequence[EventEnvelope],
        http: HttpClient,
    ) -> Sequence[Sent]:
        """Send events in their order; what became of each. Never raises for the receiver's sake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A receiver of events.

    Shapes: settings are what the sink's schema loaded, secrets included; signing_key is the
        project's, former_key the one before, for a while after it was replaced.
    """

    id: str
    project_id: str
    settings: Mapping[str, Any]
    signing_key: str
    former_key: str | None = None
    is_test: bool = False

    @property
    def signing_keys(self) -> Sequence[str]:
        """Every key that counts, the newest first."""
        return [key for key in (self.signing_key, self.former_key) if key is not None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A published code on its way to a customer through a channel.

    Shapes: customer, voucher and publication are the wire's; settings are those of the plugin in
        the project.
    """

    project_id: str
    customer: Mapping[str, Any]
    voucher: Mapping[str, Any]
    publication: Mapping[str, Any]
    settings: Mapping[str, Any]


class Channel(Protocol):
    """A way to bring codes to customers, chosen by the `channel` of a publication."""

    name: str

    def deliver(self, message: Message, http: HttpClient) -> None:
        """Bring a code to a customer.

        Raises:  AdapterError.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteRequest:
    """A call of a plugin's route; the caller's key was checked.

    Shapes: body is what the route's schema has loaded, else any JSON or None.
    """

    project_id: str
    arguments: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A route under `/plugins/<plugin>`.

    Shapes: path as Flask writes it ("/v1/check/<code>"), after `/plugins/<plugin>`; surface says
        which keys open it: server; client, then after `/client/plugins/<plugin>`, from browsers
        too; management, then after `/management/v1/projects/<project_id>/plugins/<plugin>`.
        answer returns what becomes JSON, None for 204, or raises KuponError. body checks and loads
        what was sent, returns documents the answer; without them both may be anything.
    """

    method: str
    path: str
    answer: Callable[[RouteRequest], Any]
    summary: str
    surface: str = "server"
    body: type[Schema] | None = None
    returns: type[Schema] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionFacts:
    """What `decide_redemption` judges: a redemption that everything else allows.

    Shapes: customer is the merged profile, None for nobody; redeemables name what is redeemed:
        {object, id, campaign_id}; settings are those of the plugin in the project.
    Units:  amounts in minor units.
    """

    project_id: str
    customer: Mapping[str, Any] | None
    order: Order
    redeemables: Sequence[Mapping[str, Any]]
    metadata: Mapping[str, Any]
    now: datetime
    settings: Mapping[str, Any] = field(default_factory=dict)


Commands = Sequence[click.Command]

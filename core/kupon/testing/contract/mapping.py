"""Checks of what an adapter translates (A10-A12): total, valid, and to the last cent."""

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any

from marshmallow import Schema
from marshmallow import fields as wire

from kupon.features.customers.schemas import CustomerBody
from kupon.features.events.schemas import EventBody
from kupon.features.orders.schemas import OrderBody
from kupon.features.products.schemas import ProductCreate, SkuCreate
from kupon.hooks.adapter import Adapter
from kupon.hooks.commands import (
    Command,
    TrackEvent,
    UpsertCustomer,
    UpsertOrder,
    UpsertProduct,
)
from kupon.hooks.errors import Skip
from kupon.testing.contract.checks import INSTALLED_AT, Case, check, kinds, package_of
from kupon.testing.fixtures import Fixture, events_of, list_fixtures
from kupon.testing.roles import OrderLine, PlatformOrder

_UNKNOWN = "kupon_unknown_member"
_BRINGING = ("*.receive", "*.pull")
# (currency, price of one in minor units): no digits, two, three.
PRICES = (("JPY", 500), ("USD", 1229), ("KWD", 1234))
_STATUSES = {"PLACED": "CREATED", "PAID": "PAID", "FULFILLED": "FULFILLED", "CANCELED": "CANCELED"}


def fixture_names(adapter: type[Adapter]) -> Sequence[str]:
    """The fixtures of events and of records."""
    package = package_of(adapter)
    events = [each.name for _, each in events_of(package, adapter.manifest().events)]
    return events + [each.name for each in list_fixtures(package, "pull.")]


@check("A10", _BRINGING, each=fixture_names)
def every_fixture_maps(case: Case, name: str) -> None:
    """It means the same twice, and with members that nobody knows; what came stays as it was."""
    fixture = _fixture(case, name)
    meant = _meaning(case, fixture)
    assert _meaning(case, fixture) == meant
    strange = json.dumps(_with_unknown(fixture.json)).encode()
    assert _meaning(case, Fixture(fixture.name, strange)) == meant


@check("A10c", "*.pull", each=kinds("pull"))
def records_have_fixtures(case: Case, resource: str) -> None:
    """There is a record of each resource as the platform's documents show it."""
    found = [each for each in list_fixtures(case.package, "pull.") if each.parts[1] == resource]
    assert found, f"there is no fixture pull.{resource}.<case>.json"


@check("A10b", "*.receive")
def deliveries_are_not_changed(case: Case) -> None:
    """What waits in the inbox is read, never written."""
    for event, fixture in case.events():
        deliveries = case.receive(case.event(event, fixture.content))
        before = copy.deepcopy(deliveries)
        json.dumps([dict(each.payload) for each in deliveries], allow_nan=False)
        with contextlib.suppress(Skip):
            list(case.make().process(deliveries))
        assert deliveries == before, fixture.name


@check("A11", _BRINGING, each=fixture_names)
def commands_are_what_the_api_takes(case: Case, name: str) -> None:
    """Bodies in commands fit the API's schemas, and have no member that it would pass over."""
    commands, skipped = _meaning(case, _fixture(case, name))
    assert commands or skipped, f"{name} means nothing"
    for command in commands:
        wrong = [problem for part in _bodies(command) for problem in part.problems()]
        assert wrong == [], f"{name}: {command}"
        _check_key(command)


@check("A12", ["orders.receive", "cart.redeem"], each=lambda _: [name for name, _ in PRICES])
def money_is_whole_minor_units(case: Case, currency: str) -> None:
    """Prices of currencies without digits, with two and three come to Kupon exactly."""
    price = dict(PRICES)[currency]
    order = PlatformOrder(
        number=f"order-{currency}",
        currency=currency,
        lines=(OrderLine(sku="sku-1", quantity=3, price=price),),
        placed_at=INSTALLED_AT + timedelta(days=1),
        changed_at=INSTALLED_AT + timedelta(days=1),
    )
    commands = case.commands(case.platform.order_event(order, id="delivery-money"))
    (command,) = [each for each in commands if isinstance(each, UpsertOrder)]
    (line,) = command.fields["items"]
    assert line["quantity"] == 3
    assert (line.get("price", price), type(line.get("price", price))) == (price, int)
    assert (line.get("amount", 3 * price), type(line.get("amount", 0))) == (3 * price, int)
    assert "price" in line or "amount" in line
    if "amount" in command.fields:
        assert (command.fields["amount"], type(command.fields["amount"])) == (3 * price, int)


@dataclass(frozen=True, slots=True)
class _Body:
    """A body in a command, and the schema that it must fit."""

    schema: type[Schema]
    content: Mapping[str, Any]

    def problems(self) -> list[str]:
        """What the API would not take, and what it would pass over."""
        schema = self.schema()
        wrong = schema.validate(copy.deepcopy(dict(self.content)))
        return [f"{name}: {what}" for name, what in wrong.items()] + [
            f"{name} is unknown" for name in _unknown(schema, self.content)
        ]


def _bodies(command: Command) -> Iterator[_Body]:
    match command:
        case UpsertCustomer():
            yield _Body(CustomerBody, command.fields)
        case UpsertProduct():
            yield _Body(ProductCreate, command.fields)
            for sku in command.skus:
                yield _Body(SkuCreate, sku)
        case UpsertOrder():
            yield _Body(OrderBody, command.fields)
        case TrackEvent():
            yield _Body(EventBody, _event_of(command))
        case _:
            # The others hold no bodies.
            pass


def _event_of(command: TrackEvent) -> dict[str, Any]:
    body: dict[str, Any] = {
        "event": command.event,
        "customer": {"source_id": command.source_id, **command.customer},
        "metadata": dict(command.metadata),
    }
    if command.referral is not None:
        body["referral"] = dict(command.referral)
    if command.loyalty is not None:
        body["loyalty"] = dict(command.loyalty)
    return body


def _check_key(command: Command) -> None:
    """Source ids are texts that can't stand for everybody."""
    for each in fields(command):
        if each.name.endswith("source_id"):
            value = getattr(command, each.name)
            if value is not None:
                assert isinstance(value, str), command
                assert value.strip() == value, command
                assert value not in ("", "null", "None", "undefined", "0"), command


def _unknown(schema: Schema, body: Mapping[str, Any], place: str = "") -> Iterator[str]:
    for name, value in body.items():
        known = schema.fields.get(name)
        if known is None:
            yield f"{place}{name}"
            continue
        inner = known.inner if isinstance(known, wire.List) else known
        if isinstance(inner, wire.Nested):
            for part in value if isinstance(value, list | tuple) else [value]:
                if isinstance(part, Mapping):
                    yield from _unknown(inner.schema, part, f"{place}{name}.")


def _fixture(case: Case, name: str) -> Fixture:
    return next(each for each in list_fixtures(case.package) if each.name == name)


def _meaning(case: Case, fixture: Fixture) -> tuple[list[Command], list[str]]:
    """The commands of a fixture, and why it is left out if it is."""
    call, about, _ = fixture.parts
    if call == "pull":
        return _pulled(case, about, fixture)
    event = next(event for event, each in case.events() if each.name == fixture.name)
    try:
        return case.commands(case.event(event, fixture.content)), []
    except Skip as error:
        return [], [error.reason]


def _pulled(case: Case, resource: str, fixture: Fixture) -> tuple[list[Command], list[str]]:
    """Its commands on a platform that has nothing else."""
    with type(case.playing)(case.playing.config) as platform:
        platform.add(resource, fixture.content)  # type: ignore[attr-defined]  # a Source
        alone = Case(case.adapter, platform)
        page = alone.make().pull(resource, None, None)
        return list(page.commands), [reason for _, reason in page.skipped]


def _with_unknown(payload: Any) -> Any:
    """A payload with a further member in the object, or in each of its objects."""
    if isinstance(payload, list):
        return [_with_unknown(each) for each in payload]
    if isinstance(payload, dict):
        return {**payload, _UNKNOWN: {"nested": [1, None, "x"]}}
    return payload

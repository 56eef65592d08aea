"""Checks of what comes from the platform (R1-R4, C5)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from kupon.hooks.adapter import Adapter, InboundRequest
from kupon.hooks.commands import (
    Command,
    DeleteRecord,
    Stamp,
    UpsertCustomer,
    UpsertOrder,
    UpsertProduct,
)
from kupon.hooks.errors import Misconfigured, Refused, Skip
from kupon.hooks.settings import secret_names
from kupon.testing.contract.checks import INSTALLED_AT, Case, check
from kupon.testing.fixtures import Fixture, slug
from kupon.testing.platform import FakePlatform, forged
from kupon.testing.roles import PlatformOrder

_STATES = (UpsertCustomer, UpsertProduct, UpsertOrder, DeleteRecord)


def events_of_manifest(adapter: type[Adapter]) -> Sequence[str]:
    """The events that an adapter says it understands."""
    return adapter.manifest().events


@check("R1", "*.receive", rule="signature-checked")
def only_the_platform_is_heard(case: Case) -> None:
    """A good request is let in; one that is forged in any way is refused before it is read."""
    event, fixture = case.events()[0]
    request = case.event(event, fixture.content)
    case.make().verify(request)
    forgeries = dict(_forgeries(case.playing, request))
    assert forgeries, "the platform proves itself by nothing"
    for how, forgery in forgeries.items():
        try:
            case.make().verify(forgery)
        except Refused:
            continue
        pytest.fail(f"{how}: the request is let in")


@check("R1b", "*.receive", rule="signature-checked")
def a_missing_secret_is_no_open_door(case: Case) -> None:
    """Where the settings lack the secret nobody is heard, least of all whoever sends none."""
    event, fixture = case.events()[0]
    request = case.event(event, fixture.content)
    bare = {name: value for name, value in request.headers.items() if name == "content-type"}
    empty = dict.fromkeys(case.playing.signed_by, "")
    schema = case.adapter.settings()
    without = {name: None for name in secret_names(case.adapter.settings)
               if schema.fields[name].allow_none}  # fmt: skip
    adapter = case.make(settings=without)
    for headers in (bare, bare | empty):
        with pytest.raises((Refused, Misconfigured)):
            adapter.verify(forged(request, headers=headers, has_key=False))


def _forgeries(
    platform: FakePlatform, request: InboundRequest
) -> Iterator[tuple[str, InboundRequest]]:
    headers = dict(request.headers)
    for name in platform.signed_by:
        assert name in headers, f"the platform sends no {name}"
        others = {each: value for each, value in headers.items() if each != name}
        yield f"without {name}", forged(request, headers=others)
        yield f"with an empty {name}", forged(request, headers=headers | {name: ""})
        garbled = headers[name][:-1] + ("0" if headers[name][-1] != "0" else "1")
        yield f"with another {name}", forged(request, headers=headers | {name: garbled})
        yield f"with an odd {name}", forged(request, headers=headers | {name: "żółć \udcff"})
    if platform.comes_with_key:
        yield "without the key", forged(request, has_key=False)
    if platform.signed_by and platform.signs_body:
        yield "with another body", forged(request, body=request.body + b" ")
        yield "with another layout", forged(request, body=_laid_out(request.body))
        yield "with a body that is no JSON", forged(request, body=b"{" + request.body)
    if platform.signature_lasts is not None:
        late = request.received_at + platform.signature_lasts + timedelta(minutes=1)
        yield "that is old", forged(request, received_at=late)
        early = request.received_at - platform.signature_lasts - timedelta(minutes=1)
        yield "from the future", forged(request, received_at=early)


def _laid_out(body: bytes) -> bytes:
    """The same JSON in other bytes."""
    return json.dumps(json.loads(body), indent=3).encode()


@check("R2", "*.receive", each=events_of_manifest)
def every_event_is_understood(case: Case, event: str) -> None:
    """Each event of the manifest has a fixture, which means something."""
    fixtures = [each for name, each in case.events() if name == event]
    assert fixtures, f"there is no fixture receive.{slug(event)}.json"
    meant: list[Command] = []
    for fixture in fixtures:
        request = case.event(event, fixture.content)
        deliveries = case.receive(request)
        assert deliveries, f"{fixture.name} has no delivery"
        assert 200 <= case.make().acknowledge(request, deliveries).status < 300
        for each in deliveries:
            assert each.subject.partition(":")[2], f"{fixture.name}: whom is {each} about?"
        try:
            meant += case.make().process(deliveries)
        except Skip:
            continue
    assert meant, f"no fixture of {event} means anything"


@check("R2b", "*.receive")
def unknown_events_are_passed_over(case: Case) -> None:
    """An event that nobody has heard of is taken, and means nothing."""
    _, fixture = case.events()[0]
    request = case.event("kupon.no_such_event", fixture.content)
    deliveries = case.receive(request)
    assert 200 <= case.make().acknowledge(request, deliveries).status < 300
    with suppress(Skip):
        assert list(case.make().process(deliveries)) == [], "it was taken for another event"


@check("R2c", "*.receive")
def odd_bodies_are_no_bugs(case: Case) -> None:
    """What is no JSON, or of another shape, is refused as such: a bug would make it come again."""
    for event, fixture in case.events():
        for body in (*_ODD, *_with_odd_members(fixture)):
            try:
                request = case.event(event, body)
            except (ValueError, TypeError, AttributeError, LookupError, RecursionError):
                # The platform itself can't say such a thing.
                continue
            adapter = case.make()
            try:
                adapter.verify(request)
            except Refused:
                continue
            # Kupon refuses by itself what is nested too deeply.
            with suppress(Skip, RecursionError):
                adapter.receive(request)


_ODD = (b"", b"{", b"null", b"[]", b"[1]", b'"x"', b"1e999", b"\xff\xfe", b'{"a": []}', b"[" * 9999)


_OTHERS: tuple[Any, ...] = (None, [], {}, 0, "", [[]], 1.5, "x" * 3000, True)


def _with_odd_members(fixture: Fixture) -> Iterator[bytes]:
    """A payload with each of its members once of every other type."""
    payload = fixture.json
    for name in payload if isinstance(payload, dict) else ():
        for value in _OTHERS:
            yield json.dumps({**payload, name: value}).encode()


@check("R3", "*.receive")
def repetitions_are_recognized(case: Case) -> None:
    """The same delivery later has the same ids; another delivery has others."""
    for event, fixture in case.events():
        first = case.event(event, fixture.content, id="delivery-1")
        again = case.event(event, fixture.content, id="delivery-1")
        again = forged(again, received_at=first.received_at + timedelta(seconds=1))
        ids = _ids(case, first)
        assert len(set(ids)) == len(ids), f"{fixture.name}: two deliveries of one id"
        assert _ids(case, again) == ids, fixture.name


@check("R4", "*.receive")
def states_say_when_they_were(case: Case) -> None:
    """What creates or changes a record says of when that is, so that older news changes nothing."""
    for event, fixture in case.events():
        deliveries = case.receive(case.event(event, fixture.content))
        try:
            commands = list(case.make().process(deliveries))
        except Skip:
            continue
        for each in commands:
            if isinstance(each, _STATES):
                assert each.stamp != Stamp(), f"{fixture.name}: of when is {each}?"
                _check_moments(each.stamp)


def _check_moments(stamp: Stamp) -> None:
    assert stamp.at is None or stamp.at.tzinfo is not None, "moments have a time zone"


def _ids(case: Case, request: InboundRequest) -> list[str]:
    return [each.id for each in case.receive(request)]


@check("C5", ["orders.receive", "cart.redeem"])
def orders_tell_all_that_redeeming_needs(case: Case) -> None:
    """A paid order names its codes and its session each time; a cancelled one says that it is."""
    paid = _order()
    first = _upsert(case, paid, "delivery-1")
    assert first.source_id == paid.number
    assert first.fields["status"] == "PAID"
    assert [each["id"] for each in first.redeemables] == list(paid.codes)
    if case.manifest.can("cart.price"):
        assert first.checkout_key == paid.checkout_key
    assert first.placed_at == paid.placed_at
    assert first.fields["customer"]["source_id"] == paid.customer
    assert _upsert(case, paid, "delivery-1") == first
    assert _upsert(case, paid, "delivery-2") == first, "the same news under another name"
    canceled = replace(paid, status="CANCELED", changed_at=_later(paid), version=2)
    last = _upsert(case, canceled, "delivery-3")
    assert (last.source_id, last.fields["status"]) == (paid.number, "CANCELED")
    assert _is_newer(last.stamp, first.stamp), "the cancellation can't be told to be later"


@check("C5b", ["orders.receive", "cart.redeem"])
def orders_have_a_status(case: Case) -> None:
    """Each state of an order is one of Kupon's, and one subject holds them together."""
    subjects = set()
    for number, (status, wanted) in enumerate(_STATUSES):
        order = replace(_order(), status=status, version=number + 1)
        request = case.platform.order_event(order, id=f"delivery-{status}")
        subjects |= {each.subject for each in case.receive(request)}
        assert _upsert(case, order, f"delivery-{status}").fields["status"] == wanted
    assert len(subjects) == 1, f"one order, several subjects: {subjects}"


_STATUSES = (
    ("PLACED", "CREATED"),
    ("PAID", "PAID"),
    ("FULFILLED", "FULFILLED"),
    ("CANCELED", "CANCELED"),
)


def _order() -> PlatformOrder:
    at = INSTALLED_AT + timedelta(days=1)
    return PlatformOrder(
        number="order-1",
        codes=("SPRING-1",),
        discount=300,
        checkout_key="session-1",
        placed_at=at,
        changed_at=at + timedelta(hours=1),
    )


def _later(order: PlatformOrder) -> datetime:
    return order.changed_at + timedelta(hours=1)


def _upsert(case: Case, order: PlatformOrder, id: str) -> UpsertOrder:
    commands = case.commands(case.platform.order_event(order, id=id))
    (command,) = [each for each in commands if isinstance(each, UpsertOrder)]
    return command


def _is_newer(stamp: Stamp, other: Stamp) -> bool:
    if stamp.version is not None and other.version is not None:
        return stamp.version > other.version
    return stamp.at is not None and other.at is not None and stamp.at > other.at

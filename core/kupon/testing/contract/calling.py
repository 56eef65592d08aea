"""Checks of everything that an adapter asks a platform (A6-A9).

An operation is one piece of work that may call the platform: a look at its health, a page of a
pull, a push of one item, an erasure, an installation, or what an event makes it fetch.
"""

from __future__ import annotations

import base64
import logging
import socket
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kupon.hooks.adapter import Adapter, Checked, Health, Outcome, Verdict
from kupon.hooks.errors import (
    AdapterError,
    AuthFailed,
    Conflict,
    RateLimited,
    Rejected,
    Retry,
    Skip,
    Stop,
    Unavailable,
)
from kupon.hooks.http import TOTAL_S
from kupon.hooks.settings import MASK, masked, secret_names
from kupon.testing.contract.checks import (
    INSTALLED_AT,
    Case,
    check,
    inside_client,
    items_of,
    kinds,
    package_of,
)
from kupon.testing.fixtures import events_of
from kupon.testing.items import make_customer_body
from kupon.testing.platform import FAULTS, RETRY_AFTER_S

if TYPE_CHECKING:
    import pytest

_SHORTEST_SECRET = 8


@dataclass(frozen=True, slots=True)
class Operation:
    """A piece of work; `run` does it with an adapter that is fresh."""

    name: str
    run: Callable[[Any], Any]

    @property
    def kind(self) -> str:
        """What it is an example of: check, pull, push, erase, provision or process."""
        return self.name.partition(":")[0]


def operation_names(adapter: type[Adapter]) -> Sequence[str]:
    """The operations of an adapter but for its look at the platform."""
    manifest = adapter.manifest()
    names = [f"pull:{noun}" for noun in kinds("pull")(adapter)]
    names += [f"push:{noun}" for noun in kinds("push")(adapter)]
    if manifest.can("profiles.erase"):
        names.append("erase")
    if manifest.can("account.provision"):
        names.append("provision")
    fixtures = events_of(package_of(adapter), manifest.events)
    return names + [f"process:{fixture.name}" for _, fixture in fixtures]


def operation(case: Case, name: str) -> Operation:
    """An operation, once what it works with is there."""
    kind, _, about = name.partition(":")
    if kind == "pull":
        case.platform.put(about, 1, changed_at=INSTALLED_AT)
        return Operation(name, lambda adapter: adapter.pull(about, None, None))
    if kind == "push":
        items = items_of(case, about, 1)
        return Operation(name, lambda adapter: adapter.push(about, items))
    if kind == "erase":
        return Operation(name, lambda adapter: adapter.erase(make_customer_body(1)))
    if kind == "process":
        event, fixture = next(each for each in case.events() if each[1].name == about)
        deliveries = case.receive(case.event(event, fixture.content))
        return Operation(name, lambda adapter: list(adapter.process(deliveries)))
    if kind == "provision":
        return Operation(name, lambda adapter: adapter.provision())
    return Operation("check", lambda adapter: adapter.check())


def _all(case: Case) -> Iterator[Operation]:
    for name in ("check", *operation_names(case.adapter)):
        yield operation(case, name)


@check("A6", rule="secrets-hidden", fixtures=["caplog"])
def secrets_are_told_to_nobody(case: Case, caplog: pytest.LogCaptureFixture) -> None:
    """Neither errors, logs, outcomes nor what is shown of it hold a secret of the settings."""
    secrets = _secrets(case)
    caplog.set_level(logging.DEBUG)
    seen: list[str] = []
    for each in _all(case):
        for fault in FAULTS:
            with case.failing(fault):
                adapter = case.make()
                seen += [repr(adapter), repr(adapter.connection), *_said(each, adapter)]
    seen += [repr(masked(case.adapter.settings, case.playing.settings))]
    seen += [f"{record.getMessage()} {record.__dict__}" for record in caplog.records]
    for name, secret in secrets.items():
        told = [text for text in seen if secret in text]
        assert not told, f"{name} is in {told[0]!r}"


@check("A7", fixtures=["monkeypatch"])
def calls_go_through_the_given_client(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is connected to in another way, and the client's time limit stays."""
    connect = socket.socket.connect

    def watched(self: socket.socket, address: Any) -> None:
        if not inside_client.get():
            self.close()
            raise AssertionError(f"it connects to {address} by itself")
        connect(self, address)

    operations = list(_all(case))
    monkeypatch.setattr(socket.socket, "connect", watched)
    for each in operations:
        client = case.client()
        limit = client.total_s
        _well(each, case.make(http=client))
        assert client.total_s == limit <= TOTAL_S, f"{each.name} changes the client's limit"
    assert sum(client.count for client in case.clients), "no operation calls the platform"


@check("A8", each=operation_names)
def failures_have_the_right_verdict(case: Case, name: str) -> None:
    """Each way in which a platform fails becomes the error that says what to do next."""
    each = operation(case, name)
    before = len(case.playing.calls())
    _well(each, case.make())
    if len(case.playing.calls()) == before:
        return
    for fault, wanted in _WANTED.items():
        with case.failing(fault):
            _hold(each, fault, _raised(each, case.make()), wanted)
    for path in case.playing.token_paths:
        for fault in ("401", "500"):
            with case.failing(fault, path):
                _hold(each, f"{fault} for the token", _raised(each, case.make()), _WANTED[fault])


def _well(each: Operation, adapter: Adapter) -> None:
    """Do it while all is well; an event may mean nothing."""
    with suppress(Skip) if each.kind == "process" else nullcontext():
        each.run(adapter)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a fault may become; `passes` are the kinds of operations that may pass it over."""

    errors: tuple[type[AdapterError], ...]
    passes: tuple[str, ...] = ()


_GONE = ("process", "erase")
_WANTED: Mapping[str, _Wanted] = {
    "401": _Wanted((AuthFailed,)),
    "403": _Wanted((AuthFailed,)),
    # What is not there may be the very news; one that is there already is as good as made.
    "404": _Wanted((Skip, Stop), _GONE),
    "409": _Wanted((Conflict,), ("push", "provision")),
    "422": _Wanted((Skip, Stop)),
    "429": _Wanted((RateLimited,)),
    "500": _Wanted((Unavailable,)),
    "503": _Wanted((Unavailable,)),
    "time-out": _Wanted((Unavailable,)),
    "hang-up": _Wanted((Unavailable,)),
    # Whoever asks for no answer need not read it.
    "broken JSON": _Wanted((Unavailable,), ("push", "erase", "provision")),
    "empty JSON": _Wanted((Unavailable,), ("push", "erase", "provision", "process")),
}


def _hold(each: Operation, fault: str, raised: Exception | None, wanted: _Wanted) -> None:
    if raised is None and each.kind in wanted.passes:
        return
    names = " or ".join(error.__name__ for error in wanted.errors)
    assert isinstance(raised, wanted.errors), f"{each.name}: {fault} is {raised!r}, not {names}"
    if fault == "429":
        assert isinstance(raised, Retry)
        assert raised.retry_after_s == RETRY_AFTER_S, f"{each.name} forgets when to come back"


def _raised(each: Operation, adapter: Adapter) -> Exception | None:
    """What an operation failed with; the outcome of a push as the error that it stands for."""
    try:
        result = each.run(adapter)
    except Exception as error:  # noqa: BLE001 - what it is, is the question
        return error
    if each.kind == "push":
        (outcome,) = result
        return _meaning(outcome)
    return None


def _meaning(outcome: Outcome) -> Exception | None:
    if outcome.verdict is Verdict.OK:
        return None
    if outcome.verdict is Verdict.REJECTED:
        return Rejected("item", outcome.reason)
    # An outcome can't tell why to try again: it is whatever its time says.
    if outcome.retry_after_s is not None:
        return RateLimited(outcome.reason, outcome.retry_after_s)
    return _Later(outcome.reason)


class _Later(Unavailable, Conflict):
    """An outcome that says to try again."""


@check("A9")
def check_never_raises(case: Case) -> None:
    """A look at the platform says OK, or what is wrong with it."""
    before = len(case.playing.calls())
    assert case.make().check() == Checked(Health.OK), "all is well"
    assert len(case.playing.calls()) > before, "a look must ask the platform"
    for fault in FAULTS:
        with case.failing(fault):
            found = case.make().check()
        assert found.health in _health_of(fault), f"{fault}: {found}"
        assert found.message or found.health is Health.OK, f"{fault}: the operator is told nothing"
    for path in case.playing.token_paths:
        with case.failing("401", path):
            found = case.make().check()
        assert found.health is Health.AUTH_FAILED, "no token is handed out"
    adapter = case.make()
    case.playing.stop()
    assert adapter.check().health is Health.UNREACHABLE, "nobody listens"


def _health_of(fault: str) -> Sequence[Health]:
    if fault in ("401", "403"):
        return (Health.AUTH_FAILED,)
    if fault in ("404", "422"):
        return (Health.MISCONFIGURED, Health.UNREACHABLE)
    if fault.endswith("JSON"):
        # Where nothing was asked for, nothing need be read.
        return (Health.UNREACHABLE, Health.MISCONFIGURED, Health.OK)
    return (Health.UNREACHABLE,)


def _secrets(case: Case) -> dict[str, str]:
    names = secret_names(case.adapter.settings)
    given = {name: str(value) for name, value in case.playing.settings.items() if name in names}
    for name, secret in given.items():
        assert len(secret) >= _SHORTEST_SECRET, f"the test's {name} is too short to be told apart"
        assert secret != MASK
    encoded = {
        f"{name} in base64": base64.b64encode(secret.encode()).decode().rstrip("=")
        for name, secret in given.items()
    }
    return given | encoded


def _said(each: Operation, adapter: Adapter) -> Iterator[str]:
    try:
        result = each.run(adapter)
    except Exception as error:  # noqa: BLE001 - what it says, is the question
        yield "".join(traceback.format_exception(error))
        yield f"{error!r} {error.args} {vars(error)}"
    else:
        yield repr(result)

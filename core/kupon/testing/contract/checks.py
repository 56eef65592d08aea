"""How checks are written down and found: each has an id, and capabilities that call for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from kupon.hooks.adapter import Adapter, Connection, Delivery, InboundRequest, Item, OrderItem
from kupon.hooks.addresses import AddressGuard
from kupon.hooks.commands import Command
from kupon.hooks.http import HttpClient, HttpResponse, Pace
from kupon.hooks.manifest import Manifest
from kupon.testing.fixtures import Fixture, events_of
from kupon.testing.items import make_items
from kupon.testing.platform import FakePlatform

INSTALLED_AT = datetime(2026, 1, 1, tzinfo=UTC)
_PATIENCE_S = 8.0
_SHORT_S = 0.3

# Set while the given client makes a call: whatever else connects is caught.
inside_client: ContextVar[bool] = ContextVar("inside_client", default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One promise that every adapter with certain capabilities keeps.

    Shapes: needs are capabilities of which any calls for it ("*" for all adapters); rule is the
        quality rule whose exemption is the check's too; each names the variants for a manifest;
        fixtures are pytest's.
    """

    id: str
    title: str
    run: Callable[..., None]
    needs: Sequence[str]
    rule: str | None = None
    each: Callable[[type[Adapter]], Sequence[str]] | None = None
    fixtures: Sequence[str] = ()

    def applies(self, manifest: Manifest) -> bool:
        """Whether an adapter has to keep it."""
        return any(need == "*" or manifest.can(need) for need in self.needs)

    def exemption(self, manifest: Manifest, variant: str | None = None) -> str | None:
        """Why an adapter, or a variant, need not keep it; None if it must."""
        mark = manifest.quality.get(self.rule) if self.rule is not None else None
        if isinstance(mark, Mapping):
            return str(mark["why"])
        key = self.id if variant is None else f"{self.id}.{variant}"
        return manifest.exempt.get(key)


CHECKS: list[Check] = []


def check(
    id: str,
    needs: str | Sequence[str] = "*",
    *,
    rule: str | None = None,
    each: Callable[[type[Adapter]], Sequence[str]] | None = None,
    fixtures: Sequence[str] = (),
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a function as a check; what it takes is the case, its variant, and its fixtures."""

    def register(run: Callable[..., None]) -> Callable[..., None]:
        wanted = [needs] if isinstance(needs, str) else needs
        made = Check(
            id=id, title=run.__name__, run=run, needs=wanted, rule=rule, each=each,
            fixtures=fixtures,
        )  # fmt: skip
        CHECKS.append(made)
        return run

    return register


@dataclass(slots=True)
class RecordingClient(HttpClient):
    """The client that adapters are given: what passes through it is known to have done so."""

    count: int = 0

    def send(self, *arguments: Any, **options: Any) -> HttpResponse:
        """Make a call, and let connections be opened meanwhile."""
        self.count += 1
        token = inside_client.set(True)
        try:
            return HttpClient.send(self, *arguments, **options)
        finally:
            inside_client.reset(token)


@dataclass(slots=True)
class Case:
    """One adapter before its checks, and the platform that it talks with.

    Units:  patience_s is how long its clients wait.
    """

    adapter: type[Adapter]
    platform: Any
    clients: list[RecordingClient] = field(default_factory=list)
    patience_s: float = _PATIENCE_S

    @property
    def manifest(self) -> Manifest:
        """The adapter's manifest."""
        return self.adapter.manifest()

    @property
    def package(self) -> str:
        """The package that the adapter is in."""
        return package_of(self.adapter)

    @property
    def playing(self) -> FakePlatform:
        """The platform."""
        assert isinstance(self.platform, FakePlatform)
        return self.platform

    @contextmanager
    def failing(self, fault: str, path: str = "") -> Iterator[None]:
        """Let the platform fail for a while; nobody waits long for its silence."""
        self.playing.fail(fault, path=path)
        self.patience_s = _SHORT_S if fault == "time-out" else _PATIENCE_S
        try:
            yield
        finally:
            self.patience_s = _PATIENCE_S
            self.playing.mend()

    def client(self, pace: Pace | None = None) -> RecordingClient:
        """A client that reaches this machine only."""
        guard = AddressGuard.read(["127.0.0.0/8", "::1/128"])
        made = RecordingClient(guard=guard, total_s=self.patience_s)
        if pace is not None:
            made.pace = pace
        self.clients.append(made)
        return made

    def make(
        self,
        *,
        http: HttpClient | None = None,
        state: Mapping[str, Any] | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> Any:
        """An adapter for the connection with the platform; Any, as capabilities are optional.

        Shapes:  settings replace some of the test's.
        """
        connection = Connection(
            id="con_1",
            project_id="proj_1",
            name="Main",
            settings=self.adapter.settings().load({**self.playing.settings, **(settings or {})}),
            state=state or {},
            installed_at=INSTALLED_AT,
            base_url="https://kupon.example.com/integrations/token",
        )
        return self.adapter(connection, http or self.client())

    def receive(self, request: InboundRequest) -> Sequence[Delivery]:
        """What the adapter makes of a request that it has verified."""
        adapter = self.make()
        adapter.verify(request)
        return list(adapter.receive(request))

    def commands(self, request: InboundRequest) -> list[Command]:
        """What a request means in the end."""
        return list(self.make().process(self.receive(request)))

    def events(self) -> list[tuple[str, Fixture]]:
        """The fixtures of events."""
        return events_of(self.package, self.manifest.events)

    def event(
        self, name: str, body: bytes, *, id: str = "delivery-1", at: datetime | None = None
    ) -> InboundRequest:
        """The platform's request for an event."""
        request: InboundRequest = self.platform.event(name, body, id=id, at=at or INSTALLED_AT)
        return request


def package_of(adapter: type[Adapter]) -> str:
    """The package that an adapter is in."""
    return adapter.__module__.partition(".")[0]


def kinds(verb: str, *, but: Sequence[str] = ()) -> Callable[[type[Adapter]], Sequence[str]]:
    """The nouns of an adapter's capabilities with a verb."""

    def of(adapter: type[Adapter]) -> Sequence[str]:
        return sorted(_nouns(adapter.manifest(), verb, but))

    return of


def items_of(case: Case, kind: str, count: int) -> list[Item]:
    """So many items to push; orders are the platform's own, and put there first."""
    items = make_items(kind, count, event_names=case.manifest.event_names)
    if kind != "orders":
        return items
    names = case.platform.put(kind, count, changed_at=INSTALLED_AT)
    return [
        replace(item, source_id=name)
        for item, name in zip(items, names, strict=True)
        if isinstance(item, OrderItem)
    ]


def _nouns(manifest: Manifest, verb: str, but: Sequence[str]) -> Iterator[str]:
    for capability in manifest.capabilities:
        noun, _, its_verb = capability.partition(".")
        if its_verb == verb and noun not in but:
            yield noun

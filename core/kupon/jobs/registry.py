"""Who handles which job and which event."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from kupon.jobs.announcing import Announcer
from kupon.jobs.described import Describer, Listener, Predicate
from kupon.storage.queries.outbox import EventRow
from kupon.storage.uow import UnitOfWork


@dataclass(frozen=True, slots=True)
class Again:
    """What a task answers when work is left: go on with these arguments, after a pause."""

    arguments: Mapping[str, Any]
    after: timedelta = timedelta(0)


Task = Callable[[UnitOfWork, Mapping[str, Any]], Again | None]
BatchTask = Callable[[UnitOfWork, Sequence[Mapping[str, Any]]], Sequence[Again | None]]
Consumer = Callable[[UnitOfWork, Sequence[EventRow]], None]

# The consumer that describes events and tells of them.
ANNOUNCE = "announce"


@dataclass(frozen=True, slots=True)
class Work:
    """How jobs of one name are done: so many of them at most in one transaction.

    Shapes:  run gets the arguments of each and answers for each; calls_out says that it waits for
        servers of others.
    """

    run: BatchTask
    at_once: int
    calls_out: bool = False


@dataclass(frozen=True, slots=True)
class Periodic:
    """A task of the scheduler."""

    name: str
    every: timedelta
    run: Callable[[UnitOfWork], None]


@dataclass(frozen=True, slots=True)
class Subscription:
    """That a consumer wants an event; in projects where `when` holds, in all where it is None."""

    consumer: str
    when: Predicate | None = None


@dataclass(slots=True)
class JobRegistry:
    """The handlers of one program, filled at bootstrap."""

    tasks: dict[str, Work] = field(default_factory=dict)
    consumers: dict[str, Consumer] = field(default_factory=dict)
    subscriptions: dict[str, list[Subscription]] = field(default_factory=dict)
    periodic: list[Periodic] = field(default_factory=list)
    announcer: Announcer = field(default_factory=Announcer)

    def add_task(self, name: str, task: Task, *, calls_out: bool = False) -> None:
        """A background task that `uow.enqueue` names; calls_out where it waits for others' servers.

        Raises:  ValueError for a name that is taken.
        """

        def run(uow: UnitOfWork, calls: Sequence[Mapping[str, Any]]) -> list[Again | None]:
            return [task(uow, arguments) for arguments in calls]

        self._refuse_taken(name)
        self.tasks[name] = Work(run, at_once=1, calls_out=calls_out)

    def add_batch_task(self, name: str, run: BatchTask, *, at_once: int) -> None:
        """A background task that does the jobs of several lines in one transaction.

        Shapes:  jobs of one line come in their order; where the whole of them fails, the jobs are
            tried one by one.
        Raises:  ValueError for a name that is taken.
        """
        self._refuse_taken(name)
        self.tasks[name] = Work(run, at_once)

    def calls_out(self, handler: str) -> bool:
        """Whether a handler's jobs wait for servers of others."""
        work = self.tasks.get(handler)
        return work is not None and work.calls_out

    def subscribe(
        self,
        name: str,
        consumer: Consumer,
        events: Iterable[str],
        *,
        when: Predicate | None = None,
        always: Iterable[str] = (),
    ) -> None:
        """A consumer of events by name (`*` for all), in order per aggregate, at least once.

        Shapes:  the consumer gets the events of several aggregates at once, in the order in which
            they were staged; what it writes and their removal are one transaction. Where `when`
            does not hold once an event is committed, the event is not delivered, but for those
            named by `always`: what is set up later must look at what is there by itself.

        Raises:  ValueError for a name that is taken.
        """
        self._refuse_taken(name)
        self.consumers[name] = consumer
        self._add(name, events, when)
        self._add(name, always, None)

    def describe(
        self, describer: Describer, events: Iterable[str], *, is_for_feeds: bool = True
    ) -> None:
        """Who says what events mean for feeds, receivers, plugins and platforms.

        Shapes:  is_for_feeds is False where no feed tells of any of them, or for its sake alone.
        """
        if not self.consumers.get(ANNOUNCE):
            self.consumers[ANNOUNCE] = self.announcer.announce
        when = None if is_for_feeds else self.announcer.has_others
        named = list(events)
        for event in named:
            self.announcer.describers.setdefault(event, []).append(describer)
        self._add(ANNOUNCE, named, when)

    def listen(self, listener: Listener, *, when: Predicate | None = None) -> None:
        """Who hears of all that was described; in projects where `when` holds.

        Shapes:  without `when` it is a feed: it hears in all projects, but for its sake nothing is
            described that feeds don't tell.
        """
        if when is None:
            self.announcer.feeds.append(listener)
        else:
            self.announcer.others.append((listener, when))

    def consumers_of(self, event: str) -> list[Subscription]:
        """The consumers that want an event."""
        return self.subscriptions.get(event, []) + self.subscriptions.get("*", [])

    def _add(self, name: str, events: Iterable[str], when: Predicate | None) -> None:
        for event in dict.fromkeys(events):
            wanting = self.subscriptions.setdefault(event, [])
            known = next((each for each in wanting if each.consumer == name), None)
            if known is None:
                wanting.append(Subscription(name, when))
            elif when is None:
                wanting[wanting.index(known)] = Subscription(name)

    def _refuse_taken(self, name: str) -> None:
        if name in self.tasks or name in self.consumers:
            raise ValueError(f"two handlers are named {name}")

"""Who handles which job and which event."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from kupon.storage.queries.outbox import EventRow
from kupon.storage.uow import UnitOfWork


@dataclass(frozen=True, slots=True)
class Again:
    """What a task answers when work is left: go on with these arguments, after a pause."""

    arguments: Mapping[str, Any]
    after: timedelta = timedelta(0)


Task = Callable[[UnitOfWork, Mapping[str, Any]], Again | None]
Consumer = Callable[[UnitOfWork, Sequence[EventRow]], None]


@dataclass(frozen=True, slots=True)
class Periodic:
    """A task of the scheduler."""

    name: str
    every: timedelta
    run: Callable[[UnitOfWork], None]


@dataclass(slots=True)
class JobRegistry:
    """The handlers of one program, filled at bootstrap."""

    tasks: dict[str, Task] = field(default_factory=dict)
    consumers: dict[str, Consumer] = field(default_factory=dict)
    subscriptions: dict[str, list[str]] = field(default_factory=dict)
    periodic: list[Periodic] = field(default_factory=list)

    def add_task(self, name: str, task: Task) -> None:
        """A background task that `uow.enqueue` names.

        Raises:  ValueError for a name that is taken.
        """
        self._refuse_taken(name)
        self.tasks[name] = task

    def subscribe(self, name: str, consumer: Consumer, events: Iterable[str]) -> None:
        """A consumer of events by name (`*` for all), in order per aggregate, at least once.

        Shapes:  the consumer gets the events of several aggregates at once, in the order in which
            they were staged; what it writes and their removal are one transaction.

        Raises:  ValueError for a name that is taken.
        """
        self._refuse_taken(name)
        self.consumers[name] = consumer
        for event in events:
            self.subscriptions.setdefault(event, []).append(name)

    def consumers_of(self, event: str) -> list[str]:
        """The names of the consumers that want an event."""
        return self.subscriptions.get(event, []) + self.subscriptions.get("*", [])

    def _refuse_taken(self, name: str) -> None:
        if name in self.tasks or name in self.consumers:
            raise ValueError(f"two handlers are named {name}")

"""The one consumer that tells of what happened: describers say what events mean, listeners hear."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from kupon.jobs.described import Described, Describer, Listener, Predicate
from kupon.kit.event_types import prefix_of
from kupon.storage.queries.outbox import EventRow
from kupon.storage.uow import UnitOfWork


@dataclass(slots=True)
class Announcer:
    """Who describes which events, and who hears of them.

    Shapes: feeds hear in every project; the others where their predicate says so, and only where
        any of them does are events described that no feed tells.
    """

    describers: dict[str, list[Describer]] = field(default_factory=dict)
    feeds: list[Listener] = field(default_factory=list)
    others: list[tuple[Listener, Predicate]] = field(default_factory=list)

    def has_others(self, uow: UnitOfWork) -> bool:
        """Whether anybody but feeds listens in the unit's project."""
        return any(is_there(uow) for _, is_there in self.others)

    def announce(self, uow: UnitOfWork, events: Sequence[EventRow]) -> None:
        """Tell all listeners what events mean."""
        others = [listen for listen, is_there in self.others if is_there(uow)]
        described = self._describe(uow, events, is_public=bool(others))
        if described:
            for listen in (*self.feeds, *others):
                listen(uow, described)

    def _describe(
        self, uow: UnitOfWork, events: Sequence[EventRow], *, is_public: bool
    ) -> list[Described]:
        said: list[Described] = []
        for describe, mine in self._divide(events):
            said += describe(uow, mine, is_public)
        # Stable: what one event means stays as its describer has it.
        return list(_numbered(sorted(said, key=lambda each: each.event.seq)))

    def _divide(self, events: Sequence[EventRow]) -> Iterable[tuple[Describer, list[EventRow]]]:
        shares: dict[Describer, list[EventRow]] = {}
        for event in events:
            for describe in self.describers.get(event.name, ()):
                shares.setdefault(describe, []).append(event)
        return shares.items()


def _numbered(said: Iterable[Described]) -> Iterable[Described]:
    counts: Counter[tuple[int, str]] = Counter()
    for each in said:
        key = (each.event.seq, prefix_of(each.type))
        position = counts[key]
        counts[key] += 1
        yield replace(each, position=position) if position else each

"""Handing a batch to an adapter, and finding the one item that spoils it for all.

Platforms often refuse a whole request for one bad record. Such a batch is halved until the record
stands alone, within a number of calls that lets a few bad ones be found but not a hundred.

Source: spec adapters-marketing, section 1.8.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from kupon.hooks.adapter import Adapter, Item, Outcome, Verdict
from kupon.hooks.errors import Retry, Skip, Stop

_log = logging.getLogger("kupon.integrations")

_CALLS_PER_HALVING: Final = 4


class Fate(Enum):
    """What becomes of an item."""

    TAKEN = "TAKEN"
    REJECTED = "REJECTED"
    PARKED = "PARKED"
    LATER = "LATER"


@dataclass(frozen=True, slots=True)
class Told:
    """What one item came to, and why; when to try again where the platform said so.

    Units:  retry_after_s in seconds.
    """

    fate: Fate
    reason: str = ""
    retry_after_s: float | None = None


@dataclass(slots=True)
class Delivery:
    """What a batch came to.

    Shapes: told is by place in the batch, without the items that were not tried; stop is why none
        may be tried before somebody has looked.
    """

    told: dict[int, Told] = field(default_factory=dict)
    stop: Stop | None = None

    @property
    def is_held_up(self) -> bool:
        """Whether the platform took nothing and refused nothing: it is the platform that ails."""
        fates = {each.fate for each in self.told.values()}
        return fates == {Fate.LATER}

    @property
    def retry_after_s(self) -> float | None:
        """For how long the platform asks to be left alone, if it does."""
        asked = [
            each.retry_after_s for each in self.told.values() if each.retry_after_s is not None
        ]
        return max(asked, default=None)


def deliver(adapter: Adapter, kind: str, items: Sequence[Item]) -> Delivery:
    """Have an adapter push items; what became of each.

    Shapes:  items are never more than the adapter takes at once, and keep their order. Never raises
        for what the adapter does.
    """
    delivery = Delivery()
    calls = 1 + _CALLS_PER_HALVING * len(items).bit_length()
    waiting = deque([range(len(items))])
    while waiting:
        places = waiting.popleft()
        calls -= 1
        try:
            told = _push(adapter, kind, [items[place] for place in places])
        except Stop as error:
            delivery.stop = error
            return delivery
        if len(places) > 1 and calls > len(waiting) + 1 and _is_spoilt(told):
            middle = places.start + len(places) // 2
            waiting.extendleft((range(middle, places.stop), range(places.start, middle)))
            continue
        delivery.told |= dict(zip(places, told, strict=True))
        if waiting and delivery.told and told[0].fate is Fate.LATER and _is_same(told):
            # It would not take the rest now either.
            rest = [place for each in waiting for place in each]
            delivery.told |= dict.fromkeys(rest, told[0])
            return delivery
    return delivery


def _is_spoilt(told: Sequence[Told]) -> bool:
    """Whether nothing was taken, and several items for one reason."""
    is_refused = all(each.fate in (Fate.REJECTED, Fate.PARKED) for each in told)
    return is_refused and len({each.reason for each in told}) < len(told)


def _is_same(told: Sequence[Told]) -> bool:
    return all(each == told[0] for each in told)


def _push(adapter: Adapter, kind: str, items: Sequence[Item]) -> Sequence[Told]:
    """One call of the adapter.

    Raises:  Stop.
    """
    try:
        outcomes: Sequence[Outcome] = adapter.push(kind, items)  # type: ignore[attr-defined]
        if len(outcomes) != len(items):
            raise AssertionError(f"{len(outcomes)} outcomes for {len(items)} items")
        return [_read(each) for each in outcomes]
    except Stop:
        raise
    except Retry as error:
        told = Told(Fate.LATER, str(error), error.retry_after_s)
    except Skip as error:
        told = Told(Fate.REJECTED, error.reason)
    except Exception as error:  # noqa: BLE001 - a mistake of the adapter's must not hold up others
        _log.exception("adapter failed", extra={"adapter": type(adapter).__name__, "kind": kind})
        told = Told(Fate.PARKED, f"the adapter failed: {type(error).__name__}")
    return [told] * len(items)


def _read(outcome: Outcome) -> Told:
    if outcome.verdict is Verdict.OK:
        return Told(Fate.TAKEN)
    if outcome.verdict is Verdict.REJECTED:
        return Told(Fate.REJECTED, outcome.reason)
    return Told(Fate.LATER, outcome.reason, outcome.retry_after_s)

"""What Braze answers to objects that it was sent, object by object.

A 2xx may hold complaints about some of them, by their place in the array that they were sent in.

Source: spec adapters-marketing, section 3.5.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kupon.hooks.adapter import OK, Outcome, Verdict
from kupon.hooks.errors import Unavailable

# While Braze is maintained it queues what it would else do at once.
TAKEN: Final = ("success", "queued")
_COUNT: Final = "_processed"


@dataclass(frozen=True, slots=True)
class Complaint:
    """What Braze says against an object; None for a place that it does not name."""

    reason: str
    array: str | None
    index: int | None


@dataclass(frozen=True, slots=True)
class Tracked:
    """What became of some objects.

    Shapes: is_taken says that all but those with complaints are; counts are by array, as far as
        Braze tells.
    """

    is_taken: bool
    message: str
    complaints: Sequence[Complaint]
    counts: Mapping[str, int]


def read_tracked(status: int, body: Any) -> Tracked:
    """The answer to a call of users/track.

    Raises:  Unavailable for one that is not as documented.
    """
    message = body.get("message") if isinstance(body, dict) else None
    if not isinstance(message, str):
        raise Unavailable("the answer is not as documented")
    errors = body.get("errors")
    return Tracked(
        is_taken=status < 300 and message in TAKEN,
        message=message,
        complaints=[_complaint(each) for each in errors] if isinstance(errors, list) else [],
        counts={
            name.removesuffix(_COUNT): value
            for name, value in body.items()
            if name.endswith(_COUNT) and isinstance(value, int)
        },
    )


def _complaint(error: Any) -> Complaint:
    """One of the errors; most are objects that name the place, some are texts."""
    if not isinstance(error, dict):
        return Complaint(str(error), None, None)
    array, index = error.get("input_array"), error.get("index")
    return Complaint(
        reason=str(error.get("type") or "no reason is given"),
        array=array if isinstance(array, str) else None,
        index=index if isinstance(index, int) else None,
    )


def outcomes_of(tracked: Tracked, array: str, count: int) -> Iterator[Outcome]:
    """What became of each of the objects that were sent in one array, in their order."""
    placed: dict[int, str] = {}
    loose: list[str] = []
    for each in tracked.complaints:
        if each.array == array and each.index is not None and 0 <= each.index < count:
            placed[each.index] = each.reason
        else:
            loose.append(each.reason)
    rest = OK
    if not tracked.is_taken:
        rest = Outcome(Verdict.REJECTED, tracked.message)
    elif loose and tracked.counts.get(array, 0) < count - len(placed):
        # Some were left out, and nobody says which: the caller finds them by halving.
        rest = Outcome(Verdict.REJECTED, loose[0])
    for place in range(count):
        yield Outcome(Verdict.REJECTED, placed[place]) if place in placed else rest

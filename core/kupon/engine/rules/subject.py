"""What a rule may look at: the customer, the order, the redemption, and past uses.

Source: spec rules-and-qualification, sections 5 and 6.9.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from kupon.engine.collections import NO_COLLECTIONS, Collections
from kupon.engine.conditions import Moment
from kupon.engine.customer import Customer
from kupon.engine.filters import Surroundings
from kupon.engine.order import Item, Order
from kupon.engine.rules.counters import Counter
from kupon.engine.segments import NO_SEGMENTS, Segments

NO_ORDER: Final = Order()


class Match(NamedTuple):
    """The lines that an item node is about.

    Shapes: holds is the node's own condition; is_each says whether sub-rules about single lines
        ask every line or any line.
    """

    holds: bool
    lines: tuple[Item, ...]
    is_each: bool = False


NO_MATCH: Final = Match(holds=True, lines=())


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One redeemable in one request.

    Shapes: order is the order before the redeemable is applied, projected the order after it, None
        as long as that is unknown, like discounted and points_used; object is the wire's name of
        the redeemable's kind and kind its word in `details`; counters are past uses, 0 where they
        lack one, and the attempt that is judged adds its own; week_start is a weekday as Python
        counts them.
    Units:  initial_amount, the order before any discount of the request, and discounted, what
        this redeemable takes off or pays, in minor units; points_used in points.
    """

    moment: Moment
    surroundings: Surroundings
    object: str
    kind: str = ""
    customer: Customer | None = None
    order: Order = NO_ORDER
    projected: Order | None = None
    initial_amount: int | None = None
    holder_ids: frozenset[str] = frozenset()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    api_keys: frozenset[str] = frozenset()
    user: str | None = None
    counters: Mapping[Counter, int] = field(default_factory=dict)
    discounted: int | None = None
    points_used: int | None = None
    event: Mapping[str, Any] | None = None
    segments: Segments = NO_SEGMENTS
    collections: Collections = NO_COLLECTIONS

    def changed(self, **changes: Any) -> Subject:
        """Return the subject with other members."""
        # Runs per redeemable, and costs a fraction of what the constructor costs.
        subject = object.__new__(Subject)
        subject.__dict__.update(self.__dict__, **changes)
        return subject

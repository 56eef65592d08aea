"""The engine alone, without HTTP and without a database: one evaluation, and how it grows."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from math import log
from statistics import fmean
from typing import Any
from zoneinfo import ZoneInfo

from kupon.engine.cart import build_order
from kupon.engine.discounts import parse_discount
from kupon.engine.figures import figures, item_figures
from kupon.engine.limits import parse_validity
from kupon.engine.model import Evaluation, Redeemable, Snapshot, StackingRules, Voucher
from kupon.engine.order import Order
from kupon.engine.rules import parse_rule
from kupon.engine.validate import evaluate

ITEMS = 20
REDEEMABLES = 10

# The largest order and the largest request that there may be, and what leads up to them; of the
# kinds of codes each is as often in a request as any other.
_MOST_ITEMS = 500
_MOST_REDEEMABLES = 30
_MANY_ITEMS = (60, 125, 250, _MOST_ITEMS)
_MANY_REDEEMABLES = (6, 12, 18, _MOST_REDEEMABLES)


def measure(seconds: float) -> dict[str, float]:
    """The shortest of many rounds, and the exponents with which time grows with the sizes.

    What disturbs a pure function only ever adds. An exponent of 1 is linear growth.
    """
    usual = _Request(ITEMS, _SIMPLE, REDEEMABLES)
    by_items = {count: _Request(count, _MIXED, _MOST_REDEEMABLES) for count in _MANY_ITEMS}
    by_redeemables = {count: _Request(_MOST_ITEMS, _MIXED, count) for count in _MANY_REDEEMABLES}
    return {
        "us": _shortest([usual.answer], seconds / 2)[0] * 1_000_000,
        "items_exponent": _exponent(by_items, seconds / 4),
        "redeemables_exponent": _exponent(by_redeemables, seconds / 4),
    }


def _shortest(runs: Sequence[Callable[[], object]], seconds: float) -> list[float]:
    """Of each, by turns, so that all of them meet the same disturbances."""
    best = [float("inf")] * len(runs)
    ends_at = time.perf_counter() + seconds
    while time.perf_counter() < ends_at or best[0] == float("inf"):
        for place, run in enumerate(runs):
            begun = time.perf_counter()
            run()
            best[place] = min(best[place], time.perf_counter() - begun)
    return best


def _exponent(requests: Mapping[int, _Request], seconds: float) -> float:
    """The slope of the time over the size, both as logarithms."""
    took = _shortest([request.evaluate for request in requests.values()], seconds)
    points = [(log(size), log(lasted)) for size, lasted in zip(requests, took, strict=True)]
    center = [fmean(values) for values in zip(*points, strict=True)]
    rise = sum((size - center[0]) * (lasted - center[1]) for size, lasted in points)
    return rise / sum((size - center[0]) ** 2 for size, _ in points)


class _Request:
    """A cart of so many lines, and so many codes of the given kinds by turns."""

    def __init__(self, items: int, worths: Sequence[Any], redeemables: int) -> None:
        lines = [
            {"product_id": f"p{n}", "quantity": 2, "price": 1999 + n % 100} for n in range(items)
        ]
        self._body = {"items": lines}
        self._order = build_order(self._body, {})
        self._redeemables = tuple(
            _code(f"C{n}", *worths[n % len(worths)]) for n in range(redeemables)
        )
        self._rules = StackingRules(applicable_redeemables_limit=redeemables)

    def evaluate(self, order: Order | None = None) -> Evaluation:
        evaluation = evaluate(
            Snapshot(
                now=_NOW,
                timezone=_TIMEZONE,
                order=self._order if order is None else order,
                redeemables=self._redeemables,
                rules=self._rules,
            )
        )
        assert evaluation.is_valid
        return evaluation

    def answer(self) -> list[list[dict[str, Any]]]:
        """From a cart to the figures of every step and every line."""
        evaluation = self.evaluate(build_order(self._body, {}))
        moments = [(step.after, step.before) for step in evaluation.steps]
        moments.append((evaluation.end, evaluation.start))
        return [
            [figures(after, since=before)]
            + [item_figures(*pair) for pair in zip(after.items, before.items, strict=True)]
            for after, before in moments
        ]


_NOW = datetime.now(UTC)
_TIMEZONE = ZoneInfo("Europe/Warsaw")
_VALIDITY = parse_validity(
    {"start_date": "2020-01-01T00:00:00Z", "expiration_date": "2999-01-01T00:00:00Z"}
)


def _code(name: str, discount: dict[str, Any], *included: dict[str, Any]) -> Redeemable:
    rules = ()
    if included:
        rule = parse_rule("val_1", {"applicable_to": {"included": list(included)}})
        rules = (rule,)
    voucher = Voucher(
        id=f"v_{name}",
        code=name,
        worth=parse_discount(discount),
        validity=_VALIDITY,
        quantity=100,
        rules=rules,
    )
    return Redeemable(object="voucher", id=name, source=voucher)


# Half of the codes take from every line, half from the order, all within their dates.
_SIMPLE = (
    ({"type": "PERCENT", "percent_off": 3, "effect": "APPLY_TO_ITEMS"},),
    ({"type": "AMOUNT", "amount_off": 100, "effect": "APPLY_TO_ORDER"},),
)
_EVERY = {"object": "products_collection", "id": "pc_a11pr0dUc75"}
# Lists, ranks, limits, formulas, splits and free units.
_MIXED = (
    _SIMPLE[0],
    (
        {"type": "PERCENT", "percent_off": 2, "effect": "APPLY_TO_ITEMS"},
        {**_EVERY, "effect": "APPLY_FROM_CHEAPEST", "target": "UNIT", "repeat": 3},
    ),
    (
        {"type": "AMOUNT", "amount_off": 30, "effect": "APPLY_TO_ITEMS_BY_QUANTITY"},
        {**_EVERY, "aggregated_quantity_limit": 400, "aggregated_amount_limit": 9000},
    ),
    ({"type": "AMOUNT", "amount_off": 5000, "effect": "APPLY_TO_ITEMS_PROPORTIONALLY"},),
    (
        {
            "type": "AMOUNT",
            "amount_off_formula": "ORDER_ITEM_PRICE * 0.01",
            "effect": "APPLY_TO_ITEMS",
        },
        {"object": "product", "id": "p7"},
        _EVERY,
    ),
    ({"type": "UNIT", "unit_off": 1, "unit_type": "p3", "effect": "ADD_NEW_ITEMS"},),
)

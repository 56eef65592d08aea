"""The engine alone, without HTTP and without a database: one evaluation, and how it grows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
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
_MANY_ITEMS = (60, 125, 250, 500)
_MANY_REDEEMABLES = (6, 12, 18, 30)


def measure(seconds: float) -> dict[str, float]:
    """The shortest of many rounds, and the exponents with which time grows with the sizes.

    What disturbs a pure function only ever adds. An exponent of 1 is linear growth.
    """
    usual = _Request(ITEMS, _SIMPLE, REDEEMABLES)
    return {
        "us": _shortest(usual.answer, seconds / 2) * 1_000_000,
        "items_exponent": _exponent(
            ((count, _Request(count, _MIXED, 30)) for count in _MANY_ITEMS), seconds / 4
        ),
        "redeemables_exponent": _exponent(
            ((count, _Request(500, _MIXED, count)) for count in _MANY_REDEEMABLES), seconds / 4
        ),
    }


def _shortest(run: Callable[[], object], seconds: float) -> float:
    best = float("inf")
    ends_at = time.perf_counter() + seconds
    while (begun := time.perf_counter()) < ends_at:
        run()
        best = min(best, time.perf_counter() - begun)
    return best


def _exponent(sizes: Iterable[tuple[int, _Request]], seconds: float) -> float:
    """The slope of the time over the size, both as logarithms."""
    points = [
        (log(count), log(_shortest(request.evaluate, seconds / len(_MANY_ITEMS))))
        for count, request in sizes
    ]
    middle = fmean(size for size, _ in points), fmean(took for _, took in points)
    rise = sum((size - middle[0]) * (took - middle[1]) for size, took in points)
    return rise / sum((size - middle[0]) ** 2 for size, _ in points)


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

"""The engine alone: one evaluation of a large cart, without HTTP and without a database."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from kupon.engine.cart import build_order
from kupon.engine.discounts import parse_discount
from kupon.engine.figures import figures, item_figures
from kupon.engine.limits import parse_validity
from kupon.engine.model import Evaluation, Redeemable, Snapshot, StackingRules, Voucher
from kupon.engine.validate import evaluate

ITEMS = 20
REDEEMABLES = 10

_ROUNDS = 20


def measure(seconds: float) -> dict[str, float]:
    """The shortest of many rounds: what disturbs a pure function only ever adds."""
    best = float("inf")
    ends_at = time.perf_counter() + seconds
    while time.perf_counter() < ends_at:
        begun = time.perf_counter()
        for _ in range(_ROUNDS):
            _answer()
        best = min(best, (time.perf_counter() - begun) / _ROUNDS)
    return {"us": best * 1_000_000}


def _answer() -> list[list[dict[str, int]]]:
    """From a cart to the figures of every step and every line."""
    order = build_order(_CART, {})
    evaluation = evaluate(
        Snapshot(now=_NOW, timezone=_TIMEZONE, order=order, redeemables=_REDEEMABLES, rules=_RULES)
    )
    assert evaluation.is_valid
    return _figures(evaluation)


def _figures(evaluation: Evaluation) -> list[list[dict[str, int]]]:
    moments = [(step.after, step.before) for step in evaluation.steps]
    moments.append((evaluation.end, evaluation.start))
    return [
        [figures(after, since=before)]
        + [item_figures(*pair) for pair in zip(after.items, before.items, strict=True)]
        for after, before in moments
    ]


_CART = {"items": [{"product_id": f"p{n}", "quantity": 2, "price": 1999 + n} for n in range(ITEMS)]}
_NOW = datetime.now(UTC)
_TIMEZONE = ZoneInfo("Europe/Warsaw")
_RULES = StackingRules(applicable_redeemables_limit=REDEEMABLES)
# Half of the codes take from every line, half from the order, all within their dates.
_WORTHS = (
    parse_discount({"type": "PERCENT", "percent_off": 3, "effect": "APPLY_TO_ITEMS"}),
    parse_discount({"type": "AMOUNT", "amount_off": 100, "effect": "APPLY_TO_ORDER"}),
)
_VALIDITY = parse_validity(
    {"start_date": "2020-01-01T00:00:00Z", "expiration_date": "2999-01-01T00:00:00Z"}
)
_REDEEMABLES = tuple(
    Redeemable(
        object="voucher",
        id=f"C{n}",
        source=Voucher(
            id=f"v_{n}", code=f"C{n}", worth=_WORTHS[n % 2], validity=_VALIDITY, quantity=100
        ),
    )
    for n in range(REDEEMABLES)
)

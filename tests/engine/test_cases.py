"""The worked examples of cases.toml, each through cart, evaluation and figures."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kupon.engine.cart import build_order
from kupon.engine.discounts import parse_discount
from kupon.engine.figures import figures, item_figures
from kupon.engine.limits import Validity
from kupon.engine.model import (
    Evaluation,
    Redeemable,
    Snapshot,
    StackingRules,
    Step,
    Voucher,
)
from kupon.engine.validate import evaluate

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
CASES: list[dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("cases.toml").read_text(encoding="utf-8")
)["cases"]


def redeemable(place: int, definition: dict[str, Any]) -> Redeemable:
    expired = definition.get("expired")
    voucher = Voucher(
        id=f"v_{place}",
        code=f"CODE{place}",
        worth=parse_discount(definition),
        validity=Validity(expiration_date=NOW - timedelta(days=1) if expired else None),
        is_active=not definition.get("disabled"),
    )
    return Redeemable(object="voucher", id=voucher.code, source=voucher)


def evaluation_of(case: dict[str, Any]) -> Evaluation:
    return evaluate(
        Snapshot(
            now=NOW,
            timezone=ZoneInfo("Europe/Warsaw"),
            order=build_order(case["order"], {}),
            redeemables=tuple(redeemable(*pair) for pair in enumerate(case["redeemables"])),
            rules=StackingRules(redeemables_application_mode=case.get("mode", "ALL")),
        )
    )


def verdict(step: Step) -> str:
    reason = step.refusal or step.skip
    return reason.key if reason else step.status.value


def parameter(case: dict[str, Any]) -> Any:
    marks = [pytest.mark.uncertain] if case["case"].startswith("UNCERTAIN") else []
    return pytest.param(case, id=case["case"], marks=marks)


@pytest.mark.parametrize("case", [parameter(case) for case in CASES])
def test_worked_example(case: dict[str, Any]) -> None:
    evaluation = evaluation_of(case)

    assert evaluation.is_valid is case.get("valid", True)
    everything_applied = ["APPLICABLE"] * len(case["redeemables"])
    assert [verdict(step) for step in evaluation.steps] == case.get("verdicts", everything_applied)
    if "steps" in case:
        printed = [figures(step.after, since=step.before) for step in evaluation.steps]
        assert printed == case["steps"]
    if "root" in case:
        assert figures(evaluation.end, since=evaluation.start) == case["root"]
    if "lines" in case:
        ends = zip(evaluation.end.items, evaluation.start.items, strict=True)
        lines = [item_figures(item, since) for item, since in ends]
        subtotals = [
            [line.get("discount_amount", 0), line["subtotal_amount"]]
            if "subtotal_amount" in line
            else []
            for line in lines
        ]
        assert subtotals == case["lines"]

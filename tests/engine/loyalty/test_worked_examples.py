"""The spec's worked examples of loyalty, from examples.toml."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.engine.strategies import COLLECTIONS

from kupon.engine.balances import Balance
from kupon.engine.cart import build_order
from kupon.engine.customer import Customer
from kupon.engine.loyalty.buckets import Bucket, next_expiration, take
from kupon.engine.loyalty.earning import parse_earning
from kupon.engine.loyalty.expiration import parse_expiration, points_expire_on
from kupon.engine.loyalty.mappings import parse_mapping
from kupon.engine.loyalty.measures import EarningFacts
from kupon.engine.loyalty.pending import activates_on, parse_pending_points
from kupon.engine.loyalty.policies import BY_BALANCE, parse_policy
from kupon.engine.loyalty.tiers import Change, Standing, Structure, Tier, judge

EXAMPLES = tomllib.loads(Path(__file__).with_name("examples.toml").read_text())


def examples(kind: str) -> list[Any]:
    return [
        pytest.param(
            case,
            id=case["case"],
            marks=[pytest.mark.uncertain] if case.get("uncertain") else [],
        )
        for case in EXAMPLES[kind]
    ]


def day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


@pytest.mark.parametrize("case", examples("earning"))
def test_earning(case: dict[str, Any]) -> None:
    event = case.get("event", "order.paid")
    earning = parse_earning(case["loyalty"], event, ".loyalty", lambda _parent, _key: True)
    mapping = parse_mapping(case["mapping"], ".mapping") if "mapping" in case else None
    order = build_order(case["order"], {}) if "order" in case else None
    facts = EarningFacts(customer=Customer(), order=order, collections=COLLECTIONS)
    assert earning.points(facts, mapping) == case["points"]


@pytest.mark.parametrize("case", examples("taking"))
def test_taking(case: dict[str, Any]) -> None:
    buckets = [Bucket(text, day(text), points) for text, points in case["buckets"]]
    taken = {bucket.id: points for bucket, points in take(buckets, case["spend"])}
    left = [bucket._replace(points=bucket.points - taken.get(bucket.id, 0)) for bucket in buckets]
    assert left == [Bucket(text, day(text), points) for text, points in case["left"]]
    assert sum(bucket.points for bucket in left) == case["balance"]
    assert next_expiration(left) == (day(case["next"][0]), case["next"][1])


def test_counters() -> None:
    """E16."""
    assert Balance(income=1399, subtracted=3, expired=0, redeemed=0).left == 1396


@pytest.mark.parametrize("case", examples("expiration"))
def test_expiration(case: dict[str, Any]) -> None:
    rules = parse_expiration(case["rules"], ".expiration_rules")
    assert points_expire_on(date.fromisoformat(case["activity"]), rules) == day(case["expires_on"])


@pytest.mark.parametrize("case", examples("pending"))
def test_pending(case: dict[str, Any]) -> None:
    raw = {"period_type": "DAY", "period_value": case["days"]}
    pending = parse_pending_points(raw, ".pending_points", "order.paid")
    assert pending is not None
    earned = date.fromisoformat(case["earned"])
    assert activates_on(earned, pending) == day(case["activates_on"])


@pytest.mark.parametrize("case", examples("validity"))
def test_validity(case: dict[str, Any]) -> None:
    policy = parse_policy(case["policy"], ".loyalty_tiers_expiration")
    starts_on = policy.starts_on(date.fromisoformat(case["reached"]))
    assert (starts_on, policy.expires_on(starts_on)) == (day(case["from"]), day(case["to"]))


def test_the_tier_held_before_the_order() -> None:
    """E07: what both rules post together lifts the member into the next tier."""
    tiers = Structure([Tier("Top", 500, 1000), Tier("Bottom", 1, 249), Tier("Middle", 250, 499)])
    standing = Standing("Bottom", date(2025, 1, 1))
    verdict = judge(BY_BALANCE, tiers, standing, 200 + 90 + 40, date(2025, 2, 1))
    assert verdict.change == Change.UPGRADED
    assert verdict.standing == Standing("Middle", date(2025, 2, 1))


def test_auto_redeemed_points_reach_no_tier() -> None:
    """E32: 10 points are left of 60 + 50."""
    tiers = Structure([Tier("Gold", 100)])
    assert judge(BY_BALANCE, tiers, None, 10, date(2025, 2, 1)).standing is None


def test_points_that_expire_in_the_same_night_still_count() -> None:
    """E34."""
    tiers = Structure([Tier("Low", 0, 499), Tier("High", 500)])
    midnight = date(2026, 1, 1)
    dated = parse_policy(
        {
            "qualification_type": "BALANCE",
            "expiration_date": {"type": "CUSTOM", "extend": "P1Y"},
        },
        "",
    )
    held = Standing("High", date(2025, 1, 1), date(2025, 12, 31))
    third_step = judge(dated, tiers, held, 550, midnight)
    assert third_step.change == Change.PROLONGED
    assert judge(dated, tiers, third_step.standing, 350, midnight).change is None
    undated = Standing("High", date(2025, 1, 1))
    assert judge(BY_BALANCE, tiers, undated, 550, midnight).change is None
    assert judge(BY_BALANCE, tiers, undated, 350, midnight).change == Change.DOWNGRADED

"""Terms of tiers that are refused, and what becomes of a card's tier."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from kupon.engine.definitions import DefinitionError
from kupon.engine.loyalty.policies import BY_BALANCE, TierPolicy, parse_policy
from kupon.engine.loyalty.tiers import (
    Change,
    Standing,
    Structure,
    Tier,
    Verdict,
    judge,
    measured_span,
    parse_range,
    refresh,
)

BASIC, SILVER, GOLD, TOP = (
    Tier("Basic", 0, 99),
    Tier("Silver", 100, 499),
    Tier("Gold", 500, 999),
    Tier("Top", 1000, 2000),
)
TIERS = Structure([TOP, SILVER, BASIC, GOLD])
PAID_UP = Structure([SILVER, GOLD])
TODAY = date(2025, 5, 10)


def by_period(period: str, start: str, end: str) -> TierPolicy:
    return parse_policy(
        {
            "qualification_type": "POINTS_IN_PERIOD",
            "qualification_period": period,
            "start_date": {"type": start},
            "expiration_date": {"type": end},
        },
        "",
    )


DATED = parse_policy(
    {"qualification_type": "BALANCE", "expiration_date": {"type": "CUSTOM", "extend": "P3M"}}, ""
)
SAME = by_period("QUARTER", "IMMEDIATE", "END_OF_PERIOD")
NEXT = by_period("QUARTER", "IMMEDIATE", "END_OF_NEXT_PERIOD")
LATER = by_period("QUARTER", "NEXT_PERIOD", "END_OF_PERIOD")
LAST_DAY, FIRST_DAY, QUARTER_END = date(2025, 3, 31), date(2025, 4, 1), date(2025, 6, 30)


def held(tier: Tier, until: date | None = None) -> Standing:
    return Standing(tier.id, date(2025, 2, 1), until)


UNTIL_JULY = held(SILVER, date(2025, 7, 1))
OVER = held(SILVER, date(2025, 5, 9))


@pytest.mark.parametrize(
    ("standing", "measure", "change", "tier"),
    [
        (None, 99, Change.JOINED, BASIC),
        (None, 3000, None, None),
        (held(BASIC), 199, Change.UPGRADED, SILVER),
        (held(SILVER), 50, Change.DOWNGRADED, BASIC),
        (held(BASIC), 550, Change.UPGRADED, GOLD),
        (held(TOP), 2001, Change.LEFT, None),
        (held(GOLD), 500, None, GOLD),
        (Standing("gone", TODAY), 500, Change.JOINED, GOLD),
        (Standing("gone", TODAY, date(2030, 1, 1)), 3000, Change.LEFT, None),
    ],
)
def test_tiers_that_follow_the_balance(
    standing: Standing | None, measure: int, change: Change | None, tier: Tier | None
) -> None:
    verdict = judge(BY_BALANCE, TIERS, standing, measure, TODAY)
    assert verdict.change == change
    if change is None:
        assert verdict.standing == standing
    else:
        assert verdict.standing == (None if tier is None else Standing(tier.id, TODAY))


@pytest.mark.parametrize(
    ("standing", "measure", "expected"),
    [
        (None, 100, Verdict(Change.JOINED, Standing("Silver", TODAY, date(2025, 8, 10)))),
        (UNTIL_JULY, 500, Verdict(Change.UPGRADED, Standing("Gold", TODAY, date(2025, 8, 10)))),
        (UNTIL_JULY, 100, Verdict(None, UNTIL_JULY)),
        (UNTIL_JULY, 0, Verdict(None, UNTIL_JULY)),
        (OVER, 100, Verdict(Change.PROLONGED, Standing("Silver", TODAY, date(2025, 8, 9)))),
        (OVER, 500, Verdict(Change.UPGRADED, Standing("Gold", TODAY, date(2025, 8, 9)))),
        (OVER, 99, Verdict(Change.LEFT, None)),
        # So long ago that what follows would be over, too.
        (
            held(SILVER, date(2024, 1, 1)),
            100,
            Verdict(Change.PROLONGED, Standing("Silver", TODAY, date(2025, 8, 10))),
        ),
    ],
)
def test_dated_tiers_never_end_early(
    standing: Standing | None, measure: int, expected: Verdict
) -> None:
    assert judge(DATED, PAID_UP, standing, measure, TODAY) == expected


def test_a_dated_tier_is_lowered_when_it_is_over() -> None:
    over = held(GOLD, date(2025, 5, 9))
    verdict = judge(DATED, TIERS, over, 100, TODAY)
    assert verdict == Verdict(Change.DOWNGRADED, Standing("Silver", TODAY, date(2025, 8, 9)))
    verdict = judge(DATED, PAID_UP, held(GOLD, TODAY), 100, TODAY)
    assert verdict.change is None


def test_points_of_a_period_give_no_second_one() -> None:
    """END_OF_PERIOD: the new period begins with nothing."""
    standing = Standing("Silver", date(2025, 2, 1), LAST_DAY)
    assert measured_span(SAME, None, LAST_DAY) == (date(2025, 1, 1), LAST_DAY)
    assert measured_span(SAME, standing, FIRST_DAY) == (FIRST_DAY, QUARTER_END)
    assert judge(SAME, TIERS, standing, 0, FIRST_DAY) == Verdict(
        Change.DOWNGRADED, Standing("Basic", FIRST_DAY, QUARTER_END)
    )
    assert judge(SAME, PAID_UP, standing, 0, FIRST_DAY) == Verdict(Change.LEFT, None)


@pytest.mark.uncertain
def test_points_of_the_next_period_keep_a_tier() -> None:
    """END_OF_NEXT_PERIOD: judged by the period that has just ended."""
    standing = Standing("Silver", date(2024, 11, 1), LAST_DAY)
    assert measured_span(NEXT, standing, LAST_DAY) == (date(2025, 1, 1), LAST_DAY)
    assert measured_span(NEXT, standing, FIRST_DAY) == (date(2025, 1, 1), LAST_DAY)
    assert judge(NEXT, TIERS, standing, 100, FIRST_DAY) == Verdict(
        Change.PROLONGED, Standing("Silver", FIRST_DAY, QUARTER_END)
    )
    long_over = Standing("Silver", date(2024, 1, 1), date(2024, 6, 30))
    assert measured_span(NEXT, long_over, FIRST_DAY) == (FIRST_DAY, QUARTER_END)


@pytest.mark.uncertain
def test_a_period_gives_the_tier_of_the_next_one() -> None:
    assert measured_span(LATER, None, LAST_DAY) == (date(2024, 10, 1), date(2024, 12, 31))
    assert measured_span(LATER, None, FIRST_DAY) == (date(2025, 1, 1), LAST_DAY)
    joined = judge(LATER, TIERS, None, 100, FIRST_DAY)
    assert joined == Verdict(Change.JOINED, Standing("Silver", FIRST_DAY, QUARTER_END))
    assert judge(LATER, TIERS, joined.standing, 100, TODAY).change is None
    prolonged = judge(LATER, TIERS, joined.standing, 100, date(2025, 7, 1))
    assert prolonged.change == Change.PROLONGED
    assert prolonged.standing == Standing("Silver", date(2025, 7, 1), date(2025, 9, 30))


def test_the_balance_has_no_periods() -> None:
    assert measured_span(BY_BALANCE, None, TODAY) is None
    assert not BY_BALANCE.is_period_start(FIRST_DAY)
    assert SAME.is_period_start(FIRST_DAY)
    assert not SAME.is_period_start(TODAY)


@pytest.mark.uncertain
def test_an_undated_tier_stays_when_periods_come_to_count() -> None:
    assert judge(SAME, TIERS, held(SILVER), 0, TODAY).change is None
    assert judge(SAME, PAID_UP, held(SILVER), 0, TODAY).change is None
    assert judge(SAME, TIERS, held(SILVER), 500, TODAY).change == Change.UPGRADED


@pytest.mark.parametrize(
    ("policy", "standing", "measure", "expected"),
    [
        (DATED, None, 100, Verdict(Change.JOINED, Standing("Silver", TODAY, date(2025, 8, 10)))),
        (
            DATED,
            held(SILVER),
            500,
            Verdict(Change.UPGRADED, Standing("Gold", TODAY, date(2025, 8, 10))),
        ),
        # Three months from February would be over.
        (
            DATED,
            held(SILVER),
            0,
            Verdict(Change.EXPIRATION_CHANGED, held(SILVER, date(2025, 8, 10))),
        ),
        (SAME, UNTIL_JULY, 0, Verdict(Change.EXPIRATION_CHANGED, held(SILVER, QUARTER_END))),
        (SAME, UNTIL_JULY, 100, Verdict(Change.EXPIRATION_CHANGED, held(SILVER, QUARTER_END))),
        (NEXT, held(SILVER, QUARTER_END), 0, Verdict(None, held(SILVER, QUARTER_END))),
        (BY_BALANCE, UNTIL_JULY, 0, Verdict(Change.EXPIRATION_CHANGED, held(SILVER))),
        (BY_BALANCE, UNTIL_JULY, 5000, Verdict(Change.EXPIRATION_CHANGED, held(SILVER))),
        (DATED, OVER, 0, Verdict(Change.DOWNGRADED, Standing("Basic", TODAY, date(2025, 8, 9)))),
    ],
)
def test_refreshing(
    policy: TierPolicy, standing: Standing | None, measure: int, expected: Verdict
) -> None:
    assert refresh(policy, TIERS, standing, measure, TODAY) == expected


def test_ranges() -> None:
    assert parse_range({"from": "0", "to": 5}, "") == (0, 5)
    assert parse_range({"from": 5, "to": 5}, "") == (5, 5)
    assert parse_range({"from": 7}, "") == (7, None)
    assert TIERS.find("Gold") == GOLD
    TIERS.refuse_overlaps()
    Structure([]).refuse_overlaps()


@pytest.mark.parametrize(
    ("raw", "details"),
    [
        (None, "Property .points must be object"),
        ({"to": 5}, "Property .points should have required property 'from'"),
        ({"from": -1}, "Property .points.from must be >= 0"),
        ({"from": 5, "to": 4}, "Property .points.to must be >= from"),
    ],
)
def test_refused_ranges(raw: Any, details: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse_range(raw, ".points")
    assert caught.value.details == details


@pytest.mark.parametrize("other", [Tier("x", 99, 150), Tier("x", 20, 30), Tier("x", 2000)])
def test_overlaps(other: Tier) -> None:
    with pytest.raises(DefinitionError, match=r"Property \.0 must not overlap"):
        Structure([*TIERS.tiers, other]).refuse_overlaps(".0")
    with pytest.raises(DefinitionError, match="must not overlap"):
        Structure([Tier("open", 5), Tier("above", 50, 60)]).refuse_overlaps()


BALANCE = {"qualification_type": "BALANCE"}
PERIOD = {"qualification_type": "POINTS_IN_PERIOD", "qualification_period": "YEAR"}
ENDING = PERIOD | {"expiration_date": {"type": "END_OF_PERIOD"}}


def custom(**members: Any) -> dict[str, Any]:
    return BALANCE | {"expiration_date": {"type": "CUSTOM", "extend": "P1M"} | members}


@pytest.mark.parametrize(
    ("raw", "details"),
    [
        ("x", "Property .t must be object"),
        ({"start_date": {}}, "Property .t should have required property 'qualification_type'"),
        ({"qualification_type": "LUCK"}, "Property .t.qualification_type must be equal to one of"),
        (
            ENDING | {"qualification_period": None},
            "Property .t should have required property 'qualification_period'",
        ),
        (PERIOD, "Property .t.expiration_date should have required property 'type'"),
        (PERIOD | {"expiration_date": {"type": "CUSTOM"}}, "Property .t.expiration_date.type must"),
        (ENDING | {"qualification_period": "DAY"}, "Property .t.qualification_period must be"),
        (ENDING | {"start_date": {"type": "SOON"}}, "Property .t.start_date.type must be"),
        (ENDING | {"start_date": 5}, "Property .t.start_date must be object"),
        (BALANCE | {"start_date": {"type": "NEXT_PERIOD"}}, "Property .t.start_date.type must be"),
        (ENDING | BALANCE, "Property .t.expiration_date.type must be equal to one of"),
        (custom(extend=None), "Property .t.expiration_date.extend must be longer than zero"),
        (custom(extend="P0D"), "Property .t.expiration_date.extend must be longer than zero"),
        (custom(extend="soon"), "Property .t.expiration_date.extend must be an ISO 8601 duration"),
        (custom(extend="PT5H"), "Property .t.expiration_date.extend must be an ISO 8601 duration"),
        (custom(extend="P101Y"), "Property .t.expiration_date.extend must not be longer than"),
        (custom(extend="P40000D"), "Property .t.expiration_date.extend must not be longer than"),
        (custom(rounding=5), "Property .t.expiration_date.rounding must be object"),
        (custom(rounding={"strategy": "END"}), "Property .t.expiration_date.rounding should have"),
        (custom(rounding={"type": "DAY"}), "Property .t.expiration_date.rounding.type must be"),
        (
            custom(rounding={"type": "YEAR", "strategy": "UP"}),
            "Property .t.expiration_date.rounding.strategy must be",
        ),
        (
            custom(rounding={"type": "YEAR", "unit": "DAY"}),
            "Property .t.expiration_date.rounding.unit must be",
        ),
        (custom(rounding={"type": "CUSTOM"}), "Property .t.expiration_date.rounding should have"),
        (
            custom(rounding={"type": "CUSTOM", "value": 12}),
            "Property .t.expiration_date.rounding.value must be <= 11",
        ),
    ],
)
def test_refused_terms(raw: Any, details: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse_policy(raw, ".t")
    assert caught.value.details.startswith(details)


def test_no_terms_follow_the_balance() -> None:
    assert parse_policy(None, "") == parse_policy({}, "") == parse_policy(BALANCE, "") == BY_BALANCE


def test_the_longest_extensions() -> None:
    for text, last in (("P100Y", date(2125, 5, 10)), ("P36525D", date(2125, 5, 11))):
        assert parse_policy(custom(extend=text), "").expires_on(TODAY) == last

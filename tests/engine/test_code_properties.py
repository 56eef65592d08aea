"""What holds for every pattern of codes and every time limit, tried at random."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kupon.engine.codes import CodePattern, code_at, draw
from kupon.engine.limits import check, parse_validity
from kupon.engine.periods import Period

ZONES = ["Europe/Warsaw", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]
quick = settings(max_examples=500, deadline=None)

periods = st.builds(
    Period,
    st.integers(0, 30),
    st.integers(0, 60),
    st.timedeltas(timedelta(0), timedelta(days=3)),
).filter(bool)
instants = st.timedeltas(timedelta(0), timedelta(days=36_525)).map(
    lambda passed: datetime(1980, 1, 1, tzinfo=UTC) + passed
)


@quick
@given(
    period=periods,
    start=instants,
    steps=st.integers(0, 60),
    part=st.floats(0, 0.999),
    zone=st.sampled_from(ZONES),
)
def test_last_step_is_the_latest_not_after_now(
    period: Period, start: datetime, steps: int, part: float, zone: str
) -> None:
    timezone = ZoneInfo(zone)
    opened = start if not steps else period.after(start, timezone, steps)
    following = period.after(start, timezone, steps + 1)
    now = opened + (following - opened) * part
    # Where the clocks change, a period shorter than the change may step on the spot.
    assume(start <= now < following)
    assert period.last_step(start, now, timezone) == opened


@quick
@given(
    start=instants,
    days=st.integers(1, 40),
    hours=st.integers(1, 30),
    ahead=st.timedeltas(timedelta(0), timedelta(days=900)),
    zone=st.sampled_from(ZONES),
)
def test_windows_agree_with_counting_them_one_by_one(
    start: datetime, days: int, hours: int, ahead: timedelta, zone: str
) -> None:
    timezone, now = ZoneInfo(zone), start + ahead
    validity = parse_validity(
        {
            "start_date": start,
            "validity_timeframe": {"interval": f"P{days}D", "duration": f"PT{hours}H"},
        }
    )
    wall = start.astimezone(timezone).replace(tzinfo=None)
    opened = start
    for count in range(1, 901):
        following = (wall + timedelta(days=days * count)).replace(tzinfo=timezone).astimezone(UTC)
        if following > now:
            break
        opened = following
    is_open = now < opened + timedelta(hours=hours)
    assert (check(validity, now, timezone) is None) == is_open


@quick
@given(
    pattern=st.text("#%sab-", max_size=8),
    charset=st.sets(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=4),
    prefix=st.text("#%s", max_size=3),
    data=st.data(),
)
def test_codes_are_numbered_without_gap_or_repetition(
    pattern: str, charset: set[str], prefix: str, data: st.DataObject
) -> None:
    codes = CodePattern(pattern=pattern, charset="".join(charset), prefix=prefix)
    numbers = data.draw(st.sets(st.integers(0, codes.capacity - 1), max_size=20))
    made = {code_at(codes, number) for number in numbers}
    assert len(made) == len(numbers)
    for code in made:
        assert len(code) == len(prefix) + len(pattern)
        assert code.startswith(prefix)
    for code in draw(codes, 3, bytes):
        assert code == code_at(codes, 0)

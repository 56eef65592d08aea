"""What holds for all buckets, days and tiers, tried at random."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kupon.engine.loyalty.buckets import Bucket, next_expiration, refill, take
from kupon.engine.loyalty.expiration import Expiration, Rolling, Yearly
from kupon.engine.loyalty.policies import Rounding, TierPolicy
from kupon.engine.loyalty.spans import SPANS
from kupon.engine.loyalty.tiers import Change, Standing, Structure, Tier, judge, refresh
from kupon.engine.periods import Period
from kupon.kit.calendar import Calendar

quick = settings(max_examples=300, deadline=None)

# None of them leaves out a day in these years; Cairo and Santiago begin some at one o'clock.
ZONES = ("UTC", "Europe/Warsaw", "America/Santiago", "Africa/Cairo", "Asia/Kathmandu")
DAY = timedelta(days=1)

days = st.dates(date(2023, 1, 1), date(2032, 12, 31))
points = st.integers(0, 1000)
spans = st.sampled_from(sorted(SPANS.values()))
rules: st.SearchStrategy[Expiration] = st.one_of(
    st.builds(Rolling, months=st.integers(0, 60)),
    st.builds(Rolling, months=st.integers(0, 60), to_end_of=spans),
    st.builds(Rolling, months=st.integers(0, 60), to_month=st.integers(1, 12)),
    st.builds(Yearly, month=st.integers(1, 12), day=st.integers(1, 31)),
)
buckets = st.lists(st.none() | days, unique=True).flatmap(
    lambda found: st.tuples(
        *(st.builds(Bucket, st.just(str(day)), st.just(day), points) for day in found)
    )
)
extensions = st.builds(Period, st.integers(0, 18), st.integers(0, 40), st.just(timedelta()))
roundings = st.none() | st.builds(
    Rounding, is_to_end=st.booleans(), months=spans, month=st.none() | st.integers(1, 12)
)
policies = st.one_of(
    st.just(TierPolicy()),
    st.builds(
        TierPolicy,
        ends=st.just("CUSTOM"),
        extend=st.builds(Period, st.integers(0, 18), st.integers(1, 40), st.just(timedelta())),
        rounding=roundings,
    ),
    st.builds(
        TierPolicy,
        period=spans,
        starts_next_period=st.booleans(),
        ends=st.sampled_from(["END_OF_PERIOD", "END_OF_NEXT_PERIOD"]),
        extend=extensions,
        rounding=roundings,
    ),
)


@st.composite
def structures(draw: st.DrawFn) -> Structure:
    edges = sorted(draw(st.lists(points, unique=True, max_size=8)))
    tiers = [
        Tier(f"t{first}", first, last - draw(st.integers(1, last - first)))
        for first, last in pairwise(edges)
    ]
    if edges and draw(st.booleans()):
        tiers.append(Tier("open", edges[-1]))
    return Structure(tiers)


@st.composite
def standings(draw: st.DrawFn, structure: Structure) -> Standing | None:
    starts_on = draw(days)
    lasts = draw(st.none() | st.integers(0, 800))
    expires_on = None if lasts is None else starts_on + timedelta(days=lasts)
    names = [tier.id for tier in structure.tiers] or ["gone"]
    name = draw(st.sampled_from([*names, "gone"]))
    return draw(st.none() | st.just(Standing(name, starts_on, expires_on)))


@given(buckets, points)
@quick
def test_spending_takes_the_soonest_first(held: tuple[Bucket, ...], spent: int) -> None:
    balance = sum(bucket.points for bucket in held)
    assume(spent <= balance)
    taken = take(held, spent)
    gone = Counter({bucket.id: part for bucket, part in taken})
    left = [bucket._replace(points=bucket.points - gone[bucket.id]) for bucket in held]
    assert sum(bucket.points for bucket in left) == balance - spent
    assert all(bucket.points >= 0 for bucket in left)
    latest = max((bucket.expires_on or date.max for bucket, _ in taken), default=date.min)
    assert not any(bucket.points for bucket in left if (bucket.expires_on or date.max) < latest)
    soonest = next_expiration(left)
    dated = [bucket for bucket in left if bucket.points and bucket.expires_on is not None]
    assert soonest == min(((bucket.expires_on, bucket.points) for bucket in dated), default=None)


@given(buckets, points, days)
@quick
def test_what_comes_back_adds_up(held: tuple[Bucket, ...], spent: int, today: date) -> None:
    assume(spent <= sum(bucket.points for bucket in held))
    taken = [(bucket.expires_on, part) for bucket, part in take(held, spent)]
    back = refill(taken, today, today + DAY)
    assert sum(back.values()) == spent
    assert all(day is None or day >= today for day in back)
    if all(day is None or day >= today for day, _ in taken):
        assert back == dict(taken)


@given(rules, days, st.integers(0, 400))
@quick
def test_later_points_never_end_earlier(rule: Expiration, day: date, later: int) -> None:
    ends = rule.expires_on(day)
    assert ends >= day
    assert rule.expires_on(day + timedelta(days=later)) >= ends


@given(rules, days)
@quick
def test_month_ends(rule: Expiration, day: date) -> None:
    ends = rule.expires_on(day)
    if isinstance(rule, Yearly):
        assert ends.month == rule.month
        assert ends.day == rule.day or (ends + DAY).day == 1
        assert ends.year - day.year in (0, 1)
    elif rule.to_end_of is not None:
        assert (ends + DAY).day == 1
        assert ends.month % rule.to_end_of == 0
    elif rule.to_month is not None:
        assert ends.month == rule.to_month
        assert (ends + DAY).day == 1
    else:
        assert (ends.year - day.year) * 12 + ends.month - day.month == rule.months
        assert ends.day == day.day or (ends.day < day.day and (ends + DAY).day == 1)


@given(
    rules,
    st.builds(datetime.combine, days, st.times(), st.just(UTC)),
    st.sampled_from(ZONES),
)
@quick
def test_points_last_until_midnight_where_the_project_is(
    rule: Expiration, moment: datetime, zone: str
) -> None:
    calendar = Calendar(moment, ZoneInfo(zone))
    ends = rule.expires_on(calendar.today)
    removed_at = calendar.start(ends + DAY)
    assert removed_at > moment
    assert Calendar(removed_at, calendar.tz).today == ends + DAY
    assert Calendar(removed_at - timedelta(microseconds=1), calendar.tz).today == ends


@given(st.data(), policies, structures(), st.integers(0, 1200), days)
@quick
def test_a_judgement_is_total_and_final(
    data: st.DataObject, policy: TierPolicy, structure: Structure, measure: int, today: date
) -> None:
    structure.refuse_overlaps()
    standing = data.draw(standings(structure))
    reached = structure.reached(measure)
    verdict = judge(policy, structure, standing, measure, today)
    after = verdict.standing
    again = judge(policy, structure, after, measure, today)
    assert again.change is None
    assert again.standing == after
    if verdict.change is None:
        assert after == standing
    elif after is not None:
        assert reached is not None
        assert after.tier_id == reached.id
        assert after.starts_on == today
        assert not after.is_over(today)
    else:
        assert verdict.change == Change.LEFT
        assert reached is None
        assert standing is not None
    if reached is not None:
        assert after is not None


@given(st.data(), policies, structures(), st.integers(0, 1200), days)
@quick
def test_nobody_falls_before_the_last_day(
    data: st.DataObject, policy: TierPolicy, structure: Structure, measure: int, today: date
) -> None:
    held = data.draw(st.sampled_from([*structure.tiers, Tier("only", 2000)]))
    structure = Structure({*structure.tiers, held})
    starts_on = today - timedelta(days=data.draw(st.integers(0, 800)))
    expires_on = today + timedelta(days=data.draw(st.integers(0, 800)))
    standing = Standing(held.id, starts_on, expires_on)
    reached = structure.reached(measure)
    rises = reached is not None and reached.points_from > held.points_from
    judged = judge(policy, structure, standing, measure, today)
    assert judged.change == (Change.UPGRADED if rises else None)
    refreshed = refresh(policy, structure, standing, measure, today)
    assert refreshed.change in (Change.UPGRADED, Change.EXPIRATION_CHANGED, None)
    assert (refreshed.change == Change.UPGRADED) == rises
    assert refreshed.standing is not None
    assert not refreshed.standing.is_over(today)

"""The work at midnight: its order, what is late, and days as time zones count them."""

from __future__ import annotations

from typing import Any

import pytest

from kupon.features.loyalties.service import nightly as service
from kupon.kit.errors import RaceLost
from kupon.runtime import clock
from kupon.storage.queries import nightly
from kupon.storage.uow import UnitOfWork
from kupon.testing.builders import make_customer, make_member, make_programme
from kupon.testing.client import ApiClient

Body = dict[str, Any]

BY_QUARTER = {
    "qualification_type": "POINTS_IN_PERIOD",
    "qualification_period": "QUARTER",
    "start_date": {"type": "IMMEDIATE"},
    "expiration_date": {"type": "END_OF_NEXT_PERIOD"},
}
# Reached on the last day of September, such a tier ends with the year.
FOR_A_QUARTER = {
    "qualification_type": "BALANCE",
    "start_date": {"type": "IMMEDIATE"},
    "expiration_date": {
        "type": "CUSTOM",
        "extend": "P3M",
        "rounding": {"type": "MONTH", "strategy": "END"},
    },
}


def make_tiers(api: ApiClient, programme: Body, **ranges: tuple[int, int | None]) -> None:
    body = [
        {"name": name, "points": {"from": first} | ({} if last is None else {"to": last})}
        for name, (first, last) in ranges.items()
    ]
    api.post(f"/v1/loyalties/{programme['id']}/tiers", json=body).expect()


def add_points(api: ApiClient, card: Body, points: int, until: str | None = None) -> None:
    end = {} if until is None else {"expiration_type": "CUSTOM_DATE", "expiration_date": until}
    path = f"/v1/loyalties/members/{card['id']}/balance"
    api.post(path, json={"points": points, **end}).expect()


def tier_of(api: ApiClient, card: Body) -> tuple[str, str | None] | None:
    """The name of a card's tier and the last day in it."""
    data = api.get(f"/v1/loyalties/members/{card['id']}/tiers").expect()["data"]
    return (data[0]["name"], data[0]["expiration"].get("expiration_date")) if data else None


def balance_of(api: ApiClient, card: Body) -> int:
    balance: int = api.get(f"/v1/vouchers/{card['id']}").expect()["loyalty_card"]["balance"]
    return balance


def lines_of(api: ApiClient, card: Body) -> list[tuple[str, int, str]]:
    """What each line of a ledger is, how much, and when; the oldest first."""
    path = f"/v1/loyalties/members/{card['id']}/transactions"
    rows = api.get(path, query={"limit": 100}).expect()["data"]
    return [
        (row["type"], row["details"]["balance"]["points"], row["created_at"])
        for row in reversed(rows)
    ]


@pytest.fixture
def begin(engine):
    """Has the nightly work of a project begun, as the scheduler does: `begin(project)`."""

    def begin_nights(project):
        with UnitOfWork(engine, project_id="", now=clock.now()) as uow:
            for last in nightly.last_nights(uow):
                if last.project_id == project.id:
                    service.begin_nights_of(uow, last)
            uow.commit()

    return begin_nights


@pytest.fixture
def night(begin, project, jobs):
    """Does all nightly work that is due."""

    def work():
        begin(project)
        jobs()

    return work


@pytest.fixture
def told(events):
    """Call it for what became of tiers so far."""

    def read() -> list[str]:
        prefix = "customer.loyalty.tier."
        return [name.removeprefix(prefix) for name, _ in events() if name.startswith(prefix)]

    return read


def test_expired_points_still_count_for_a_tier_that_is_judged_the_same_night(
    api, move_time, night, told
):
    """Example E34 with a dated tier."""
    move_time.freeze("2025-09-30T12:00:00+00:00")
    programme = make_programme(api, loyalty_tiers_expiration=FOR_A_QUARTER)
    make_tiers(api, programme, Gold=(500, None))
    card = make_member(api, programme, make_customer(api))
    add_points(api, card, 200, until="2025-12-31")
    add_points(api, card, 350)
    assert tier_of(api, card) == ("Gold", "2025-12-31")
    move_time.freeze("2025-12-31T12:00:00+00:00")
    night()
    assert told() == ["joined"]
    move_time.freeze("2026-01-01T00:03:00+00:00")
    night()
    assert told() == ["joined", "prolonged"]
    assert balance_of(api, card) == 350
    assert tier_of(api, card) == ("Gold", "2026-03-31")
    assert lines_of(api, card)[-1] == ("POINTS_EXPIRATION", -200, "2026-01-01T00:00:00.000Z")
    move_time.freeze("2026-04-01T00:03:00+00:00")
    night()
    assert (tier_of(api, card), told()[2:]) == (None, ["left"])


def test_a_tier_without_end_follows_the_balance_when_points_expire(api, move_time, night, told):
    """Example E34 with a tier that the balance alone decides."""
    move_time.freeze("2025-12-31T12:00:00+00:00")
    programme = make_programme(api)
    make_tiers(api, programme, Silver=(100, 499), Gold=(500, None))
    card = make_member(api, programme, make_customer(api))
    add_points(api, card, 200, until="2025-12-31")
    add_points(api, card, 350)
    assert tier_of(api, card) == ("Gold", None)
    night()
    move_time.freeze("2026-01-01T00:03:00+00:00")
    night()
    assert tier_of(api, card) == ("Silver", None)
    assert told() == ["joined", "upgraded", "downgraded"]


def test_nothing_happens_on_the_last_day_itself(api, move_time, night):
    move_time.freeze("2027-05-09T12:00:00+00:00")
    card = make_member(api, make_programme(api), make_customer(api))
    add_points(api, card, 10, until="2027-05-10")
    night()
    move_time.freeze("2027-05-10T23:59:00+00:00")
    night()
    assert balance_of(api, card) == 10
    move_time.freeze("2027-05-11T00:00:00+00:00")
    night()
    assert balance_of(api, card) == 0


@pytest.mark.parametrize(
    ("timezone", "last_day", "before", "after", "midnight"),
    [
        # The day has 25 hours.
        ("Europe/Warsaw", "2027-10-31", "10-31T22:59", "10-31T23:00", "2027-10-31T23:00:00.000Z"),
        # The day has 23 hours.
        ("Europe/Warsaw", "2027-03-28", "03-28T21:59", "03-28T22:00", "2027-03-28T22:00:00.000Z"),
        # The next day begins at one o'clock.
        ("Africa/Cairo", "2027-04-29", "04-29T21:59", "04-29T22:00", "2027-04-29T22:00:00.000Z"),
        # The month and the year end before and after they do in UTC.
        (
            "Pacific/Kiritimati",
            "2027-12-31",
            "12-31T09:59",
            "12-31T10:00",
            "2027-12-31T10:00:00.000Z",
        ),
        (
            "America/Los_Angeles",
            "2027-02-28",
            "03-01T07:59",
            "03-01T08:00",
            "2027-03-01T08:00:00.000Z",
        ),
        # The last day of February in a leap year.
        ("Asia/Kolkata", "2028-02-29", "02-29T18:29", "02-29T18:30", "2028-02-29T18:30:00.000Z"),
    ],
)
def test_points_end_with_the_project_s_day(
    new_project, connect_api, begin, jobs, move_time, timezone, last_day, before, after, midnight
):
    year = last_day[:4]
    project = new_project(timezone=timezone)
    api = connect_api(project)
    move_time.freeze(f"{last_day}T00:30:00+00:00")
    move_time(days=-3)
    card = make_member(api, make_programme(api), make_customer(api))
    add_points(api, card, 10, until=last_day)
    begin(project)
    for moment, left in ((before, 10), (after, 0)):
        move_time.freeze(f"{year}-{moment}:00+00:00")
        begin(project)
        jobs()
        assert balance_of(api, card) == left
    assert lines_of(api, card)[-1] == ("POINTS_EXPIRATION", -10, midnight)


def test_a_night_that_is_begun_again_changes_nothing(
    api, project, move_time, night, events, engine
):
    move_time.freeze("2027-05-09T12:00:00+00:00")
    programme = make_programme(api)
    make_tiers(api, programme, Low=(0, 9), High=(10, None))
    card = make_member(api, programme, make_customer(api))
    add_points(api, card, 10, until="2027-05-09")
    night()
    move_time.freeze("2027-05-10T01:00:00+00:00")
    night()
    before = (lines_of(api, card), tier_of(api, card), len(events()))
    night()
    with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
        uow.enqueue(service.NIGHT, {"day": "2027-05-10"}, order_key="")
        uow.commit()
    night()
    assert (lines_of(api, card), tier_of(api, card), len(events())) == before


def test_missed_days_are_caught_up_in_order(api, move_time, night, told):
    move_time.freeze("2027-05-09T12:00:00+00:00")
    programme = make_programme(api)
    make_tiers(api, programme, Low=(1, 9), Middle=(10, 19), High=(20, None))
    card = make_member(api, programme, make_customer(api))
    add_points(api, card, 11, until="2027-05-10")
    add_points(api, card, 12, until="2027-05-12")
    add_points(api, card, 1, until="2027-05-20")
    night()
    move_time.freeze("2027-05-14T09:00:00+00:00")
    night()
    assert lines_of(api, card)[-2:] == [
        ("POINTS_EXPIRATION", -11, "2027-05-11T00:00:00.000Z"),
        ("POINTS_EXPIRATION", -12, "2027-05-13T00:00:00.000Z"),
    ]
    assert told() == ["joined", "upgraded", "downgraded", "downgraded"]
    assert tier_of(api, card) == ("Low", None)


def test_days_before_there_was_a_programme_are_not_missed(api, move_time, night, project, engine):
    move_time.freeze("2027-05-09T12:00:00+00:00")
    gone = make_programme(api)
    night()
    api.delete(f"/v1/loyalties/{gone['id']}", query={"force": "true"}).expect()
    night()
    move_time.freeze("2027-06-09T12:00:00+00:00")
    night()
    make_programme(api)
    move_time.freeze("2027-06-11T12:00:00+00:00")
    night()
    with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
        days = uow.reader.execute(
            "SELECT DISTINCT day::text FROM nightly_steps WHERE project_id = %s ORDER BY 1",
            (project.id,),
        ).fetchall()
    assert [day for (day,) in days] == ["2027-05-09", "2027-06-09", "2027-06-10", "2027-06-11"]


def test_a_late_night_judges_a_period_by_what_was_earned_in_it(api, move_time, night):
    move_time.freeze("2027-01-10T12:00:00+00:00")
    programme = make_programme(api, loyalty_tiers_expiration=BY_QUARTER)
    make_tiers(api, programme, Gold=(100, None))
    ada, bob = (make_member(api, programme, make_customer(api)) for _ in range(2))
    night()
    for card in (ada, bob):
        add_points(api, card, 100)
        assert tier_of(api, card) == ("Gold", "2027-06-30")
        # What is spent is still earned.
        add_points(api, card, -60)
    move_time.freeze("2027-05-10T12:00:00+00:00")
    add_points(api, ada, 100)
    night()
    # Nobody works in the nights around the end of June; then Bob earns enough for the next time.
    move_time.freeze("2027-07-03T12:00:00+00:00")
    add_points(api, bob, 100)
    assert tier_of(api, bob) == ("Gold", "2027-06-30")
    night()
    assert tier_of(api, ada) == ("Gold", "2027-09-30")
    assert tier_of(api, bob) == ("Gold", "2027-12-31")


def test_the_next_period_brings_what_the_last_one_earned(api, move_time, night, told):
    terms = BY_QUARTER | {
        "start_date": {"type": "NEXT_PERIOD"},
        "expiration_date": {"type": "END_OF_PERIOD"},
    }
    move_time.freeze("2027-02-10T12:00:00+00:00")
    programme = make_programme(api, loyalty_tiers_expiration=terms)
    make_tiers(api, programme, Silver=(100, 199), Gold=(200, None))
    card = make_member(api, programme, make_customer(api))
    add_points(api, card, 150)
    night()
    assert tier_of(api, card) is None
    move_time.freeze("2027-03-31T23:00:00+00:00")
    night()
    assert tier_of(api, card) is None
    move_time.freeze("2027-04-01T00:05:00+00:00")
    night()
    assert tier_of(api, card) == ("Silver", "2027-06-30")
    add_points(api, card, 200)
    assert tier_of(api, card) == ("Silver", "2027-06-30")
    move_time.freeze("2027-07-01T00:05:00+00:00")
    night()
    assert tier_of(api, card) == ("Gold", "2027-09-30")
    move_time.freeze("2027-10-01T00:05:00+00:00")
    night()
    assert tier_of(api, card) is None
    assert told() == ["joined", "upgraded", "left"]


def test_a_dated_tier_outlives_the_points(api, move_time, night, told):
    move_time.freeze("2027-09-30T12:00:00+00:00")
    programme = make_programme(api, loyalty_tiers_expiration=FOR_A_QUARTER)
    make_tiers(api, programme, Silver=(1, 499), Gold=(500, None))
    card = make_member(api, programme, make_customer(api))
    add_points(api, card, 500)
    add_points(api, card, -499)
    night()
    assert tier_of(api, card) == ("Gold", "2027-12-31")
    move_time.freeze("2028-01-01T00:01:00+00:00")
    # Until its night is done, a tier that is over is judged by nothing else.
    add_points(api, card, 1)
    assert tier_of(api, card) == ("Gold", "2027-12-31")
    night()
    assert tier_of(api, card) == ("Silver", "2028-03-31")
    assert told() == ["joined", "downgraded"]


def test_cards_in_the_bin_are_left_alone(api, move_time, night, events):
    move_time.freeze("2027-05-09T12:00:00+00:00")
    programme = make_programme(api)
    card = make_member(api, programme, make_customer(api))
    add_points(api, card, 10, until="2027-05-09")
    night()
    api.delete(f"/v1/vouchers/{card['code']}").expect(204)
    move_time.freeze("2027-05-10T00:05:00+00:00")
    night()
    assert "voucher.loyalty_card.points_expired" not in [name for name, _ in events()]


def test_one_night_of_many_cards_goes_slice_by_slice(api, move_time, night, monkeypatch):
    monkeypatch.setattr(service, "SLICE", 2)
    move_time.freeze("2027-05-09T12:00:00+00:00")
    programme = make_programme(api)
    cards = [make_member(api, programme, make_customer(api)) for _ in range(5)]
    for card in cards:
        add_points(api, card, 10, until="2027-05-09")
    night()
    move_time.freeze("2027-05-10T00:05:00+00:00")
    night()
    assert [balance_of(api, card) for card in cards] == [0] * 5


def test_a_broken_card_does_not_hold_up_the_others(api, move_time, night, project, engine, caplog):
    move_time.freeze("2027-05-09T12:00:00+00:00")
    programme = make_programme(api)
    cards = [make_member(api, programme, make_customer(api)) for _ in range(3)]
    for card in cards:
        add_points(api, card, 10, until="2027-05-09")
    night()
    with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
        # Nobody but the database itself could do so: the bucket has more than the card.
        break_it = "UPDATE vouchers SET balance_subtracted = %s WHERE project_id = %s AND id = %s"
        uow.driver.execute(break_it, (5, project.id, cards[1]["id"]))
        uow.commit()
    move_time.freeze("2027-05-10T00:05:00+00:00")
    night()
    assert [balance_of(api, card) for card in cards] == [0, 5, 0]
    assert cards[1]["id"] in caplog.records[-1].cards
    with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
        uow.driver.execute(break_it, (0, project.id, cards[1]["id"]))
        uow.commit()
    move_time.freeze("2027-05-11T00:05:00+00:00")
    night()
    assert [balance_of(api, card) for card in cards] == [0, 0, 0]


def test_what_is_only_in_the_way_is_tried_again(
    api, move_time, night, begin, project, jobs, monkeypatch
):
    move_time.freeze("2027-05-09T12:00:00+00:00")
    card = make_member(api, make_programme(api), make_customer(api))
    add_points(api, card, 10, until="2027-05-09")
    night()
    move_time.freeze("2027-05-10T00:05:00+00:00")
    begin(project)
    with monkeypatch.context() as patch:

        def fail(*_: Any, **__: Any) -> None:
            raise RaceLost

        patch.setattr(service.vouchers, "expire_points", fail)
        jobs.run()
        assert balance_of(api, card) == 10
    move_time(hours=2)
    jobs.run()
    assert balance_of(api, card) == 0

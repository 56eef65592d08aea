"""Points that move while tiers are judged, and nights that several workers do at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from kupon.features.loyalties.service import nightly as service
from kupon.runtime import clock
from kupon.storage.queries import nightly
from kupon.storage.uow import UnitOfWork
from kupon.testing.audit import find_faults
from kupon.testing.builders import make_customer, make_member, make_programme
from kupon.testing.client import ApiClient

pytestmark = [pytest.mark.race, pytest.mark.slow]

Body = dict[str, Any]


def make_tiers(api: ApiClient, programme: Body, *starts: int) -> None:
    ends = [start - 1 for start in starts[1:]] + [None]
    body = [
        {"name": f"from {first}", "points": {"from": first, "to": last}}
        for first, last in zip(starts, ends, strict=True)
    ]
    api.post(f"/v1/loyalties/{programme['id']}/tiers", json=body).expect()


def add_points(api: ApiClient, card: Body, points: int, until: str | None = None) -> int:
    end = {} if until is None else {"expiration_type": "CUSTOM_DATE", "expiration_date": until}
    path = f"/v1/loyalties/members/{card['id']}/balance"
    return api.post(path, json={"points": points, **end}).status


def name_of(api: ApiClient, card: Body) -> str:
    body = api.get(f"/v1/loyalties/members/{card['id']}/tiers").expect()
    name: str = body["data"][0]["name"]
    return name


def balance_of(api: ApiClient, card: Body) -> int:
    balance: int = api.get(f"/v1/vouchers/{card['id']}").expect()["loyalty_card"]["balance"]
    return balance


@pytest.fixture
def begin(engine, project):
    """Has the nights begun that are due: `begin()`."""

    def begin_nights(_: int = 0) -> None:
        with UnitOfWork(engine, project_id="", now=clock.now()) as uow:
            for last in nightly.last_nights(uow):
                if last.project_id == project.id:
                    service.begin_nights_of(uow, last)
            uow.commit()

    return begin_nights


@pytest.fixture
def do_night(engine, project):
    """Does a night to its end, slice by slice, as one of several workers."""

    def do(day: str) -> None:
        is_left = True
        while is_left:
            with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
                try:
                    is_left = service.night_slice(uow, day)
                    uow.commit()
                except OperationalError:
                    continue

    return do


def test_a_tier_fits_the_balance_whoever_came_first(api, events):
    programme = make_programme(api)
    make_tiers(api, programme, 0, 50, 100, 150)
    card = make_member(api, programme, make_customer(api))
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda points: add_points(api, card, points), [10, 15, -5] * 8))
    assert set(statuses) <= {200, 400}
    balance = balance_of(api, card)
    assert name_of(api, card) == f"from {balance // 50 * 50 if balance < 200 else 150}"
    kinds = [name for name, _ in events() if name.startswith("customer.loyalty.tier.")]
    assert kinds.count("customer.loyalty.tier.joined") == 1


def test_a_night_that_is_begun_by_several_is_one_job(api, begin, engine, project):
    make_programme(api)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(begin, range(6)))
    with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
        (jobs,) = uow.reader.execute(
            "SELECT count(*) FROM jobs WHERE project_id = %s AND handler = %s",
            (project.id, service.NIGHT),
        ).fetchone()
    assert jobs == 1


def test_a_night_by_several_workers_among_requests_keeps_the_books(
    api, begin, do_night, engine, project, move_time, monkeypatch
):
    monkeypatch.setattr(service, "SLICE", 3)
    move_time.freeze("2027-05-09T12:00:00+00:00")
    programme = make_programme(api)
    make_tiers(api, programme, 1, 100)
    cards = [make_member(api, programme, make_customer(api)) for _ in range(12)]
    for card in cards:
        add_points(api, card, 60, until="2027-05-09")
        add_points(api, card, 50)
    move_time.freeze("2027-05-10T00:05:00+00:00")
    begin()
    with ThreadPoolExecutor(6) as pool:
        nights = [pool.submit(do_night, "2027-05-10") for _ in range(3)]
        adding = [pool.submit(add_points, api, card, 1) for card in cards]
        assert [each.result() for each in adding] == [200] * 12
        for each in nights:
            each.result()
    do_night("2027-05-10")
    assert [balance_of(api, card) for card in cards] == [51] * 12
    assert {name_of(api, card) for card in cards} == {"from 1"}
    with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
        assert find_faults(uow) == []
        rows = uow.reader.execute(
            "SELECT count(*) FROM voucher_transactions WHERE project_id = %s"
            " AND type = 'POINTS_EXPIRATION'",
            (project.id,),
        ).fetchone()
    assert rows == (12,)

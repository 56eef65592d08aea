"""Nights that are broken off anywhere and done again: the books are those of a night in peace."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from kupon.features.loyalties.service import nightly as service
from kupon.runtime import clock
from kupon.storage.uow import UnitOfWork
from kupon.testing.audit import find_faults
from kupon.testing.builders import make_customer, make_member, make_programme
from kupon.testing.client import ApiClient

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.race, pytest.mark.slow]

Body = dict[str, Any]

NIGHT = "2027-04-01"
DATED = {
    "qualification_type": "BALANCE",
    "start_date": {"type": "IMMEDIATE"},
    "expiration_date": {"type": "CUSTOM", "extend": "P3M"},
}
NEXT_QUARTER = {
    "qualification_type": "POINTS_IN_PERIOD",
    "qualification_period": "QUARTER",
    "start_date": {"type": "NEXT_PERIOD"},
    "expiration_date": {"type": "END_OF_PERIOD"},
}


class Killed(BaseException):
    """Stands for the end of a process: nothing in the program may hold it up."""


def make_tiers(api: ApiClient, programme: Body) -> None:
    body = [
        {"name": "Low", "points": {"from": 1, "to": 99}},
        {"name": "Middle", "points": {"from": 100, "to": 199}},
        {"name": "High", "points": {"from": 200}},
    ]
    api.post(f"/v1/loyalties/{programme['id']}/tiers", json=body).expect()


def add_points(api: ApiClient, card: Body, points: int, until: str | None = None) -> None:
    end = {} if until is None else {"expiration_type": "CUSTOM_DATE", "expiration_date": until}
    path = f"/v1/loyalties/members/{card['id']}/balance"
    api.post(path, json={"points": points, **end}).expect()


@pytest.fixture
def build(connect_api, new_project, engine, settings, move_time, jobs):
    """Makes a project on the eve of a night in which everything happens: `build()`."""

    def make(timezone: str = "Europe/Warsaw"):
        project = new_project(timezone=timezone)
        jobs.forget_others(project.id)
        api = connect_api(project)
        move_time.freeze("2026-12-31T12:00:00+00:00")
        rules = {"period_type": "MONTH", "period_value": 3}
        waiting = make_programme(api, name="Waiting", expiration_rules=rules)
        ending = make_programme(api, name="Ending", loyalty_tiers_expiration=DATED)
        coming = make_programme(api, name="Coming", loyalty_tiers_expiration=NEXT_QUARTER)
        buying = make_programme(api, name="Buying")
        for programme in (waiting, ending, coming, buying):
            make_tiers(api, programme)
        people = [make_customer(api, source_id=name) for name in ("ada", "bob", "cyd")]
        cards = {
            (programme["name"], person["source_id"]): make_member(api, programme, person)
            for programme in (waiting, ending, coming, buying)
            for person in people
        }
        for number, person in enumerate(people):
            add_points(api, cards["Ending", person["source_id"]], 90 + number * 60)
        move_time.freeze("2027-03-30T12:00:00+00:00")
        rule = {
            "event": "order.paid",
            "loyalty": {"type": "FIXED", "points": 150},
            "pending_points": {"period_type": "DAY", "period_value": 2},
        }
        api.post(f"/v1/loyalties/{waiting['id']}/earning-rules", json=[rule]).expect()
        jobs()
        for number, person in enumerate(people):
            name = person["source_id"]
            add_points(api, cards["Ending", name], 30, until="2027-03-31")
            add_points(api, cards["Ending", name], -10)
            add_points(api, cards["Coming", name], 50 + 100 * number)
            add_points(api, cards["Buying", name], 60 + 100 * number)
            order = {"customer": {"id": person["id"]}, "amount": 1000, "status": "PAID"}
            api.post("/v1/orders", json=order).expect()
        product = api.post("/v1/products", json={"name": "Mug"}).expect()
        reward = {"name": "Mug", "parameters": {"product": {"id": product["id"]}}, "stock": 5}
        made = api.post("/v1/rewards", json=reward).expect()
        price = {"loyalty": {"points": 50, "auto_redeem": True}}
        offer = [{"reward": made["id"], "parameters": price}]
        api.post(f"/v1/loyalties/{buying['id']}/rewards", json=offer).expect()
        jobs()
        move_time.freeze("2027-03-31T23:30:00+00:00")
        with UnitOfWork(engine, project_id="", now=clock.now()) as uow:
            found = {last.project_id: last for last in service.nightly.last_nights(uow)}
            service.begin_nights_of(uow, found[project.id])
            uow.commit()
        return project

    return make


_BOOKS = {
    "ledger": (
        "SELECT c.name, p.source_id, t.type, t.amount, t.total_after, t.balance_after,"
        " t.operation_type, t.created_at FROM voucher_transactions t"
        " JOIN vouchers v USING (project_id) JOIN campaigns c USING (project_id)"
        " JOIN customers p USING (project_id) WHERE project_id = %(id)s AND v.id = t.voucher_id"
        " AND c.id = v.campaign_id AND p.id = v.holder_id ORDER BY 1, 2, t.seq"
    ),
    "buckets": (
        "SELECT c.name, p.source_id, b.expires_on, b.points, b.status FROM points_buckets b"
        " JOIN vouchers v USING (project_id) JOIN campaigns c USING (project_id)"
        " JOIN customers p USING (project_id) WHERE project_id = %(id)s AND v.id = b.voucher_id"
        " AND c.id = v.campaign_id AND p.id = v.holder_id ORDER BY 1, 2, 3, 4"
    ),
    "cards": (
        "SELECT c.name, p.source_id, v.balance_income, v.balance_redeemed, v.balance_expired,"
        " v.pending_points, v.next_expiration_date, v.next_expiration_points, v.redeemed_quantity"
        " FROM vouchers v JOIN campaigns c USING (project_id) JOIN customers p USING (project_id)"
        " WHERE project_id = %(id)s AND c.id = v.campaign_id AND p.id = v.holder_id ORDER BY 1, 2"
    ),
    "tiers": (
        "SELECT c.name, p.source_id, t.name, m.starts_on, m.expires_on"
        " FROM loyalty_tier_memberships m JOIN loyalty_tiers t USING (project_id)"
        " JOIN campaigns c USING (project_id) JOIN customers p USING (project_id)"
        " WHERE project_id = %(id)s AND t.id = m.tier_id AND c.id = m.campaign_id"
        " AND p.id = m.customer_id ORDER BY 1, 2"
    ),
    "pending": (
        "SELECT points, status, activates_on FROM pending_points WHERE project_id = %(id)s"
        " ORDER BY id"
    ),
    "rewards": "SELECT name, stock, redeemed FROM rewards WHERE project_id = %(id)s",
    "events": ("SELECT name, count(*) FROM events WHERE project_id = %(id)s GROUP BY 1 ORDER BY 1"),
    "steps": (
        "SELECT step, finished_at IS NOT NULL FROM nightly_steps WHERE project_id = %(id)s"
        " AND day = '2027-04-01' ORDER BY 1"
    ),
}


@pytest.fixture
def read_books(engine):
    """Call it for all that a night may change of a project."""

    def read(project) -> dict[str, list[Any]]:
        with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
            assert find_faults(uow) == []
            return {
                name: uow.reader.execute(statement, {"id": project.id}).fetchall()
                for name, statement in _BOOKS.items()
            }

    return read


@pytest.fixture
def do_slice(engine):
    """Does the next slice of the night of a project; whether there is more."""

    def do(project) -> bool:
        with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
            is_left = service.night_slice(uow, NIGHT)
            uow.commit()
        return is_left

    return do


@contextmanager
def killing_at(monkeypatch: pytest.MonkeyPatch, number: int) -> Iterator[None]:
    """End the process, as it were, with its so-and-so-many'th statement."""
    passed = 0

    def counting(run: Any) -> Any:
        def execute(*arguments: Any, **named: Any) -> Any:
            nonlocal passed
            passed += 1
            if passed == number:
                raise Killed
            return run(*arguments, **named)

        return execute

    with monkeypatch.context() as patch:
        for name in ("execute", "executemany"):
            patch.setattr(psycopg.Cursor, name, counting(getattr(psycopg.Cursor, name)))
        yield


def test_a_night_in_peace_does_all_its_steps(build, do_slice, read_books):
    project = build()
    before = read_books(project)
    while do_slice(project):
        pass
    books = read_books(project)
    news = [line for line in books["ledger"] if line not in before["ledger"]]
    assert {type for _, _, type, *_ in news} == {
        "PENDING_POINTS_ACTIVATION",
        "POINTS_REDEMPTION",
        "POINTS_EXPIRATION",
    }
    assert books["steps"] == [(number, True) for number in range(1, 6)]
    assert books["rewards"] == [("Mug", 5, 5)]
    assert [row[:3] for row in books["tiers"]] == [
        ("Buying", "ada", "Low"),
        ("Buying", "bob", "Low"),
        ("Buying", "cyd", "High"),
        ("Coming", "ada", "Low"),
        ("Coming", "bob", "Middle"),
        ("Coming", "cyd", "High"),
        ("Ending", "ada", "Middle"),
        ("Ending", "bob", "Middle"),
        ("Ending", "cyd", "High"),
        ("Waiting", "ada", "Middle"),
        ("Waiting", "bob", "Middle"),
        ("Waiting", "cyd", "Middle"),
    ]


@pytest.mark.parametrize("size", [2, 200])
def test_a_night_that_dies_with_every_statement_leaves_the_same_books(
    build, do_slice, read_books, monkeypatch, size
):
    monkeypatch.setattr(service, "SLICE", size)
    peaceful, troubled = build(), build()
    while do_slice(peaceful):
        pass
    deaths, is_left = 0, True
    while is_left:
        number, is_alive = 1, False
        while not is_alive:
            try:
                with killing_at(monkeypatch, number):
                    is_left = do_slice(troubled)
                is_alive = True
            except Killed:
                deaths, number = deaths + 1, number + 1
    assert deaths > 50
    assert read_books(troubled) == read_books(peaceful)


_WORKER = """
import sys, time
from datetime import datetime
from kupon.runtime import clock
url, project, moment = sys.argv[1:]
moment = datetime.fromisoformat(moment)
clock.now = lambda: moment
from kupon.bootstrap import build_registry
from kupon.features.loyalties.service import nightly
from kupon.jobs.worker import drain_all
from kupon.storage.database import open_database
from kupon.storage.uow import UnitOfWork
nightly.SLICE = 4
commit, commits = UnitOfWork.commit, 0
def commit_one(unit):
    global commits
    commits += 1
    if commits == 2:
        print("in the middle of it", flush=True)
        time.sleep(600)
    commit(unit)
UnitOfWork.commit = commit_one
drain_all(open_database(url, is_repeatable=True), build_registry(), [(project, nightly.NIGHT, "")])
"""


def test_a_worker_that_is_killed_again_and_again_leaves_the_same_books(
    build, do_slice, read_books, settings
):
    peaceful, troubled = build(), build()
    while do_slice(peaceful):
        pass
    deaths, is_over = 0, False
    while not is_over:
        command = [sys.executable, "-c", _WORKER]
        command += [settings.database_url, troubled.id, clock.now().isoformat()]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as worker:
            is_over = worker.stdout.readline() == b""
            worker.kill()
        deaths += not is_over
    assert deaths >= 4
    assert read_books(troubled) == read_books(peaceful)

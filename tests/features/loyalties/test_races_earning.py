"""Earning while several workers and requests are at the same customers and cards."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from kupon.features.loyalties import reactions
from kupon.runtime import clock
from kupon.storage.queries import outbox
from kupon.storage.uow import UnitOfWork
from kupon.testing.builders import make_customer, make_member, make_programme

pytestmark = pytest.mark.race

FIXED = {"type": "FIXED", "points": 100}


def at_once(*works):
    """Call each of the functions from a thread of its own, released together."""
    barrier = Barrier(len(works))

    def one(work):
        barrier.wait()
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(one, works))


@pytest.fixture
def programme(api):
    """A programme that pays 100 points for every paid order."""
    made = make_programme(api, auto_join=True)
    api.post(f"/v1/loyalties/{made['id']}/earning-rules", json=[{"loyalty": FIXED}]).expect()
    return made


@pytest.fixture
def pay(api):
    """Places a paid order: `pay(customer)`."""

    def place(customer):
        body = {"customer": {"id": customer["id"]}, "status": "PAID", "amount": 100}
        return api.post("/v1/orders", json=body).expect()

    return place


@pytest.fixture
def deliver(engine, project):
    """Has the consumer handle all events of a name: `deliver("customer.order.paid")`."""

    def handle(name, *, is_committed=True):
        with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
            rows = uow.reader.execute(
                "SELECT seq FROM events WHERE project_id = %s AND name = %s ORDER BY seq",
                (project.id, name),
            ).fetchall()
            found = outbox.find_events(uow, [row[0] for row in rows])
            reactions.react(uow, [found[row[0]] for row in rows])
            if is_committed:
                uow.commit()

    return handle


def members(api, programme):
    return api.get(f"/v1/loyalties/{programme['id']}/members").expect()["vouchers"]


def balances(api, programme):
    return [each["loyalty_card"]["balance"] for each in members(api, programme)]


def test_an_event_that_two_workers_handle_pays_once(api, programme, pay, deliver, jobs):
    customers = [make_customer(api) for _ in range(3)]
    for customer in customers:
        make_member(api, programme, customer)
        pay(customer)
    at_once(*[lambda: deliver("customer.order.paid")] * 4)
    jobs()
    assert balances(api, programme) == [100, 100, 100]


def test_a_customer_joins_once_however_many_orders_come(api, programme, pay, deliver, jobs):
    customer = make_customer(api)
    for _ in range(3):
        pay(customer)
    member = f"/v1/loyalties/{programme['id']}/members"
    at_once(
        *[lambda: deliver("customer.order.paid")] * 3,
        lambda: api.post(member, json={"customer": {"id": customer["id"]}}).expect(),
    )
    jobs()
    assert balances(api, programme) == [300]


def test_points_that_come_and_go_at_once_are_all_counted(api, programme, pay, deliver, jobs):
    customer = make_customer(api)
    card = make_member(api, programme, customer)
    pay(customer)
    path = f"/v1/loyalties/members/{card['id']}/balance"
    at_once(
        lambda: deliver("customer.order.paid"),
        *[lambda: api.post(path, json={"points": 7}).expect()] * 5,
    )
    jobs()
    assert balances(api, programme) == [135]
    found = api.get(f"/v1/vouchers/{card['code']}/transactions", query={"limit": 100}).expect()
    rows = found["data"]
    assert sum(row["details"]["balance"]["points"] for row in rows) == 135


def test_what_a_crash_took_back_is_done_again(api, programme, pay, deliver, jobs):
    customer = make_customer(api)
    pay(customer)
    deliver("customer.order.paid", is_committed=False)
    assert members(api, programme) == []
    jobs()
    assert balances(api, programme) == [100]


def test_rules_made_at_once_stay_within_the_limit(api, programme):
    path = f"/v1/loyalties/{programme['id']}/earning-rules"
    other = make_programme(api)
    paths = [path, f"/v1/loyalties/{other['id']}/earning-rules"]
    answers = at_once(
        *[
            lambda path=path: api.post(path, json=[{"loyalty": FIXED}] * 30).status
            for path in paths * 2
        ]
    )
    assert sorted(answers) == [200, 200, 200, 400]
    assert sum(api.get(each).expect()["total"] for each in paths) == 91


def test_a_rule_that_is_deleted_under_way_pays_all_or_nothing(api, programme, pay, deliver, jobs):
    customer = make_customer(api)
    make_member(api, programme, customer)
    path = f"/v1/loyalties/{programme['id']}/earning-rules"
    [rule] = api.get(path).expect()["data"]
    pay(customer)
    answers = at_once(
        lambda: deliver("customer.order.paid"),
        lambda: api.delete(f"{path}/{rule['id']}").status,
    )
    assert answers[1] == 204
    jobs()
    assert balances(api, programme) in ([0], [100])

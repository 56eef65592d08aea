"""The inbox worker: what may pass is tried again, what must be mended waits, the rest is parked."""

from __future__ import annotations

import pytest
from tests.features.integrations.conftest import told

from kupon.features.integrations.service.inbound import inbox
from kupon.runtime import clock
from kupon.storage.uow import UnitOfWork


@pytest.fixture(autouse=True)
def _frozen(move_time):
    move_time.freeze()


@pytest.fixture
def fetching(connect, platform):
    """A shop that tells the numbers of its orders only; and the order 7."""
    platform.orders["7"] = {"fields": {"status": "CREATED", "amount": 1000}}
    return connect(url=platform.url)


def wait(move_time, jobs, seconds):
    move_time(seconds=seconds)
    jobs()


def test_a_platform_that_is_away_is_asked_again_ever_more_seldom(
    fetching, platform, jobs, api, move_time
):
    platform.fail("503")
    fetching.tell("order", "7", fetch=True)
    jobs()
    assert len(platform.calls()) == 1
    jobs()
    assert len(platform.calls()) == 1
    for number in range(4):
        # Back-off with up to a quarter more.
        wait(move_time, jobs, 1.3 * 2**number)
    assert len(platform.calls()) == 5
    [waiting] = fetching.deliveries("WAITING")
    assert waiting["attempts"] == 5
    assert waiting["error"].endswith("answered 503")
    assert fetching.now()["status"] == "ACTIVE"
    assert fetching.now()["last_error"] == waiting["error"]
    platform.mend()
    wait(move_time, jobs, 60)
    assert api.get("/v1/orders/7").expect()["amount"] == 1000
    assert fetching.deliveries("WAITING") == []


def test_a_pause_that_the_platform_asks_for_is_kept(fetching, platform, jobs, api, move_time):
    platform.fail("429", times=1)
    fetching.tell("order", "7", fetch=True)
    jobs()
    wait(move_time, jobs, 3)
    assert len(platform.calls()) == 1
    [waiting] = fetching.deliveries("WAITING")
    # Nothing has failed.
    assert waiting["attempts"] == 0


def test_a_broken_connection_waits_until_it_is_resumed(fetching, platform, jobs, api, move_time):
    platform.fail("401")
    fetching.tell("order", "7", fetch=True)
    fetching.tell("customer", "c1", fields={"name": "Ada"})
    jobs()
    connection = fetching.now()
    assert connection["status"] == "BROKEN"
    assert connection["last_error"].endswith("answered 401")
    fetching.tell("customer", "c1", fields={"name": "Ada Lovelace"})
    wait(move_time, jobs, 3600)
    assert len(platform.calls()) == 1
    assert fetching.statistics()["inbox_waiting"] >= 2
    platform.mend()
    assert fetching.manage("post", f"{fetching.path}/resume")["status"] == "ACTIVE"
    jobs()
    assert fetching.statistics()["inbox_waiting"] == 0
    assert api.get("/v1/orders/7").expect()["amount"] == 1000
    assert api.get("/v1/customers/c1").expect()["name"] == "Ada Lovelace"


def test_a_paused_connection_takes_and_keeps(shop, jobs, api):
    shop.manage("post", f"{shop.path}/pause")
    shop.tell("customer", "c1", fields={"name": "Ada"})
    jobs()
    assert api.get("/v1/customers/c1").status == 404
    assert shop.now()["status"] == "PAUSED"
    shop.manage("post", f"{shop.path}/resume")
    jobs()
    assert api.get("/v1/customers/c1").status == 200


def test_one_object_in_trouble_holds_back_no_other(fetching, platform, jobs, api):
    platform.fail("500", path="/orders/7")
    platform.orders["8"] = {"fields": {"status": "CREATED", "amount": 800}}
    fetching.tell("order", "7", fetch=True)
    fetching.tell("order", "8", fetch=True)
    jobs()
    assert api.get("/v1/orders/8").expect()["amount"] == 800
    assert api.get("/v1/orders/7").status == 404


def test_later_deliveries_of_an_object_wait_for_earlier_ones(
    fetching, platform, jobs, api, move_time
):
    fetching.send(
        told("customer", "1", subject="s", fields={"name": "First"}),
        told("order", "7", subject="s", fetch=True),
        told("customer", "1", subject="s", fields={"name": "Last"}),
    ).expect()
    platform.fail("500")
    jobs()
    assert api.get("/v1/customers/1").expect()["name"] == "First"
    assert [each["event"] for each in fetching.deliveries("WAITING")] == ["customer", "order"]
    platform.mend()
    wait(move_time, jobs, 60)
    assert api.get("/v1/customers/1").expect()["name"] == "Last"


def test_what_can_not_be_mapped_is_ignored_with_its_reason(shop, jobs, api):
    shop.send(
        told("moon", "1", subject="s"), told("customer", "1", subject="s", fields={"name": "A"})
    ).expect()
    jobs()
    [ignored] = shop.deliveries("IGNORED")
    assert ignored["error"] == "1: topic moon is unknown"
    assert api.get("/v1/customers/1").expect()["name"] == "A"


def test_what_kupon_refuses_is_parked_and_can_be_replayed(shop, jobs, api):
    shop.send(
        told("customer", "1", subject="s", fields={"name": 5}),
        told("customer", "1", subject="s", fields={"name": "A"}),
    ).expect()
    jobs()
    [parked] = shop.deliveries("PARKED")
    assert "Property .name must be string" in parked["error"]
    assert parked["error"] in shop.now()["last_error"]
    assert api.get("/v1/customers/1").expect()["name"] == "A"
    assert shop.manage("post", f"{shop.path}/deliveries/replay") == {"object": "replay", "count": 1}
    jobs()
    assert len(shop.deliveries("PARKED")) == 1
    assert shop.statistics()["totals"] == {"inbox.done": 1, "inbox.parked": 2}


def test_a_mistake_is_tried_some_times_and_parked_without_its_text(shop, jobs, move_time):
    shop.tell("customer", "1", mistake=True)
    for _ in range(10):
        wait(move_time, jobs, 120)
    [parked] = shop.deliveries("PARKED")
    assert parked["attempts"] == 7
    assert parked["error"] == "mistake: RuntimeError"
    number = parked["id"]
    shown = shop.manage("get", f"{shop.path}/deliveries/{number}")
    assert shown["payload"]["mistake"] is True
    assert shop.manage("post", f"{shop.path}/deliveries/{number}/replay")["count"] == 1
    again = shop.manage("get", f"{shop.path}/deliveries/{number}")
    assert (again["state"], again["attempts"]) == ("WAITING", 0)
    shop.manage("post", f"{shop.path}/deliveries/{number}/replay", 400)
    shop.manage("post", f"{shop.path}/deliveries/999999/replay", 404)


def test_after_a_day_a_platform_is_given_up_for_a_delivery(
    fetching, platform, jobs, move_time, engine, project
):
    platform.fail("503")
    fetching.tell("order", "7", fetch=True)
    for _ in range(100):
        wait(move_time, jobs, 1200)
    [parked] = fetching.deliveries("PARKED")
    assert parked["attempts"] == 99
    assert fetching.now()["status"] == "ACTIVE"


def test_what_waits_without_a_job_is_found(shop, jobs, api, uow, project, move_time):
    shop.tell("customer", "c1", fields={"name": "Ada"})
    uow.driver.execute("DELETE FROM jobs WHERE project_id = %s", (project.id,))
    uow.commit()
    jobs()
    assert api.get("/v1/customers/c1").status == 404
    move_time(minutes=11)
    uow.now = clock.now()
    inbox.sweep(uow)
    inbox.sweep(uow)
    uow.commit()
    jobs()
    assert api.get("/v1/customers/c1").status == 200


def test_old_deliveries_are_forgotten_but_not_those_that_wait(shop, jobs, uow, move_time):
    shop.tell("customer", "c1", fields={})
    jobs()
    shop.manage("post", f"{shop.path}/pause")
    shop.tell("customer", "c2", fields={})
    move_time(days=15)
    uow.now = clock.now()
    inbox.purge(uow)
    uow.commit()
    assert shop.deliveries("DONE") == []
    assert len(shop.deliveries("WAITING")) == 1


def test_what_the_database_refuses_takes_nothing_else_along(
    fetching, platform, api, engine, project, tenants
):
    """What was done before it in the same turn stays done."""
    code = {"object": "voucher", "id": "TEN"}
    unlike = {"checkout_key": "a\0b", "redeemables": [code]}
    platform.orders["8"] = {"fields": {"status": "PAID", "amount": 1000}, **unlike}
    order = {"fields": {"status": "PAID", "amount": 1000}}
    told_of = [told("order", "1", **order), told("order", "8", fetch=True)]
    fetching.send(*told_of, told("order", "9", **order)).expect()
    calls = [{"connection_id": fetching.id, "subject": f"order:{n}"} for n in (1, 8, 9)]
    with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
        inbox.process(uow, tenants, calls)
        uow.commit()
    assert [api.get(f"/v1/orders/{n}").status for n in (1, 8, 9)] == [200, 404, 200]
    assert len(fetching.deliveries("DONE")) == 2


def test_objects_are_processed_together_and_fail_by_themselves(fetching, platform, jobs, api):
    platform.orders["8"] = {"fields": {"status": "NEVER HEARD OF", "amount": 1}}
    customers = [told("customer", f"c{number}", fields={}) for number in range(10)]
    fetching.send(*customers, *customers[:3]).expect()
    fetching.tell("order", "8", fetch=True)
    fetching.tell("order", "7", fetch=True)
    jobs()
    assert [api.get(f"/v1/customers/c{number}").status for number in range(10)] == [200] * 10
    assert api.get("/v1/orders/7").expect()["amount"] == 1000
    [parked] = fetching.deliveries("PARKED")
    assert "NEVER HEARD OF" in parked["error"]
    assert fetching.statistics()["totals"] == {"inbox.done": 11, "inbox.parked": 1}


def test_more_than_one_turn_takes_is_processed_in_order(fetching, jobs, api):
    names = [f"Ada {number}" for number in range(inbox.MOST + 20)]
    fetching.send(*(told("customer", "c1", fields={"name": name}) for name in names)).expect()
    others = [told("customer", f"x{number}", fields={}) for number in range(2 * inbox.AT_ONCE)]
    fetching.send(*others).expect()
    jobs()
    assert api.get("/v1/customers/c1").expect()["name"] == names[-1]
    assert fetching.deliveries("WAITING") == []
    done = len(names) + len(others)
    assert fetching.statistics()["totals"] == {"inbox.done": done}

"""Many real connections at once: each delivery is stored once, each order counts once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.features.integrations.conftest import told
from tests.features.integrations.test_checkouts import code, order, redeemed, redemptions

from kupon.features.integrations.service.inbound import inbox
from kupon.kit.errors import RaceLost
from kupon.runtime import clock
from kupon.storage.uow import UnitOfWork

__all__ = ["code"]

pytestmark = pytest.mark.race


def at_once(count, work):
    barrier = threading.Barrier(count)

    def one(number):
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_the_same_delivery_from_many_sides_is_stored_once(shop, jobs, api, engine, project):
    event = told("customer", "c1", fields={"name": "Ada"})
    answers = at_once(8, lambda _: shop.send(event))
    assert {answer.status for answer in answers} == {200}
    with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
        [(count,)] = uow.reader.execute(
            "SELECT count(*) FROM inbox WHERE project_id = %s", (project.id,)
        ).fetchall()
    assert count == 1
    jobs()
    assert shop.statistics()["totals"] == {"inbox.done": 1}


def test_the_same_deliveries_in_other_orders_do_not_wait_for_each_other_forever(shop, jobs):
    events = [told("customer", f"c{number}", fields={}) for number in range(40)]
    answers = at_once(8, lambda n: shop.send(*(events if n % 2 else reversed(events))))
    assert {answer.status for answer in answers} == {200}
    jobs()
    assert shop.statistics()["totals"] == {"inbox.done": 40}


def test_an_order_that_several_workers_see_paid_is_redeemed_once(
    shop, api, code, engine, project, tenants
):
    body = {"type": "DISCOUNT_VOUCHER", "discount": {"type": "AMOUNT", "amount_off": 10}}
    api.post("/v1/vouchers/MANY", json=body).expect()
    subjects = [f"line-{number}" for number in range(8)]
    for subject in subjects:
        shop.send(order("PAID", codes=("MANY",)) | {"subject": subject}).expect()

    def work(number):
        arguments = {"connection_id": shop.id, "subject": subjects[number]}
        for _ in range(5):
            try:
                with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
                    inbox.process(uow, tenants, [arguments])
                    uow.commit()
                return
            except RaceLost:
                continue

    at_once(8, work)
    assert redeemed(api, "MANY") == len(redemptions(api)) == 1
    assert len(shop.deliveries("DONE")) == 8


def test_paid_and_canceled_at_once_end_canceled(shop, api, code, engine, project, tenants):
    for turn in range(5):
        events = [
            order("PAID", 2) | {"key": f"o{turn}", "subject": "a"},
            order("CANCELED", 3) | {"key": f"o{turn}", "subject": "b"},
        ]
        shop.send(*events).expect()

        def work(number):
            arguments = {"connection_id": shop.id, "subject": "ab"[number]}
            with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
                inbox.process(uow, tenants, [arguments])
                uow.commit()

        at_once(2, work)
        assert redeemed(api) == 0
        assert api.get(f"/v1/orders/o{turn}").expect()["status"] == "CANCELED"


def test_a_connection_is_removed_while_a_worker_is_at_it(shop, jobs, shoplet, monkeypatch, app):
    process, removing = shoplet.process, []

    def removed_meanwhile(adapter, deliveries):
        if not removing:
            removing.append(pool.submit(shop.manage, "delete", shop.path, 204))
            clock.sleep(0.5)
        return process(adapter, deliveries)

    monkeypatch.setattr(shoplet, "process", removed_meanwhile)
    shop.tell("customer", "c1", fields={"name": "Ada"})
    with ThreadPoolExecutor(1) as pool:
        jobs()
        removing[0].result(20)
    assert app.test_client().post(shop.body["address"]).status_code == 404

"""What is sent to receivers, when it is tried again, and when it is given up."""

from __future__ import annotations

import pytest

from kupon.features.webhooks.service.sending import LADDER, PROBING
from kupon.runtime import clock
from kupon.storage.queries import send_outs
from kupon.storage.queries.outbox import find_events
from kupon.storage.uow import UnitOfWork
from kupon.testing.builders import amount_off, cart, make_campaign, make_customer, make_voucher
from kupon.testing.platform import Fault, Reply


@pytest.fixture(autouse=True)
def _frozen(move_time):
    move_time.freeze("2026-03-01T12:00:00+00:00")


def test_an_event_is_sent(api, subscribe, receiver, deliveries, jobs, project):
    made = subscribe("customer.created")
    answer = api.post("/v1/customers", json={"source_id": "ada", "metadata": {"rate": 1.5}})
    jobs()
    [told] = receiver.told
    assert told == {
        "id": told["id"],
        "project_id": project.id,
        "created_at": "2026-03-01T12:00:00.000Z",
        "type": "customer.created",
        "data": {"customer": answer.json},
        "source": {"id": made["id"], "object": "webhook", "target_url": made["target_url"]},
        "event": {
            "id": told["event"]["id"],
            "type": "customer.created",
            "created_at": "2026-03-01T12:00:00.000Z",
            "entity_id": answer.json["id"],
            "group_id": answer.headers["X-Request-Id"],
            "event_source": {
                "channel": "API",
                "api_key": {"name": "server key", "app_id": project.credentials["app_id"]},
            },
        },
    }
    [feed] = api.get("/v1/customers/ada/activity").expect()["data"]
    assert told["event"]["id"] == feed["id"]
    [delivery] = deliveries(made["id"])
    assert delivery == {
        "id": told["id"],
        "object": "webhook_delivery",
        "type": "customer.created",
        "event_id": feed["id"],
        "event_created_at": "2026-03-01T12:00:00.000Z",
        "group_id": answer.headers["X-Request-Id"],
        "state": "SUCCEEDED",
        "attempts": 1,
        "status": 200,
        "answer": "{}",
        "took_ms": delivery["took_ms"],
        "created_at": "2026-03-01T12:00:00.000Z",
        "executed_at": "2026-03-01T12:00:00.000Z",
    }


def test_only_what_is_wanted_is_sent(api, subscribe, receiver, jobs):
    subscribe("voucher.created", "voucher.deleted")
    make_customer(api, source_id="ada")
    make_voucher(api, "OFF", discount=amount_off(100))
    api.put("/v1/vouchers/OFF", json={"category": None}).expect()
    api.delete("/v1/vouchers/OFF").expect(204)
    jobs()
    assert receiver.types == ["voucher.created", "voucher.deleted"]


def test_types_of_feeds_are_sent_to_who_names_them(api, sink, subscribe, receiver, jobs):
    made = subscribe("customer.created")
    sink(made["id"], events=["customer.order.paid"])
    order = {"customer": {"source_id": "ada"}, "amount": 100, "status": "PAID"}
    api.post("/v1/orders", json=order).expect()
    jobs()
    assert receiver.types == ["customer.order.paid"]
    sink(made["id"], events=["*"])
    api.post("/v1/orders", json=order).expect()
    jobs()
    assert receiver.types == ["customer.order.paid"]


def test_nothing_is_sent_to_the_inactive(api, subscribe, receiver, deliveries, jobs):
    made = subscribe(active=False)
    make_customer(api, source_id="ada")
    jobs()
    assert receiver.told == []
    assert deliveries(made["id"]) == []


def test_what_nobody_hears_is_not_even_delivered(api, jobs, uow):
    make_voucher(api, "OFF", discount=amount_off(100))
    assert jobs() == 0
    row = uow.reader.execute(
        "SELECT count(*) FROM send_outs WHERE project_id = %s", (uow.project_id,)
    ).fetchone()
    assert row == (0,)


def test_a_redemption_without_a_customer_is_told(api, subscribe, receiver, redeem, jobs):
    subscribe("redemption.succeeded")
    make_voucher(api, "OFF", discount=amount_off(100))
    make_voucher(api, "TOO", discount=amount_off(100))
    answer = redeem("OFF", "TOO", order=cart((1, 1000)))
    jobs()
    named = [each["id"] for each in answer["redemptions"]] + [answer["parent_redemption"]["id"]]
    told = {body["event"]["entity_id"]: body["data"] for body in receiver.told}
    assert sorted(told) == sorted(named)
    first, parent = told[named[0]], told[named[2]]
    assert first["voucher"]["code"] == "OFF"
    assert first["redemption"]["id"] == named[0]
    assert first["order"]["total_amount"] == 900
    assert "customer" not in first
    assert "voucher" not in parent
    assert len({told["event"]["group_id"] for told in receiver.told}) == 1


def test_two_webhooks_get_the_same_event(api, subscribe, receiver, jobs):
    subscribe("customer.created")
    subscribe("customer.created")
    make_customer(api, source_id="ada")
    jobs()
    one, two = receiver.told
    assert one["event"] == two["event"]
    assert one["id"] != two["id"]


def test_delivering_an_event_twice_sends_it_once(api, subscribe, receiver, jobs, uow):
    subscribe("customer.created")
    make_customer(api, source_id="ada")
    jobs()
    [seq] = uow.reader.execute(
        "SELECT seq FROM events WHERE project_id = %s", (uow.project_id,)
    ).fetchone()
    jobs.registry.announcer.announce(uow, list(find_events(uow, [seq]).values()))
    uow.commit()
    jobs()
    assert len(receiver.told) == 1


def test_bulk_generation_tells_of_itself_only(api, subscribe, receiver, jobs):
    subscribe("*")
    make_campaign(api, vouchers_count=3)
    jobs()
    types = set(receiver.types)
    assert "campaign.vouchers.generation.completed" in types
    assert "voucher.created" not in types


def test_a_failure_is_tried_again_by_the_ladder(
    api, subscribe, receiver, deliveries, jobs, look, move_time
):
    made = subscribe("customer.created")
    receiver.fail("500", times=2)
    make_customer(api, source_id="ada")
    jobs()
    [delivery] = deliveries(made["id"])
    assert (delivery["state"], delivery["attempts"]) == ("RETRYING", 1)
    assert (delivery["status"], delivery["error"]) == (500, "answered 500")
    assert "2026-03-01T12:01:00" <= delivery["next_at"] <= "2026-03-01T12:01:06.1"
    move_time(seconds=50)
    look()
    assert len(receiver.calls()) == 1
    move_time(seconds=20)
    look()
    [delivery] = deliveries(made["id"])
    assert (delivery["state"], delivery["attempts"]) == ("RETRYING", 2)
    # From the first try on, not from the last.
    assert "2026-03-01T12:02:00" <= delivery["next_at"] <= "2026-03-01T12:02:12.1"
    move_time(seconds=70)
    look()
    [delivery] = deliveries(made["id"])
    assert (delivery["state"], delivery["attempts"]) == ("SUCCEEDED", 3)
    assert "error" not in delivery
    bodies = {call.body for call in receiver.calls()}
    assert len(bodies) == 1


def test_retry_after_is_heeded(api, subscribe, receiver, deliveries, jobs):
    made = subscribe("customer.created")
    receiver.fail(Fault(status=503, headers={"Retry-After": "600"}))
    make_customer(api, source_id="ada")
    jobs()
    assert deliveries(made["id"])[0]["next_at"] == "2026-03-01T12:10:00.000Z"


def test_missed_rungs_are_left_out(api, subscribe, receiver, deliveries, jobs, look, move_time):
    made = subscribe("customer.created")
    receiver.fail("500")
    make_customer(api, source_id="ada")
    jobs()
    move_time(hours=1)
    look()
    [delivery] = deliveries(made["id"])
    assert delivery["attempts"] == 2
    assert "2026-03-01T13:04:00" <= delivery["next_at"] <= "2026-03-01T13:11"


def give_up(receiver, look, move_time):
    """Let the whole ladder pass in vain."""
    receiver.fail("500")
    look()
    for rung, before in zip(LADDER, (LADDER[0] * 0, *LADDER), strict=False):
        move_time(seconds=(rung - before).total_seconds() * 1.11)
        look()


def test_who_takes_nothing_for_a_day_is_disabled(
    api, subscribe, receiver, deliveries, sink, look, move_time
):
    made = subscribe("customer.created", "customer.updated")
    make_customer(api, source_id="ada")
    give_up(receiver, look, move_time)
    assert len(receiver.calls()) == 1 + len(LADDER)
    [delivery] = deliveries(made["id"])
    assert (delivery["state"], delivery["attempts"]) == ("FAILED", 13)
    shown = sink(made["id"])
    assert (shown["active"], shown["disabled_for"]) == (
        False,
        "an event was given up, and none arrived for a day",
    )
    # What happens meanwhile is kept, and sent once somebody has enabled it.
    receiver.mend()
    api.put("/v1/customers/ada", json={"phone": "1"}).expect()
    look()
    assert [each["state"] for each in deliveries(made["id"])] == ["FAILED", "SUSPENDED"]
    sink(made["id"], active=True)
    look()
    assert receiver.types[-1] == "customer.updated"
    assert [each["state"] for each in deliveries(made["id"])] == ["FAILED", "SUCCEEDED"]
    assert "disabled_for" not in sink(made["id"])


def test_what_was_held_too_long_is_canceled(
    api, subscribe, receiver, deliveries, sink, look, move_time
):
    made = subscribe("customer.created")
    receiver.fail(Fault(status=410), times=1)
    make_customer(api, source_id="ada")
    look()
    make_customer(api, source_id="bob")
    look()
    assert [each["state"] for each in deliveries(made["id"])] == ["SUSPENDED", "SUSPENDED"]
    move_time(hours=73)
    # Nothing new is held by now.
    make_customer(api, source_id="eve")
    look()
    sink(made["id"], active=True)
    look()
    assert [each["state"] for each in deliveries(made["id"])] == ["CANCELED", "CANCELED"]
    assert len(receiver.calls()) == 1


def test_one_event_that_nobody_takes_disables_nothing(
    api, subscribe, receiver, deliveries, sink, look, move_time
):
    made = subscribe("customer.created")
    receiver.refused = b'"source_id":"ada"'
    make_customer(api, source_id="ada")
    look()
    for rung, before in zip(LADDER, (LADDER[0] * 0, *LADDER), strict=False):
        move_time(seconds=(rung - before).total_seconds() * 1.11)
        make_customer(api, source_id=f"after {rung}")
        look()
    states = [each["state"] for each in deliveries(made["id"])]
    assert states == ["FAILED"] + ["SUCCEEDED"] * len(LADDER)
    assert sink(made["id"])["active"] is True


def test_gone_is_gone_at_once(api, subscribe, receiver, deliveries, sink, jobs):
    made = subscribe("customer.created")
    receiver.fail(Fault(status=410))
    make_customer(api, source_id="ada")
    jobs()
    assert sink(made["id"])["disabled_for"] == "the receiver is gone"
    assert deliveries(made["id"])[0]["state"] == "SUSPENDED"


def test_who_fails_often_is_asked_seldom(api, subscribe, receiver, sink, jobs, look, move_time):
    made = subscribe("customer.created")
    receiver.fail("500")
    for number in range(PROBING + 5):
        make_customer(api, source_id=f"c{number}")
    jobs()
    # Ten in a row, and some that were begun beside the last of them.
    tried = len(receiver.calls())
    assert PROBING <= tried < PROBING + 5
    assert "blocked_until" in sink(made["id"])
    look()
    assert len(receiver.calls()) == tried
    move_time(seconds=90)
    look()
    assert len(receiver.calls()) == tried + 1
    receiver.mend()
    move_time(minutes=10)
    look()
    assert sink(made["id"])["failures"] == 0
    assert len({body["event"]["entity_id"] for body in receiver.told}) == PROBING + 5


def test_sending_again_by_hand(api, subscribe, receiver, deliveries, jobs):
    made = subscribe("customer.created")
    make_customer(api, source_id="ada")
    jobs()
    [delivery] = deliveries(made["id"])
    path = f"/v1/webhooks/{made['id']}/deliveries/{delivery['id']}"
    assert api.post(f"{path}/resend").expect()["state"] == "PENDING"
    jobs()
    one, two = receiver.calls()
    assert one.body == two.body
    whole = api.get(path).expect()
    assert (whole["state"], whole["attempts"]) == ("SUCCEEDED", 2)
    assert whole["event"]["data"]["customer"]["source_id"] == "ada"


def test_sending_again_is_refused(api, subscribe, receiver, deliveries, sink, jobs):
    made = subscribe("customer.created")
    make_customer(api, source_id="ada")
    jobs()
    [delivery] = deliveries(made["id"])
    path = f"/v1/webhooks/{made['id']}/deliveries"
    api.post(f"{path}/whs_none/resend").refused(404, "not_found")
    api.post(f"/v1/webhooks/wh_none/deliveries/{delivery['id']}/resend").refused(404, "not_found")
    api.get("/v1/webhooks/wh_none/deliveries").refused(404, "not_found")
    sink(made["id"], active=False)
    api.post(f"{path}/{delivery['id']}/resend").refused(400, "invalid_payload")
    assert len(receiver.calls()) == 1


def test_the_log_is_paged_and_filtered(api, subscribe, jobs):
    made = subscribe("customer.created", "customer.updated")
    for number in range(3):
        make_customer(api, source_id=f"c{number}")
    api.put("/v1/customers/c0", json={"phone": "1"}).expect()
    jobs()
    path = f"/v1/webhooks/{made['id']}/deliveries"
    page = api.get(path, query={"limit": 3}).expect()
    assert (len(page["deliveries"]), page["total"]) == (3, 4)
    filters = {"junction": "and", "type": {"conditions": {"$is": ["customer.updated"]}}}
    found = api.get(path, query={"filters": filters}).expect()
    assert [each["type"] for each in found["deliveries"]] == ["customer.updated"]


def test_a_test_call(api, subscribe, receiver, deliveries, sink):
    made = subscribe("customer.created")
    answer = api.post(f"/v1/webhooks/{made['id']}/test").expect()
    assert (answer["succeeded"], answer["status"]) == (True, 200)
    [told] = receiver.told
    assert told["id"] == "whs_000000000000000000"
    assert told["event"]["event_source"] == {"channel": "INTERNAL"}
    assert "x-voucherify-signature" in receiver.calls()[0].headers
    receiver.fail("500")
    answer = api.post(f"/v1/webhooks/{made['id']}/test").expect()
    assert (answer["succeeded"], answer["error"]) == (False, "answered 500")
    assert sink(made["id"])["failures"] == 0
    assert deliveries(made["id"]) == []


def test_an_erased_customer_is_not_told_of(
    api, subscribe, receiver, deliveries, jobs, look, move_time
):
    made = subscribe("customer.created", "customer.updated")
    customer = make_customer(api, source_id="ada", name="Ada")
    jobs()
    receiver.fail("500")
    api.put("/v1/customers/ada", json={"phone": "1"}).expect()
    jobs()
    api.post("/v1/customers/ada/permanent-deletion").expect()
    receiver.mend()
    move_time(hours=1)
    look()
    assert [each["state"] for each in deliveries(made["id"])] == ["SUCCEEDED", "CANCELED"]
    for each in deliveries(made["id"]):
        whole = api.get(f"/v1/webhooks/{made['id']}/deliveries/{each['id']}").expect()
        assert whole["event"] == {}
        path = f"/v1/webhooks/{made['id']}/deliveries/{each['id']}/resend"
        api.post(path).refused(400, "invalid_payload")
    assert customer["id"] not in str([call.json for call in receiver.calls()[2:]])


def test_a_worker_that_dies_sends_again_and_loses_nothing(
    api, subscribe, receiver, deliveries, jobs, monkeypatch, move_time, look
):
    made = subscribe("customer.created")
    make_customer(api, source_id="ada")
    real = send_outs.save_tries

    def die(*_):
        raise SystemError("killed")

    monkeypatch.setattr(send_outs, "save_tries", die)
    jobs.run()
    monkeypatch.setattr(send_outs, "save_tries", real)
    move_time(seconds=5)
    look()
    assert len({call.body for call in receiver.calls()}) == 1
    assert deliveries(made["id"])[0]["state"] == "SUCCEEDED"


def test_a_sink_that_is_gone_waits(
    api, subscribe, receiver, deliveries, jobs, tenants, move_time, look
):
    made = subscribe("customer.created")
    sinks = dict(tenants.contributions.sinks)
    kept = sinks.copy()
    tenants.contributions.sinks.pop("webhook")
    try:
        make_customer(api, source_id="ada")
        jobs()
    finally:
        tenants.contributions.sinks.update(kept)
    assert receiver.told == []
    assert deliveries(made["id"])[0]["state"] == "PENDING"
    move_time(minutes=2)
    look()
    assert receiver.types == ["customer.created"]


def test_old_deliveries_are_forgotten(api, subscribe, deliveries, jobs, engine, move_time):
    made = subscribe("customer.created")
    make_customer(api, source_id="ada")
    jobs()
    move_time(days=31)
    task = next(each for each in jobs.registry.periodic if each.name == "purge_send_outs")
    with UnitOfWork(engine, project_id="", now=clock.now()) as uow:
        task.run(uow)
        uow.commit()
    assert deliveries(made["id"]) == []


def test_what_the_former_address_says_does_not_count_for_a_new_one(
    api, management_api, webhooks, subscribe, sink, receiver, jobs, monkeypatch
):
    """Somebody moves the webhook while the old address is being asked, and says that it is gone."""
    made = subscribe("customer.created")

    def move_and_go(request):
        moved = {"target_url": f"{receiver.url}/hook?new", "events": ["customer.created"]}
        management_api.put(f"{webhooks}/{made['id']}", json=moved).expect()
        return Reply({}, 410)

    with monkeypatch.context() as patch:
        patch.setattr(receiver, "answer", move_and_go)
        make_customer(api, source_id="ada")
        jobs()
    assert (sink(made["id"])["active"], sink(made["id"])["failures"]) == (True, 0)


def test_what_arrives_while_the_webhook_is_switched_off_is_not_sent_again(
    api, management_api, webhooks, subscribe, deliveries, receiver, jobs, monkeypatch
):
    made = subscribe("customer.created")

    def switch(is_active):
        body = {"target_url": made["target_url"], "events": made["events"], "active": is_active}
        management_api.put(f"{webhooks}/{made['id']}", json=body).expect()

    def switch_off(request):
        switch(is_active=False)
        return Reply({}, 200)

    with monkeypatch.context() as patch:
        patch.setattr(receiver, "answer", switch_off)
        make_customer(api, source_id="ada")
        jobs()
    assert [each["state"] for each in deliveries(made["id"])] == ["SUCCEEDED"]
    switch(is_active=True)
    jobs()
    assert receiver.told == []


def test_what_was_held_back_is_sent_in_its_order(
    api, management_api, webhooks, subscribe, sink, receiver, jobs, look, move_time, uow
):
    made = subscribe("customer.created", "customer.updated")
    receiver.fail(Fault(status=410))
    for name in "abc":
        make_customer(api, source_id="ada", name=name)
        jobs()
        move_time(minutes=1)
    assert not sink(made["id"])["active"]
    # Ids need not tell of the order: servers' clocks differ.
    uow.driver.execute(
        "UPDATE send_outs SET id = 'whs_' || (9 - (envelope #>> '{data,customer,name}'"
        " > 'a')::int - (envelope #>> '{data,customer,name}' > 'b')::int)"
        " WHERE project_id = %s",
        (uow.project_id,),
    )
    uow.commit()
    receiver.mend()
    calls = len(receiver.calls())
    body = {"target_url": made["target_url"], "events": made["events"], "active": True}
    management_api.put(f"{webhooks}/{made['id']}", json=body).expect()
    look()
    sent = [told["data"]["customer"]["name"] for told in receiver.told[calls:]]
    assert sent == ["a", "b", "c"]

"""What happens is told to platforms: once each, within their limits, and however they fail."""

from __future__ import annotations

import json
from dataclasses import replace
from threading import Thread

import pytest
import redis
from tests.features.integrations.segment import KillingPlatform, connect, run_platform

from kupon.kit.timestamps import format_moment
from kupon.runtime import clock
from kupon.storage.queries import outbound_items
from kupon.storage.queries.outbound_items import EVENTS, NewItem
from kupon.storage.uow import UnitOfWork
from kupon.testing.platform import Fault
from kupon_segment.adapter import SegmentAdapter

REDEEMED = "Customer Redemption Succeeded"
TYPE = "customer.redemption.succeeded"


@pytest.fixture
def platform():
    with run_platform() as running:
        yield running


@pytest.fixture
def segment(platform, manage):
    return connect(platform, manage)


@pytest.fixture
def queue(engine, project):
    """Stores events of customers, as if they had happened: `queue(segment, 3)`."""

    def store(workspace, count, *, first=1, padding=0, users=None):
        with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
            outbound_items.insert_items(
                uow,
                [
                    _event(workspace, number, padding, (users or {}).get(number, f"user-{number}"))
                    for number in range(first, first + count)
                ],
            )
            uow.commit()

    return store


def _event(workspace, number, padding, user):
    customer = {"id": f"cust_{number}", "source_id": user, "object": "customer"}
    return NewItem(
        connection_id=workspace.id,
        kind=EVENTS,
        item_id=f"evcus_{number:04}",
        customer_id=f"cust_{number}",
        payload={
            "type": TYPE,
            "occurred_at": format_moment(clock.now()),
            "data": {"customer": customer, "voucher": {"code": "Ż" * padding or "A"}},
        },
    )


@pytest.fixture
def percent(api):
    """A code of 10 % off."""

    def create(code, **more):
        body = {"type": "DISCOUNT_VOUCHER", "discount": {"type": "PERCENT", "percent_off": 10}}
        return api.post(f"/v1/vouchers/{code}", json=body | more).expect()

    return create


def redeem(api, code, customer=None, amount=1000):
    body = {"redeemables": [{"object": "voucher", "id": code}], "order": {"amount": amount}}
    return api.post("/v1/redemptions", json=body | ({"customer": customer} if customer else {}))


def test_a_redemption_is_told_with_its_figures(segment, api, jobs, project, percent):
    percent("SPRING")
    redeem(api, "SPRING", {"source_id": "zoë-1", "name": "Zoë Łódź"}, 12900).expect()
    jobs()
    [call] = segment.tracked(REDEEMED)
    assert call["userId"] == "zoë-1"
    assert len(call["messageId"]) <= 100
    properties = call["properties"]
    assert properties["customer"]["name"] == "Zoë Łódź"
    assert properties["voucher_code"] == "SPRING"
    assert properties["project_id"] == project.id
    assert (properties["order_amount"], properties["order_amount_major"]) == (12900, 129.0)
    assert properties["order_total_discount_amount_major"] == 12.9
    assert properties["redemption_result"] == "SUCCESS"
    assert "items" not in properties["order"]
    assert segment.items("WAITING") == []
    assert segment.totals()["events.pushed"] == 1


def test_events_of_nobody_and_opted_out_types_stay_here(segment, api, jobs, percent):
    percent("SPRING")
    redeem(api, "SPRING").expect()
    api.post("/v1/customers", json={"source_id": "c1"}).expect()
    jobs()
    assert segment.tracked() == []
    segment.put("/outbound", json={"events": ["customer.order.paid"]})
    redeem(api, "SPRING", {"source_id": "c1"}).expect()
    jobs()
    assert [call["event"] for call in segment.tracked()] == ["Order Paid"]


def test_names_of_events_are_chosen(segment, api, jobs, percent):
    percent("SPRING")
    names = {"style": "short", "own": {"customer.order.paid": "Paid by Kupon"}}
    body = segment.put("/outbound", json={"events": ["*"], "names": names})
    told = {each["type"]: each["name"] for each in body["event_names"]}
    assert told[TYPE] == "kupon_redemption_succeeded"
    assert "customer.custom_event" not in told
    redeem(api, "SPRING", {"source_id": "c1"}).expect()
    jobs()
    assert {call["event"] for call in segment.tracked()} == {
        "kupon_redemption_succeeded",
        "kupon_order_created",
        "Paid by Kupon",
    }


@pytest.mark.parametrize(("count", "sizes"), [(100, [100]), (101, [100, 1])])
def test_a_batch_is_as_large_as_may_be_and_in_order(segment, jobs, queue, count, sizes):
    queue(segment, count)
    jobs()
    assert segment.batch_sizes() == sizes
    told = [user for batch in segment.platform.batches for user in batch]
    assert told == [f"user-{number}" for number in range(1, count + 1)]


def test_a_batch_keeps_to_the_limit_in_bytes(segment, jobs, queue):
    queue(segment, 100, padding=2_000)
    jobs()
    sizes = [len(call.body) for call in segment.platform.calls("POST")]
    assert len(sizes) > 1
    assert max(sizes) <= 500_000
    assert len(segment.tracked()) == 100


def test_one_bad_item_does_not_spoil_the_others(segment, jobs, queue):
    segment.platform.refused = {"user-37"}
    queue(segment, 100)
    jobs()
    assert len(segment.tracked()) == 99
    [item] = segment.items("REJECTED")
    assert (item["item_id"], item["kind"]) == ("evcus_0037", "events")
    assert "too large or malformed" in item["reason"]
    assert len(segment.platform.batches) < 20
    assert segment.totals() == {"events.pushed": 99, "events.rejected": 1}


def test_a_platform_that_refuses_everything_is_not_asked_for_ever(segment, jobs, queue):
    segment.platform.refused = {f"user-{number}" for number in range(1, 101)}
    queue(segment, 100)
    jobs()
    assert len(segment.platform.batches) < 40
    assert len(segment.items("REJECTED")) == 100
    segment.platform.refused = set()
    assert segment.post("/outbound/replay") == {"object": "replay", "count": 0}
    count = segment.post("/outbound/replay", json={"states": ["REJECTED"]})["count"]
    assert count == 100
    jobs()
    assert len(segment.tracked()) == 100


def test_who_has_no_source_id_is_no_obstacle(segment, jobs, queue):
    queue(segment, 3, users={2: None})
    segment.platform.refused = {"user-3"}
    jobs()
    assert [call["userId"] for call in segment.tracked()] == ["user-1"]
    reasons = {item["item_id"]: item["reason"] for item in segment.items("REJECTED")}
    assert reasons["evcus_0002"] == "the customer has no source id"
    assert set(reasons) == {"evcus_0002", "evcus_0003"}


def test_a_request_for_fewer_calls_is_granted(segment, jobs, queue, move_time, settings):
    segment.platform.fail("429", times=1)
    queue(segment, 150)
    jobs()
    assert segment.tracked() == []
    assert segment.get("/outbound")["failures"] == 0
    jobs()
    assert len(segment.platform.calls("POST")) == 1
    move_time(seconds=8)
    jobs()
    assert len(segment.platform.calls("POST")) == 1
    move_time(seconds=8)
    # The pause itself is in Redis, whose clock stays.
    with redis.Redis.from_url(settings.redis_url) as client:
        assert client.delete(*client.scan_iter(f"kupon:pace:{segment.id}:*:held")) == 1
    jobs()
    assert segment.batch_sizes() == [100, 50]
    order = [call["userId"] for call in segment.tracked()]
    assert order == [f"user-{number}" for number in range(1, 151)]


def test_wrong_credentials_break_the_connection_until_it_is_resumed(segment, jobs, queue):
    segment.platform.fail("401")
    queue(segment, 2)
    jobs()
    body = segment.get()
    assert body["status"] == "BROKEN"
    assert "401" in body["last_error"]
    queue(segment, 1, first=3)
    jobs()
    assert len(segment.platform.calls("POST")) == 1
    segment.platform.mend()
    segment.post("/resume")
    jobs()
    assert len(segment.tracked()) == 3
    assert segment.get()["status"] == "ACTIVE"


def test_a_paused_connection_waits(segment, jobs, queue):
    segment.post("/pause")
    queue(segment, 2)
    jobs()
    assert segment.platform.calls() == []
    assert len(segment.items("WAITING")) == 2
    segment.post("/resume")
    jobs()
    assert len(segment.tracked()) == 2


def test_the_circuit_opens_and_closes(segment, jobs, queue, move_time):
    segment.platform.fail("500")
    queue(segment, 150)
    for _ in range(4):
        jobs()
        move_time(minutes=1)
    assert "blocked_until" not in segment.get("/outbound")
    jobs()
    blocked = segment.get("/outbound")
    assert (blocked["failures"], "blocked_until" in blocked) == (5, True)
    calls = len(segment.platform.calls("POST"))
    assert calls == 5
    queue(segment, 1, first=151)
    jobs()
    assert len(segment.platform.calls("POST")) == calls
    segment.platform.mend()
    move_time(minutes=15)
    jobs()
    told = [call["userId"] for call in segment.tracked()]
    assert told == [f"user-{number}" for number in range(1, 152)]
    healthy = segment.get("/outbound")
    assert (healthy["failures"], "blocked_until" in healthy) == (0, False)


def test_what_is_not_taken_in_a_day_is_given_up_and_can_be_told_again(
    segment, jobs, queue, move_time
):
    segment.platform.fail("503")
    queue(segment, 1)
    for _ in range(6):
        jobs()
        move_time(hours=5)
    jobs()
    [item] = segment.items("PARKED")
    assert "503" in item["reason"]
    assert segment.get(f"/outbound/items/{item['id']}")["payload"]["type"] == TYPE
    segment.platform.mend()
    assert segment.post("/outbound/replay", json={"ids": [item["id"]]})["count"] == 1
    move_time(hours=1)
    jobs()
    assert len(segment.tracked()) == 1


@pytest.mark.parametrize(("hours", "is_given_up"), [(3, True), (72, False)])
def test_how_long_a_platform_is_told_the_same_is_set(
    segment, jobs, queue, move_time, hours, is_given_up
):
    segment.put("/outbound", json={"age_limit_hours": hours})
    segment.platform.fail("503")
    queue(segment, 1)
    for _ in range(7):
        jobs()
        move_time(hours=1)
    jobs()
    assert bool(segment.items("PARKED")) is is_given_up
    assert bool(segment.items("WAITING")) is not is_given_up


@pytest.mark.parametrize("status", [400, 413])
def test_a_batch_that_is_too_large_is_halved(segment, jobs, queue, status):
    segment.platform.fail(Fault(status=status), times=2)
    queue(segment, 20)
    jobs()
    assert segment.batch_sizes() == [5, 5, 10]
    assert len(segment.platform.calls("POST")) == 5
    assert [call["userId"] for call in segment.tracked()] == [f"user-{n}" for n in range(1, 21)]


def test_an_answer_that_got_lost_is_repeated_under_the_same_ids(segment, jobs, queue, move_time):
    segment.platform.fail(Fault(hangs_up=True), times=1)
    queue(segment, 3)
    jobs()
    move_time(minutes=1)
    jobs()
    first, second = segment.platform.calls("POST")
    ids = [
        [call["messageId"] for call in json.loads(each.body)["batch"]] for each in (first, second)
    ]
    assert ids[0] == ids[1]
    assert len(segment.tracked()) == 3


def test_what_a_mistake_of_the_adapter_spoils_is_parked_alone(segment, jobs, queue, monkeypatch):
    push = SegmentAdapter.push

    def fail(self, kind, items):
        if any(item.id == "evcus_0005" for item in items):
            raise KeyError("canary")
        return push(self, kind, items)

    monkeypatch.setattr(SegmentAdapter, "push", fail)
    queue(segment, 20)
    jobs()
    assert len(segment.tracked()) == 19
    [item] = segment.items("PARKED")
    assert (item["item_id"], item["reason"]) == ("evcus_0005", "the adapter failed: KeyError")


def test_events_are_told_once_however_often_they_are_announced(segment, jobs, queue):
    queue(segment, 2)
    queue(segment, 2)
    jobs()
    assert segment.batch_sizes() == [2]


def test_an_outage_leaves_one_job(segment, jobs, queue, engine, project, move_time):
    # However long this takes, no pause is over meanwhile.
    move_time.freeze()
    segment.platform.fail("503")
    for number in range(1, 30):
        queue(segment, 1, first=number)
        jobs()
    with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
        statement = "SELECT count(*) FROM jobs WHERE project_id = %s AND handler = %s"
        found = uow.reader.execute(statement, (project.id, outbound_items.PUSH)).fetchone()
    assert found == (1,)
    assert len(segment.platform.calls("POST")) <= 2


def test_a_job_that_was_lost_is_found_again(segment, jobs, queue, engine, project, move_time):
    from kupon.features.integrations.service.outbound import hearing

    queue(segment, 1)
    with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
        uow.driver.execute("DELETE FROM jobs WHERE project_id = %s", (project.id,))
        uow.commit()
    jobs()
    assert segment.tracked() == []
    move_time(seconds=1)
    with UnitOfWork(engine, project_id="", now=clock.now()) as uow:
        hearing.sweep(uow)
        uow.commit()
    jobs()
    assert len(segment.tracked()) == 1


@pytest.mark.slow
def test_a_worker_that_is_killed_loses_and_doubles_nothing(
    manage, api, jobs, run_processes, move_time, percent
):
    percent("SPRING")
    with KillingPlatform(lambda request, _: request.path == "/v1/batch") as platform:
        segment = connect(platform, manage)
        for number in range(3):
            redeem(api, "SPRING", {"source_id": f"user-{number}"}).expect()
        with run_processes() as worker:
            platform.kill(worker)
        assert len(segment.items("WAITING", "events")) > 0
        move_time(minutes=2)
        jobs()
        assert segment.items("WAITING") == []
        calls = [json.loads(each.body)["batch"] for each in platform.calls("POST", "/v1/batch")]
        told = [call["messageId"] for batch in calls for call in batch]
        assert len(calls) > 1
        assert {call["messageId"] for call in calls[0]} <= set(told[len(calls[0]) :])
        assert len(segment.tracked(REDEEMED)) == 3


@pytest.mark.race
@pytest.mark.slow
def test_nothing_is_forgotten_while_others_bring_more(segment, jobs, queue):
    def bring(worker):
        for number in range(15):
            queue(segment, 1, first=1 + worker * 100 + number)

    threads = [Thread(target=bring, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        jobs()
    jobs()
    assert segment.items("WAITING") == []
    assert len(segment.tracked()) == 90
    assert sum(segment.batch_sizes()) == 90


def test_the_platforms_rate_is_kept_without_counting_as_failure(segment, jobs, queue, monkeypatch):
    manifest = replace(SegmentAdapter.manifest(), requests_per_second=2, batch_limit=1)
    monkeypatch.setattr(SegmentAdapter, "manifest", classmethod(lambda _: manifest))
    queue(segment, 5)
    begun = clock.monotonic_s()
    jobs()
    assert 2 <= len(segment.platform.calls("POST")) <= 2 + 2 * (clock.monotonic_s() - begun)
    for _ in range(4):
        clock.sleep(0.6)
        jobs()
    order = [call["userId"] for call in segment.tracked()]
    assert order == [f"user-{number}" for number in range(1, 6)]
    assert segment.get("/outbound")["failures"] == 0
    assert max(segment.batch_sizes()) == 1


def test_a_connection_that_is_gone_leaves_nothing(segment, jobs, queue, manage, engine, project):
    segment.post("/pause")
    queue(segment, 2)
    manage("delete", segment.path, status=204)
    jobs()
    with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
        statement = "SELECT count(*) FROM outbound_items WHERE project_id = %s"
        assert uow.reader.execute(statement, (project.id,)).fetchone() == (0,)

"""Kafka and a whole Kupon: events go out in order, and what is now stays."""

from __future__ import annotations

import io
import json

import fastavro
import pytest
from tests.plugins.kafka_registry import SchemaRegistry

from kupon.cli.gateway import InboxGateway
from kupon.features.webhooks.jobs import wake_senders
from kupon.hooks.adapter import Delivery
from kupon.hooks.addresses import AddressGuard
from kupon.hooks.errors import Misconfigured
from kupon.runtime import clock
from kupon.storage.uow import UnitOfWork
from kupon.testing.builders import amount_off, make_customer, redeemable
from kupon.testing.platform import Fault
from kupon_kafka.config import SinkSettings
from kupon_kafka.producers import open_producer

pytestmark = pytest.mark.slow


@pytest.fixture
def look(engine, jobs):
    """Does what the scheduler does, then what is due."""

    def run():
        with UnitOfWork(engine, project_id="", now=clock.now()) as uow:
            wake_senders(uow)
            uow.commit()
        return jobs()

    return run


def told(cluster, topic):
    return [json.loads(each.value()) for each in cluster.read(topic)]


def test_events_go_to_the_topic_in_order(sink, cluster, topic, api, jobs, project):
    sink()
    ana = make_customer(api, source_id="ana")
    for number in range(30):
        api.put("/v1/customers/ana", json={"name": f"Ana {number}"}).expect()
    make_customer(api, source_id="ben")
    jobs()
    records = cluster.read(topic)
    mine = [each for each in records if each.key().decode() == f"{project.id}:{ana['id']}"]
    assert len({each.partition() for each in mine}) == 1
    values = [json.loads(each.value()) for each in mine]
    assert [each["type"] for each in values if each["type"] == "customer.created"] != []
    names = [
        each["data"]["customer"]["name"] for each in values if each["type"] == "customer.updated"
    ]
    assert names == [f"Ana {number}" for number in range(30)]
    assert dict(mine[0].headers())["ce_type"].startswith(b"io.kupon.customer.")
    assert all(dict(each.headers())["ce_subject"] in (b"ana", b"ben") for each in records)


def test_a_cluster_that_is_away_gets_everything_later_in_order(
    sink, cluster, topic, api, jobs, look, move_time, monkeypatch
):
    # Nobody listens there; what is asked first is not waited for long.
    monkeypatch.setattr("kupon_kafka.cluster.LOOK_S", 0.5)
    made = sink(bootstrap_servers="127.0.0.1:9")
    make_customer(api, source_id="ana")
    jobs()
    path = f"/v1/webhooks/{made['id']}/deliveries"
    query = {"order": "created_at", "limit": 100}
    first, *others = api.get(path, query=query).expect()["deliveries"]
    assert (first["state"], first["attempts"]) == ("RETRYING", 1)
    assert {each["attempts"] for each in others} <= {0}
    api.put("/v1/customers/ana", json={"name": "Ana 1"}).expect()
    jobs()
    monkeypatch.undo()
    move_time(minutes=10)
    sink()
    api.put("/v1/customers/ana", json={"name": "Ana 2"}).expect()
    look()
    named = [
        each["data"]["customer"]["name"]
        for each in told(cluster, topic)
        if each["type"] == "customer.updated"
    ]
    assert named == ["Ana 1", "Ana 2"]
    states = {each["state"] for each in api.get(path, query=query).expect()["deliveries"]}
    assert states == {"SUCCEEDED"}


def test_a_cluster_that_is_away_for_a_day_is_given_up(
    sink, api, jobs, look, move_time, monkeypatch, management_api, project
):
    monkeypatch.setattr("kupon_kafka.cluster.LOOK_S", 0.5)
    made = sink(bootstrap_servers="127.0.0.1:9")
    make_customer(api, source_id="ana")
    jobs()
    make_customer(api, source_id="ben")
    move_time(hours=23)
    look()
    move_time(hours=2)
    look()
    path = f"/management/v1/projects/{project.id}/event-sinks/{made['id']}"
    assert management_api.get(path).expect()["active"] is False
    query = {"order": "created_at", "limit": 100}
    path = f"/v1/webhooks/{made['id']}/deliveries"
    first, *others = api.get(path, query=query).expect()["deliveries"]
    assert first["state"] == "FAILED"
    assert {each["state"] for each in others} == {"SUSPENDED"}


def test_nothing_is_sent_to_brokers_that_may_not_be_called(cluster):
    with pytest.raises(Misconfigured, match="public"):
        open_producer(SinkSettings().load(cluster.settings), ["any"], AddressGuard())


def test_passwords_are_not_shown(sink):
    login = {"security_protocol": "SASL_SSL", "username": "kupon", "password": "canary"}
    made = sink(**login)
    assert made["settings"]["password"] == "********"


def now_in(cluster, topic):
    """What a compacted topic keeps: the last value of each key, without those that are gone."""
    known = {}
    for each in cluster.read(topic):
        known[each.key().decode().partition(":")[2]] = each.value()
    return {id: json.loads(value) for id, value in known.items() if value is not None}


def test_customers_stay_as_they_are_now_and_go_when_they_are_gone(
    sink, cluster, topic, api, jobs, project
):
    states = f"customers.{project.id}"
    sink(customers_topic=states)
    ana = make_customer(api, source_id="ana", name="Ana", metadata={})
    ben = make_customer(api, source_id="ben", email="ben@example.com")
    eve = make_customer(api, source_id="eve", name="Eve")
    api.put("/v1/customers/ana", json={"name": "Ana Maria"}).expect()
    jobs()
    now = now_in(cluster, states)
    assert set(now) == {ana["id"], ben["id"], eve["id"]}
    assert (now[ana["id"]]["name"], now[ben["id"]]["email"]) == ("Ana Maria", "ben@example.com")
    assert now[ana["id"]].keys().isdisjoint({"summary", "loyalty", "referrals"})

    api.delete("/v1/customers/ben").expect(204)
    api.post("/v1/customers/eve/permanent-deletion").expect()
    jobs()
    assert set(now_in(cluster, states)) == {ana["id"]}
    key = f"{project.id}:{eve['id']}".encode()
    gone = [each for each in cluster.read(states) if each.key() == key][-1]
    headers = dict(gone.headers())
    assert (gone.value(), headers["kupon_schema"]) == (None, b"customer/1")
    erased = [each for each in told(cluster, topic) if each["type"] == "customer.erased"]
    assert [each["customer"] for each in erased] == [{"id": eve["id"], "source_id": None}]
    assert b"Eve" not in gone.key() + b"".join(headers.values())


def test_a_test_leaves_no_customer_behind(sink, cluster, topic, api, project):
    states = f"customers.{project.id}"
    made = sink(customers_topic=states)
    answer = api.post(f"/v1/webhooks/{made['id']}/test").expect()
    assert answer["succeeded"] is True
    assert [each["type"] for each in told(cluster, topic)] == ["customer.created"]
    assert cluster.read(states) == []


def test_feeds_and_webhooks_hear_nothing_of_erasure_and_merging(api, jobs, management_api, project):
    path = f"/management/v1/projects/{project.id}/webhooks"
    body = {"target_url": "https://shop.example/hook", "events": ["*"]}
    hook = management_api.post(path, json=body).expect()
    ana = make_customer(api, source_id="ana")
    api.post("/v1/customers/ana/permanent-deletion").expect()
    jobs()
    sent = api.get(f"/v1/webhooks/{hook['id']}/deliveries").expect()["deliveries"]
    assert "customer.erased" not in {each["type"] for each in sent}
    api.get(f"/v1/customers/{ana['id']}/activity").expect(404)


def test_a_merge_is_told_to_both_customers(
    sink, connect, cluster, topic, api, jobs, project, engine, tenants
):
    states = f"customers.{project.id}"
    sink(customers_topic=states)
    old = make_customer(api, source_id="old", phone="+48 22 555 01 00")
    new = make_customer(api, source_id="new")
    connect()
    data = {"from": {"source_id": "old"}, "into": {"source_id": "new"}}
    payload = {"type": "customer.merge", "data": data}
    gateway = InboxGateway(engine, tenants)
    merge = Delivery(id="1", event="customer.merge", subject="customer:new", payload=payload)
    gateway.take(gateway.open(project.id, "Bus", "kafka"), [merge])
    jobs()
    records = [(each.key().decode(), json.loads(each.value())) for each in cluster.read(topic)]
    merged = {key: each for key, each in records if each["type"] == "customer.merged"}
    assert set(merged) == {f"{project.id}:{old['id']}", f"{project.id}:{new['id']}"}
    for each in merged.values():
        assert each["data"]["from"]["id"] == old["id"]
        assert each["data"]["into"]["id"] == new["id"]
    now = now_in(cluster, states)
    assert set(now) == {new["id"]}
    assert now[new["id"]]["phone"] == "+48 22 555 01 00"


def test_codes_stay_as_they_are_now_without_who_holds_them(sink, cluster, api, jobs, project):
    states = f"vouchers.{project.id}"
    sink(vouchers_topic=states)
    for code in ("ONE", "TWO"):
        body = {"type": "DISCOUNT_VOUCHER", "discount": amount_off(500)}
        made = api.post(f"/v1/vouchers/{code}", json=body).expect()
    redemption = {
        "redeemables": [redeemable("ONE")],
        "order": {"amount": 1000},
        "customer": {"source_id": "ana"},
    }
    api.post("/v1/redemptions", json=redemption).expect()
    jobs()
    now = {each["code"]: each for each in now_in(cluster, states).values()}
    assert now["ONE"]["redemption"]["redeemed_quantity"] == 1
    assert now["TWO"]["redemption"]["redeemed_quantity"] == 0
    assert now["ONE"].keys().isdisjoint({"assets", "holder_id", "publish"})
    api.delete("/v1/vouchers/TWO").expect(204)
    jobs()
    assert made["id"] not in now_in(cluster, states)


def test_events_are_avro_where_that_is_wanted(sink, cluster, topic, api, jobs):
    with SchemaRegistry() as registry:
        sink(format="avro", **registry.settings, **registry.login)
        ana = make_customer(api, source_id="ana")
        jobs()
        [told] = [
            each
            for each in cluster.read(topic)
            if dict(each.headers())["ce_type"] == b"io.kupon.customer.created"
        ]
        _, schema, value = registry.schema_of(told.value())
    read = fastavro.schemaless_reader(io.BytesIO(value), schema)
    assert read["customer"] == {"id": ana["id"], "source_id": "ana"}


def test_a_registry_that_is_away_holds_everything_back(
    sink, cluster, topic, api, jobs, look, move_time
):
    with SchemaRegistry() as registry:
        settings = {**registry.settings, **registry.login, "format": "json-schema"}
        made = sink(**settings)
        registry.fail(Fault(status=503, body={"error_code": 50001, "message": "not now"}))
        make_customer(api, source_id="ana")
        jobs()
        [*sent] = api.get(f"/v1/webhooks/{made['id']}/deliveries").expect()["deliveries"]
        assert "RETRYING" in {each["state"] for each in sent}
        assert cluster.read(topic) == []
        registry.mend()
        move_time(minutes=10)
        look()
        assert cluster.read(topic) != []

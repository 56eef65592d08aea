"""What plugins do after the commit: hearing of events, and bringing codes to customers."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

import pytest

from kupon.features.plugins import service
from kupon.hooks.signatures import sign
from kupon.hooks.types import EventEnvelope
from kupon.runtime import clock
from kupon.storage.uow import UnitOfWork
from kupon.testing.builders import make_campaign, make_customer, make_publication, make_voucher
from kupon.testing.platform import FakePlatform, Received, Reply, route

SECRET = "canary-secret-0123456789"


@pytest.fixture
def activate(management_api, project):
    """Activates a plugin: `activate("event_log", has_data=True)`."""

    def put(plugin, **settings):
        path = f"/management/v1/projects/{project.id}/plugins/{plugin}"
        return management_api.put(path, json={"settings": settings}).expect()

    return put


class Letters(FakePlatform):
    """The shop's program that takes messages."""

    @route("POST", "/in")
    def take(self, request: Received) -> Reply:
        return Reply({})


@pytest.fixture
def letters():
    with Letters() as platform:
        yield platform


def event(project, number, customer="cust_1", type="customer.updated"):
    return EventEnvelope(
        id=f"ev_{number}",
        type=type,
        project_id=project.id,
        entity_id=f"obj_{number}",
        customer_id=customer,
        group_id="v-1",
        occurred_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
        data={"customer": {"id": customer, "name": "Ada"}},
        source={"channel": "API"},
    )


@pytest.fixture
def announce(engine, tenants, project):
    """Leaves events to the plugins, as their consumer does."""

    def put(*events):
        with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
            service.announce(uow, tenants, events)
            uow.commit()

    return put


@pytest.fixture
def heard(caplog):
    caplog.set_level(logging.WARNING, logger="kupon.events")
    return lambda: [record.event for record in caplog.records if record.name == "kupon.events"]


def test_an_active_plugin_hears_of_events_in_order(announce, activate, jobs, project, heard):
    activate("event_log")
    announce(event(project, 1), event(project, 2, "cust_2"), event(project, 3))
    jobs()
    lines = heard()
    assert {each["id"] for each in lines} == {"ev_1", "ev_2", "ev_3"}
    assert [each["id"] for each in lines if each["customer_id"] == "cust_1"] == ["ev_1", "ev_3"]
    assert next(each for each in lines if each["id"] == "ev_1") == {
        "id": "ev_1",
        "type": "customer.updated",
        "project_id": project.id,
        "entity_id": "obj_1",
        "customer_id": "cust_1",
        "group_id": "v-1",
        "occurred_at": "2026-03-01T12:00:00.000Z",
    }


def test_what_happens_over_http_is_heard(api, activate, jobs, heard):
    activate("event_log", types=["customer.created", "customer.updated"])
    ada = make_customer(api, name="Ada")
    api.put(f"/v1/customers/{ada['id']}", json={"name": "Ada L."}).expect()
    jobs()
    told = [(each["type"], each["customer_id"]) for each in heard()]
    assert told == [("customer.created", ada["id"]), ("customer.updated", ada["id"])]


def test_settings_say_what_a_plugin_does_with_events(announce, activate, jobs, project, heard):
    activate("event_log", types=["voucher.created"], has_data=True)
    announce(event(project, 1), event(project, 2, None, "voucher.created"))
    jobs()
    assert [(each["id"], each["data"]["customer"]["name"]) for each in heard()] == [("ev_2", "Ada")]


def test_an_inactive_plugin_hears_nothing(announce, activate, management_api, jobs, project, heard):
    announce(event(project, 1))
    activate("event_log")
    announce(event(project, 2))
    path = f"/management/v1/projects/{project.id}/plugins/event_log"
    management_api.delete(path)
    jobs()
    assert heard() == []


def test_a_plugin_that_fails_is_tried_again_and_holds_nobody_up(
    announce, activate, jobs, project, heard, monkeypatch, move_time
):
    import kupon_event_log

    move_time.freeze("2026-03-01T12:00:00+00:00")
    activate("event_log")
    real = kupon_event_log.line_of

    def breaking(envelope, *, has_data):
        if envelope.customer_id == "cust_1":
            raise RuntimeError("disk is full")
        return real(envelope, has_data=has_data)

    monkeypatch.setattr(kupon_event_log, "line_of", breaking)
    announce(event(project, 1), event(project, 2, "cust_2"))
    jobs.run()
    assert [each["id"] for each in heard()] == ["ev_2"]
    assert [each.handler for each in jobs.failures()] == ["plugins.tell"]
    monkeypatch.setattr(kupon_event_log, "line_of", real)
    move_time.freeze("2026-03-01T12:01:00+00:00")
    jobs.run()
    assert [each["id"] for each in heard()] == ["ev_2", "ev_1"]
    assert jobs.failures() == []


def test_a_published_code_goes_through_its_channel(api, activate, jobs, letters):
    activate("http_channel", url=f"{letters.url}/in", secret=SECRET)
    make_voucher(api, "HELLO")
    ada = make_customer(api, source_id="ada-letters")
    published = make_publication(api, ada, voucher="HELLO", channel="http")
    jobs()
    [request] = letters.log
    assert request.headers["x-kupon-signature"] == sign(SECRET, request.body)
    message = json.loads(request.body)
    assert message["voucher"]["code"] == "HELLO"
    assert message["customer"]["source_id"] == "ada-letters"
    assert message["publication"]["id"] == published["id"]
    jobs()
    assert len(letters.log) == 1


def test_other_channels_and_inactive_plugins_bring_nothing(api, activate, jobs, letters):
    make_voucher(api, "ONE")
    make_voucher(api, "TWO")
    ada = make_customer(api)
    make_publication(api, ada, voucher="ONE", channel="http")
    jobs()
    activate("http_channel", url=f"{letters.url}/in", secret=SECRET)
    make_publication(api, ada, voucher="TWO")
    jobs()
    assert letters.log == []


def test_a_channel_goes_on_where_the_receiver_failed(api, activate, jobs, letters, move_time):
    move_time.freeze("2026-03-01T12:00:00+00:00")
    activate("http_channel", url=f"{letters.url}/in", secret=SECRET)
    campaign = make_campaign(api)
    for code in ("A", "B", "C"):
        api.post(f"/v1/campaigns/{campaign['id']}/vouchers/{code}", json={}).expect()
    pool = {"name": campaign["name"], "count": 3}
    letters.fail("503", times=1)
    make_publication(api, make_customer(api), campaign=pool, channel="http")
    jobs()
    assert len(letters.log) == 1
    move_time.freeze("2026-03-01T12:00:30+00:00")
    jobs()
    names = [json.loads(each.body)["voucher"]["code"] for each in letters.log]
    assert len(names) == 4
    assert names[0] == names[1]
    assert sorted(names[1:]) == ["A", "B", "C"]


def test_a_message_that_is_refused_is_given_up(api, activate, jobs, letters, caplog):
    activate("http_channel", url=f"{letters.url}/in", secret=SECRET)
    make_voucher(api, "NO")
    letters.fail("422", times=1)
    make_publication(api, make_customer(api), voucher="NO", channel="http")
    jobs()
    jobs()
    assert len(letters.log) == 1
    assert "message refused" in [record.message for record in caplog.records]
    assert SECRET not in caplog.text


def test_a_channel_that_breaks_sends_again_only_what_it_broke_at(
    api, activate, jobs, letters, move_time, monkeypatch
):
    from kupon_http_channel.channel import HttpChannel

    deliver = HttpChannel.deliver

    def breaking(self, message, http):
        if len(letters.log) == 2:
            raise RuntimeError("out of paper")
        deliver(self, message, http)

    move_time.freeze("2026-03-01T12:00:00+00:00")
    activate("http_channel", url=f"{letters.url}/in", secret=SECRET)
    campaign = make_campaign(api)
    for code in ("A", "B", "C"):
        api.post(f"/v1/campaigns/{campaign['id']}/vouchers/{code}", json={}).expect()
    pool = {"name": campaign["name"], "count": 3}
    make_publication(api, make_customer(api), campaign=pool, channel="http")
    monkeypatch.setattr(HttpChannel, "deliver", breaking)
    jobs.run()
    assert len(letters.log) == 2
    monkeypatch.setattr(HttpChannel, "deliver", deliver)
    move_time.freeze("2026-03-01T12:01:00+00:00")
    jobs.run()
    names = [json.loads(each.body)["voucher"]["code"] for each in letters.log]
    assert sorted(names) == ["A", "B", "C"]

"""`kupon sync` and `kupon outbound`, as an operator uses them."""

from __future__ import annotations

import json
from threading import Thread

import pytest
from click.testing import CliRunner
from tests.features.integrations.segment import connect, run_platform

from kupon.cli.main import main
from kupon.runtime import clock


@pytest.fixture
def platform():
    with run_platform() as running:
        yield running


@pytest.fixture
def segment(platform, manage):
    return connect(platform, manage)


@pytest.fixture
def kupon(settings, project, segment, monkeypatch):
    """Calls `kupon sync|outbound COMMAND PROJECT CONNECTION ...`."""
    monkeypatch.setenv("KUPON_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("KUPON_REDIS_URL", settings.redis_url)
    monkeypatch.setenv("KUPON_SECRET_KEYS", ",".join(settings.secret_keys))

    def call(command, *arguments, group="sync", sent=None):
        argv = [group, command, project.id, "Segment", *arguments]
        return CliRunner().invoke(main, argv, input=sent, catch_exceptions=False)

    return call


def begin(kupon):
    answer = kupon("start", "profiles", "--full", "--no-wait")
    assert answer.exit_code == 0, answer.output
    return json.loads(answer.output)


def test_a_run_is_begun_and_watched_to_its_end(kupon, segment, platform, jobs):
    platform.put("profiles", 7, changed_at=clock.now())
    run = begin(kupon)
    watcher = {}
    looking = Thread(target=lambda: watcher.update(it=kupon("watch", run["id"])))
    looking.start()
    jobs()
    looking.join(60)
    assert watcher["it"].exit_code == 0
    assert "DONE: 7 taken, 0 not" in watcher["it"].output
    [listed] = json.loads(kupon("list").output)
    assert (listed["state"], listed["done"]) == ("DONE", 7)


def test_a_run_is_canceled_and_goes_on(kupon, segment, platform, jobs):
    platform.put("profiles", 1, changed_at=clock.now())
    run = begin(kupon)
    assert json.loads(kupon("cancel", run["id"]).output)["state"] == "CANCELED"
    jobs()
    assert json.loads(kupon("resume", run["id"], "--no-wait").output)["state"] == "WAITING"
    jobs()
    assert "DONE: 1 taken" in kupon("watch", run["id"]).output


def test_a_run_that_failed_says_why(kupon, segment, platform, jobs):
    platform.fail("401")
    run = begin(kupon)
    jobs()
    answer = kupon("watch", run["id"])
    assert answer.exit_code == 1
    assert "401" in answer.output


def test_mistakes_are_told_in_one_line(kupon):
    answer = kupon("start", "shoes", "--no-wait")
    assert (answer.exit_code, "profiles" in answer.output) == (1, True)
    begin(kupon)
    assert "is open" in kupon("start", "profiles", "--no-wait").output
    assert "Cannot find" in kupon("watch", "sync_0").output


def test_what_a_platform_is_told_is_set_and_told_again(kupon, segment, platform, api, jobs):
    sent = json.dumps({"events": ["customer.order.paid"]})
    body = json.loads(kupon("set", "-", group="outbound", sent=sent).output)
    assert body["event_names"] == [{"type": "customer.order.paid", "name": "Order Paid"}]
    assert json.loads(kupon("show", group="outbound").output) == body
    assert kupon("set", "-", group="outbound", sent="{").exit_code == 1
    answer = kupon("set", "-", group="outbound", sent='{"events": ["shoes"]}')
    assert (answer.exit_code, "shoes" in answer.output) == (1, True)
    platform.refused = {"ada"}
    order = {"status": "PAID", "amount": 100, "customer": {"source_id": "ada"}}
    api.post("/v1/orders", json=order).expect()
    jobs()
    [item] = json.loads(kupon("list", group="outbound").output)
    assert (item["state"], item["kind"]) == ("REJECTED", "events")
    assert json.loads(kupon("replay", group="outbound").output)["count"] == 0
    platform.refused = set()
    assert json.loads(kupon("replay", str(item["id"]), group="outbound").output)["count"] == 1
    jobs()
    assert [call["event"] for call in segment.tracked()] == ["Order Paid"]
    assert json.loads(kupon("list", group="outbound").output) == []

"""What events mean is said once, to those who listen, and delivered only where it is wanted."""

from __future__ import annotations

import pytest

from kupon.jobs.described import Described


def stage(uow, *names, payload=None):
    for name in names:
        uow.stage("test.fact", name, payload or {})
    uow.commit()


def described(event, type="customer.created", **members):
    members = {"data": event.payload, "entity_id": event.aggregate_id} | members
    return Described(event=event, type=type, **members)


@pytest.fixture
def heard(jobs):
    """What a listener was told; whether it listens is `heard.is_there`."""

    class Heard(list):
        is_there = True

    told = Heard()
    jobs.registry.listen(lambda _, news: told.extend(news), when=lambda _: told.is_there)
    return told


def test_ids_follow_from_the_event(jobs, uow, heard):
    def describe(_, events, __):
        for event in events:
            yield described(event, customer_id=event.aggregate_id)
            yield described(event, "redemption.succeeded")
            yield described(event, "customer.updated", customer_id=event.aggregate_id)

    jobs.registry.describe(describe, ["test.fact"])
    stage(uow, "a", "b")
    jobs()
    assert [each.entity_id for each in heard] == ["a"] * 3 + ["b"] * 3
    one, redeemed, two = heard[:3]
    assert (one.id[:6], redeemed.id[:6], two.id[:6]) == ("evcus_", "evred_", "evcus_")
    # What others are told besides does not move the entries of feeds.
    assert (one.position, redeemed.position, two.position) == (0, 0, 1)
    assert len({each.id for each in heard}) == 6
    assert (one.surfaces, redeemed.surfaces) == ("AP", "P")


def test_the_order_is_that_of_the_events_whoever_describes_them(jobs, uow, heard):
    for name in ("test.odd", "test.even"):
        jobs.registry.describe(lambda _, events, __: [described(event) for event in events], [name])
    for number in range(6):
        uow.stage("test.even" if number % 2 == 0 else "test.odd", "a", {"number": number})
    uow.commit()
    jobs()
    assert [each.data["number"] for each in heard] == list(range(6))


def test_what_no_feed_tells_is_described_for_listeners_only(jobs, uow, heard):
    asked = []

    def describe(_, events, is_public):
        asked.extend((event.aggregate_id, is_public) for event in events)
        return [described(event, "voucher.created") for event in events]

    jobs.registry.describe(describe, ["test.fact"], is_for_feeds=False)
    heard.is_there = False
    stage(uow, "a")
    assert jobs() == 0
    heard.is_there = True
    stage(uow, "b")
    assert jobs() == 1
    assert asked == [("b", True)]
    assert [each.entity_id for each in heard] == ["b"]


def test_feeds_hear_everywhere(jobs, uow, heard):
    feed = []
    asked = []

    def describe(_, events, is_public):
        asked.append(is_public)
        return [described(event) for event in events]

    jobs.registry.listen(lambda _, news: feed.extend(news))
    jobs.registry.describe(describe, ["test.fact"])
    heard.is_there = False
    stage(uow, "a")
    jobs()
    assert asked == [False]
    assert (len(feed), len(heard)) == (1, 0)


def test_an_envelope_tells_all(jobs, uow, heard, project):
    jobs.registry.describe(
        lambda _, events, __: [described(event, customer_id="cust_1") for event in events],
        ["test.fact"],
    )
    uow.request_id, uow.source, uow.origin = "v-1", {"channel": "API"}, "connection:conn_1"
    stage(uow, "a", payload={"customer": {"id": "cust_1"}})
    uow.request_id = uow.source = uow.origin = None
    stage(uow, "b")
    jobs()
    one, two = (each.envelope() for each in heard)
    assert one.project_id == project.id
    assert (one.type, one.entity_id, one.customer_id) == ("customer.created", "a", "cust_1")
    assert (one.group_id, one.source, one.origin) == (
        "v-1",
        {"channel": "API"},
        "connection:conn_1",
    )
    assert one.data == {"customer": {"id": "cust_1"}}
    assert two.source == {"channel": "INTERNAL"}
    assert two.group_id.startswith("w-")
    assert two.origin is None


def test_events_are_delivered_where_they_are_wanted(jobs, uow):
    seen = []
    is_wanted = []
    jobs.registry.subscribe(
        "test_sink",
        lambda _, events: seen.extend(event.name for event in events),
        ["test.fact", "test.other"],
        when=lambda _: bool(is_wanted),
        always=["test.other"],
    )
    stage(uow, "a", "b")
    uow.stage("test.other", "a", {})
    uow.commit()
    assert jobs() == 1
    assert seen == ["test.other"]
    is_wanted.append(True)
    stage(uow, "a")
    jobs()
    assert seen == ["test.other", "test.fact"]


def test_whether_events_are_wanted_is_asked_once_for_many(jobs, uow):
    asked = []
    jobs.registry.subscribe(
        "test_sink",
        lambda *_: None,
        ["test.fact"],
        when=lambda unit: asked.append(unit.project_id) or True,
    )
    stage(uow, *"abcdef")
    jobs()
    assert asked == [uow.project_id]

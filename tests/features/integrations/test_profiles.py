"""Profiles on platforms: what customers have, told when it changes, and forgotten with them."""

from __future__ import annotations

import pytest
from tests.features.integrations.segment import connect, run_platform

from kupon.features.customers import service as customers
from kupon.features.integrations.service.outbound import hearing
from kupon.runtime import clock
from kupon.storage.queries import outbound_items
from kupon.storage.uow import UnitOfWork
from kupon.testing.builders import make_member, make_programme
from kupon_segment.adapter import SegmentAdapter


@pytest.fixture
def platform():
    with run_platform() as running:
        yield running


@pytest.fixture
def segment(platform, manage):
    return connect(platform, manage)


@pytest.fixture
def ada(api):
    return api.post("/v1/customers", json={"source_id": "ada", "name": "Ada Łoś"}).expect()


@pytest.fixture
def card(api, give, ada):
    """A gift card of 50.00 that Ada holds."""
    body = {"type": "GIFT_VOUCHER", "gift": {"amount": 5000}}
    voucher = api.post("/v1/vouchers/0012345", json=body).expect()
    give(voucher["code"], ada)
    return voucher


def identified(segment):
    return len(segment.platform.calls_of("identify"))


def spend(api, code, amount):
    body = {
        "redeemables": [{"object": "voucher", "id": code, "gift": {"credits": amount}}],
        "order": {"amount": amount},
        "customer": {"source_id": "ada"},
    }
    return api.post("/v1/redemptions", json=body).expect()


def test_a_balance_is_a_number_also_when_it_is_nothing(segment, api, jobs, card):
    jobs()
    traits = segment.traits("ada")
    assert traits["voucher_code"] == "0012345"
    assert traits["voucher_code_value"] == "50.00"
    assert traits["voucher_code_balance"] == 5000
    assert traits["voucher_code_balance_major"] == 50.0
    assert traits["voucher_code_publication_date"].endswith("Z")
    spend(api, "0012345", 5000)
    jobs()
    assert segment.traits("ada")["voucher_code_balance"] == 0
    told = [call for call in segment.tracked() if "gift_balance" in call["properties"]]
    assert told[-1]["properties"]["gift_balance"] == 0
    assert told[-1]["properties"]["gift_balance_major"] == 0


def test_a_platform_hears_only_of_changes(segment, api, jobs, card, ada):
    jobs()
    assert identified(segment) == 1
    api.put(f"/v1/customers/{ada['id']}", json={"name": "Ada"}).expect()
    jobs()
    assert identified(segment) == 1
    assert segment.totals()["profiles.unchanged"] == 1
    spend(api, "0012345", 1)
    jobs()
    assert identified(segment) == 2
    ids = [call["messageId"] for call in segment.platform.calls_of("identify")]
    assert len(set(ids)) == 2


def test_who_never_had_anything_is_not_told(segment, api, jobs, ada):
    jobs()
    assert identified(segment) == 0
    assert segment.items("WAITING") == []


def test_attributes_are_chosen_with_their_types(segment, api, jobs, card):
    attributes = [
        {"field": "voucher_code", "attribute": "Kupon Code"},
        {"field": "voucher_value", "attribute": "worth", "type": "number"},
        {"field": "voucher_balance", "attribute": "left", "type": "text"},
        {"field": "environment", "attribute": "env"},
        {"field": "voucher_code", "attribute": "other", "campaign": "Nobody's"},
    ]
    segment.put("/outbound", json={"attributes": attributes})
    jobs()
    assert segment.traits("ada") == {
        "Kupon Code": "0012345",
        "worth": 50.0,
        "left": "5000",
        "env": "Test",
    }


@pytest.mark.parametrize(
    "body",
    [
        {"events": ["customer.nothing"]},
        {"names": {"style": "shouted"}},
        {"names": {"own": {"customer.referred": 1}}},
        {"names": {"own": {"nothing": "x"}}},
        {"attributes": [{"field": "shoe_size", "attribute": "x"}]},
        {"attributes": [{"field": "voucher_code", "attribute": ""}]},
        {"attributes": [{"field": "voucher_code", "attribute": "x", "type": "date"}]},
        {"attributes": [{"field": "voucher_code", "attribute": "x"}] * 2},
        {"attributes": [{"attribute": "x"}]},
        {"attributes": [7]},
        {"events": "customer.referred"},
    ],
)
def test_what_can_not_be_told_is_refused(segment, management_api, project, body):
    path = f"/management/v1/projects/{project.id}{segment.path}/outbound"
    management_api.put(path, json=body).refused(400, "invalid_payload")
    assert "events" not in segment.get("/outbound")


def test_the_adapters_way_comes_back_by_null(segment):
    segment.put("/outbound", json={"events": ["*"], "codes": {"campaigns": ["Spring"]}})
    body = segment.put("/outbound", json={"events": None})
    assert "events" not in body
    assert body["codes"] == {"campaigns": ["Spring"]}
    assert len(body["event_names"]) == 12


def test_an_unknown_connection_is_not_found(segment, management_api, project, new_project):
    for path in ("/outbound", "/outbound/items", "/outbound/items/1", "/syncs", "/syncs/sync_1"):
        there = f"/management/v1/projects/{project.id}/connections/conn_0{path}"
        management_api.get(there).refused(404, "not_found")
        other = f"/management/v1/projects/{new_project().id}{segment.path}{path}"
        management_api.get(other).refused(404, "not_found")


def test_what_a_platform_has_told_is_not_told_back_to_it(
    segment, platform, manage, api, jobs, card, connect_segment_key
):
    jobs()
    before = identified(segment)
    other = connect(platform, manage, "Second")
    connect_segment_key(segment, {"type": "identify", "userId": "ada", "traits": {"name": "A"}})
    jobs()
    assert api.get("/v1/customers/ada").expect()["name"] == "A"
    assert segment.items("WAITING") == []
    # Only the one that did not say it has looked whether there is any news.
    assert "profiles.unchanged" not in segment.totals()
    assert other.totals().get("profiles.pushed", 0) == 1
    assert identified(segment) == before + 1


def test_what_follows_from_what_a_platform_told_is_told_to_it(
    segment, api, jobs, card, connect_segment_key
):
    events = ["*", "customer.custom_event"]
    segment.put("/outbound", json={"events": events})
    jobs()
    call = {"type": "track", "userId": "ada", "event": "signed_up", "properties": {}}
    connect_segment_key(segment, call)
    jobs()
    assert segment.tracked("Customer Custom Event") == []


@pytest.fixture
def connect_segment_key(app):
    """Sends a call of the platform over its connection, signed: `send(segment, call)`."""

    def send(segment, call):
        request = segment.platform.webhook(call)
        response = app.test_client().post(
            f"{segment.get()['address']}/webhook", data=request.body, headers=request.headers
        )
        assert response.status_code == 200, response.data

    return send


def test_an_erased_customer_is_forgotten_everywhere(
    segment, platform, manage, api, jobs, card, ada, engine, project
):
    other = connect(platform, manage, "Second")
    other.post("/pause")
    jobs()
    assert identified(segment) == 1
    segment.post("/pause")
    spend(api, "0012345", 1)
    jobs()
    assert segment.items("WAITING", "events")
    assert segment.items("WAITING", "profiles")
    api.post(f"/v1/customers/{ada['id']}/permanent-deletion").expect()
    assert [item["kind"] for item in segment.items("WAITING")] == ["erasures"]
    segment.post("/resume")
    jobs()
    assert platform.erased == ["ada"]
    calls = len(platform.calls("POST", "/v1/batch"))
    [receipt] = segment.items("PENDING")
    assert receipt["reason"] == "Regulation reg_1 was requested"
    assert segment.get(f"/outbound/items/{receipt['id']}")["payload"] == {"ref": "reg_1"}
    assert segment.totals()["erasures.pending"] == 1
    other.post("/resume")
    jobs()
    assert platform.erased == ["ada", "ada"]
    assert len(platform.calls("POST", "/v1/batch")) == calls
    with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
        for table in ("outbound_items", "pushed_profiles"):
            rows = uow.reader.execute(
                f"SELECT {table}::text FROM {table} WHERE project_id = %s", (project.id,)
            ).fetchall()
            assert not [row for (row,) in rows if "Ada" in row or '"ada"' in row]
        assert uow.reader.execute(
            "SELECT count(*) FROM pushed_profiles WHERE project_id = %s", (project.id,)
        ).fetchone() == (0,)


def test_an_erasure_that_a_platform_refuses_waits_for_somebody(segment, api, jobs, ada, platform):
    platform.fail("404", path="/regulations")
    api.post(f"/v1/customers/{ada['id']}/permanent-deletion").expect()
    jobs()
    [item] = segment.items("REJECTED")
    assert item["kind"] == "erasures"
    platform.mend()
    assert segment.post("/outbound/replay", json={"ids": [item["id"]]})["count"] == 1
    jobs()
    assert platform.erased == ["ada"]


@pytest.fixture
def look_later(jobs, move_time, engine):
    """Lets an hour pass, and what is done in it."""

    def look():
        move_time(hours=1, minutes=1)
        with UnitOfWork(engine, project_id="", now=clock.now()) as uow:
            hearing.sweep(uow)
            uow.commit()
        jobs()

    return look


def test_an_erasure_that_takes_its_time_is_asked_after(
    segment, api, jobs, ada, platform, look_later
):
    platform.regulation = "RUNNING"
    api.post(f"/v1/customers/{ada['id']}/permanent-deletion").expect()
    jobs()
    look_later()
    [item] = segment.items("PENDING")
    assert (item["reason"], item["attempts"]) == ("reg_1 goes on", 2)
    platform.fail("503", path="/regulations/reg_1", times=1)
    look_later()
    assert len(segment.items("PENDING")) == 1
    platform.regulation = "FINISHED"
    look_later()
    [receipt] = segment.items("DONE")
    assert receipt["reason"] == "Regulation reg_1 is finished"
    assert segment.get(f"/outbound/items/{receipt['id']}")["payload"] == {}
    assert segment.totals()["erasures.done"] == 1
    calls = len(platform.calls())
    look_later()
    assert len(platform.calls()) == calls
    assert platform.erased == ["ada"]


@pytest.mark.parametrize("status", ["FAILED", "PARTIAL_SUCCESS", "NOT_SUPPORTED"])
def test_an_erasure_that_left_something_waits_for_somebody(
    segment, api, jobs, ada, platform, look_later, status
):
    platform.regulation = status
    api.post(f"/v1/customers/{ada['id']}/permanent-deletion").expect()
    jobs()
    look_later()
    [item] = segment.items("REJECTED")
    assert status in item["reason"]
    assert segment.get(f"/outbound/items/{item['id']}")["payload"] == {"ref": "reg_1"}


def test_a_customer_that_was_deleted_before_is_still_erased_by_name(
    segment, api, jobs, ada, platform
):
    api.delete(f"/v1/customers/{ada['id']}").expect(204)
    api.post(f"/v1/customers/{ada['id']}/permanent-deletion").expect()
    jobs()
    assert platform.erased == ["ada"]


def test_a_profile_that_changes_while_it_is_told_is_told_again(
    segment, api, jobs, card, engine, project, monkeypatch
):
    jobs()
    push, changes = SegmentAdapter.push, [1]

    def push_slowly(self, kind, items):
        outcomes = push(self, kind, items)
        if kind == "profiles" and changes:
            changes.pop()
            with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
                customer = items[0].customer["id"]
                item = outbound_items.NewItem(
                    connection_id=segment.id,
                    kind="profiles",
                    item_id=customer,
                    customer_id=customer,
                    payload={},
                )
                uow.driver.execute(
                    "UPDATE vouchers SET balance_income = 9000 WHERE project_id = %s",
                    (project.id,),
                )
                outbound_items.insert_items(uow, [item])
                uow.commit()
        return outcomes

    monkeypatch.setattr(SegmentAdapter, "push", push_slowly)
    spend(api, "0012345", 1)
    jobs()
    assert segment.traits("ada")["voucher_code_balance"] == 8999
    assert not changes


def test_an_erasure_is_not_told_to_who_asked_for_it(
    segment, platform, manage, jobs, ada, engine, project
):
    other = connect(platform, manage, "Second")
    with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
        uow.origin = f"connection:{segment.id}"
        customers.delete_permanently(uow, ada["id"])
        uow.commit()
    jobs()
    assert platform.erased == ["ada"]
    assert segment.items("PENDING") == []
    assert len(other.items("PENDING")) == 1


def test_events_of_others_no_longer_name_who_was_erased(segment, api, jobs, card, engine, project):
    jobs()
    segment.post("/pause")
    body = {
        "redeemables": [{"object": "voucher", "id": "0012345", "gift": {"credits": 5}}],
        "order": {"amount": 5},
        "customer": {"source_id": "bob"},
    }
    api.post("/v1/redemptions", json=body).expect()
    jobs()
    items = segment.items("WAITING", "events")
    payloads = [segment.get(f"/outbound/items/{each['id']}")["payload"] for each in items]
    assert any((each["data"].get("holder") or {}).get("source_id") == "ada" for each in payloads)
    api.post("/v1/customers/ada/permanent-deletion").expect()
    payloads = [segment.get(f"/outbound/items/{each['id']}")["payload"] for each in items]
    assert not any("holder" in each["data"] for each in payloads)
    segment.post("/resume")
    jobs()
    # In quotes, for ids are made of such letters.
    assert "'ada'" not in str([call for call in segment.tracked() if call["userId"] == "bob"])


def test_numbers_and_names_that_nothing_can_have_are_not_found(segment, management_api, project):
    base = f"/management/v1/projects/{project.id}"
    for path in (
        f"{segment.path}/outbound/items/99999999999999999999999",
        f"{segment.path}/syncs/%00",
        "/connections/%00/outbound",
    ):
        assert management_api.get(base + path).status in (400, 404)


def test_points_and_tiers_are_told_of_all_programmes_or_of_one(segment, api, jobs, ada):
    club, other = make_programme(api), make_programme(api)
    tiers = [
        {"name": "Basic", "points": {"from": 0, "to": 99}},
        {"name": "Gold", "points": {"from": 100}},
    ]
    api.post(f"/v1/loyalties/{club['id']}/tiers", json=tiers).expect()
    card = make_member(api, club, ada)
    jobs()
    assert segment.traits("ada")["loyalty_balance"] == 0
    make_member(api, other, ada)
    path = f"/v1/loyalties/{club['id']}/members/{card['code']}/balance"
    api.post(path, json={"points": 120}).expect()
    jobs()
    traits = segment.traits("ada")
    assert (traits["loyalty_balance"], traits["loyalty_pending_points"]) == (120, 0)
    attributes = [
        {"field": "loyalty_balance", "attribute": "club", "campaign": club["name"]},
        {"field": "loyalty_tier_name", "attribute": "tier", "campaign": club["id"]},
        {"field": "loyalty_balance", "attribute": "other", "campaign": other["id"]},
    ]
    segment.put("/outbound", json={"attributes": attributes})
    api.post(path, json={"points": 1}).expect()
    jobs()
    assert segment.traits("ada") == {"club": 121, "tier": "Gold", "other": 0}


def test_another_state_has_another_message_id(segment, card, jobs, move_time):
    """Segment drops what comes under an id that it knows, even if nobody heard its answer."""
    segment.platform.fail("503", times=1, path="/v1/batch")
    jobs()
    names = [{"field": "voucher_code", "attribute": "code"}]
    segment.put("/outbound", json={"attributes": names})
    move_time(minutes=1)
    jobs()
    calls = [
        call
        for request in segment.platform.calls("POST", "/v1/batch")
        for call in request.json["batch"]
        if call["type"] == "identify"
    ]
    first, second = calls
    assert first["traits"] != second["traits"] == {"code": "0012345"}
    assert first["messageId"] != second["messageId"]

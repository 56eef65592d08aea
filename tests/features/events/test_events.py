"""Custom events over HTTP."""

from __future__ import annotations

import pytest

from kupon.testing.builders import make_customer, make_voucher

PATH = "/v1/events"
NOW = "2026-03-01T12:00:00.000Z"


@pytest.fixture(autouse=True)
def _frozen(move_time):
    move_time.freeze("2026-03-01T12:00:00+00:00")


@pytest.fixture
def define(management_api, project):
    def post(name="viewed", **properties):
        path = f"/management/v1/projects/{project.id}/custom-event-schemas"
        body = {"name": name, "schema": {"properties": properties}}
        return management_api.post(path, json=body).expect()

    return post


@pytest.fixture
def viewed(define):
    return define(
        page={"type": "string", "optional": False},
        visits={"type": "number", "optional": True},
        gone={"type": "number", "optional": True, "deleted": True},
    )


@pytest.fixture
def ada(api):
    return make_customer(api, source_id="ada", name="Ada", email="ada@example.com")


def body(**members):
    sent = {"event": "viewed", "customer": {"source_id": "ada"}, "metadata": {"page": "a"}}
    return sent | members


@pytest.mark.usefixtures("viewed")
def test_an_event_is_answered(api, ada):
    assert api.post(PATH, json=body()).expect() == {
        "object": "event",
        "type": "viewed",
        "customer": {
            "id": ada["id"],
            "source_id": "ada",
            "name": "Ada",
            "email": "ada@example.com",
            "metadata": {},
            "object": "customer",
        },
        "referral": None,
        "loyalty": None,
        "metadata": {"page": "a"},
    }


def test_an_event_is_staged_with_its_schema(api, ada, viewed, events):
    api.post(PATH, json=body(metadata={"page": "a", "anything": [1]})).expect()
    name, payload = events()[-1]
    event = payload["event"]
    assert name == "customer.custom_event"
    assert event["id"].startswith("event_")
    assert event == {
        "id": event["id"],
        "object": "event",
        "type": "viewed",
        "customer": payload["customer"],
        "referral": None,
        "loyalty": None,
        "metadata": {"page": "a", "anything": [1]},
        "created_at": NOW,
    }
    assert payload["customer"]["id"] == ada["id"]
    assert payload["event_schema"] == {"id": viewed["id"], "name": "viewed"}
    assert (payload["referral"], payload["loyalty"]) == (None, None)


@pytest.mark.usefixtures("viewed")
def test_a_customer_is_stored_or_changed(api, events):
    new = api.post(PATH, json=body(customer={"source_id": "eve", "name": "Eve"})).expect()
    assert api.get("/v1/customers/eve").expect()["name"] == "Eve"
    changed = {"id": new["customer"]["id"], "metadata": {"a": 1}}
    api.post(PATH, json=body(customer=changed)).expect()
    assert api.get("/v1/customers/eve").expect()["metadata"] == {"a": 1}
    assert [name for name, _ in events()] == [
        "customer.created",
        "customer.custom_event",
        "customer.updated",
        "customer.custom_event",
    ]


@pytest.mark.usefixtures("viewed", "ada")
def test_the_client_surface_takes_events(api, client_api):
    answer = client_api.post("/client/v1/events", json=body()).expect()
    assert answer == api.post(PATH, json=body()).expect()


@pytest.mark.usefixtures("viewed", "ada")
def test_the_client_surface_takes_no_events_where_it_is_closed(client_api, uow, project):
    uow.driver.execute("UPDATE projects SET client_settings = '{}' WHERE id = %s", (project.id,))
    uow.commit()
    client_api.post("/client/v1/events", json=body()).refused(403, "forbidden")


def count(uow):
    rows = uow.reader.execute(
        "SELECT count(*) FROM custom_events WHERE project_id = %s", (uow.project_id,)
    )
    return rows.fetchone()[0]


REFUSED = [
    ({"event": "unknown"}, 404, "not_found"),
    ({"customer": {"id": "cust_none"}}, 404, "not_found"),
    ({"customer": {}}, 400, "invalid_payload"),
    ({"customer": {"source_id": None}}, 400, "invalid_payload"),
    ({"customer": None}, 400, "invalid_payload"),
    ({"customer": "ada"}, 400, "invalid_payload"),
    ({"customer": {"source_id": "ada", "metadata": 3}}, 400, "invalid_payload"),
    ({"event": ""}, 400, "invalid_payload"),
    ({"event": "e" * 301}, 400, "invalid_payload"),
    ({"event": 3}, 400, "invalid_payload"),
    ({"event": None}, 400, "invalid_payload"),
    ({"metadata": []}, 400, "invalid_payload"),
    ({"metadata": {}}, 400, "metadata_validation_failed"),
    ({"metadata": {"page": 1}}, 400, "metadata_validation_failed"),
    ({"metadata": {"page": "a", "visits": "many"}}, 400, "metadata_validation_failed"),
    ({"referral": {}}, 400, "invalid_payload"),
    ({"referral": {"referrer_id": "cust_a"}}, 400, "invalid_payload"),
    ({"referral": []}, 400, "invalid_payload"),
    ({"referral": {"code": 3}}, 400, "invalid_payload"),
    ({"referral": {"code": "UNKNOWN"}}, 404, "not_found"),
    ({"referral": {"code": "PLAIN"}}, 404, "not_found"),
    ({"loyalty": {}}, 400, "invalid_payload"),
    ({"loyalty": {"code": "UNKNOWN"}}, 404, "not_found"),
    ({"loyalty": {"code": "PLAIN"}}, 404, "not_found"),
]


@pytest.mark.usefixtures("viewed")
@pytest.mark.parametrize(("members", "status", "key"), REFUSED)
def test_what_is_refused_leaves_nothing(api, uow, events, members, status, key):
    make_voucher(api, "PLAIN")
    before = events()
    refusal = api.post(PATH, json=body(**members)).refused(status, key)
    assert count(uow) == 0
    assert events() == before
    api.get("/v1/customers/ada").refused(404, "not_found")
    if members.get("referral") == {}:
        assert refusal["details"] == "Property .referral should have required property 'code'"


@pytest.mark.usefixtures("viewed", "ada")
def test_what_was_retired_of_a_schema_is_not_asked(api):
    api.post(PATH, json=body(metadata={"page": "a", "gone": "text"})).expect()


@pytest.mark.usefixtures("viewed", "ada")
def test_the_feed_tells_of_events(api, jobs):
    api.post(PATH, json=body()).expect()
    jobs()
    jobs()
    query = {"type": "customer.custom_event", "category": "ACTION"}
    [row] = api.get("/v1/customers/ada/activity", query=query).expect()["data"]
    assert row["data"]["data"]["event"]["metadata"] == {"page": "a"}
    assert row["data"]["data"]["event_schema"]["name"] == "viewed"


def make_segment(api, **fields):
    filters = {"junction": "and"} | {
        name: {"conditions": conditions} for name, conditions in fields.items()
    }
    body = {"name": "Often", "type": "auto-update", "filter": filters}
    return api.post("/v1/segments", json=body).expect()


def test_segments_count_events(api, ada, define, jobs, events):
    define("page.viewed")
    segment = make_segment(api, **{"events.page.viewed.count": {"$more_than": [1]}})
    for _ in range(3):
        assert api.get("/v1/customers/ada/segments").expect()["data"] == []
        sent = {"event": "page.viewed", "customer": {"id": ada["id"]}}
        api.post(PATH, json=sent).expect()
        jobs()
        if [each["id"] for each in api.get("/v1/customers/ada/segments").expect()["data"]]:
            break
    assert count_of(events, "customer.custom_event") == 2
    [entered] = [each for name, each in events() if name == "customer.segment.entered"]
    assert entered["segment"]["id"] == segment["id"]
    assert "events" not in entered["customer"]
    members = api.get("/v1/customers", query={"segment_id": segment["id"]}).expect()
    assert [each["id"] for each in members["customers"]] == [ada["id"]]


def count_of(events, wanted):
    return [name for name, _ in events()].count(wanted)


def test_segments_ask_when_an_event_was_last(api, ada, define, move_time):
    define("seen")
    make_segment(api, **{"events.seen.last_at": {"$more_than": [3]}})
    api.post(PATH, json={"event": "seen", "customer": {"id": ada["id"]}}).expect()
    assert api.get("/v1/customers/ada/segments").expect()["total"] == 0
    move_time(days=5)
    assert api.get("/v1/customers/ada/segments").expect()["total"] == 1


def test_rules_ask_for_segments_of_events(api, ada, define, validate):
    define("seen")
    segment = make_segment(api, **{"events.seen.count": {"$more_than_equal": [1]}})
    conditions = {"1": {"name": "customer.segment", "conditions": {"$is": [segment["id"]]}}}
    rule = api.post(
        "/v1/validation-rules", json={"name": "Seen", "rules": conditions | {"logic": "1"}}
    ).expect()
    make_voucher(api, "OFF", validation_rules=[rule["id"]])
    request = {"customer": {"id": ada["id"]}, "order": {"amount": 1000}}
    assert not validate("OFF", **request)["valid"]
    api.post(PATH, json={"event": "seen", "customer": {"id": ada["id"]}}).expect()
    assert validate("OFF", **request)["valid"]


@pytest.mark.usefixtures("viewed", "ada")
def test_a_repeated_request_is_taken_once(api, uow):
    headers = {"Idempotency-Key": "once"}
    first = api.post(PATH, json=body(), headers=headers).expect()
    assert api.post(PATH, json=body(), headers=headers).expect() == first
    assert count(uow) == 1


@pytest.mark.usefixtures("viewed")
def test_a_permanent_deletion_takes_events_away(api, ada, uow):
    api.post(PATH, json=body(metadata={"page": "secret"})).expect()
    assert count(uow) == 1
    api.post(f"/v1/customers/{ada['id']}/permanent-deletion").expect()
    assert count(uow) == 0

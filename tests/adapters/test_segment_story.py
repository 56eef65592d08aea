"""Segment and a whole Kupon: customers and events come in, redemptions go out, each once."""

from __future__ import annotations

import pytest
from tests.adapters.segment_platform import SegmentPlatform
from tests.adapters.test_segment import CONFIG, call

from kupon.testing.builders import amount_off, make_voucher, redeemable
from kupon.testing.platform import key_headers


@pytest.fixture
def platform():
    with SegmentPlatform(CONFIG) as running:
        yield running


@pytest.fixture
def connection(platform, management_api, project):
    path = f"/management/v1/projects/{project.id}/connections"
    body = {"adapter": "segment", "name": "Main", "settings": platform.settings}
    return management_api.post(path, json=body).expect()


@pytest.fixture
def catalogue(app, connection):
    """Sends a request of the catalogue destination, with the integration key."""
    key = connection["integration_key"]
    headers = key_headers("segment", key["app_id"], key["app_token"])

    def send(path, body=None, **changed):
        method = "GET" if body is None else "POST"
        url = f"/segmentio/{path}"
        return app.test_client().open(url, method=method, json=body, headers=headers | changed)

    return send


@pytest.fixture
def webhooks(app, connection, platform):
    """Sends calls through "Webhooks (Actions)"."""

    def send(*calls):
        request = platform.webhook(*calls, is_batch=len(calls) > 1)
        url = f"{connection['address']}/{request.path}"
        return app.test_client().post(url, data=request.body, headers=dict(request.headers))

    return send


def test_the_catalogue_destination_asks_whether_its_keys_are_right(catalogue):
    assert catalogue("test-authentication").status_code == 200
    assert catalogue("test-authentication", **{"secret-key": "bm9uc2Vuc2U="}).status_code == 401


def test_customers_come_by_the_catalogue_destination(catalogue, api, jobs):
    body = {"type": "identify", "source_id": "c-1001", "first_name": "Ana", "last_name": "Łęcka"}
    assert catalogue("customer-processing", body).status_code == 200
    jobs()
    assert api.get("/v1/customers/c-1001").expect()["name"] == "Ana Łęcka"
    news = {"type": "identify", "source_id": "c-1001", "email": "ana@example.org"}
    catalogue("customer-processing", news)
    jobs()
    customer = api.get("/v1/customers/c-1001").expect()
    assert (customer["name"], customer["email"]) == ("Ana Łęcka", "ana@example.org")


def test_late_calls_change_nothing(webhooks, api, jobs):
    early = {**call("identify"), "messageId": "m-1"}
    late = {
        **call("identify"),
        "messageId": "m-2",
        "timestamp": "2026-02-03T11:00:00.000Z",
        "traits": {"name": "Ana Nowak"},
    }
    for each in (late, early, late, early):
        assert webhooks(each).status_code == 200
        jobs()
    assert api.get("/v1/customers/c-1001").expect()["name"] == "Ana Nowak"


NEVER = ("0001-01-01T00:00:00+14:00", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00")


@pytest.mark.parametrize("never", [*NEVER, "2199-01-01T00:00:00Z"])
def test_a_time_that_can_not_be_holds_up_nothing(webhooks, connection, api, jobs, never):
    """Anybody's clock may be wrong: what follows is no older for that, and nothing gets stuck."""
    odd = {**call("identify"), "messageId": "m-1", "timestamp": never, "traits": {"name": "Ana"}}
    assert webhooks(odd).status_code == 200
    jobs()
    assert api.get("/v1/customers/c-1001").expect()["name"] == "Ana"
    news = {**call("identify"), "messageId": "m-2", "traits": {"name": "Ana Nowak"}}
    webhooks(news)
    jobs()
    assert api.get("/v1/customers/c-1001").expect()["name"] == "Ana Nowak"


def test_a_batch_comes_whole_and_once(webhooks, api, jobs):
    batch = [
        {**call("identify"), "messageId": f"m-{number}", "userId": f"c-{number}"}
        for number in range(25)
    ]
    for _ in range(3):
        assert webhooks(*batch).status_code == 200
    jobs()
    assert api.get("/v1/customers", query={"limit": 100}).expect()["total"] == 25


def test_a_redemption_is_told_to_segment_once(webhooks, platform, api, jobs, move_time):
    webhooks(call("identify"))
    jobs()
    make_voucher(api, "SPRING-1", discount=amount_off(500))
    body = {
        "redeemables": [redeemable("SPRING-1")],
        "order": {"amount": 2000},
        "customer": {"source_id": "c-1001"},
    }
    api.post("/v1/redemptions", json=body).expect()
    platform.fail("503", times=1)
    jobs()
    assert platform.calls_of("track") == []
    for _ in range(2):
        move_time(minutes=1)
        jobs()
    told = [each for each in platform.calls_of("track") if "Redemption" in each["event"]]
    assert [each["event"] for each in told] == ["Customer Redemption Succeeded"]
    assert told[0]["userId"] == "c-1001"
    assert told[0]["properties"]["voucher_code"] == "SPRING-1"
    assert told[0]["properties"]["order_total_discount_amount"] == 500

"""The activity feed: what fills it, and how it is read."""

from __future__ import annotations

from typing import Any

import pytest

from kupon.storage.queries.outbox import find_events
from kupon.storage.uow import UnitOfWork
from kupon.testing.background import Jobs
from kupon.testing.builders import (
    amount_off,
    cart,
    make_campaign,
    make_customer,
    make_product,
    make_voucher,
    redeemable,
)
from kupon.testing.client import ApiClient
from kupon.testing.clocks import MoveTime
from kupon.testing.plugin import ProjectKeys


@pytest.fixture(autouse=True)
def _frozen(move_time: MoveTime) -> None:
    move_time.freeze("2026-03-01T12:00:00+00:00")


def feed(api: ApiClient, name: str = "ada", **query: Any) -> list[dict[str, Any]]:
    """A customer's entries, the oldest first."""
    query = {"order": "created_at", "limit": 100} | query
    entries: list[dict[str, Any]] = api.get(f"/v1/customers/{name}/activity", query=query).expect()[
        "data"
    ]
    return entries


def types(entries: list[dict[str, Any]]) -> list[str]:
    return [entry["type"] for entry in entries]


def redeem(api: ApiClient, *codes: str, **members: Any) -> dict[str, Any]:
    body = {"redeemables": [redeemable(code) for code in codes], "customer": {"source_id": "ada"}}
    answer: dict[str, Any] = api.post("/v1/redemptions", json=body | members).expect()
    return answer


def test_a_new_customer_has_one_entry(api: ApiClient, jobs: Jobs, project: ProjectKeys) -> None:
    answer = api.post("/v1/customers", json={"source_id": "ada"})
    jobs()
    (entry,) = api.get("/v1/customers/ada/activity").expect()["data"]
    assert entry == {
        "id": entry["id"],
        "type": "customer.created",
        "data": {
            "data": {"customer": answer.json},
            "event_source": {
                "channel": "API",
                "api_key": {"name": "server key", "app_id": project.credentials["app_id"]},
            },
        },
        "created_at": "2026-03-01T12:00:00.000Z",
        "group_id": answer.headers["X-Request-Id"],
    }
    assert entry["id"].startswith("evcus_")


def test_changes_and_orders_are_told(api: ApiClient, jobs: Jobs) -> None:
    make_customer(api, source_id="ada")
    api.put("/v1/customers/ada", json={"phone": "1"}).expect()
    order = {"source_id": "o1", "amount": 700, "customer": {"source_id": "ada"}}
    api.post("/v1/orders", json=order).expect()
    api.put("/v1/orders/o1", json={"status": "PAID"}).expect()
    api.put("/v1/orders/o1", json={"status": "FULFILLED"}).expect()
    stored = api.put("/v1/orders/o1", json={"status": "CANCELED"}).expect()
    jobs()
    entries = feed(api)
    assert types(entries) == [
        "customer.created",
        "customer.updated",
        "customer.order.created",
        "customer.order.updated",
        "customer.order.paid",
        "customer.order.updated",
        "customer.order.fulfilled",
        "customer.order.updated",
        "customer.order.canceled",
    ]
    assert entries[-1]["data"]["data"]["order"] == stored
    assert entries[-1]["data"]["data"]["customer"]["source_id"] == "ada"


def test_a_redemption_is_told(api: ApiClient, jobs: Jobs) -> None:
    campaign = make_campaign(api, discount=amount_off(100))
    voucher = api.post(f"/v1/campaigns/{campaign['id']}/vouchers/OFF", json={}).expect()
    answer = redeem(api, "OFF", order=cart((1, 1000), source_id="o1"), metadata={"a": 1})
    jobs()
    entries = feed(api)
    assert types(entries) == [
        "customer.created",
        "customer.order.created",
        "customer.redemption.succeeded",
        "customer.order.paid",
    ]
    # One request did it all.
    assert len({entry["group_id"] for entry in entries}) == 1
    assert entries[1]["data"]["data"]["order"] == answer["order"]
    data = entries[2]["data"]["data"]
    redemption = data["redemption"]
    assert redemption["id"] == answer["redemptions"][0]["id"]
    assert (redemption["result"], redemption["status"]) == ("SUCCESS", "SUCCEEDED")
    assert redemption["metadata"] == {"a": 1}
    assert data["campaign"]["id"] == campaign["id"]
    assert data["voucher"]["id"] == voucher["id"]
    assert data["customer"]["source_id"] == "ada"
    assert data["order"]["total_amount"] == 900
    assert "redemptions" not in data["order"]


def test_a_stack_tells_of_each_code_and_of_the_whole(api: ApiClient, jobs: Jobs) -> None:
    for code in ("ONE", "TWO"):
        make_voucher(api, code, discount=amount_off(100))
    answer = redeem(api, "ONE", "TWO", order=cart((1, 1000)))
    jobs()
    entries = feed(api, type="customer.redemption.succeeded")
    told = [entry["data"]["data"]["redemption"]["id"] for entry in entries]
    assert told == [
        *(child["id"] for child in answer["redemptions"]),
        answer["parent_redemption"]["id"],
    ]
    assert "voucher" not in entries[-1]["data"]["data"]


def test_a_failure_is_told(api: ApiClient, jobs: Jobs) -> None:
    make_customer(api, source_id="ada")
    make_voucher(api, "OFF", active=False)
    body = {"redeemables": [redeemable("OFF")], "customer": {"source_id": "ada"}}
    api.post("/v1/redemptions", json=body).refused(400, "voucher_disabled")
    jobs()
    entry = feed(api)[-1]
    assert entry["type"] == "customer.redemption.failed"
    redemption = entry["data"]["data"]["redemption"]
    assert (redemption["failure_code"], redemption["result"]) == ("voucher_disabled", "FAILURE")


def test_a_rollback_is_told(api: ApiClient, jobs: Jobs) -> None:
    make_voucher(api, "OFF", discount=amount_off(100))
    redemption = redeem(api, "OFF", order=cart((1, 1000)))["redemptions"][0]["id"]
    rollback = api.post(f"/v1/redemptions/{redemption}/rollback", json={}).expect()
    answer = api.post(f"/v1/redemptions/{redemption}/rollback", json={})
    answer.refused(400, "already_rolled_back")
    jobs()
    entries = feed(api)[-4:]
    assert types(entries) == [
        "customer.redemption.rollback.succeeded",
        "customer.order.updated",
        "customer.order.canceled",
        "customer.redemption.rollback.failed",
    ]
    data = entries[0]["data"]["data"]
    assert data["redemption"]["id"] == redemption
    assert data["redemption"]["status"] == "ROLLED BACK"
    assert data["redemption_rollback"]["id"] == rollback["id"]
    assert data["redemption_rollback"]["redemption"] == redemption
    assert entries[3]["data"]["data"]["redemption_rollback"]["result"] == "FAILURE"


def test_paying_again_is_not_told(api: ApiClient, jobs: Jobs) -> None:
    make_voucher(api, "OFF", discount=amount_off(100))
    order = redeem(api, "OFF", order=cart((1, 1000)))["order"]
    redeem(api, "OFF", order={"id": order["id"]})
    jobs()
    assert types(feed(api))[-2:] == ["customer.order.updated", "customer.redemption.succeeded"]


def test_a_guest_leaves_no_entry(api: ApiClient, jobs: Jobs, uow: UnitOfWork) -> None:
    make_voucher(api, "OFF", discount=amount_off(100))
    body = {"redeemables": [redeemable("OFF")], "order": cart((1, 1000))}
    api.post("/v1/redemptions", json=body).expect()
    api.post("/v1/orders", json={"amount": 100}).expect()
    jobs()
    row = uow.reader.execute(
        "SELECT count(*) FROM activities WHERE project_id = %s", (uow.project_id,)
    ).fetchone()
    assert row == (0,)


def test_an_event_is_told_once_however_often_it_comes(
    api: ApiClient, uow: UnitOfWork, jobs: Jobs
) -> None:
    make_customer(api, source_id="ada")
    jobs()
    before = feed(api)
    row = uow.reader.execute(
        "SELECT seq FROM events WHERE project_id = %s", (uow.project_id,)
    ).fetchone()
    assert row is not None
    (event,) = find_events(uow, [row[0]]).values()
    for _ in range(2):
        jobs.registry.announcer.announce(uow, [event])
    uow.commit()
    assert feed(api) == before


def test_events_of_a_customer_that_is_gone_are_not_told(
    api: ApiClient, uow: UnitOfWork, jobs: Jobs
) -> None:
    make_customer(api, source_id="ada")
    api.delete("/v1/customers/ada").expect(204)
    jobs()
    row = uow.reader.execute(
        "SELECT count(*) FROM activities WHERE project_id = %s", (uow.project_id,)
    ).fetchone()
    assert row == (0,)


@pytest.fixture
def busy(api: ApiClient, jobs: Jobs, move_time: MoveTime) -> dict[str, Any]:
    """Ada was created at noon, bought a mug at one and used a campaign's code at two."""
    mug = make_product(api, source_id="mug")
    campaign = make_campaign(api)
    api.post(f"/v1/campaigns/{campaign['id']}/vouchers/OFF", json={}).expect()
    make_customer(api, source_id="ada")
    move_time(hours=1)
    line = {"source_id": "mug", "related_object": "product", "quantity": 1}
    order = {"items": [line], "customer": {"source_id": "ada"}}
    api.post("/v1/orders", json=order).expect()
    move_time(hours=1)
    redeem(api, "OFF")
    jobs()
    return {"mug": mug, "campaign": campaign}


ALL = ["customer.created", "customer.order.created", "customer.redemption.succeeded"]


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ALL),
        ({"order": "-created_at"}, ALL[::-1]),
        ({"type": "customer.order.created"}, ALL[1:2]),
        ({"type": "customer.rewarded"}, []),
        ({"category": "ACTION"}, ALL),
        ({"category": "EFFECT"}, []),
        ({"campaign_type": "DISCOUNT_COUPONS"}, ALL[2:]),
        ({"campaign_type": "PROMOTION"}, []),
        ({"campaign_id": "camp_none"}, []),
        ({"start_date": "2026-03-01T13:00:00Z"}, ALL[1:]),
        ({"end_date": "2026-03-01T13:00:00Z"}, ALL[:2]),
        ({"end_date": "2026-03-01"}, []),
    ],
    ids=str,
)
def test_the_feed_is_narrowed(api: ApiClient, query: dict[str, Any], expected: list[str]) -> None:
    assert types(feed(api, **query)) == expected


def test_the_feed_is_narrowed_to_a_campaign(api: ApiClient, busy: dict[str, Any]) -> None:
    assert types(feed(api, campaign_id=busy["campaign"]["id"])) == ALL[2:]


@pytest.mark.usefixtures("busy")
def test_the_feed_has_pages(api: ApiClient) -> None:
    path = "/v1/customers/ada/activity"
    first = api.get(path, query={"limit": 2}).expect()
    assert types(first["data"]) == ALL[:0:-1]
    assert first["has_more"] is True
    assert first["more_starting_after"] == first["data"][-1]["id"]
    query = {"limit": 2, "starting_after_id": first["more_starting_after"]}
    second = api.get(path, query=query).expect()
    assert types(second["data"]) == ALL[:1]
    assert second["has_more"] is False
    assert "more_starting_after" not in second
    assert set(second) == {"object", "data_ref", "data", "has_more"}


@pytest.mark.parametrize(
    "query",
    [{"category": "OTHER"}, {"campaign_type": "OTHER"}, {"order": "type"}, {"limit": 0}],
    ids=str,
)
def test_bad_parameters_are_refused(api: ApiClient, query: dict[str, Any]) -> None:
    make_customer(api, source_id="ada")
    answer = api.get("/v1/customers/ada/activity", query=query)
    answer.refused(400, "invalid_query_params")


def test_the_deprecated_call_tells_the_total(api: ApiClient, busy: dict[str, Any]) -> None:
    path = "/v1/customers/ada/activities"
    body = api.get(path, query={"limit": 1}).expect()
    assert set(body) == {"object", "data_ref", "data", "total"}
    assert (types(body["data"]), body["total"]) == (ALL[2:], 3)
    of_mug = api.get(path, query={"product_id": busy["mug"]["id"]}).expect()
    assert types(of_mug["data"]) == ALL[1:2]
    query = {"starting_after": "2026-03-01T14:00:00Z", "order": "-type"}
    assert types(api.get(path, query=query).expect()["data"]) == ALL[1::-1]
    api.get("/v1/customers/nobody/activities").refused(404, "not_found")

"""Removing customers: the profile alone, and every trace."""

from __future__ import annotations

from typing import Any

import pytest

from kupon.storage.uow import UnitOfWork
from kupon.testing.background import Jobs
from kupon.testing.builders import (
    amount_off,
    cart,
    make_customer,
    make_publication,
    make_voucher,
    redeemable,
)
from kupon.testing.client import ApiClient

TABLES = (
    *("customers", "orders", "redemptions", "vouchers", "publications", "redeemable_holders"),
    *("activities", "events"),
)
PERSONAL = ("ada-source", "Ada Secret", "ada@secret.example", "secret-note", "secret-track")


@pytest.fixture
def traces(api: ApiClient, jobs: Jobs) -> dict[str, Any]:
    """Ada with a profile, a redemption, an order, a held code and a feed; Bob, referred by her."""
    ada = make_customer(api, source_id="ada-source", name="Ada Secret", email="ada@secret.example")
    make_voucher(api, "OFF", discount=amount_off(100))
    make_publication(api, ada, voucher="OFF", metadata={"note": "secret-note"})
    note = {"note": "secret-note"}
    redemption = api.post(
        "/v1/redemptions",
        json={
            "redeemables": [redeemable("OFF")],
            "customer": {"source_id": "ada-source"},
            "order": cart((1, 1000), source_id="ada-source-1", metadata=note),
            "metadata": note,
            "tracking_id": "secret-track",
        },
    ).expect()
    api.post(
        "/v1/orders",
        json={"amount": 700, "customer": {"source_id": "bob"}, "referrer": {"id": ada["id"]}},
    ).expect()
    jobs()
    return {"id": ada["id"], **redemption}


def rows_with(uow: UnitOfWork, words: tuple[str, ...]) -> list[str]:
    """The tables of the project in which one of the words still stands."""
    found = []
    for table in TABLES:
        row = uow.reader.execute(
            f"SELECT count(*) FROM {table} t WHERE project_id = %s"
            " AND EXISTS (SELECT FROM unnest(%s::text[]) AS word WHERE strpos(t::text, word) > 0)",
            (uow.project_id, list(words)),
        ).fetchone()
        if row is not None and row[0]:
            found.append(table)
    return found


def test_a_deleted_customer_is_gone(api: ApiClient) -> None:
    made = make_customer(api, source_id="ada")
    answer = api.delete("/v1/customers/ada")
    assert (answer.status, answer.body) == (204, b"")
    for name in ("ada", made["id"]):
        for path in ("", "/activity", "/activities", "/redeemables", "/segments"):
            api.get(f"/v1/customers/{name}{path}").refused(404, "not_found")
    assert api.get("/v1/customers").expect()["total"] == 0
    api.delete("/v1/customers/ada").refused(404, "not_found")
    api.put(f"/v1/customers/{made['id']}", json={}).refused(404, "not_found")
    api.post("/v1/customers", json={"id": made["id"]}).refused(404, "not_found")


def test_the_source_id_of_a_deleted_customer_is_free(api: ApiClient) -> None:
    made = make_customer(api, source_id="ada", metadata={"old": True})
    api.delete("/v1/customers/ada").expect(204)
    again = make_customer(api, source_id="ada")
    assert again["id"] != made["id"]
    assert again["metadata"] == {}


def test_a_deletion_is_told_with_the_profile(api: ApiClient, uow: UnitOfWork) -> None:
    made = make_customer(api, source_id="ada")
    api.delete("/v1/customers/ada").expect(204)
    row = uow.reader.execute(
        "SELECT aggregate_id, payload FROM events WHERE project_id = %s AND name = %s",
        (uow.project_id, "customer.deleted"),
    ).fetchone()
    assert row == (made["id"], {"customer": made})


def test_a_deletion_keeps_the_facts_of_orders_and_redemptions(
    api: ApiClient, traces: dict[str, Any]
) -> None:
    before = api.get(f"/v1/orders/{traces['order']['id']}").expect()
    api.delete("/v1/customers/ada-source").expect(204)
    assert api.get(f"/v1/orders/{traces['order']['id']}").expect() == before
    redemption = api.get(f"/v1/redemptions/{traces['redemptions'][0]['id']}").expect()
    assert (redemption["customer_id"], redemption["customer"]) == (traces["id"], None)


def test_a_permanent_deletion_erases_every_trace(
    api: ApiClient, uow: UnitOfWork, traces: dict[str, Any]
) -> None:
    answer = api.post(f"/v1/customers/{traces['id']}/permanent-deletion").expect()
    assert answer.pop("id").startswith("del_")
    assert answer.pop("created_at")
    assert answer == {
        "related_object_id": traces["id"],
        "related_object": "customer",
        "status": "DONE",
        "data_json": {
            "events": 5,
            "customer_events": 3,
            "daily_events": 0,
            "segments": 0,
            "orders": 1,
            "order_events": 2,
            "customer": 1,
        },
        "object": "pernament_deletion",
    }
    assert rows_with(uow, PERSONAL) == []
    # What was just announced names the id, and nothing else does.
    assert rows_with(uow, (traces["id"],)) == ["events"]
    api.get("/v1/customers/ada-source").refused(404, "not_found")


def test_a_permanent_deletion_keeps_numbers(api: ApiClient, traces: dict[str, Any]) -> None:
    api.post("/v1/customers/ada-source/permanent-deletion").expect()
    order = api.get(f"/v1/orders/{traces['order']['id']}").expect()
    assert (order["customer_id"], order["source_id"], order["metadata"]) == (None, None, {})
    assert (order["amount"], order["total_amount"]) == (1000, 900)
    redemption = api.get(f"/v1/redemptions/{traces['redemptions'][0]['id']}").expect()
    assert (redemption["customer_id"], redemption["tracking_id"]) == (None, None)
    assert redemption["metadata"] == {}
    assert redemption["order"]["total_amount"] == 900
    assert redemption["order"]["customer_id"] is None
    voucher = api.get("/v1/vouchers/OFF").expect()
    assert voucher["redemption"]["redeemed_quantity"] == 1
    assert "holder_id" not in voucher


def test_rollbacks_are_erased_and_still_possible(
    api: ApiClient, uow: UnitOfWork, traces: dict[str, Any], jobs: Jobs
) -> None:
    body = {"redeemables": [redeemable("OFF")], "customer": {"source_id": "ada-source"}}
    again = api.post("/v1/redemptions", json=body | {"order": cart((1, 500))}).expect()
    first, second = (answer["redemptions"][0]["id"] for answer in (traces, again))
    api.post(f"/v1/redemptions/{first}/rollback", json={"reason": "broken"}).expect()
    jobs()
    api.post(f"/v1/customers/{traces['id']}/permanent-deletion").expect()
    assert rows_with(uow, PERSONAL) == []
    assert rows_with(uow, (traces["id"],)) == ["events"]
    rollback = api.post(f"/v1/redemptions/{second}/rollback", json={}).expect()
    assert (rollback["customer_id"], rollback["order"]["total_amount"]) == (None, 500)
    assert api.get("/v1/vouchers/OFF").expect()["redemption"]["redeemed_quantity"] == 0


def test_what_others_did_stays(api: ApiClient, traces: dict[str, Any], jobs: Jobs) -> None:
    api.post(f"/v1/customers/{traces['id']}/permanent-deletion").expect()
    jobs()
    feed = api.get("/v1/customers/bob/activity").expect()["data"]
    assert [entry["type"] for entry in feed] == ["customer.order.created", "customer.created"]
    assert feed[0]["data"]["data"]["order"]["amount"] == 700
    assert "referrer" not in feed[0]["data"]["data"]
    order = api.get("/v1/orders").expect()["orders"][0]
    assert (order["amount"], order["referrer_id"]) == (700, None)


def test_traces_of_a_deleted_customer_can_still_be_erased(
    api: ApiClient, uow: UnitOfWork, traces: dict[str, Any]
) -> None:
    api.delete("/v1/customers/ada-source").expect(204)
    path = f"/v1/customers/{traces['id']}/permanent-deletion"
    counts = api.post(path).expect()["data_json"]
    assert (counts["customer"], counts["orders"], counts["customer_events"]) == (0, 1, 0)
    assert rows_with(uow, PERSONAL) == []
    api.post(path).refused(404, "not_found")


def test_a_permanent_deletion_of_nobody_is_refused(api: ApiClient, uow: UnitOfWork) -> None:
    api.post("/v1/customers/nobody/permanent-deletion").refused(404, "not_found")
    assert rows_with(uow, ("nobody",)) == []


def test_answers_kept_for_repetition_are_erased(api: ApiClient) -> None:
    made = api.post(
        "/v1/customers", json={"source_id": "ada"}, headers={"Idempotency-Key": "k1"}
    ).expect()
    api.post(f"/v1/customers/{made['id']}/permanent-deletion").expect()
    again = api.post(
        "/v1/customers", json={"source_id": "ada"}, headers={"Idempotency-Key": "k1"}
    ).expect()
    assert again["id"] != made["id"]

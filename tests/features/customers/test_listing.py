"""The listing of customers: pages, order, filters, and the summaries of a page."""

from __future__ import annotations

from typing import Any

import pytest

from kupon.testing.builders import amount_off, cart, make_customer, make_voucher, redeemable
from kupon.testing.client import ApiClient
from kupon.testing.clocks import MoveTime


@pytest.fixture(autouse=True)
def _frozen(move_time: MoveTime) -> None:
    move_time.freeze("2026-03-01T12:00:00+00:00")


@pytest.fixture
def three(api: ApiClient, move_time: MoveTime) -> None:
    """Ada, Bob and Cleo, created an hour apart from noon on; Ada was changed last."""
    for name, city in (("ada", "Rome"), ("bob", "Oslo"), ("cleo", "Rome")):
        make_customer(
            api,
            source_id=name,
            name=name.title(),
            email=f"{name}@example.com",
            address={"city": city},
        )
        move_time(hours=1)
    api.put("/v1/customers/ada", json={"phone": "1"}).expect()


def listed(api: ApiClient, **query: Any) -> list[str]:
    rows = api.get("/v1/customers", query=query).expect()["customers"]
    return [row["source_id"] for row in rows]


def test_an_empty_project_has_an_empty_list(api: ApiClient) -> None:
    assert api.get("/v1/customers").expect() == {
        "object": "list",
        "data_ref": "customers",
        "customers": [],
        "total": 0,
        "has_more": False,
    }


@pytest.mark.usefixtures("three")
def test_pages_tell_how_many_there_are(api: ApiClient) -> None:
    page = api.get("/v1/customers", query={"limit": 2}).expect()
    assert [row["source_id"] for row in page["customers"]] == ["cleo", "bob"]
    assert (page["total"], page["has_more"]) == (3, True)
    page = api.get("/v1/customers", query={"limit": 2, "page": 2}).expect()
    assert [row["source_id"] for row in page["customers"]] == ["ada"]
    assert (page["total"], page["has_more"]) == (3, False)


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["cleo", "bob", "ada"]),
        ({"order": "created_at"}, ["ada", "bob", "cleo"]),
        ({"order": "-source_id"}, ["cleo", "bob", "ada"]),
        ({"order": "-updated_at"}, ["ada", "cleo", "bob"]),
        ({"email": "bob@example.com"}, ["bob"]),
        ({"name": "Ada"}, ["ada"]),
        ({"city": "Rome"}, ["cleo", "ada"]),
        ({"city": "Rome", "name": "Bob"}, []),
        ({"segment_id": "seg_1"}, []),
        ({"created_at": {"after": "2026-03-01T12:30:00Z"}}, ["cleo", "bob"]),
        ({"created_at": {"before": "2026-03-01T12:30:00Z"}}, ["ada"]),
        ({"updated_at": {"after": "2026-03-01"}}, ["ada"]),
        ({"starting_after": "2026-03-01T14:00:00.000Z"}, ["bob", "ada"]),
        ({"starting_after": "2026-03-01"}, []),
    ],
    ids=str,
)
def test_the_list_is_sorted_and_narrowed(
    api: ApiClient, query: dict[str, Any], expected: list[str]
) -> None:
    assert listed(api, **query) == expected


@pytest.mark.parametrize(
    "query", [{"limit": 101}, {"order": "name"}, {"starting_after": "soon"}, {"page": 0}], ids=str
)
def test_bad_parameters_are_refused(api: ApiClient, query: dict[str, Any]) -> None:
    api.get("/v1/customers", query=query).refused(400, "invalid_query_params")


def test_summaries_tell_of_each_customer_apart(api: ApiClient, move_time: MoveTime) -> None:
    make_voucher(api, "OFF", discount=amount_off(100), redemption={"quantity": 3})
    for name, price in (("ada", 1000), ("ada", 501), ("bob", 2000)):
        body = {"redeemables": [redeemable("OFF")], "customer": {"source_id": name}}
        api.post("/v1/redemptions", json=body | {"order": cart((1, price))}).expect()
        move_time(hours=1)
    body = {"redeemables": [redeemable("OFF")], "customer": {"source_id": "ada"}}
    api.post("/v1/redemptions", json=body).refused(400, "quantity_exceeded")
    unpaid = {"source_id": "later", "amount": 700, "customer": {"source_id": "ada"}}
    api.post("/v1/orders", json=unpaid).expect()
    rows = api.get("/v1/customers", query={"order": "source_id"}).expect()["customers"]
    ada, bob = (row["summary"] for row in rows)
    assert ada["orders"] == {
        "total_amount": 1301,
        "total_count": 2,
        "average_amount": 651,
        "last_order_amount": 401,
        "last_order_date": "2026-03-01T13:00:00.000Z",
    }
    assert ada["redemptions"]["total_redeemed"] == 3
    assert ada["redemptions"]["total_succeeded"] == 2
    assert ada["redemptions"]["total_failed"] == 1
    assert bob["orders"]["total_amount"] == 1900
    assert bob["redemptions"]["total_succeeded"] == 1


@pytest.mark.uncertain
def test_a_stack_counts_its_codes_and_a_rollback_undoes_none(api: ApiClient) -> None:
    for code in ("ONE", "TWO"):
        make_voucher(api, code, discount=amount_off(100))
    body = {
        "redeemables": [redeemable("ONE"), redeemable("TWO")],
        "customer": {"source_id": "ada"},
        "order": cart((1, 1000)),
    }
    parent = api.post("/v1/redemptions", json=body).expect()["parent_redemption"]["id"]
    api.post(f"/v1/redemptions/{parent}/rollbacks", json={}).expect()
    redemptions = api.get("/v1/customers/ada").expect()["summary"]["redemptions"]
    assert redemptions["total_succeeded"] == 2
    assert redemptions["total_rolled_back"] == 2
    assert redemptions["total_rollback_succeeded"] == 2
    assert redemptions["total_rollback_failed"] == 0

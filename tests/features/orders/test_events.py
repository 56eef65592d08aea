"""What is told of orders."""

from __future__ import annotations

from typing import Any

import pytest

from kupon.storage.uow import UnitOfWork
from kupon.testing.builders import make_customer
from kupon.testing.client import ApiClient


@pytest.fixture
def customer(api: ApiClient) -> dict[str, Any]:
    return make_customer(api, source_id="ada", name="Ada", email="ada@example.com")


def staged(uow: UnitOfWork) -> list[tuple[str, str, dict[str, Any]]]:
    """The events of orders: name, aggregate and payload, the oldest first."""
    return uow.reader.execute(
        "SELECT name, aggregate_id, payload FROM events"
        " WHERE project_id = %s AND name LIKE 'customer.order.%%' ORDER BY seq",
        (uow.project_id,),
    ).fetchall()


def test_an_event_carries_the_order_and_its_people(
    api: ApiClient, uow: UnitOfWork, customer: dict[str, Any]
) -> None:
    body = {"amount": 100, "customer": {"source_id": "ada"}, "referrer": {"source_id": "bob"}}
    made = api.post("/v1/orders", json=body).expect()
    bob = api.get("/v1/customers/bob").expect()
    payload = {
        "customer": {
            "id": customer["id"],
            "source_id": "ada",
            "name": "Ada",
            "email": "ada@example.com",
            "metadata": {},
            "object": "customer",
        },
        "referrer": {
            "id": bob["id"],
            "source_id": "bob",
            "metadata": {},
            "object": "customer",
        },
        "order": made,
    }
    assert staged(uow) == [("customer.order.created", customer["id"], payload)]


@pytest.mark.usefixtures("customer")
@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("CREATED", "CREATED", ["created"]),
        ("CREATED", "PAID", ["created", "updated", "paid"]),
        ("PAID", "FULFILLED", ["created", "paid", "updated", "fulfilled"]),
        ("PAID", "CANCELED", ["created", "paid", "updated", "canceled"]),
        ("PAID", "CREATED", ["created", "paid", "updated"]),
    ],
)
def test_a_status_is_told_when_it_is_reached(
    api: ApiClient, uow: UnitOfWork, first: str, second: str, expected: list[str]
) -> None:
    body = {"source_id": "o1", "customer": {"source_id": "ada"}}
    api.post("/v1/orders", json=body | {"status": first}).expect()
    api.put("/v1/orders/o1", json={"status": second}).expect()
    assert [name for name, _, _ in staged(uow)] == [f"customer.order.{word}" for word in expected]


def test_orders_of_guests_are_told_once_they_have_a_customer(
    api: ApiClient, uow: UnitOfWork
) -> None:
    api.post("/v1/orders", json={"source_id": "o1", "status": "PAID"}).expect()
    assert staged(uow) == []
    api.put("/v1/orders/o1", json={"customer": {"source_id": "ada"}}).expect()
    assert [name for name, _, _ in staged(uow)] == ["customer.order.updated"]


@pytest.mark.usefixtures("customer")
def test_orders_of_a_customer_who_is_gone_are_not_told(api: ApiClient, uow: UnitOfWork) -> None:
    api.post("/v1/orders", json={"source_id": "o1", "customer": {"source_id": "ada"}}).expect()
    api.delete("/v1/customers/ada").expect(204)
    api.put("/v1/orders/o1", json={"status": "PAID"}).expect()
    assert [name for name, _, _ in staged(uow)] == ["customer.order.created"]

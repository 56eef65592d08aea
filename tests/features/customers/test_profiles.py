"""Customers over HTTP: creation, upsert, change, bad input."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from kupon.storage.uow import UnitOfWork
from kupon.testing.builders import make_customer
from kupon.testing.client import ApiClient
from kupon.testing.clocks import MoveTime
from kupon.testing.plugin import ConnectApi, NewProject

NOW = "2026-03-01T12:00:00.000Z"
LATER = "2026-03-01T13:00:00.000Z"


@pytest.fixture(autouse=True)
def _frozen(move_time: MoveTime) -> None:
    move_time.freeze("2026-03-01T12:00:00+00:00")


def nothing_yet() -> dict[str, Any]:
    """What a customer without orders and redemptions comes to."""
    return {
        "summary": {
            "redemptions": {
                "total_redeemed": 0,
                "total_failed": 0,
                "total_succeeded": 0,
                "total_rolled_back": 0,
                "total_rollback_failed": 0,
                "total_rollback_succeeded": 0,
                "gift": {"redeemed_amount": 0, "amount_to_go": 0},
                "loyalty_card": {"redeemed_points": 0, "points_to_go": 0},
            },
            "orders": {
                "total_amount": 0,
                "total_count": 0,
                "average_amount": 0,
                "last_order_amount": 0,
            },
        },
        "loyalty": {"points": 0, "referred_customers": 0, "campaigns": {}},
        "referrals": {"total": 0, "campaigns": []},
        "system_metadata": {},
        "assets": {},
        "object": "customer",
    }


def staged(uow: UnitOfWork) -> list[str]:
    """The names of the project's events, the oldest first."""
    rows = uow.reader.execute(
        "SELECT name FROM events WHERE project_id = %s ORDER BY seq", (uow.project_id,)
    )
    return [name for (name,) in rows]


def test_a_customer_is_stored_with_all_its_members(api: ApiClient) -> None:
    body = {
        "source_id": "ada",
        "name": "Ada Example",
        "email": "ada@example.com",
        "phone": "+48 111",
        "description": "First customer",
        "birthdate": "1990-01-02",
        "address": {
            "city": "Katowice",
            "state": "Silesia",
            "line_1": "Main 1",
            "line_2": "2a",
            "country": "Poland",
            "postal_code": "40-000",
        },
        "metadata": {"tier": "gold", "tags": ["a", 1, None]},
    }
    made = api.post("/v1/customers", json=body | {"surprise": True}).expect()
    assert made["id"].startswith("cust_")
    assert made == {
        "id": made["id"],
        **body,
        "birthday": "1990-01-02",
        "created_at": NOW,
        **nothing_yet(),
    }
    assert api.get(f"/v1/customers/{made['id']}").expect() == made
    assert api.get("/v1/customers/ada").expect() == made


def test_what_is_unset_is_left_out(api: ApiClient) -> None:
    made = api.post("/v1/customers", json={}).expect()
    assert made == {"id": made["id"], "metadata": {}, "created_at": NOW, **nothing_yet()}


def test_the_older_name_of_the_birth_date_is_understood(api: ApiClient) -> None:
    made = make_customer(api, birthday="1990-01-02")
    assert (made["birthdate"], made["birthday"]) == ("1990-01-02", "1990-01-02")
    both = make_customer(api, birthday="1990-01-02", birthdate="1991-01-02")
    assert both["birthdate"] == "1991-01-02"


def test_creating_again_changes_what_is_sent(api: ApiClient, move_time: MoveTime) -> None:
    made = make_customer(api, source_id="ada", metadata={"a": 1, "b": {"x": 1}})
    move_time(hours=1)
    again = api.post(
        "/v1/customers", json={"source_id": "ada", "phone": "1", "metadata": {"b": {"y": 2}}}
    ).expect()
    expected = {"phone": "1", "metadata": {"a": 1, "b": {"y": 2}}, "updated_at": LATER}
    assert again == made | expected


def test_creating_again_clears_nothing(api: ApiClient) -> None:
    made = make_customer(api, source_id="ada", phone="1", address={"city": "X"})
    body = dict.fromkeys(("id", "name", "phone", "birthdate", "address", "metadata"))
    assert api.post("/v1/customers", json=body | {"source_id": "ada"}).expect() == made


def test_creating_again_without_news_writes_nothing(
    api: ApiClient, uow: UnitOfWork, move_time: MoveTime
) -> None:
    body = {
        "source_id": "ada",
        "name": "Ada",
        "birthdate": "1990-01-02",
        "address": {"city": "X"},
        "metadata": {"a": [1]},
    }
    made = api.post("/v1/customers", json=body).expect()
    move_time(hours=1)
    assert api.post("/v1/customers", json=body).expect() == made
    assert staged(uow) == ["customer.created"]


def test_an_id_goes_before_a_source_id(api: ApiClient) -> None:
    ada, bob = make_customer(api, source_id="ada"), make_customer(api, source_id="bob")
    body = {"id": ada["id"], "source_id": "bob", "name": "New"}
    assert api.post("/v1/customers", json=body).expect()["id"] == ada["id"]
    assert api.get("/v1/customers/ada").expect()["name"] == "New"
    assert api.get("/v1/customers/bob").expect() == bob


def test_an_unknown_id_is_refused(api: ApiClient, uow: UnitOfWork) -> None:
    refused = api.post("/v1/customers", json={"id": "cust_none", "source_id": "ada"})
    body = refused.refused(404, "not_found")
    assert body["details"] == "Cannot find customer with id cust_none"
    assert (body["resource_id"], body["resource_type"]) == ("cust_none", "customer")
    api.get("/v1/customers/ada").refused(404, "not_found")
    assert staged(uow) == []


def test_an_update_keeps_what_is_absent_and_clears_what_is_null(
    api: ApiClient, move_time: MoveTime
) -> None:
    made = make_customer(
        api, source_id="ada", phone="1", address={"city": "X", "line_1": "1"}, metadata={"a": 1}
    )
    move_time(hours=1)
    changed = api.put(
        "/v1/customers/ada",
        json={"name": "New", "phone": None, "address": {"city": "Y"}, "metadata": {"b": None}},
    ).expect()
    del made["phone"]
    assert changed == made | {
        "name": "New",
        "address": {"city": "Y"},
        "metadata": {"a": 1, "b": None},
        "updated_at": LATER,
    }
    cleared = api.put("/v1/customers/ada", json={"address": None, "metadata": None}).expect()
    assert "address" not in cleared
    assert cleared["metadata"] == {"a": 1, "b": None}


def test_true_is_not_one(api: ApiClient) -> None:
    make_customer(api, source_id="ada", metadata={"a": 1})
    changed = api.put("/v1/customers/ada", json={"metadata": {"a": True}}).expect()
    assert changed["metadata"] == {"a": True}


def test_the_source_id_never_changes(api: ApiClient) -> None:
    made = make_customer(api, source_id="ada")
    assert api.put(f"/v1/customers/{made['id']}", json={"source_id": "x"}).expect() == made
    anonymous = api.post("/v1/customers", json={"name": "Nobody"}).expect()
    body = {"id": anonymous["id"], "source_id": "x"}
    assert api.post("/v1/customers", json=body).expect() == anonymous
    api.get("/v1/customers/x").refused(404, "not_found")


def test_an_update_of_nobody_is_refused(api: ApiClient, uow: UnitOfWork) -> None:
    api.put("/v1/customers/nobody", json={"name": "X"}).refused(404, "not_found")
    assert staged(uow) == []


def test_what_changes_is_told(api: ApiClient, uow: UnitOfWork) -> None:
    make_customer(api, source_id="ada", name="Ada")
    changed = api.put("/v1/customers/ada", json={"name": "New"}).expect()
    api.put("/v1/customers/ada", json={"name": "New"}).expect()
    assert staged(uow) == ["customer.created", "customer.updated"]
    rows = uow.reader.execute(
        "SELECT aggregate_id, payload FROM events WHERE project_id = %s ORDER BY seq",
        (uow.project_id,),
    ).fetchall()
    assert rows[1] == (changed["id"], {"customer": changed})


def test_projects_do_not_share_customers(
    api: ApiClient, connect_api: ConnectApi, new_project: NewProject
) -> None:
    other = connect_api(new_project())
    ours, theirs = make_customer(api, source_id="ada"), make_customer(other, source_id="ada")
    assert ours["id"] != theirs["id"]
    other.get(f"/v1/customers/{ours['id']}").refused(404, "not_found")


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ({"name": 1}, "Property .name must be string,null"),
        ({"source_id": 1}, "Property .source_id must be string,null"),
        ({"source_id": ""}, "Property .source_id must NOT have fewer than 1 characters"),
        ({"source_id": "x" * 513}, "Property .source_id must NOT have more than 512 characters"),
        ({"email": "x" * 513}, "Property .email must NOT have more than 512 characters"),
        (
            {"birthdate": "yesterday"},
            "Property .birthdate cannot be recognized as a ISO-8601 compliant date",
        ),
        ({"address": "Main 1"}, "Property .address must be object,null"),
        ({"address": {"city": 1}}, "Property .address.city must be string,null"),
        ({"metadata": []}, "Property .metadata must be object,null"),
        ({"id": 1}, "Property .id must be string,null"),
        ([], "Payload must be object"),
        ("text", "Payload must be object"),
        (None, "Payload must be object"),
    ],
)
def test_bad_bodies_are_refused(api: ApiClient, uow: UnitOfWork, body: Any, details: str) -> None:
    assert (
        api.post("/v1/customers", json=body).refused(400, "invalid_payload")["details"] == details
    )
    assert api.get("/v1/customers").expect()["total"] == 0
    assert staged(uow) == []


def test_null_characters_are_refused(api: ApiClient) -> None:
    for body in ({"name": "a\0b"}, {"metadata": {"a": ["b\0"]}}, {"metadata": {"a\0": 1}}):
        api.post("/v1/customers", json=body).refused(400, "invalid_payload")
    api.get("/v1/customers/a%00b").refused(404, "not_found")


def test_parallel_creations_of_one_source_id_make_one_customer(
    connect_api: ConnectApi, new_project: NewProject
) -> None:
    project = new_project()

    def create(number: int) -> str:
        body = {"source_id": "ada", "metadata": {f"key{number}": number}}
        made: str = connect_api(project).post("/v1/customers", json=body).expect()["id"]
        return made

    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(create, range(16)))
    assert len(made) == 1
    stored = connect_api(project).get("/v1/customers").expect()
    assert stored["total"] == 1
    assert stored["customers"][0]["metadata"] == {f"key{n}": n for n in range(16)}

"""Orders over HTTP: placing, upsert, change, listing, bad input."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from kupon.storage.uow import UnitOfWork
from kupon.testing.builders import cart, make_customer, redeemable
from kupon.testing.client import ApiClient
from kupon.testing.clocks import MoveTime
from kupon.testing.plugin import ConnectApi, NewProject

NOW = "2026-03-01T12:00:00.000Z"
LATER = "2026-03-01T13:00:00.000Z"


@pytest.fixture(autouse=True)
def _frozen(move_time: MoveTime) -> None:
    move_time.freeze("2026-03-01T12:00:00+00:00")


def place(api: ApiClient, **body: Any) -> dict[str, Any]:
    made: dict[str, Any] = api.post("/v1/orders", json=body).expect()
    return made


def tracking_id(api: ApiClient, source_id: str) -> str:
    """The name of a customer that validations answer with."""
    body = {"redeemables": [redeemable("NONE")], "customer": {"source_id": source_id}}
    told: str = api.post("/v1/validations", json=body).expect()["tracking_id"]
    return told


def staged(uow: UnitOfWork) -> list[str]:
    """The names of the project's events, the oldest first."""
    rows = uow.reader.execute(
        "SELECT name FROM events WHERE project_id = %s ORDER BY seq", (uow.project_id,)
    )
    return [name for (name,) in rows]


def test_an_order_is_stored_with_its_sums(api: ApiClient) -> None:
    made = place(
        api,
        source_id="o1",
        status="PAID",
        items=[
            {"source_id": "a", "related_object": "product", "quantity": 2, "price": 1000},
            {"product_id": "prod_x", "quantity": "3", "amount": 500, "metadata": {"gift": True}},
            {"sku_id": "sku_x", "quantity": 1},
        ],
        metadata={"channel": "web"},
        customer={"source_id": "ada", "name": "Ada"},
        surprise=True,
    )
    customer = api.get("/v1/customers/ada").expect()
    line_ids = [item.pop("id") for item in made["items"]]
    assert all(line_id.startswith("ordli_") for line_id in line_ids)
    assert len(set(line_ids)) == 3
    assert made.pop("id").startswith("ord_")
    assert made == {
        "source_id": "o1",
        "status": "PAID",
        "created_at": NOW,
        "updated_at": None,
        "amount": 2500,
        "total_amount": 2500,
        "items": [
            {
                "object": "order_item",
                "source_id": "a",
                "related_object": "product",
                "quantity": 2,
                "initial_quantity": 2,
                "price": 1000,
                "amount": 2000,
                "initial_amount": 2000,
                "subtotal_amount": 2000,
            },
            {
                "object": "order_item",
                "product_id": "prod_x",
                "quantity": 3,
                "initial_quantity": 3,
                "amount": 500,
                "initial_amount": 500,
                "subtotal_amount": 500,
                "metadata": {"gift": True},
            },
            {"object": "order_item", "sku_id": "sku_x", "quantity": 1, "initial_quantity": 1},
        ],
        "metadata": {"channel": "web"},
        "customer": {"id": customer["id"], "object": "customer"},
        "customer_id": customer["id"],
        "referrer_id": None,
        "redemptions": {},
        "object": "order",
    }


def test_a_stored_order_reads_as_it_was_answered(api: ApiClient) -> None:
    made = place(api, source_id="o1", customer={"source_id": "ada"}, **cart((2, 1000), (1, 500)))
    assert api.get(f"/v1/orders/{made['id']}").expect() == made
    assert api.get("/v1/orders/o1").expect() == made
    assert api.get("/v1/orders").expect()["orders"] == [made]


def test_an_empty_body_is_an_order_of_nothing(api: ApiClient) -> None:
    made = place(api)
    assert made == {
        "id": made["id"],
        "source_id": None,
        "status": "CREATED",
        "created_at": NOW,
        "updated_at": None,
        "items": [],
        "metadata": {},
        "customer_id": None,
        "referrer_id": None,
        "redemptions": {},
        "object": "order",
    }


def test_the_amount_that_is_sent_counts(api: ApiClient) -> None:
    made = place(api, amount=3000, initial_amount=1, **cart((2, 1000)))
    assert (made["amount"], made["total_amount"]) == (3000, 3000)
    assert "initial_amount" not in made


def test_earlier_discounts_are_kept(api: ApiClient) -> None:
    items = [{"quantity": 1, "price": 1000, "discount_amount": 300}, {"amount": 500}]
    made = place(api, items=items, discount_amount=200)
    assert {name: made[name] for name in made if "amount" in name} == {
        "amount": 1500,
        "discount_amount": 200,
        "items_discount_amount": 300,
        "total_discount_amount": 500,
        "applied_discount_amount": 0,
        "items_applied_discount_amount": 0,
        "total_applied_discount_amount": 0,
        "total_amount": 1000,
    }
    assert made["items"][0]["subtotal_amount"] == 700
    assert api.get(f"/v1/orders/{made['id']}").expect() == made


def test_an_answer_can_be_sent_back(api: ApiClient, move_time: MoveTime) -> None:
    made = place(api, source_id="o1", customer={"source_id": "ada"}, **cart((2, 1000)))
    move_time(hours=1)
    assert api.post("/v1/orders", json=made).expect() == made
    assert api.put("/v1/orders/o1", json=made).expect() == made


def test_null_says_as_little_as_absence(api: ApiClient) -> None:
    line = dict.fromkeys(("sku_id", "amount", "initial_quantity", "product", "sku", "metadata"))
    customer = dict.fromkeys(("id", "name", "birthdate", "address", "metadata"))
    body = {
        **dict.fromkeys(("id", "status", "amount", "discount_amount", "created_at", "referrer")),
        "source_id": "o1",
        "customer": customer | {"source_id": "ada"},
        "items": [line | {"product_id": "p", "quantity": 2, "price": 100}],
    }
    make_customer(api, source_id="ada", name="Ada", address={"city": "X"})
    made = place(api, **body)
    assert (made["status"], made["amount"]) == ("CREATED", 200)
    assert api.get("/v1/customers/ada").expect()["address"] == {"city": "X"}
    nothing = dict.fromkeys(("source_id", "status", "amount", "items", "metadata", "customer"))
    assert api.put("/v1/orders/o1", json=nothing | {"customer": customer}).expect() == made
    assert place(api, **body) == made


def test_placing_again_changes_what_is_sent(api: ApiClient, move_time: MoveTime) -> None:
    made = place(api, source_id="o1", metadata={"a": 1, "b": 1}, **cart((2, 1000)))
    move_time(hours=1)
    again = place(api, source_id="o1", status="PAID", metadata={"b": 2})
    assert again == made | {"status": "PAID", "metadata": {"a": 1, "b": 2}, "updated_at": LATER}


@pytest.mark.parametrize("name", ["id", "source_id"])
def test_the_same_body_again_writes_nothing(
    api: ApiClient, uow: UnitOfWork, move_time: MoveTime, name: str
) -> None:
    body = cart((2, 1000), customer={"source_id": "ada"}, source_id="o1", metadata={"a": 1})
    made = place(api, **body)
    move_time(hours=1)
    assert place(api, **body | {name: made[name]}) == made
    assert staged(uow) == ["customer.created", "customer.order.created"]


def test_an_id_goes_before_a_source_id(api: ApiClient) -> None:
    first, second = place(api, source_id="o1"), place(api, source_id="o2")
    refused = api.post("/v1/orders", json={"id": first["id"], "source_id": "o2"})
    assert refused.refused(409, "duplicate_found")["resource_id"] == "o2"
    moved = place(api, id=first["id"], source_id="o3")
    assert (moved["id"], moved["source_id"]) == (first["id"], "o3")
    assert api.get("/v1/orders/o2").expect() == second


def test_new_lines_are_added_up_anew(api: ApiClient) -> None:
    made = place(api, source_id="o1", amount=9999, **cart((2, 1000), (1, 500)))
    kept, gone = (item["id"] for item in made["items"])
    changed = api.put("/v1/orders/o1", json=cart((3, 1000))).expect()
    assert (changed["amount"], changed["total_amount"]) == (3000, 3000)
    # The same article at the same place is the same line.
    assert [item["id"] for item in changed["items"]] == [kept]
    other = [{"product_id": "other", "price": 10, "quantity": 1}]
    changed = api.put("/v1/orders/o1", json={"items": other}).expect()
    assert changed["items"][0]["id"] not in (kept, gone)


def test_a_new_amount_keeps_the_lines(api: ApiClient) -> None:
    made = place(api, source_id="o1", **cart((2, 1000)))
    changed = api.put("/v1/orders/o1", json={"amount": 1500, "discount_amount": 500}).expect()
    assert changed["items"] == made["items"]
    assert (changed["amount"], changed["total_amount"]) == (1500, 1000)


def test_line_ids_are_never_shared(api: ApiClient) -> None:
    line = {"id": "ordli_1", "price": 10, "quantity": 1}
    made = place(api, items=[line, line])
    first, second = (item["id"] for item in made["items"])
    assert first == "ordli_1"
    assert second != "ordli_1"


def test_the_date_of_placing_can_be_told(api: ApiClient) -> None:
    made = place(api, source_id="o1", created_at="2025-12-24T18:00:00+01:00")
    assert made["created_at"] == "2025-12-24T17:00:00.000Z"


def test_customers_and_referrers_are_stored(api: ApiClient, uow: UnitOfWork) -> None:
    ada = make_customer(api, source_id="ada", name="Ada")
    made = place(
        api,
        source_id="o1",
        customer={"id": ada["id"], "phone": "1"},
        referrer={"source_id": "bob", "name": "Bob"},
    )
    bob = api.get("/v1/customers/bob").expect()
    assert bob["name"] == "Bob"
    assert api.get("/v1/customers/ada").expect()["phone"] == "1"
    assert made["customer"] == {"id": ada["id"], "object": "customer"}
    assert made["referrer"] == {"id": bob["id"], "object": "customer"}
    assert (made["customer_id"], made["referrer_id"]) == (ada["id"], bob["id"])
    first, *people, last = staged(uow)
    assert (first, last) == ("customer.created", "customer.order.created")
    assert sorted(people) == ["customer.created", "customer.updated"]
    cleared = api.put("/v1/orders/o1", json={"referrer_id": None}).expect()
    assert cleared["referrer_id"] is None
    assert "referrer" not in cleared
    named = api.put("/v1/orders/o1", json={"referrer_id": bob["id"]}).expect()
    assert named["referrer"] == {"id": bob["id"], "object": "customer"}


def test_a_tracking_id_names_the_customer(api: ApiClient) -> None:
    ada = make_customer(api, source_id="ada")
    tracked = {"source_id": tracking_id(api, "ada")}
    made = place(api, customer=tracked, referrer=tracked)
    assert (made["customer_id"], made["referrer_id"]) == (ada["id"], ada["id"])
    assert api.post("/v1/customers", json=tracked).expect() == ada


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"id": "ord_none"}, "order"),
        ({"id": "ord_none", "source_id": "o1"}, "order"),
        ({"customer": {"id": "cust_none"}}, "customer"),
        ({"referrer": {"id": "cust_none", "source_id": "x"}}, "customer"),
        ({"referrer_id": "cust_none"}, "customer"),
    ],
    ids=str,
)
def test_unknown_ids_are_refused_and_nothing_is_stored(
    api: ApiClient, uow: UnitOfWork, body: dict[str, Any], kind: str
) -> None:
    body = {"customer": {"source_id": "zoe"}, "metadata": {"a": 1}} | body
    answer = api.post("/v1/orders", json=body).refused(404, "not_found")
    assert answer["resource_type"] == kind
    assert api.get("/v1/orders").expect()["total"] == 0
    assert api.get("/v1/customers").expect()["total"] == 0
    assert staged(uow) == []


def test_an_update_of_nothing_is_refused(api: ApiClient) -> None:
    for answer in (api.get("/v1/orders/none"), api.put("/v1/orders/none", json={"amount": 1})):
        body = answer.refused(404, "not_found")
        assert body["details"] == "Cannot find order with id none"


def test_orders_are_listed(api: ApiClient, move_time: MoveTime) -> None:
    for name in ("o1", "o2", "o3"):
        place(api, source_id=name)
        move_time(hours=1)
    api.put("/v1/orders/o1", json={"status": "PAID"}).expect()

    def listed(**query: Any) -> list[str]:
        rows = api.get("/v1/orders", query=query).expect()["orders"]
        return [row["source_id"] for row in rows]

    assert listed() == ["o3", "o2", "o1"]
    assert listed(order="created_at") == ["o1", "o2", "o3"]
    assert listed(order="-updated_at") == ["o1", "o3", "o2"]
    assert listed(limit=2, page=2) == ["o1"]
    page = api.get("/v1/orders", query={"limit": 2}).expect()
    assert {name: page[name] for name in page if name != "orders"} == {
        "object": "list",
        "data_ref": "orders",
        "total": 3,
    }
    api.get("/v1/orders", query={"order": "amount"}).refused(400, "invalid_query_params")
    api.get("/v1/orders", query={"limit": 0}).refused(400, "invalid_query_params")


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ({"amount": -1}, "Property .amount must be >= 0"),
        ({"amount": "much"}, "Property .amount must be integer,null"),
        ({"amount": 10.5}, "Property .amount must be integer,null"),
        ({"status": "LOST"}, "Property .status must be one of: CREATED, PAID, CANCELED, FULFILLED"),
        ({"items": {}}, "Property .items must be array,null"),
        ({"items": [1]}, "Property .items[0] must be object"),
        ({"items": [{"quantity": -1}]}, "Property .items[0].quantity must be >= 0"),
        ({"items": [{"price": "x"}]}, "Property .items[0].price must be integer,null"),
        (
            {"items": [{"related_object": "book"}]},
            "Property .items[0].related_object must be one of: product, sku",
        ),
        ({"items": [{"product": []}]}, "Property .items[0].product must be object,null"),
        ({"items": [{"sku": {"price": -1}}]}, "Property .items[0].sku.price must be >= 0"),
        (
            {"items": [{"source_id": "x" * 513}]},
            "Property .items[0].source_id must NOT have more than 512 characters",
        ),
        ({"items": [{}] * 501}, "Property .items must NOT have more than 500 items"),
        ({"source_id": ""}, "Property .source_id must NOT have fewer than 1 characters"),
        ({"metadata": "x"}, "Property .metadata must be object,null"),
        ({"customer": "ada"}, "Property .customer must be object,null"),
        ({"customer": {"name": 1}}, "Property .customer.name must be string,null"),
        (
            {"created_at": "once"},
            "Property .created_at cannot be recognized as a ISO-8601 compliant date",
        ),
        ([], "Payload must be object"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_bad_bodies_are_refused(api: ApiClient, uow: UnitOfWork, body: Any, details: str) -> None:
    assert api.post("/v1/orders", json=body).refused(400, "invalid_payload")["details"] == details
    assert api.get("/v1/orders").expect()["total"] == 0
    assert staged(uow) == []


@pytest.mark.parametrize(
    "body",
    [
        {"items": [{"quantity": 2**53, "price": 2**53}]},
        {"items": [{"amount": 2**53}] * 2},
    ],
    ids=["one line", "their sum"],
)
def test_amounts_that_no_number_holds_are_refused(api: ApiClient, body: dict[str, Any]) -> None:
    answer = api.post("/v1/orders", json=body).refused(400, "invalid_amount")
    assert answer["details"] == "Amount has to be a valid positive number"


def test_the_largest_order_is_stored(api: ApiClient) -> None:
    made = place(api, items=[{"price": 1, "quantity": 1}] * 500)
    assert (len(made["items"]), made["amount"]) == (500, 500)


def test_projects_do_not_share_orders(
    api: ApiClient, connect_api: ConnectApi, new_project: NewProject
) -> None:
    made = place(api, source_id="o1")
    other = connect_api(new_project())
    other.get(f"/v1/orders/{made['id']}").refused(404, "not_found")
    assert place(other, source_id="o1")["id"] != made["id"]


def test_parallel_placing_of_one_source_id_makes_one_order(
    connect_api: ConnectApi, new_project: NewProject
) -> None:
    project = new_project()

    def work(number: int) -> str:
        body = {
            "source_id": "o1",
            "customer": {"source_id": "ada", "metadata": {f"c{number}": 1}},
            "metadata": {f"o{number}": 1},
        }
        made: str = connect_api(project).post("/v1/orders", json=body).expect()["id"]
        return made

    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(work, range(16)))
    assert len(made) == 1
    api = connect_api(project)
    assert api.get("/v1/orders").expect()["total"] == 1
    assert api.get("/v1/orders/o1").expect()["metadata"] == {f"o{n}": 1 for n in range(16)}
    customers = api.get("/v1/customers").expect()["customers"]
    assert [row["metadata"] for row in customers] == [{f"c{n}": 1 for n in range(16)}]

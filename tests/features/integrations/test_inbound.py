"""What platforms send: proved before it is read, stored once, applied once and in order."""

from __future__ import annotations

from io import BytesIO

import pytest
from tests.features.integrations.conftest import signature, told

from kupon.runtime import clock
from kupon.storage.uow import UnitOfWork
from kupon.web.rate_limit import Limit


def rows(engine, project, statement):
    with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
        return uow.reader.execute(statement, (project.id,)).fetchall()


def test_a_customer_arrives(shop, api, jobs):
    answer = shop.send(told("customer", "c1", fields={"name": "Ada", "email": "ada@example.com"}))
    assert answer.expect() == {"taken": 1, "discount": 0}
    assert api.get("/v1/customers/c1").status == 404
    jobs()
    customer = api.get("/v1/customers/c1").expect()
    assert (customer["name"], customer["email"]) == ("Ada", "ada@example.com")
    [delivery] = shop.deliveries("DONE")
    assert delivery["event"] == "customer"
    assert delivery["subject"] == "customer:c1"
    assert shop.statistics()["totals"] == {"inbox.done": 1}
    assert "last_success_at" in shop.now()


@pytest.mark.parametrize(
    "headers", [{"X-Shoplet-Signature": "0" * 64}, {"X-Shoplet-Signature": ""}]
)
def test_what_is_not_the_platforms_is_refused_before_it_is_read(shop, headers, engine, project):
    answer = shop.send(raw=b"{not json", headers=headers)
    answer.refused(401, "unauthorized")
    assert rows(engine, project, "SELECT 1 FROM inbox WHERE project_id = %s") == []
    assert shop.statistics()["totals"] == {"inbox.refused": 1}


def test_what_is_signed_but_unreadable_is_a_bad_request(shop):
    shop.send(raw=b"{not json").refused(400, "invalid_payload")
    shop.send(raw=b"[" * 60_000).refused(400, "invalid_payload")


@pytest.mark.parametrize("depth", [200, 400, 900])
def test_what_is_nested_too_deeply_to_be_shown_is_not_taken(shop, depth):
    body = b'[{"id": "e1", "topic": "customer", "x": ' + b"[" * depth + b"]" * depth + b"}]"
    refused = shop.send(raw=body).refused(400, "invalid_payload")
    assert refused["details"] == "Payload is nested too deeply"
    assert shop.statistics()["inbox_waiting"] == 0


def test_what_is_nested_deeply_is_shown(shop):
    body = b'[{"id": "e1", "topic": "customer", "x": ' + b"[" * 120 + b"]" * 120 + b"}]"
    shop.send(raw=body).expect()
    [delivery] = shop.deliveries("WAITING")
    shop.manage("get", f"{shop.path}/deliveries/{delivery['id']}")


def test_a_body_beyond_the_adapters_limit_is_refused(shop):
    assert shop.send(raw=b" " * 100_001).status == 413


def test_a_body_without_a_length_is_refused_beyond_the_limit_and_never_cut(app, shop):
    def send(body):
        return app.test_client().post(
            shop.body["address"],
            input_stream=BytesIO(body),
            headers={"X-Shoplet-Signature": signature(body)},
            environ_overrides={"wsgi.input_terminated": True},
        )

    assert send(b"[" + b" " * 99_000 + b"]").status_code == 200
    assert send(b"[" + b" " * 100_001 + b"]").status_code == 413


def test_without_what_proves_a_request_nothing_is_let_in(connect):
    shop = connect()
    path = f"/connections/{shop.id}"
    shop.manage("put", path, json={"settings": {"secret": "unset"}})
    shop.send(told("customer", "c1")).refused(503, "service_unavailable")
    assert shop.now()["status"] == "BROKEN"


def test_an_unknown_address_is_not_found(app):
    response = app.test_client().post("/integrations/nobody/x", data=b"{}")
    assert response.status_code == 404
    assert app.test_client().put("/integrations/nobody").status_code == 405


def test_a_repeated_delivery_counts_once(shop, api, jobs, engine, project):
    event = told("customer", "c1", fields={"name": "Ada"})
    for _ in range(3):
        shop.send(event, event).expect()
        jobs()
    assert len(rows(engine, project, "SELECT 1 FROM inbox WHERE project_id = %s")) == 1
    [name] = rows(engine, project, "SELECT name FROM events WHERE project_id = %s")
    assert name == ("customer.created",)


def test_strange_texts_are_taken(shop, api, jobs):
    raw = (
        b'[{"id": "\\u0000x", "topic": "customer", "key": "c\\ud800", "big": 1%s,'
        b' "fields": {"name": "A\\u0000b"}}]' % (b"0" * 30)
    )
    shop.send(raw=raw).expect()
    shop.send(told("customer", "c" * 3000, fields={})).expect()
    jobs()
    assert [each["state"] for each in shop.deliveries("PARKED")] in ([], ["PARKED"])
    assert api.get("/v1/customers/c%3F").expect()["name"] == "Ab"


def test_older_never_overwrites_newer(shop, api, jobs):
    shop.tell("customer", "c1", version=2, fields={"name": "New"})
    jobs()
    shop.tell("customer", "c1", version=1, fields={"name": "Old"})
    jobs()
    assert api.get("/v1/customers/c1").expect()["name"] == "New"
    assert shop.statistics()["totals"] == {"inbox.done": 2, "inbox.older": 1}
    shop.tell("customer", "c1", version=3, fields={"name": "Newer", "email": None})
    jobs()
    assert api.get("/v1/customers/c1").expect()["name"] == "Newer"


def test_by_moments_where_there_is_no_version(shop, api, jobs):
    for at, name in (("10:00", "New"), ("09:00", "Old"), ("10:00", "Same")):
        shop.tell("product", "p1", at=f"2026-01-01T{at}:00+00:00", fields={"name": name})
        jobs()
    assert api.get("/v1/products/p1").expect()["name"] == "Same"


def test_deliveries_of_one_object_are_applied_in_their_order(shop, api, jobs):
    for number in range(150):
        shop.tell("customer", "c1", fields={"name": f"Name {number}", "metadata": {"n": number}})
    jobs()
    customer = api.get("/v1/customers/c1").expect()
    assert (customer["name"], customer["metadata"]) == ("Name 149", {"n": 149})
    assert shop.statistics()["totals"] == {"inbox.done": 150}


def test_null_clears_and_absence_keeps(shop, api, jobs):
    shop.tell("customer", "c1", fields={"name": "Ada", "phone": "1", "metadata": {"a": 1}})
    jobs()
    shop.tell("customer", "c1", fields={"phone": None, "metadata": {"b": 2}})
    jobs()
    customer = api.get("/v1/customers/c1").expect()
    assert customer["name"] == "Ada"
    assert "phone" not in customer
    assert customer["metadata"] == {"a": 1, "b": 2}


def test_a_product_with_its_skus(shop, api, jobs):
    skus = [{"source_id": "s1", "sku": "Small", "price": 900}, {"source_id": "s2", "sku": "Large"}]
    shop.tell("product", "p1", fields={"name": "Mug", "price": 1000}, skus=skus)
    jobs()
    product = api.get("/v1/products/p1").expect()
    assert [each["source_id"] for each in product["skus"]["data"]] == ["s1", "s2"]
    shop.tell("gone", "s1", kind="sku")
    shop.tell("gone", "p1", kind="product")
    shop.tell("gone", "nobody", kind="product")
    jobs()
    assert "deleted_at" in api.get("/v1/products/p1").expect()["metadata"]
    assert "deleted_at" in api.get("/v1/skus/s1").expect()["metadata"]
    shop.tell("product", "p1", fields={"name": "Mug again"})
    jobs()
    assert api.get("/v1/products/p1").expect()["metadata"] == {"deleted_at": None}


def test_metadata_that_the_schema_refuses_is_left_out_and_counted(shop, api, jobs, manage):
    schema = {
        "related_object": "customer",
        "properties": {"age": {"type": "number", "optional": True, "array": False}},
        "allow_defined_only": True,
    }
    manage("post", "/metadata-schemas", json=schema)
    metadata = {"age": "old", "shoe": 42}
    shop.tell("customer", "c1", fields={"name": "Ada", "metadata": metadata})
    jobs()
    assert api.get("/v1/customers/c1").expect()["metadata"] == {}
    assert shop.statistics()["totals"]["metadata.dropped"] == 2


def test_what_a_connection_causes_carries_its_mark(shop, jobs, engine, project):
    shop.tell("customer", "c1", fields={"name": "Ada"})
    jobs()
    statement = "SELECT origin, source FROM events WHERE project_id = %s"
    [(origin, source)] = rows(engine, project, statement)
    assert origin == f"connection:{shop.id}"
    assert source == {"channel": "API", "api_key": {"name": "Shop", "app_id": shop.id}}


def test_audiences_are_lists_in_the_metadata(shop, api, jobs):
    for audience, is_member in (("a", True), ("b", True), ("a", True), ("b", False)):
        shop.tell("audience", "c1", audience=audience, is_member=is_member)
        jobs()
    assert api.get("/v1/customers/c1").expect()["metadata"] == {"audiences": ["a"]}


def test_a_publication_is_given_once(shop, api, jobs):
    api.post(
        "/v1/vouchers/GIVE-ME", json={"type": "GIFT_VOUCHER", "gift": {"amount": 100}}
    ).expect()
    what = {"voucher": "GIVE-ME", "source_id": "pub-1"}
    shop.tell("publish", "c1", what=what)
    shop.tell("publish", "c1", what=what)
    shop.tell("publish", "c2", what={"voucher": "GIVE-ME"})
    jobs()
    publications = api.get("/v1/publications", query={"result": "SUCCESS"}).expect()
    assert publications["total"] == 1
    noted = [each for each in shop.deliveries("DONE") if "error" in each]
    assert len(noted) == 1
    assert "voucher_already_published" in noted[0]["error"]


@pytest.mark.parametrize("customer", ["c1", ""])
def test_a_code_that_the_platform_gave_away_is_given_to_nobody_else(shop, api, jobs, customer):
    body = {
        "name": "Pool",
        "campaign_type": "DISCOUNT_COUPONS",
        "type": "STATIC",
        "vouchers_count": 1,
        "voucher": {"type": "DISCOUNT_VOUCHER", "discount": {"type": "AMOUNT", "amount_off": 1}},
    }
    campaign = api.post("/v1/campaigns", json=body).expect()
    jobs()
    query = {"campaign_id": campaign["id"]}
    [voucher] = api.get("/v1/vouchers", query=query).expect()["vouchers"]
    shop.tell("consumed", customer, code=voucher["code"])
    shop.tell("consumed", customer, code=voucher["code"])
    shop.tell("publish", "c2", what={"campaign": "Pool"})
    jobs()
    assert shop.deliveries("PARKED") == []
    failed = [each["error"] for each in shop.deliveries("DONE") if "error" in each]
    assert any("no_voucher_suitable" in each for each in failed)
    holder = api.get(f"/v1/vouchers/{voucher['code']}").expect().get("holder_id")
    assert (holder is not None) == bool(customer)


def test_an_event_of_no_definition_is_parked_until_it_is_defined(shop, jobs, manage, api):
    shop.tell("event", "c1", event="visited", fields={"page": "home"})
    jobs()
    [parked] = shop.deliveries("PARKED")
    assert "Cannot find custom event schema" in parked["error"]
    body = {
        "name": "visited",
        "schema": {"properties": {"page": {"type": "string", "optional": True}}},
    }
    manage("post", "/custom-event-schemas", json=body)
    assert shop.manage("post", f"{shop.path}/deliveries/{parked['id']}/replay")["count"] == 1
    jobs()
    assert shop.deliveries("PARKED") == []
    assert api.get("/v1/customers/c1").status == 200


def test_merged_customers_are_one(shop, api, jobs, redeem):
    api.post(
        "/v1/vouchers/M",
        json={"type": "DISCOUNT_VOUCHER", "discount": {"type": "AMOUNT", "amount_off": 100}},
    ).expect()
    redeem(
        "M",
        customer={"source_id": "old", "name": "Ada", "metadata": {"a": 1, "b": 1}},
        order={"amount": 1000, "source_id": "o1"},
    )
    api.post("/v1/customers", json={"source_id": "new", "metadata": {"b": 2}}).expect()
    shop.tell("merge", "old", into="new")
    jobs()
    assert api.get("/v1/customers/old").status == 404
    customer = api.get("/v1/customers/new").expect()
    assert (customer["name"], customer["metadata"]) == ("Ada", {"a": 1, "b": 2})
    assert customer["summary"]["redemptions"]["total_redeemed"] == 1
    assert api.get("/v1/orders/o1").expect()["customer"]["id"] == customer["id"]
    shop.tell("customer", "old", fields={"phone": "1"})
    jobs()
    assert api.get("/v1/customers/new").expect()["phone"] == "1"
    assert api.get("/v1/customers/old").status == 404


def test_an_erased_customer_is_gone(shop, api, jobs, engine, project):
    shop.tell("customer", "c1", fields={"name": "Ada"})
    shop.tell("customer", "c12", fields={"name": "Eve"})
    jobs()
    shop.tell("customer", "c1", fields={"name": 5, "phone": "canary"})
    jobs()
    shop.tell("erase", "c1")
    jobs()
    assert api.get("/v1/customers/c1").status == 404
    statement = "SELECT payload::text FROM inbox WHERE project_id = %s ORDER BY seq"
    customer, other, parked, _ = [payload for (payload,) in rows(engine, project, statement)]
    assert customer == parked == "{}"
    assert "Eve" in other
    assert shop.deliveries("PARKED") == []


@pytest.mark.parametrize("name", ["", "null", "undefined", "0"])
def test_nobodys_names_make_no_customer(shop, jobs, api, name):
    shop.tell("customer", name, fields={})
    jobs()
    [ignored] = shop.deliveries("IGNORED")
    assert "it names nothing" in ignored["error"]
    assert api.get("/v1/customers").expect()["total"] == 0


def test_what_platforms_tell_in_a_day_is_limited_where_the_operator_says_so(
    shop, app, api, jobs, monkeypatch
):
    monkeypatch.setattr(app.extensions["kupon"].limiter, "of_platforms", Limit(2, 86_400))
    shop.send(told("customer", "c0"), headers={"X-Shoplet-Signature": "0" * 64})
    answers = [shop.send(told("customer", f"c{number}", fields={})) for number in range(1, 4)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    last = answers[-1].headers
    assert last["X-Rate-Limit-Type"] == "webhook_calls"
    assert 86_000 < int(last["Retry-After"]) <= 86_400
    jobs()
    assert [api.get(f"/v1/customers/c{number}").status for number in (1, 2, 3)] == [200, 200, 404]

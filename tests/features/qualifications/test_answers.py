"""What an answer says, what a request may say, and that nothing is kept of either."""

from __future__ import annotations

import pytest

from kupon.testing.builders import (
    amount_off,
    cart,
    entry,
    free_units,
    included,
    line,
    make_campaign,
    make_customer,
    make_gift_card,
    make_product,
    make_promotion,
    make_publication,
    make_sku,
    make_stack,
    make_voucher,
    percent_off,
    tier,
)

NOON = "2026-03-02T12:00:00.000Z"
NO_ARTICLES = {"data": [], "total": 0, "data_ref": "data", "object": "list"}


@pytest.fixture(autouse=True)
def _frozen(move_time):
    move_time.freeze("2026-03-02T12:00:00+00:00")


def ask(api, **body):
    return api.post("/v1/qualifications", json=body).expect()


def only(api, **body):
    (row,) = ask(api, **body)["redeemables"]["data"]
    return row


def test_a_whole_answer(api):
    make_voucher(api, "CODE", discount=percent_off(10))
    answer = ask(api, customer={"source_id": "new"}, order=cart((2, 500), metadata={"a": 1}))
    rules = answer.pop("stacking_rules")
    assert rules["redeemables_limit"] == 30
    assert answer.pop("tracking_id").startswith("track_")
    item = {
        "object": "order_item",
        "source_id": "line-1",
        "related_object": "product",
        "product_id": "p1",
        "quantity": 2,
        "initial_quantity": 2,
        "price": 500,
        "amount": 1000,
        "initial_amount": 1000,
        "subtotal_amount": 1000,
    }
    item["id"] = answer["order"]["items"][0]["id"]
    order = {
        "amount": 1000,
        "total_amount": 1000,
        "items": [item],
        "metadata": {"a": 1},
        "customer_id": None,
        "referrer_id": None,
        "object": "order",
    }
    discounted = {
        "discount_amount": 100,
        "applied_discount_amount": 100,
        "total_discount_amount": 100,
        "total_applied_discount_amount": 100,
        "total_amount": 900,
    }
    assert answer == {
        "redeemables": {
            "object": "list",
            "data_ref": "data",
            "data": [
                {
                    "id": "CODE",
                    "object": "voucher",
                    "created_at": NOON,
                    "validation_status": "VALID",
                    "result": {
                        "discount": {"type": "PERCENT", "percent_off": 10, "is_dynamic": False}
                    },
                    "applicable_to": NO_ARTICLES,
                    "inapplicable_to": NO_ARTICLES,
                    "order": order | discounted,
                }
            ],
            "total": 1,
            "has_more": False,
        },
        "order": order,
    }


def test_an_empty_request_asks_about_everything(api):
    make_voucher(api, "CODE")
    for body in ({}, {"order": None, "customer": None, "options": None, "session": None}):
        answer = ask(api, **body)
        assert [row["id"] for row in answer["redeemables"]["data"]] == ["CODE"]
        assert answer.keys() == {"redeemables", "stacking_rules"}
    assert api.post("/v1/qualifications").expect()["redeemables"]["total"] == 1


def test_every_kind_by_its_name(api):
    ada = make_customer(api)
    voucher = make_voucher(api, "CODE")
    campaign = make_campaign(api, type="AUTO_UPDATE")["id"]
    promotion = make_promotion(api, tier())
    tier_id = promotion["promotion"]["tiers"][0]["id"]
    make_publication(api, ada, voucher="CODE")
    answer = ask(api, customer={"id": ada["id"]})
    assert {row["id"]: row["object"] for row in answer["redeemables"]["data"]} == {
        voucher["code"]: "voucher",
        campaign: "campaign",
        tier_id: "promotion_tier",
    }


def test_what_is_asked_for_besides(api, rule):
    category = api.post("/v1/categories", json={"name": "Common", "hierarchy": 1}).expect()
    own, of_campaign = rule(), rule()
    promotion = make_promotion(
        api,
        tier(
            name="Tier",
            banner="Save!",
            metadata={"a": 1},
            category_id=category["id"],
            validation_rules=[own],
        ),
        name="Promo",
        validation_rules=[of_campaign],
    )
    assert (
        only(api)
        .keys()
        .isdisjoint(
            {
                "name",
                "banner",
                "metadata",
                "campaign_id",
                "categories",
                "validation_rules_assignments",
            }
        )
    )
    row = only(api, options={"expand": ["redeemable"]})
    named = {name: row.get(name) for name in ("name", "banner", "metadata", "campaign_name")}
    assert named == {
        "name": "Tier",
        "banner": "Save!",
        "metadata": {"a": 1},
        "campaign_name": "Promo",
    }
    assert (row["campaign_id"], "categories" in row) == (promotion["id"], False)
    row = only(api, options={"expand": ["category"]})
    assert (row["categories"], "name" in row) == ([category], False)
    row = only(api, options={"expand": ["validation_rules"]})
    rules = row["validation_rules_assignments"]
    assert (rules["object"], rules["data_ref"], rules["total"]) == ("list", "data", 2)
    assert [(each["related_object_type"], each["rule_id"]) for each in rules["data"]] == [
        ("promotion_tier", own),
        ("campaign", of_campaign),
    ]
    assert row["validation_rule_id"] == own
    row = only(api, options={"expand": ["redeemable", "category", "validation_rules"]})
    assert {"name", "categories", "validation_rules_assignments"} <= row.keys()


def test_what_is_told_of_codes_and_campaigns(api):
    ada = make_customer(api, source_id="ada")
    pool = make_campaign(api, name="Pool", type="AUTO_UPDATE", metadata={"of": "pool"})["id"]
    api.post("/v1/campaigns/Pool/vouchers/HELD", json={"metadata": {"of": "code"}}).expect()
    make_publication(api, ada, voucher="HELD")
    make_voucher(api, "FREE", metadata={"of": "free"})
    options = {"expand": ["redeemable", "category", "validation_rules"]}
    answer = ask(api, customer={"source_id": "ada"}, options=options)
    told = {
        row["id"]: {
            name: row[name]
            for name in ("name", "metadata", "campaign_id", "campaign_name", "categories")
            if name in row
        }
        for row in answer["redeemables"]["data"]
    }
    of_campaign = {"campaign_id": pool, "campaign_name": "Pool"}
    assert told == {
        pool: {"name": "Pool", "metadata": {"of": "pool"}, "categories": []},
        "HELD": {"metadata": {"of": "code"}, "categories": [], **of_campaign},
        "FREE": {"metadata": {"of": "free"}, "categories": []},
    }
    for row in answer["redeemables"]["data"]:
        assert row["validation_rules_assignments"] == NO_ARTICLES
        assert "validation_rule_id" not in row


def test_categories_know_their_part_in_stacking(api, set_stacking_rules):
    category = api.post("/v1/categories", json={"name": "Alone", "hierarchy": 1}).expect()
    make_voucher(api, "CODE", category_id=category["id"])
    set_stacking_rules(exclusive_categories=[category["id"]])
    row = only(api, options={"expand": ["category"]})
    assert row["categories"] == [category | {"stacking_rules_type": "EXCLUSIVE"}]


def test_stacks_tell_of_themselves_and_of_their_tiers(api, rule):
    category = api.post("/v1/categories", json={"name": "Common", "hierarchy": 1}).expect()
    own = rule()
    promotion = make_promotion(api, tier(name="One", validation_rules=[own]), name="Promo")
    tier_id = promotion["promotion"]["tiers"][0]["id"]
    stack = make_stack(api, promotion["id"], tier_id, name="Both", category_id=category["id"])
    options = {"expand": ["redeemable", "category", "validation_rules"]}
    row = only(api, scenario="PROMOTION_STACKS", order={"amount": 100}, options=options)
    assert (row["id"], row["name"], row["campaign_name"]) == (stack["id"], "Both", "Promo")
    assert (row["campaign_id"], row["categories"]) == (promotion["id"], [category])
    (part,) = row["redeemables"]
    assert (part["id"], part["object"], part["name"]) == (tier_id, "promotion_tier", "One")
    assert part["validation_rule_id"] == own


def test_articles_are_told_as_a_validation_tells_them(api, validate, rule):
    mug, cup = make_product(api, source_id="mug"), make_product(api, source_id="cup")
    lists = included(entry(mug), excluded=(entry(cup),))
    discount = percent_off(10, effect="APPLY_TO_ITEMS")
    make_voucher(api, "MUGS", discount=discount, validation_rules=[rule(applicable_to=lists)])
    order = {"items": [line(cup), line(mug, 2)]}
    row = only(api, order=order)
    validated = validate("MUGS", order=order)["redeemables"][0]
    for name in ("applicable_to", "inapplicable_to", "result"):
        assert row[name] == validated[name]
    assert row["applicable_to"]["data"][0]["order_item_indices"] == [1]


def test_units_come_into_each_cart_of_its_own(api):
    mug = make_product(api, source_id="mug", name="Mug", price=700)
    discount = free_units(mug["id"], effect="ADD_NEW_ITEMS")
    for code in ("A", "B"):
        make_voucher(api, code, discount=discount)
    answer = ask(api, order=cart((1, 1000)))
    for row in answer["redeemables"]["data"]:
        assert row["result"]["discount"]["product"] == {
            "id": mug["id"],
            "source_id": "mug",
            "name": "Mug",
        }
        assert [item["product_id"] for item in row["order"]["items"]] == ["p1", mug["id"]]
        assert row["order"]["items_discount_amount"] == 700
    assert [item["product_id"] for item in answer["order"]["items"]] == ["p1"]


def test_cards_tell_what_sessions_hold_if_asked(api, validate):
    make_gift_card(api, "GIFT", 1000)
    order = {"amount": 300}
    lock = {"type": "LOCK", "key": "cart", "ttl": 1, "ttl_unit": "HOURS"}
    row = only(api, order=order, session={"type": "LOCK"})
    assert row["result"]["gift"] == {"balance": 1000, "credits": 300, "locked_credits": 0}
    validate("GIFT", order=order, session=lock)
    row = only(api, order=order, session={"type": "LOCK"})
    assert row["result"]["gift"]["locked_credits"] == 300
    assert "locked_credits" not in only(api, order=order)["result"]["gift"]


def test_who_is_asking(api):
    """By id, by source id, by a tracking id; the id wins, and what is sent counts for now."""
    ada = make_customer(api, source_id="ada", metadata={"plan": "pro"})
    make_customer(api, source_id="bob", metadata={"plan": "none"})
    plan = {"name": "customer.metadata", "property": "plan", "conditions": {"$is": ["pro"]}}
    rules = {"1": plan, "logic": "1"}
    body = {"name": "Pros", "rules": rules}
    made = api.post("/v1/validation-rules", json=body).expect()
    make_voucher(api, "PROS", validation_rules=[made["id"]])
    tracking_id = ask(api, customer={"source_id": "ada"})["tracking_id"]
    for body in (
        {"customer": {"id": ada["id"]}},
        {"customer": {"id": ada["id"], "source_id": "bob"}},
        {"customer": {"source_id": "ada"}},
        {"customer": {"source_id": tracking_id}},
        {"tracking_id": tracking_id},
        {"tracking_id": "ada"},
        {"tracking_id": "ada", "customer": {"metadata": {"other": 1}}},
        {"tracking_id": "bob", "customer": {"source_id": "ada"}},
        {"customer": {"source_id": "bob", "metadata": {"plan": "pro"}}},
        {"customer": {"source_id": "new", "metadata": {"plan": "pro"}}},
        {"customer": {"metadata": {"plan": "pro"}}},
    ):
        answer = ask(api, **body)
        assert answer["redeemables"]["total"] == 1, body
        is_named = (
            "tracking_id" in body or "source_id" in body["customer"] or "id" in body["customer"]
        )
        assert ("tracking_id" in answer) == is_named, body
    for body in (
        {},
        {"customer": {}},
        {"customer": {"source_id": "bob"}},
        {"customer": {"source_id": "new"}},
        {"customer": {"source_id": "ada", "metadata": {"plan": "max"}}},
        {"tracking_id": "new"},
        {"tracking_id": "track_x"},
    ):
        assert ask(api, **body)["redeemables"]["total"] == 0, body
    assert "tracking_id" not in ask(api)


def test_a_stored_order_is_merged_with_what_is_sent(api):
    api.post("/v1/orders", json={"source_id": "o1", "amount": 1000, "metadata": {"a": 1}}).expect()
    make_voucher(api, "CODE", discount=percent_off(10))
    row = only(api, order={"source_id": "o1"})
    assert row["order"]["total_discount_amount"] == 100
    row = only(api, order={"source_id": "o1", "amount": 2000})
    assert row["order"]["total_discount_amount"] == 200
    assert row["order"]["metadata"] == {"a": 1}


def test_nothing_is_kept(api, uow):
    make_voucher(api, "CODE", redemption={"quantity": 1})
    mug = make_product(api, source_id="mug")
    make_sku(api, mug["id"])

    def everything():
        tables = uow.reader.execute(
            "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public'"
            " AND column_name = 'project_id' ORDER BY 1"
        ).fetchall()
        return {
            table: uow.reader.execute(
                f"SELECT to_jsonb(t) FROM {table} t WHERE project_id = %s ORDER BY 1::text",
                (uow.project_id,),
            ).fetchall()
            for (table,) in tables
            if table != "api_keys"
        }

    before = everything()
    assert {"customers", "orders", "session_locks", "events", "redemptions"} <= before.keys()
    product = {"source_id": "mug", "override": True, "name": "Renamed", "price": 1}
    ask(
        api,
        customer={"source_id": "new", "metadata": {"a": 1}},
        order={"source_id": "o1", "items": [{"product": product, "quantity": 1}]},
        session={"type": "LOCK"},
        metadata={"a": 1},
        tracking_id="x",
    )
    assert everything() == before


MANY_ITEMS = [{"product_id": f"p{number}", "amount": 1} for number in range(501)]


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ([], "Payload"),
        ("x", "Payload"),
        ({"scenario": "SOME"}, ".scenario"),
        ({"scenario": 5}, ".scenario"),
        ({"customer": "ada"}, ".customer"),
        ({"customer": {"id": 5}}, ".customer.id"),
        ({"customer": {"metadata": []}}, ".customer.metadata"),
        ({"order": []}, ".order"),
        ({"order": {"amount": -1}}, ".order.amount"),
        ({"order": {"amount": "x"}}, ".order.amount"),
        ({"order": {"items": {}}}, ".order.items"),
        ({"order": {"items": [5]}}, ".order.items"),
        ({"order": {"items": [{"quantity": -1}]}}, ".order.items[0].quantity"),
        ({"order": {"items": MANY_ITEMS}}, ".order.items"),
        ({"metadata": []}, ".metadata"),
        ({"tracking_id": 5}, ".tracking_id"),
        ({"session": []}, ".session"),
        ({"session": {"type": "OPEN"}}, ".session.type"),
        ({"options": []}, ".options"),
        ({"options": {"limit": 0}}, ".options.limit"),
        ({"options": {"limit": 51}}, ".options.limit"),
        ({"options": {"limit": "many"}}, ".options.limit"),
        ({"options": {"limit": 1.5}}, ".options.limit"),
        ({"options": {"sorting_rule": "BEST"}}, ".options.sorting_rule"),
        ({"options": {"expand": "redeemable"}}, ".options.expand"),
        ({"options": {"expand": ["order"]}}, ".options.expand"),
    ],
)
def test_bad_requests_are_refused(api, body, place):
    error = api.post("/v1/qualifications", json=body).refused(400, "invalid_payload")
    assert place in error["details"]


@pytest.mark.parametrize("body", [b"{", b"", b"\xff", b'{"order": {"amount": NaN}}'])
def test_what_is_no_json_is_refused_or_nothing(api, body):
    answer = api.post("/v1/qualifications", body=body)
    assert answer.status == (200 if not body else 400)


def test_unknown_ids_are_not_found(api):
    for body in ({"customer": {"id": "cust_x"}}, {"order": {"id": "ord_x"}}):
        api.post("/v1/qualifications", json=body).refused(404, "not_found")
    assert ask(api, customer={"source_id": "x"}, order={"source_id": "y"})


def test_amounts_beyond_all_numbers_are_refused(api):
    items = [{"product_id": "p", "price": 2**53, "quantity": 2**53}]
    api.post("/v1/qualifications", json={"order": {"items": items}}).refused(400, "invalid_amount")


def test_metadata_that_breaks_its_schema_is_refused(api, management_api, project):
    age = {"type": "number", "optional": True, "array": False}
    body = {"related_object": "customer", "properties": {"age": age}}
    path = f"/management/v1/projects/{project.id}/metadata-schemas"
    management_api.post(path, json=body).expect()
    sent = {"customer": {"metadata": {"age": "old"}}}
    api.post("/v1/qualifications", json=sent).refused(400, "metadata_validation_failed")


def test_only_keys_of_the_surface_open_it(client_api, management_api):
    client_api.post("/v1/qualifications", json={}).refused(401, "unauthorized")
    management_api.post("/v1/qualifications", json={}).refused(401, "unauthorized")


def test_amounts_off_are_shown_for_each(api):
    for number in range(3):
        make_voucher(api, f"C{number}", discount=amount_off(100 * number + 100))
    data = ask(api, order={"amount": 150})["redeemables"]["data"]
    assert sorted((row["id"], row["order"]["total_amount"]) for row in data) == [
        ("C0", 50),
        ("C1", 0),
        ("C2", 0),
    ]

"""Rules over HTTP: creation, reading, change, deletion."""

from __future__ import annotations

import pytest

from kupon.testing.builders import make_campaign, make_rule, make_voucher

NOW = "2026-03-01T12:00:00.000Z"
LATER = "2026-03-01T13:00:00.000Z"
NODES = {
    "1": {"name": "customer.metadata", "property": "vip", "conditions": {"$is": [True]}},
    "2": {
        "name": "redemption.count.per_customer",
        "property": None,
        "conditions": {"$less_than_or_equal": [1]},
        "rules": {},
        "error": {"message": "Once each"},
    },
    "logic": "1 AND (2)",
}
MEANT = {"object": "product", "id": "prod_x"}
NO_LISTS = {"excluded": [], "included": [], "included_all": False}


@pytest.fixture(autouse=True)
def _frozen(move_time):
    move_time.freeze("2026-03-01T12:00:00+00:00")


def stored(api):
    return api.get("/v1/validation-rules").expect()["data"]


def test_a_rule_is_stored_with_defaults(api):
    made = api.post("/v1/validation-rules", json={"name": "Plain"}).expect()
    assert made["id"].startswith("val_")
    assert made == {
        "id": made["id"],
        "name": "Plain",
        "rules": {},
        "bundle_rules": {},
        "applicable_to": NO_LISTS,
        "type": "expression",
        "context_type": "global",
        "created_at": NOW,
        "object": "validation_rules",
    }
    assert api.get(f"/v1/validation-rules/{made['id']}").expect() == made


def test_a_rule_is_echoed_as_it_was_written(api):
    bundle = {
        "limit": 2,
        "1": {
            "name": "order.items.any",
            "conditions": {
                "$is": [{"id": "prod_x", "type": "product_or_sku", "object": "product"}]
            },
            "rules": {
                "1": {"name": "order.items.aggregated_quantity", "conditions": {"$is": [3]}},
                "logic": "1",
            },
        },
    }
    body = {
        "name": "Whole",
        "rules": NODES,
        "bundle_rules": bundle,
        "error": {"message": "Not for you"},
        "type": "complex",
        "context_type": "campaign.discount_coupons.discount.percent.apply_to_items",
    }
    made = make_rule(api, **body)
    assert {name: made[name] for name in body} == body


def test_lists_of_articles_have_what_the_reference_requires(api):
    sent = {
        "included": [
            {**MEANT, "quantity_limit": 2, "amount_limit": None},
            {"object": "sku", "source_id": "blue", "effect": "APPLY_TO_CHEAPEST"},
        ],
        "excluded": {"object": "list", "data": [{"object": "products_collection", "id": "pc_1"}]},
    }
    assert make_rule(api, applicable_to=sent)["applicable_to"] == {
        "included": [
            {**MEANT, "quantity_limit": 2, "strict": False, "effect": "APPLY_TO_EVERY"},
            {
                "object": "sku",
                "id": "blue",
                "source_id": "blue",
                "strict": False,
                "effect": "APPLY_TO_CHEAPEST",
            },
        ],
        "excluded": [
            {
                "object": "products_collection",
                "id": "pc_1",
                "strict": False,
                "effect": "APPLY_TO_EVERY",
            }
        ],
        "included_all": False,
    }
    assert make_rule(api, applicable_to={"included_all": True})["applicable_to"] == {
        **NO_LISTS,
        "included_all": True,
    }


def test_names_may_repeat(api):
    assert make_rule(api, name="Same")["id"] != make_rule(api, name="Same")["id"]


def test_a_broken_definition_is_refused_in_the_words_of_the_reference(api):
    rules = {"1": {"name": "custom_event.metadata", "conditions": {"$is": ["a"]}}, "logic": "1"}
    refusal = api.post("/v1/validation-rules", json={"name": "Bad", "rules": rules}).refused(
        400, "invalid_validation_rules"
    )
    assert refusal["message"] == "Invalid Validation Rule Definition"
    assert refusal["details"] == "Rule 'custom_event.metadata' must have a 'property'"
    assert stored(api) == []


@pytest.mark.parametrize(
    "part",
    [
        {"rules": {"1": {"name": "order.colour", "conditions": {"$is": [1]}}, "logic": "1"}},
        {"rules": {**NODES, "logic": "1 and 3"}},
        {"rules": {**NODES, "logic": "1 and"}},
        {"rules": {"1": {"name": "order.amount", "conditions": {"$about": [1]}}, "logic": "1"}},
        {"rules": {"1": [], "logic": "1"}},
        {"bundle_rules": {"1": {"name": "order.amount"}}},
        {"applicable_to": {"included": [{"object": "shop", "id": "x"}]}},
        {"applicable_to": {"excluded": [{"object": "product"}]}},
    ],
)
def test_broken_definitions_are_refused(api, part):
    rule = make_rule(api)
    body = {"name": "Bad", **part}
    api.post("/v1/validation-rules", json=body).refused(400, "invalid_validation_rules")
    path = f"/v1/validation-rules/{rule['id']}"
    api.put(path, json=part).refused(400, "invalid_validation_rules")
    assert stored(api) == [rule]


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ([], "Payload must be object"),
        ({}, "Payload must have required property 'name'"),
        ({"name": 5}, "Property .name must be string"),
        ({"name": "a" * 501}, "Property .name must NOT have more than 500 characters"),
        ({"name": "a", "rules": []}, "Property .rules must be object"),
        ({"name": "a", "bundle_rules": 1}, "Property .bundle_rules must be object,null"),
        ({"name": "a", "applicable_to": []}, "Property .applicable_to must be object"),
        (
            {"name": "a", "applicable_to": {"included": 1}},
            "Property .applicable_to.included must be array",
        ),
        (
            {"name": "a", "applicable_to": {"excluded": {"data": [MEANT, 1]}}},
            "Property .applicable_to.excluded[1] must be object",
        ),
        (
            {"name": "a", "applicable_to": {"included_all": "yes"}},
            "Property .applicable_to.included_all must be boolean",
        ),
        ({"name": "a", "error": "no"}, "Property .error must be object,null"),
        ({"name": "a", "error": {"message": 1}}, "Property .error.message must be string"),
        (
            {"name": "a", "type": "plain"},
            "Property .type must be one of: expression, basic, advanced, complex",
        ),
    ],
)
def test_bad_bodies_are_refused(api, body, details):
    refusal = api.post("/v1/validation-rules", json=body).refused(400, "invalid_payload")
    assert refusal["details"] == details
    assert stored(api) == []


def test_an_unknown_context_is_refused(api):
    body = {"name": "a", "context_type": "campaign.lottery"}
    refusal = api.post("/v1/validation-rules", json=body).refused(400, "invalid_payload")
    assert refusal["details"].startswith("Property .context_type must be one of: global, ")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, {}),
        ({"name": "New"}, {"name": "New"}),
        ({"rules": {"logic": ""}}, {"rules": {"logic": ""}}),
        ({"bundle_rules": None}, {"bundle_rules": {}}),
        (
            {"applicable_to": {"included_all": True}},
            {"applicable_to": NO_LISTS | {"included_all": True}},
        ),
        ({"error": {"message": "No"}}, {"error": {"message": "No"}}),
        ({"type": "advanced", "context_type": "global"}, {"type": "advanced"}),
        ({"name": None, "rules": None, "applicable_to": None, "type": None}, {}),
    ],
)
def test_an_update_replaces_what_it_names(api, move_time, change, expected):
    made = make_rule(
        api,
        rules=NODES,
        error={"message": "Old"},
        applicable_to={"included": [MEANT]},
        bundle_rules={"limit": 3},
    )
    move_time(hours=1)
    changed = api.put(f"/v1/validation-rules/{made['id']}", json=change).expect()
    assert changed == made | expected | {"updated_at": LATER}
    assert api.get(f"/v1/validation-rules/{made['id']}").expect() == changed


def test_an_error_text_can_be_cleared(api):
    made = make_rule(api, error={"message": "Old"})
    changed = api.put(f"/v1/validation-rules/{made['id']}", json={"error": None}).expect()
    assert "error" not in changed


def test_rules_are_listed_by_page_order_and_date(api, move_time):
    names = ["b", "c", "a"]
    for name in names:
        make_rule(api, name=name)
        move_time(hours=1)
    first = stored(api)[-1]
    api.put(f"/v1/validation-rules/{first['id']}", json={}).expect()

    def listed(**query):
        body = api.get("/v1/validation-rules", query=query).expect()
        assert (body["object"], body["data_ref"]) == ("list", "data")
        return body["total"], [rule["name"] for rule in body["data"]]

    assert listed() == (3, ["a", "c", "b"])
    assert listed(order="name") == (3, ["a", "b", "c"])
    assert listed(order="-name", limit=2) == (3, ["c", "b"])
    assert listed(order="-name", limit=2, page=2) == (3, ["a"])
    assert listed(order="created_at") == (3, ["b", "c", "a"])
    assert listed(order="-updated_at", limit=1) == (3, ["b"])
    assert listed(start_date="2026-03-01T13:00:00Z") == (2, ["a", "c"])
    assert listed(end_date="2026-03-01T13:00:00Z") == (2, ["c", "b"])


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "page=0", "order=type", "start_date=soon"]
)
def test_bad_queries_are_refused(api, query):
    api.get("/v1/validation-rules", query=query).refused(400, "invalid_query_params")


def test_how_many_have_a_rule_is_told_where_any_has(api, assign):
    unused, used = make_rule(api), make_rule(api)
    assign(used, "voucher", make_voucher(api)["id"])
    assign(used, "campaign", make_campaign(api)["id"])
    assert [rule.get("assignments_count") for rule in stored(api)] == [2, None]
    for method, options in (("get", {}), ("put", {"json": {}})):
        answer = getattr(api, method)(f"/v1/validation-rules/{used['id']}", **options).expect()
        assert answer["assignments_count"] == 2
    assert "assignments_count" not in api.get(f"/v1/validation-rules/{unused['id']}").expect()


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_an_unknown_rule_is_not_found(api, new_project, connect_api, method):
    theirs = make_rule(connect_api(new_project()))["id"]
    options = {"json": {"name": "Mine"}} if method == "put" else {}
    for rule_id in (theirs, "val_none", "%20"):
        path = f"/v1/validation-rules/{rule_id}"
        refusal = getattr(api, method)(path, **options).refused(404, "not_found")
        assert refusal["resource_type"] == "validation_rules"


def test_a_deleted_rule_is_gone_with_its_assignments(api, assign, rule_events):
    rule, other = make_rule(api), make_rule(api)
    voucher, campaign = make_voucher(api), make_campaign(api)
    gone = {
        assign(rule, "voucher", voucher["id"])["id"],
        assign(rule, "campaign", campaign["id"])["id"],
    }
    kept = assign(other, "voucher", make_voucher(api)["id"])
    assert api.delete(f"/v1/validation-rules/{rule['id']}").expect(204) is None
    api.get(f"/v1/validation-rules/{rule['id']}").refused(404, "not_found")
    assert api.get("/v1/validation-rules-assignments").expect()["data"] == [kept]
    assert api.get(f"/v1/vouchers/{voucher['code']}").expect() == voucher
    *taken, (last, payload) = rule_events()[-3:]
    assert {name for name, _ in taken} == {"assignment.deleted"}
    assert {each["assignment"]["id"] for _, each in taken} == gone
    assert (last, payload) == ("deleted", {"rule": rule, "deleted_at": NOW})


def test_a_rule_of_many_is_deleted_in_slices(api, assign, monkeypatch, rule_events):
    monkeypatch.setattr("kupon.features.validation_rules.service.rules._SLICE", 2)
    rule = make_rule(api)
    for _ in range(5):
        assign(rule, "voucher", make_voucher(api)["id"])
    api.delete(f"/v1/validation-rules/{rule['id']}").expect(204)
    assert [name for name, _ in rule_events()[-6:]] == ["assignment.deleted"] * 5 + ["deleted"]
    assert api.get("/v1/validation-rules-assignments").expect()["total"] == 0


def test_changes_are_told_and_bump_the_revision(api, move_time, rule_events, revision):
    before = revision()
    made = make_rule(api)
    move_time(hours=1)
    changed = api.put(f"/v1/validation-rules/{made['id']}", json={"name": "New"}).expect()
    api.delete(f"/v1/validation-rules/{made['id']}").expect(204)
    assert rule_events() == [
        ("created", {"rule": made, "created_at": NOW}),
        ("updated", {"rule": changed, "updated_at": LATER}),
        ("deleted", {"rule": changed, "deleted_at": LATER}),
    ]
    assert revision() == before + 3

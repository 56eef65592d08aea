"""Earning rules: made, read, changed, switched, deleted, and what is wrong with a body."""

from __future__ import annotations

import pytest

from kupon.testing.builders import make_customer, make_programme, make_rule

NOW = "2026-03-01T12:00:00.000Z"
LATER = "2026-03-01T13:00:00.000Z"
FIXED = {"type": "FIXED", "points": 100}


@pytest.fixture(autouse=True)
def _frozen(move_time):
    move_time.freeze("2026-03-01T12:00:00+00:00")


@pytest.fixture
def programme(api):
    """A loyalty programme without cards."""
    return make_programme(api, name="Club")


@pytest.fixture
def rules(programme):
    """The path of the programme's rules."""
    return f"/v1/loyalties/{programme['id']}/earning-rules"


@pytest.fixture
def custom_event(management_api, project):
    """The schema of an event of the shop's own."""
    return management_api.post(
        f"/management/v1/projects/{project.id}/custom-event-schemas",
        json={
            "name": "video_watched",
            "schema": {
                "properties": {
                    "minutes": {"type": "number", "optional": True, "array": False},
                    "title": {"type": "string", "optional": True, "array": False},
                }
            },
        },
    ).expect()


def make_segment(api, **members):
    body = {"name": "Berlin", "type": "passive"}
    body |= {"filter": {"junction": "and", "city": {"conditions": {"$is": ["Berlin"]}}}}
    return api.post("/v1/segments", json=body | members).expect()


def proportional(kind, block, figure, **members):
    return {
        "type": "PROPORTIONAL",
        "calculation_type": kind,
        block: {figure: {"every": 500, "points": 10, **members}},
    }


def test_a_rule_is_made_with_what_it_says(api, rules, programme, events):
    [made] = api.post(
        rules,
        json=[
            {
                "event": "order.paid",
                "loyalty": FIXED,
                "source": {"banner": "Order paid - you get 100 points."},
                "active": False,
                "start_date": "2026-01-01T00:00:00Z",
                "expiration_date": "2026-12-31T00:00:00Z",
                "validity_day_of_week": [1, 2],
                "pending_points": {"period_type": "DAY", "period_value": 30},
                "expiration_rules": {"period_type": "MONTH", "period_value": 3},
                "metadata": {"colour": "red"},
            }
        ],
    ).expect()
    expected = {
        "id": made["id"],
        "automation_id": made["automation_id"],
        "event": "order.paid",
        "loyalty": FIXED,
        "source": {
            "banner": "Order paid - you get 100 points.",
            "object_id": programme["id"],
            "object_type": "campaign",
        },
        "validation_rule_id": None,
        "active": False,
        "start_date": "2026-01-01T00:00:00.000Z",
        "expiration_date": "2026-12-31T00:00:00.000Z",
        "validity_day_of_week": [1, 2],
        "pending_points": {"period_type": "DAY", "period_value": 30},
        "expiration_rules": {"period_type": "MONTH", "period_value": 3},
        "metadata": {"colour": "red"},
        "created_at": NOW,
        "updated_at": None,
        "object": "earning_rule",
    }
    assert made == expected
    assert made["id"].startswith("ern_")
    assert made["automation_id"].startswith("auto_")
    assert api.get(f"{rules}/{made['id']}").expect() == expected
    assert api.get(rules).expect() == {
        "object": "list",
        "data_ref": "data",
        "data": [expected],
        "total": 1,
    }
    [(name, payload)] = [each for each in events() if "earning_rule" in each[0]]
    assert name == "campaign.earning_rule.assigned"
    assert payload["earning_rule"] == expected
    assert payload["campaign"]["id"] == programme["id"]


def test_several_rules_are_made_at_once_and_listed_in_pages(api, rules, move_time):
    made = api.post(rules, json=[{"loyalty": FIXED}, {"loyalty": FIXED}]).expect()
    assert [rule["event"] for rule in made] == ["order.paid", "order.paid"]
    move_time(hours=1)
    [late] = api.post(rules, json=[{"loyalty": FIXED}]).expect()
    page = api.get(rules, query={"limit": 1, "page": 1, "order": "-created_at"}).expect()
    assert [rule["id"] for rule in page["data"]] == [late["id"]]
    assert page["total"] == 3
    assert api.post(rules, json=[]).expect() == []


@pytest.mark.parametrize(
    "loyalty",
    [
        FIXED,
        FIXED | {"points_formula": "IF(ORDER_AMOUNT > 500;2;1)"},
        proportional("ORDER_AMOUNT", "order", "amount"),
        proportional("ORDER_TOTAL_AMOUNT", "order", "total_amount"),
        proportional("ORDER_METADATA", "order", "metadata", property="nights"),
        proportional("CUSTOMER_METADATA", "customer", "metadata", property="age"),
    ],
)
def test_every_calculation_of_a_paid_order_is_taken(api, rules, loyalty):
    [made] = api.post(rules, json=[{"event": "order.paid", "loyalty": loyalty}]).expect()
    assert made["loyalty"] == loyalty


@pytest.mark.parametrize("figure", ["quantity", "amount", "subtotal_amount"])
def test_the_first_article_is_told_alone_as_well(api, rules, figure):
    kind = f"ORDER_ITEMS_{figure.upper()}"
    articles = [{"object": "product", "id": "prod_1"}, {"object": "sku", "id": "sku_1"}]
    [listed, single, every] = api.post(
        rules,
        json=[
            {"loyalty": proportional(kind, "order_items", figure, applicable_to=articles)},
            {"loyalty": proportional(kind, "order_items", figure, **articles[0])},
            {"loyalty": proportional(kind, "order_items", figure)},
        ],
    ).expect()
    told = listed["loyalty"]["order_items"][figure]
    assert (told["object"], told["id"]) == ("product", "prod_1")
    assert told["applicable_to"] == articles
    assert single["loyalty"]["order_items"][figure]["applicable_to"] == articles[:1]
    assert "applicable_to" not in every["loyalty"]["order_items"][figure]


def test_numbers_may_be_sent_as_text(api, rules):
    [made] = api.post(rules, json=[{"loyalty": {"type": "FIXED", "points": "12"}}]).expect()
    assert made["loyalty"]["points"] == 12


def test_a_rule_on_a_segment_has_it_watched(api, rules):
    segment = make_segment(api)
    [made] = api.post(
        rules,
        json=[
            {
                "event": "customer.segment.entered",
                "segment": {"id": segment["id"]},
                "loyalty": FIXED,
            }
        ],
    ).expect()
    assert made["segment"] == {"id": segment["id"]}
    assert api.get(f"/v1/segments/{segment['id']}").expect()["type"] == "auto-update"


def test_a_rule_on_a_custom_event_is_named_after_it(api, rules, custom_event):
    loyalty = proportional("CUSTOM_EVENT_METADATA", "custom_event", "metadata", property="minutes")
    event = {"custom_event": {"schema_id": custom_event["id"]}}
    made = api.post(
        rules,
        json=[
            {"event": "video_watched", "loyalty": loyalty, **event},
            {"loyalty": FIXED, **event},
        ],
    ).expect()
    assert [rule["event"] for rule in made] == ["video_watched", "video_watched"]
    assert made[0]["custom_event"] == {"schema_id": custom_event["id"]}
    assert made[0]["loyalty"] == loyalty


def test_a_rule_on_tiers_may_be_about_any(api, rules):
    [made] = api.post(
        rules,
        json=[
            {
                "event": "customer.loyalty.tier.upgraded",
                "loyalty_tier": {"id": "__ANY__"},
                "loyalty": FIXED,
            }
        ],
    ).expect()
    assert made["loyalty_tier"] == {"id": "__ANY__"}


def test_what_is_not_sent_stays_and_the_event_always_does(api, rules, move_time, events):
    [made] = api.post(
        rules,
        json=[
            {
                "event": "order.paid",
                "loyalty": FIXED,
                "source": {"banner": "Old"},
                "start_date": "2026-01-01T00:00:00Z",
                "pending_points": {"period_value": 3},
                "expiration_rules": {"period_type": "MONTH", "period_value": 3},
                "metadata": {"a": 1, "b": 2},
            }
        ],
    ).expect()
    move_time(hours=1)
    changed = api.put(
        f"{rules}/{made['id']}", json={"event": "other", "metadata": {"b": 3}}
    ).expect()
    assert changed == made | {"metadata": {"a": 1, "b": 3}, "updated_at": LATER}
    cleared = api.put(
        f"{rules}/{made['id']}",
        json={
            "loyalty": proportional("ORDER_AMOUNT", "order", "amount"),
            "source": {"banner": "New"},
            "active": False,
            "start_date": None,
            "pending_points": None,
            "expiration_rules": None,
            "validation_rule_id": None,
            "metadata": None,
        },
    ).expect()
    assert "pending_points" not in cleared
    # The reference knows no null here, and its clients send one for what was not given.
    kept = ("start_date", "expiration_rules", "validation_rule_id", "metadata")
    assert [cleared[name] for name in kept] == [changed[name] for name in kept]
    assert cleared["source"]["banner"] == "New"
    assert cleared["active"] is False
    assert cleared["loyalty"]["calculation_type"] == "ORDER_AMOUNT"
    assert api.get(f"{rules}/{made['id']}").expect() == cleared
    names = [name for name, _ in events() if "earning_rule" in name]
    assert names[1:] == ["campaign.earning_rule.updated"] * 2


def test_rules_are_switched(api, rules, events):
    [made] = api.post(rules, json=[{"loyalty": FIXED}]).expect()
    path = f"{rules}/{made['id']}"
    assert api.post(f"{path}/disable").expect()["active"] is False
    assert api.post(f"{path}/disable").expect()["active"] is False
    assert api.post(f"{path}/enable").expect()["active"] is True
    names = [name for name, _ in events() if "earning_rule" in name]
    assert names[1:] == ["campaign.earning_rule.disabled", "campaign.earning_rule.enabled"]


def test_a_deleted_rule_is_gone_with_its_assignment(api, rules, events):
    rule = make_rule(api)
    [made] = api.post(rules, json=[{"loyalty": FIXED, "validation_rule_id": rule["id"]}]).expect()
    path = f"{rules}/{made['id']}"
    assert api.delete(path).status == 204
    assert api.get(path).status == 404
    assert api.delete(path).status == 404
    assert api.get(rules).expect()["total"] == 0
    assert api.get("/v1/validation-rules-assignments").expect()["total"] == 0
    told = dict(events())
    assert told["campaign.earning_rule.deleted"]["earning_rule"]["id"] == made["id"]
    assert told["business_validation_rule.assignment.deleted"]["earning_rule"]["id"] == made["id"]


def test_a_validation_rule_is_given_and_exchanged(api, rules):
    first, second = make_rule(api), make_rule(api)
    [made] = api.post(rules, json=[{"loyalty": FIXED, "validation_rule_id": first["id"]}]).expect()
    assert made["validation_rule_id"] == first["id"]
    path = f"{rules}/{made['id']}"
    other = api.put(path, json={"validation_rule_id": second["id"]}).expect()
    assert other["validation_rule_id"] == second["id"]
    assert api.put(path, json={"active": True}).expect()["validation_rule_id"] == second["id"]


def test_a_validation_rule_is_assigned_from_its_own_side(api, rules, events):
    rule = make_rule(api)
    [made] = api.post(rules, json=[{"loyalty": FIXED}]).expect()
    path = f"/v1/validation-rules/{rule['id']}/assignments"
    assignment = api.post(path, json={"earning_rule": made["id"]}).expect()
    assert assignment["related_object_type"] == "earning_rule"
    assert assignment["related_object_id"] == made["id"]
    assert api.get(f"{rules}/{made['id']}").expect()["validation_rule_id"] == rule["id"]
    told = dict(events())["business_validation_rule.assignment.created"]
    assert told["earning_rule"]["event"] == "order.paid"
    assert api.delete(f"{path}/{assignment['id']}").status == 204
    assert api.get(f"{rules}/{made['id']}").expect()["validation_rule_id"] is None
    assert api.post(path, json={"earning_rule": "ern_none"}).status == 404


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ({}, "Payload must be array"),
        ([1], "Property [0] must be object"),
        ([{}], "Property [0] should have required property 'loyalty'"),
        (
            [{"loyalty": {"type": "OTHER"}}],
            "Property [0].loyalty.type must be one of: FIXED, PROPORTIONAL",
        ),
        (
            [{"loyalty": {"type": "FIXED"}}],
            "Property [0].loyalty should have required property 'points'",
        ),
        (
            [{"loyalty": {"type": "FIXED", "points": 1, "points_formula": "1 +"}}],
            "Property [0].loyalty.points_formula is not a valid formula",
        ),
        (
            [{"loyalty": {"type": "FIXED", "points": -1}}],
            "Property [0].loyalty.points must be >= 0",
        ),
        (
            [
                {
                    "loyalty": {
                        "type": "PROPORTIONAL",
                        "calculation_type": "ORDER_TOTAL_AMOUNT",
                        "order": {"amount": {"every": 1, "points": 1}},
                    }
                }
            ],
            "Loyalty order rules must contain one of the following properties - 'total_amount'",
        ),
        (
            [{"loyalty": proportional("ORDER_AMOUNT", "order", "amount", every=0)}],
            "Property [0].loyalty.order.amount.every must be >= 1",
        ),
        (
            [{"loyalty": FIXED, "pending_points": {"period_type": "DAY", "period_value": 91}}],
            "Property [0].pending_points.period_value must be <= 90",
        ),
        (
            [{"loyalty": FIXED, "expiration_rules": {"period_type": "MONTH"}}],
            "Property [0].expiration_rules should have required property 'period_value'",
        ),
        (
            [
                {
                    "loyalty": FIXED,
                    "event": "customer.loyalty.tier.left",
                    "loyalty_tier": {"id": "__ANY__"},
                    "pending_points": {"period_value": 3},
                }
            ],
            "Property [0].pending_points is only allowed for event 'order.paid'",
        ),
        ([{"loyalty": FIXED, "validity_day_of_week": [9]}], "Property [0].validity_day_of_week"),
    ],
)
def test_a_broken_body_is_refused(api, rules, body, details):
    answer = api.post(rules, json=body)
    assert (answer.status, answer.json["key"]) == (400, "invalid_payload")
    assert answer.json["details"].startswith(details)
    assert api.get(rules).expect()["total"] == 0


@pytest.mark.parametrize(
    ("body", "missing"),
    [
        ({"event": "customer.segment.entered"}, "segment.id"),
        ({"event": "customer.loyalty.tier.joined"}, "loyalty_tier.id"),
        ({"event": "video_watched"}, "custom_event.schema_id"),
    ],
)
def test_an_event_without_its_object_is_refused(api, rules, body, missing):
    answer = api.post(rules, json=[{"loyalty": FIXED} | body])
    assert (answer.status, answer.json["key"]) == (400, "missing_param")
    assert answer.json["details"] == f"Property [0].{missing} is required"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"event": "customer.segment.entered", "segment": {"id": "seg_x"}}, "segment"),
        ({"event": "customer.loyalty.tier.left", "loyalty_tier": {"id": "ltr_x"}}, "loyalty_tier"),
        ({"custom_event": {"schema_id": "ms_x"}}, "event_schema"),
        ({"validation_rule_id": "val_x"}, "validation_rules"),
    ],
)
def test_what_a_rule_names_must_exist(api, rules, body, kind):
    answer = api.post(rules, json=[{"loyalty": FIXED}, {"loyalty": FIXED} | body])
    assert (answer.status, answer.json["key"]) == (404, "not_found")
    assert answer.json["resource_type"] == kind
    assert api.get(rules).expect()["total"] == 0


def test_a_custom_event_has_one_name(api, rules, custom_event):
    body = {"event": "other", "custom_event": {"schema_id": custom_event["id"]}, "loyalty": FIXED}
    assert api.post(rules, json=[body]).json["key"] == "invalid_payload"


@pytest.mark.uncertain
def test_metadata_must_not_be_known_as_anything_but_a_number(
    api, rules, custom_event, management_api, project
):
    management_api.post(
        f"/management/v1/projects/{project.id}/metadata-schemas",
        json={
            "related_object": "customer",
            "properties": {
                "name": {"type": "string", "optional": True, "array": False},
                "age": {"type": "number", "optional": True, "array": False},
            },
        },
    ).expect()
    event = {"custom_event": {"schema_id": custom_event["id"]}}
    for key, status in (("age", 200), ("unknown", 200), ("name", 400)):
        loyalty = proportional("CUSTOMER_METADATA", "customer", "metadata", property=key)
        assert api.post(rules, json=[{"loyalty": loyalty}]).status == status
    for key, status in (("minutes", 200), ("unknown", 200), ("title", 400)):
        loyalty = proportional("CUSTOM_EVENT_METADATA", "custom_event", "metadata", property=key)
        assert api.post(rules, json=[{"loyalty": loyalty} | event]).status == status


def test_a_project_has_at_most_a_hundred_rules(api, rules):
    api.post(rules, json=[{"loyalty": FIXED}] * 99).expect()
    answer = api.post(rules, json=[{"loyalty": FIXED}] * 2)
    assert answer.json["details"] == "Project must NOT have more than 100 earning rules"
    api.post(rules, json=[{"loyalty": FIXED}]).expect()
    assert api.get(rules).expect()["total"] == 100


def test_rules_are_of_programmes_only(api, rules):
    for path in ("/v1/loyalties/camp_none/earning-rules", f"{rules}/ern_none"):
        assert api.get(path).status == 404
    other = api.post(
        "/v1/campaigns",
        json={
            "name": "Coupons",
            "campaign_type": "DISCOUNT_COUPONS",
            "type": "STATIC",
            "voucher": {
                "type": "DISCOUNT_VOUCHER",
                "discount": {"type": "PERCENT", "percent_off": 10},
            },
        },
    ).expect()
    answer = api.post(f"/v1/loyalties/{other['id']}/earning-rules", json=[{"loyalty": FIXED}])
    assert (answer.status, answer.json["resource_type"]) == (404, "campaign")
    for verb in ("enable", "disable"):
        assert api.post(f"{rules}/ern_none/{verb}").status == 404
    assert api.put(f"{rules}/ern_none", json={}).status == 404


def test_rules_of_other_projects_are_unknown(api, rules, connect_api, new_project):
    [made] = api.post(rules, json=[{"loyalty": FIXED}]).expect()
    other = connect_api(new_project())
    assert other.get(f"{rules}/{made['id']}").status == 404
    make_customer(other)
    assert other.get(rules).status == 404

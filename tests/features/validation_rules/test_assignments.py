"""Assignments over HTTP: by every way of naming the object, again, by force, and away."""

from __future__ import annotations

import pytest

from kupon.testing.builders import make_campaign, make_rule, make_voucher

NOW = "2026-03-01T12:00:00.000Z"


@pytest.fixture(autouse=True)
def _frozen(move_time):
    move_time.freeze("2026-03-01T12:00:00+00:00")


@pytest.fixture
def rule(api):
    return make_rule(api)


@pytest.fixture
def post(api, rule):
    """Send a body to the rule's assignments."""

    def send(body, **query):
        return api.post(f"/v1/validation-rules/{rule['id']}/assignments", json=body, query=query)

    return send


@pytest.fixture
def tier(api):
    made = api.post(
        "/v1/campaigns",
        json={
            "name": "Promotion",
            "campaign_type": "PROMOTION",
            "promotion": {
                "tiers": [
                    {
                        "name": "Tier",
                        "action": {"discount": {"type": "PERCENT", "percent_off": 10}},
                    }
                ]
            },
        },
    ).expect()
    return made["promotion"]["tiers"][0]


def assigned(api, **query):
    return api.get("/v1/validation-rules-assignments", query=query).expect()["data"]


def test_an_assignment_is_stored(api, rule, post):
    voucher = make_voucher(api)
    made = post({"related_object_type": "voucher", "related_object_id": voucher["id"]}).expect()
    assert made["id"].startswith("asgm_")
    assert made == {
        "id": made["id"],
        "rule_id": rule["id"],
        "related_object_id": voucher["id"],
        "related_object_type": "voucher",
        "created_at": NOW,
        "object": "validation_rules_assignment",
    }
    assert api.get("/v1/validation-rules-assignments").expect() == {
        "object": "list",
        "data_ref": "data",
        "data": [made],
        "total": 1,
    }


def test_an_object_is_named_by_id_or_name_in_the_new_or_the_old_way(api, post, tier):
    code, campaign = make_voucher(api, "CODE"), make_campaign(api, name="Camp")
    bodies = {
        ("voucher", code["id"]): [
            {"related_object_id": code["id"]},
            {"related_object_id": "CODE"},
            {"voucher": "CODE"},
            {"voucher": code["id"]},
        ],
        ("campaign", campaign["id"]): [
            {"related_object_type": "campaign", "related_object_id": "Camp"},
            {"related_object_type": "campaign", "related_object_id": campaign["id"]},
            {"campaign": "Camp"},
            {"campaign": campaign["id"]},
        ],
        ("promotion_tier", tier["id"]): [
            {"related_object_type": "promotion_tier", "related_object_id": tier["id"]},
            {"promotion_tier": tier["id"]},
        ],
    }
    for meant, ways in bodies.items():
        for body in ways:
            made = post(body, force="true").expect()
            assert (made["related_object_type"], made["related_object_id"]) == meant
    assert len(assigned(api)) == 3


def test_a_folded_code_is_found(folding_api):
    make_voucher(folding_api, "Code")
    rule = make_rule(folding_api)
    path = f"/v1/validation-rules/{rule['id']}/assignments"
    folding_api.post(path, json={"voucher": "cODE"}).expect()


def test_an_object_has_one_rule(api, rule, post, assign, rule_events):
    voucher = make_voucher(api)
    body = {"voucher": voucher["id"]}
    first = post(body).expect()
    other = make_rule(api)
    told = rule_events()
    for each in (rule, other):
        path = f"/v1/validation-rules/{each['id']}/assignments"
        refusal = api.post(path, json=body).refused(409, "duplicate_found")
        assert refusal["details"] == (
            f"Duplicated validation_rules_assignment exists with id {first['id']}"
        )
        assert refusal["resource_id"] == first["id"]
        assert refusal["resource_type"] == "validation_rules_assignment"
    assert (assigned(api), rule_events()) == ([first], told)


def test_force_replaces_the_assignment(api, rule, post, assign, rule_events):
    voucher = make_voucher(api)
    first = post({"voucher": voucher["id"]}).expect()
    second = post({"voucher": voucher["id"]}, force="true").expect()
    other = make_rule(api)
    third = assign(other, "voucher", voucher["id"], force="true")
    assert len({first["id"], second["id"], third["id"]}) == 3
    assert (assigned(api), third["rule_id"]) == ([third], other["id"])
    assert [
        (name, payload["assignment"]["id"])
        for name, payload in rule_events()
        if name.startswith("assignment.")
    ] == [
        ("assignment.created", first["id"]),
        ("assignment.deleted", first["id"]),
        ("assignment.created", second["id"]),
        ("assignment.deleted", second["id"]),
        ("assignment.created", third["id"]),
    ]


@pytest.mark.parametrize(
    ("type", "name"),
    [
        ("voucher", "NONE"),
        ("campaign", "None"),
        ("promotion_tier", "promo_none"),
        ("earning_rule", "ern_none"),
        ("reward_assignment", "rewa_none"),
        ("distribution", "distr_none"),
    ],
)
def test_an_unknown_object_is_not_found(api, post, type, name):
    for body in ({"related_object_type": type, "related_object_id": name}, {type: name}):
        refusal = post(body).refused(404, "not_found")
        assert (refusal["resource_type"], refusal["resource_id"]) == (type, name)
    assert assigned(api) == []


def test_an_unknown_rule_is_not_found(api, new_project, connect_api):
    voucher = make_voucher(api)
    theirs = make_rule(connect_api(new_project()))["id"]
    for rule_id in (theirs, "val_none"):
        path = f"/v1/validation-rules/{rule_id}/assignments"
        refusal = api.post(path, json={"voucher": voucher["id"]}).refused(404, "not_found")
        assert refusal["resource_type"] == "validation_rules"


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ({}, "Payload must have required property 'related_object_id'"),
        ([], "Payload must be object"),
        ({"related_object_id": 1}, "Property .related_object_id must be string"),
        (
            {"related_object_type": "order", "related_object_id": "ord_1"},
            "Property .related_object_type must be one of: voucher, campaign, promotion_tier,"
            " earning_rule, reward_assignment, distribution",
        ),
    ],
)
def test_bad_bodies_are_refused(api, post, body, details):
    assert post(body).refused(400, "invalid_payload")["details"] == details
    assert assigned(api) == []


def test_a_bad_force_is_refused(post):
    post({"voucher": "x"}, force="perhaps").refused(400, "invalid_query_params")


def test_an_assignment_is_taken_away(api, rule, assign, rule_events):
    voucher = make_voucher(api)
    made = assign(rule, "voucher", voucher["id"])
    path = f"/v1/validation-rules/{rule['id']}/assignments/{made['id']}"
    other = make_rule(api)
    wrong = f"/v1/validation-rules/{other['id']}/assignments/{made['id']}"
    refusal = api.delete(wrong).refused(404, "not_found")
    assert refusal["resource_type"] == "validation_rules_assignment"
    refusal = api.delete(path.replace(rule["id"], "val_none")).refused(404, "not_found")
    assert refusal["resource_type"] == "validation_rules"
    assert assigned(api) == [made]
    assert api.delete(path).expect(204) is None
    api.delete(path).refused(404, "not_found")
    assert assigned(api) == []
    name, payload = rule_events()[-1]
    assert (name, payload["assignment"]["id"]) == ("assignment.deleted", made["id"])
    assert payload["voucher"]["id"] == voucher["id"]
    assert assign(other, "voucher", voucher["id"])["rule_id"] == other["id"]


def test_events_tell_of_rule_assignment_and_object(api, rule, assign, rule_events, tier):
    made = assign(rule, "voucher", make_voucher(api, "CODE")["id"])
    assign(rule, "campaign", make_campaign(api, name="Camp")["id"])
    assign(rule, "promotion_tier", tier["id"])
    payloads = [payload for name, payload in rule_events() if name == "assignment.created"]
    assert [set(payload) for payload in payloads] == [
        {"rule", "assignment", type} for type in ("voucher", "campaign", "promotion_tier")
    ]
    assert payloads[0]["rule"] == rule
    assert payloads[0]["assignment"] == made | {
        "validation_status": "VALID",
        "validation_omitted_rules": [],
    }
    assert payloads[0]["voucher"]["code"] == "CODE"
    assert payloads[0]["voucher"]["redemption"] == {"quantity": None, "redeemed_quantity": 0}
    assert payloads[1]["campaign"]["name"] == "Camp"
    assert payloads[2]["promotion_tier"]["campaign"] == {"id": tier["campaign_id"]}


def test_a_code_of_a_campaign_is_told_of_with_it(api, rule, assign, rule_events):
    campaign = make_campaign(api, name="Camp")
    start = {"start_date": "2026-01-01T00:00:00Z"}
    made = api.post("/v1/campaigns/Camp/vouchers/CODE", json=start).expect()
    api.put("/v1/vouchers/CODE", json={"metadata": {"a": 1}}).expect()
    assign(rule, "voucher", made["id"])
    told = rule_events()[-1][1]["voucher"]
    assert (told["campaign"], told["campaign_id"]) == ("Camp", campaign["id"])
    assert (told["start_date"], told["updated_at"]) == ("2026-01-01T00:00:00.000Z", NOW)


def test_assignments_are_listed_by_rule_object_and_page(api, assign, move_time):
    rules = [make_rule(api), make_rule(api)]
    made = []
    for number in range(4):
        made.append(assign(rules[number % 2], "voucher", make_voucher(api)["id"]))
        move_time(seconds=1)
    assert assigned(api) == made[::-1]
    assert assigned(api, order="created_at", limit=3) == made[:3]
    assert assigned(api, order="created_at", limit=3, page=2) == made[3:]
    assert assigned(api, rule=rules[0]["id"]) == [made[2], made[0]]
    assert assigned(api, related_object_id=made[1]["related_object_id"]) == [made[1]]
    assert assigned(api, related_object_id="v_none") == []
    path = f"/v1/validation-rules/{rules[1]['id']}/assignments"
    body = api.get(path, query={"limit": 1, "order": "-created_at"}).expect()
    assert body == {"object": "list", "data_ref": "data", "data": [made[3]], "total": 2}
    assert api.get(path, query={"page": 2, "limit": 1}).expect()["data"] == [made[1]]


def test_an_unknown_rule_lists_no_assignments(api):
    empty = {"object": "list", "data_ref": "data", "data": [], "total": 0}
    assert api.get("/v1/validation-rules/val_none/assignments").expect() == empty


@pytest.mark.parametrize(
    "place", ["validation-rules-assignments", "validation-rules/val_x/assignments"]
)
@pytest.mark.parametrize("query", ["limit=0", "limit=101", "page=0", "order=name"])
def test_bad_queries_are_refused(api, place, query):
    api.get(f"/v1/{place}", query=query).refused(400, "invalid_query_params")


def test_definitions_are_read_anew_when_what_is_read_with_them_changed(api, assign, revision):
    rule = make_rule(api)
    codes = [make_voucher(api)["id"] for _ in range(2)]
    campaign = make_campaign(api)["id"]
    before = revision()
    assign(rule, "voucher", codes[0])
    assert revision() == before + 1  # the rule is assigned for the first time
    made = assign(rule, "voucher", codes[1])
    api.delete(f"/v1/validation-rules/{rule['id']}/assignments/{made['id']}").expect(204)
    assert revision() == before + 1  # the rules of codes are read with the codes
    made = assign(rule, "campaign", campaign)
    assert revision() == before + 2
    api.delete(f"/v1/validation-rules/{rule['id']}/assignments/{made['id']}").expect(204)
    assert revision() == before + 3

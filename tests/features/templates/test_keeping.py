"""Storing templates: what they are made of, reading, changing, listing, deleting."""

from __future__ import annotations

import pytest

from kupon.testing.builders import make_campaign, make_promotion, make_rule, percent_off, tier

PATH = "/v1/templates/campaigns"
NOW = "2026-03-01T12:00:00.000Z"
LATER = "2026-03-01T13:00:00.000Z"
NOT_SUPPORTED = "campaign_type_is_not_supported_by_campaign_template"


def a_rule(name, **node):
    return {"rules": {"1": {"name": name, **node}, "logic": "1"}}


@pytest.mark.usefixtures("categories")
def test_a_campaign_becomes_a_template(api, make_template, whole):
    campaign = make_campaign(
        api,
        name="Spring",
        description="Ten off",
        category="seasonal",
        type="AUTO_UPDATE",
        start_date="2026-03-01T00:00:00.000Z",
        validity_day_of_week=[1, 2],
        vouchers_count=1,
        metadata={"season": "spring"},
        activity_duration_after_publishing="P7D",
        voucher={"redemption": {"quantity": 3}, "code_config": {"pattern": "SP-####"}},
    )
    made = make_template(campaign_id=campaign["id"], name="Seasonal", description="For spring")
    assert made["id"].startswith("camp_tpl_")
    assert made == {
        "id": made["id"],
        "name": "Seasonal",
        "description": "For spring",
        "campaign_type": "DISCOUNT_COUPONS",
        "created_at": NOW,
        "object": "campaign_template",
    }
    assert api.get(f"{PATH}/{made['id']}").expect() == made
    told = campaign["voucher"]
    assert whole(made) == {
        "object": "campaign",
        "campaign": {
            "description": "Ten off",
            "type": "AUTO_UPDATE",
            "auto_join": False,
            "join_once": False,
            "use_voucher_metadata_schema": False,
            "activity_duration_after_publishing": "P7D",
            "start_date": "2026-03-01T00:00:00.000Z",
            "validity_day_of_week": [1, 2],
            "metadata": {"season": "spring"},
            "voucher": {
                name: told[name] for name in ("type", "discount", "redemption", "code_config")
            },
        },
        "validation_rule": None,
    }


def test_a_campaign_is_found_by_its_name_and_gives_it(api, make_template):
    make_campaign(api, name="Spring")
    assert make_template(campaign_id="Spring")["name"] == "Spring"


def test_a_tier_becomes_a_template_of_discount_coupons(api, make_template, whole):
    promotion = make_promotion(
        api, tier(name="Gold", banner="Take it", metadata={"a": 1}, discount=percent_off(25))
    )
    found = promotion["promotion"]["tiers"][0]
    made = make_template(promotion_tier_id=found["id"])
    assert (made["name"], made["campaign_type"]) == ("Gold", "DISCOUNT_COUPONS")
    assert whole(made) == {
        "object": "promotion_tier",
        "campaign": {
            "banner": "Take it",
            "metadata": {"a": 1},
            "voucher": {"type": "DISCOUNT_VOUCHER", "discount": found["action"]["discount"]},
        },
        "validation_rule": None,
    }


def test_the_rule_is_copied(api, make_template, whole):
    rule = make_rule(api, name="Big", **a_rule("order.amount", conditions={"$more_than": [1000]}))
    campaign = make_campaign(api, validation_rules=[rule["id"]])
    kept = whole(make_template(campaign_id=campaign["id"]))["validation_rule"]
    assert (kept["name"], kept["rules"]) == ("Big", rule["rules"])
    assert "id" not in kept


def test_a_promotion_is_no_template(api):
    promotion = make_promotion(api, tier())
    body = {"campaign_id": promotion["id"], "name": "T"}
    answer = api.post(PATH, json=body).refused(400, NOT_SUPPORTED)
    assert answer["message"] == "Campaign of the given type is not supported by campaign template"


@pytest.mark.parametrize(
    "node",
    [
        a_rule("redemption.api_key", conditions={"$is": ["app_x"]}),
        a_rule("redemption.user.login", conditions={"$is": ["ada"]}),
        a_rule("redemption.count.per_api_key", conditions={"$less_than": [3]}),
        a_rule("redemption.count.per_user", conditions={"$less_than": [3]}),
        a_rule("customer.loyalty.tier", conditions={"$is": ["ltr_x"]}),
    ],
    ids=lambda node: node["rules"]["1"]["name"],
)
def test_rules_that_no_template_takes(api, node):
    rule = make_rule(api, **node)
    campaign = make_campaign(api, validation_rules=[rule["id"]])
    api.post(PATH, json={"campaign_id": campaign["id"]}).refused(400, "invalid_validation_rules")
    assert api.get(PATH).expect()["data"] == []


@pytest.mark.parametrize("form", [lambda id: id, lambda id: {"id": id}])
def test_static_segments_are_not_taken_and_others_are(api, make_template, form):
    static = api.post("/v1/segments", json={"name": "S", "type": "static", "customers": []})
    passive = api.post(
        "/v1/segments",
        json={
            "name": "P",
            "type": "passive",
            "filter": {"junction": "and", "name": {"conditions": {"$is": ["Ada"]}}},
        },
    )

    def campaign_of(segment):
        ids = [form(segment.expect()["id"])]
        rule = make_rule(api, **a_rule("customer.segment", conditions={"$is": ids}))
        return make_campaign(api, validation_rules=[rule["id"]])["id"]

    body = {"campaign_id": campaign_of(static)}
    answer = api.post(PATH, json=body).refused(400, "invalid_validation_rules")
    assert "Static segment" in answer["details"]
    make_template(campaign_id=campaign_of(passive))


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"campaign_id": None, "promotion_tier_id": None},
        {"campaign_id": "c", "promotion_tier_id": "t"},
        {"campaign_id": 5},
        {"campaign_id": "c", "name": ""},
        {"campaign_id": "c", "name": "x" * 501},
        {"campaign_id": "c", "name": 7},
        {"campaign_id": "c", "description": {}},
    ],
)
def test_broken_bodies_are_refused(api, body):
    api.post(PATH, json=body).refused(400, "invalid_payload")


def test_what_is_not_there(api):
    api.post(PATH, json={"campaign_id": "nothing"}).refused(404, "not_found")
    api.post(PATH, json={"promotion_tier_id": "nothing"}).refused(404, "not_found")
    for answer in (
        api.get(f"{PATH}/camp_tpl_x"),
        api.put(f"{PATH}/camp_tpl_x", json={"name": "X"}),
        api.delete(f"{PATH}/camp_tpl_x"),
        api.post(f"{PATH}/camp_tpl_x/campaign-setup", json={"name": "X"}),
        api.post(f"{PATH}/camp_tpl_x/tier-setup", json={"name": "X", "campaign_id": "c"}),
    ):
        body = answer.refused(404, "not_found")
        assert (body["resource_type"], body["resource_id"]) == ("campaign_template", "camp_tpl_x")


def test_a_name_is_taken_once_in_a_project(api, make_template, connect_api, new_project):
    campaign = make_campaign(api)
    make_template(campaign_id=campaign["id"], name="One")
    other = make_template(campaign_id=campaign["id"], name="Two")
    body = {"campaign_id": campaign["id"], "name": "One"}
    api.post(PATH, json=body).refused(409, "duplicate_found")
    api.put(f"{PATH}/{other['id']}", json={"name": "One"}).refused(409, "duplicate_found")
    assert api.get(f"{PATH}/{other['id']}").expect()["name"] == "Two"
    stranger = connect_api(new_project())
    theirs = make_campaign(stranger)
    stranger.post(PATH, json={"campaign_id": theirs["id"], "name": "One"}).expect()
    stranger.get(f"{PATH}/{other['id']}").refused(404, "not_found")


def test_an_update_changes_what_it_names(api, make_template, move_time):
    made = make_template(campaign_id=make_campaign(api)["id"], name="One", description="D")
    path = f"{PATH}/{made['id']}"
    move_time(hours=1)
    changed = api.put(path, json={"name": "Two"}).expect()
    assert changed == made | {"name": "Two", "updated_at": LATER}
    changed = api.put(path, json={"description": None}).expect()
    assert changed == {
        name: value
        for name, value in (made | {"name": "Two", "updated_at": LATER}).items()
        if name != "description"
    }
    assert api.get(path).expect() == changed
    for body in ({"name": ""}, {"name": 5}, {"description": 5}):
        api.put(path, json=body).refused(400, "invalid_payload")


def test_a_deleted_template_is_gone_and_its_name_free(api, make_template):
    campaign = make_campaign(api)
    made = make_template(campaign_id=campaign["id"], name="One")
    api.delete(f"{PATH}/{made['id']}").expect(204)
    api.get(f"{PATH}/{made['id']}").refused(404, "not_found")
    make_template(campaign_id=campaign["id"], name="One")


@pytest.fixture
def templates(api, make_template):
    """Four of them, the oldest first."""
    campaign = make_campaign(api)
    return [make_template(campaign_id=campaign["id"], name=name) for name in ("A", "B", "C", "D")]


@pytest.mark.parametrize(("order", "expected"), [(None, "DCBA"), ("-id", "DCBA"), ("id", "ABCD")])
@pytest.mark.usefixtures("templates")
def test_templates_are_walked_by_id(api, order, expected):
    query = {"limit": 3, "include_total": True} | ({} if order is None else {"order": order})
    first = api.get(PATH, query=query).expect()
    assert (first["total"], first["has_more"]) == (4, True)
    after = first["more_starting_after"]
    second = api.get(PATH, query={**query, "starting_after_id": after}).expect()
    assert (second["total"], second["has_more"]) == (4, False)
    names = [row["name"] for row in first["data"] + second["data"]]
    assert names == list(expected)


def test_the_total_is_told_only_when_asked_for(api, templates):
    listed = api.get(PATH).expect()
    assert listed == {
        "object": "list",
        "data_ref": "data",
        "data": templates[::-1],
        "has_more": False,
    }
    assert api.get(PATH, query={"include_total": "true"}).expect() == listed | {"total": 4}


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"name": {"conditions": {"$in": ["A", "C"]}}}, ["A", "C"]),
        ({"campaign_type": {"conditions": {"$is": "GIFT_VOUCHERS"}}}, []),
        ({"campaign_type": {"conditions": {"$is": "DISCOUNT_COUPONS"}}}, ["A", "B", "C", "D"]),
    ],
)
@pytest.mark.usefixtures("templates")
def test_filters(api, filters, expected):
    query = {"filters": filters, "order": "id", "include_total": True}
    listed = api.get(PATH, query=query).expect()
    assert [row["name"] for row in listed["data"]] == expected
    assert listed["total"] == len(expected)


def test_filters_by_id(api, templates):
    filters = {"id": {"conditions": {"$is": templates[2]["id"]}}}
    assert api.get(PATH, query={"filters": filters}).expect()["data"] == [templates[2]]


@pytest.mark.parametrize(
    "query",
    [
        {"order": "name"},
        {"limit": 0},
        {"include_total": "perhaps"},
        {"filters": {"description": {"conditions": {"$is": "x"}}}},
    ],
)
def test_broken_queries_are_refused(api, query):
    api.get(PATH, query=query).refused(400, "invalid_query_params")


def test_an_unknown_expansion_is_refused(api, templates):
    query = {"expand": "everything"}
    api.get(f"{PATH}/{templates[0]['id']}", query=query).refused(400, "invalid_query_params")

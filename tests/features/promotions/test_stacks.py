"""Promotion stacks: tiers of one campaign that are used together."""

from __future__ import annotations

import re

import pytest

from kupon.testing.builders import make_promotion, make_stack, make_tier

NOW = "2026-03-01T12:00:00.000Z"
LATER = "2026-03-01T13:00:00.000Z"


@pytest.fixture
def path(campaign):
    return f"/v1/promotions/{campaign['id']}/stacks"


@pytest.fixture
def ids(api, campaign):
    return [make_tier(api, campaign["id"])["id"] for _ in range(3)]


def test_a_stack_is_stored(api, campaign, events, ids):
    category = api.post("/v1/categories", json={"name": "Spring", "hierarchy": 1}).expect()
    order = [ids[2], ids[0]]
    body = {
        "name": "Both",
        "tiers": {"ids": order, "hierarchy_mode": "MANUAL"},
        "category_id": category["id"],
    }
    made = api.post("/v1/promotions/Promo/stacks", json=body).expect()
    assert re.fullmatch(r"stack_[0-9a-f]{18}", made["id"])
    assert made == {
        "id": made["id"],
        "name": "Both",
        "tiers": {"ids": order, "hierarchy_mode": "MANUAL"},
        "campaign_id": campaign["id"],
        "category_id": category["id"],
        "categories": [category],
        "created_at": NOW,
        "object": "promotion_stack",
    }
    for name in ("Promo", campaign["id"]):
        assert api.get(f"/v1/promotions/{name}/stacks/{made['id']}").expect() == made
    name, payload = events()[-1]
    assert (name, payload["campaign"]["id"]) == ("campaign.promotion_stack.created", campaign["id"])
    assert payload["promotion_stack"] == {
        "id": made["id"],
        "name": "Both",
        "category_id": category["id"],
        "campaign": {"id": campaign["id"]},
        "tiers": {"ids": order, "hierarchy_mode": "MANUAL"},
    }


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ([], "Payload must be object"),
        ({}, "Payload must have required property 'name'"),
        ({"name": "a"}, "Payload must have required property 'tiers'"),
        ({"name": "", "tiers": {"ids": ["a"]}}, "Property .name must not be empty"),
        ({"name": "a", "tiers": []}, "Property .tiers must be object"),
        ({"name": "a", "tiers": {}}, "Property .tiers should have required property 'ids'"),
        (
            {"name": "a", "tiers": {"ids": []}},
            "Property .tiers.ids must NOT have fewer than 1 items",
        ),
        (
            {"name": "a", "tiers": {"ids": [str(n) for n in range(31)]}},
            "Property .tiers.ids must NOT have more than 30 items",
        ),
        (
            {"name": "a", "tiers": {"ids": ["a", "b", "a"]}},
            "Property .tiers.ids must NOT have duplicate items",
        ),
        ({"name": "a", "tiers": {"ids": [1]}}, "Property .tiers.ids[0] must be string"),
        ({"name": "a", "tiers": {"ids": "a"}}, "Property .tiers.ids must be array"),
        (
            {"name": "a", "tiers": {"ids": ["a"], "hierarchy_mode": "AUTO"}},
            "Property .tiers.hierarchy_mode must be one of: MANUAL",
        ),
    ],
)
def test_a_broken_stack_is_refused(api, path, body, details):
    assert api.post(path, json=body).refused(400, "invalid_payload")["details"] == details
    assert api.get(path).expect()["total"] == 0


def test_a_stack_has_up_to_thirty_tiers(api, campaign):
    ids = [make_tier(api, campaign["id"])["id"] for _ in range(30)]
    assert make_stack(api, campaign["id"], *ids)["tiers"]["ids"] == ids


@pytest.mark.parametrize(
    ("member", "value", "kind"),
    [
        ("category_id", "cat_none", "category"),
        ("tiers", {"ids": ["promo_none"]}, "promotion_tier"),
    ],
)
def test_a_stack_of_what_does_not_exist_is_refused(api, campaign, path, ids, member, value, kind):
    kept = make_stack(api, campaign["id"], *ids)
    body = {"name": "New", "tiers": {"ids": ids}, member: value}
    for method, place in (("POST", path), ("PUT", f"{path}/{kept['id']}")):
        refusal = api.send(method, place, json=body).refused(404, "not_found")
        assert refusal["resource_type"] == kind
    assert api.get(path).expect()["data"] == [kept]


@pytest.mark.uncertain
def test_a_stack_has_tiers_of_its_own_campaign_only(api, path, ids):
    foreign = make_tier(api, make_promotion(api)["id"])["id"]
    body = {"name": "Mixed", "tiers": {"ids": [ids[0], foreign]}}
    refusal = api.post(path, json=body).refused(400, "invalid_payload")
    assert refusal["details"] == (
        "Property .tiers.ids[1] must be a promotion tier of the same campaign"
    )
    assert api.get(path).expect()["total"] == 0


def test_a_tier_of_another_project_does_not_exist(api, path, connect_api, new_project):
    stranger = connect_api(new_project())
    foreign = make_tier(stranger, make_promotion(stranger)["id"])["id"]
    body = {"name": "Mixed", "tiers": {"ids": [foreign]}}
    assert api.post(path, json=body).refused(404, "not_found")["resource_id"] == foreign


def test_an_update_keeps_what_it_does_not_name(api, campaign, path, ids, events, move_time):
    category = api.post("/v1/categories", json={"name": "Spring", "hierarchy": 1}).expect()
    made = make_stack(api, campaign["id"], *ids[:2], name="Old")
    move_time(hours=1)
    for change, seen in (
        ({}, {}),
        ({"name": "New"}, {"name": "New"}),
        ({"tiers": {"hierarchy_mode": "MANUAL"}}, {}),
        (
            {"tiers": {"ids": ids[::-1]}},
            {"tiers": {"ids": ids[::-1], "hierarchy_mode": "MANUAL"}},
        ),
        (
            {"category_id": category["id"]},
            {"category_id": category["id"], "categories": [category]},
        ),
        ({"category_id": None}, {"category_id": None, "categories": []}),
    ):
        changed = api.put(f"{path}/{made['id']}", json=change).expect()
        assert changed == made | seen | {"updated_at": LATER}
        assert api.get(f"{path}/{made['id']}").expect() == changed
        assert events()[-1][0] == "campaign.promotion_stack.updated"
        made = changed


@pytest.mark.parametrize("change", [{"tiers": {"ids": []}}, {"name": ""}, {"tiers": "all"}])
def test_a_broken_update_changes_nothing(api, campaign, path, ids, change):
    made = make_stack(api, campaign["id"], *ids)
    api.put(f"{path}/{made['id']}", json={"name": "New"} | change).refused(400, "invalid_payload")
    assert api.get(f"{path}/{made['id']}").expect() == made


def test_a_deleted_stack_leaves_its_tiers(api, campaign, path, ids, events):
    made = make_stack(api, campaign["id"], *ids)
    before = events()
    api.delete(f"{path}/{made['id']}").expect(204)
    api.get(f"{path}/{made['id']}").refused(404, "not_found")
    assert api.get(f"/v1/promotions/{campaign['id']}/tiers").expect()["total"] == 3
    # The wire knows no event of this.
    assert events() == before


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_stack_that_does_not_exist_is_not_found(
    api, campaign, path, ids, connect_api, new_project, method
):
    made = make_stack(api, campaign["id"], *ids)
    other = make_promotion(api)
    options = {"json": {}} if method == "PUT" else {}
    for place, kind in (
        (f"{path}/stack_none", "promotion_stack"),
        (f"/v1/promotions/{other['id']}/stacks/{made['id']}", "promotion_stack"),
        (f"/v1/promotions/nothing/stacks/{made['id']}", "campaign"),
    ):
        refusal = api.send(method, place, **options).refused(404, "not_found")
        assert refusal["resource_type"] == kind
    stranger = connect_api(new_project())
    stranger.send(method, f"{path}/{made['id']}", **options).refused(404, "not_found")
    assert api.get(f"{path}/{made['id']}").expect() == made


def test_stacks_are_listed_by_campaign_and_by_project(api, campaign, path, ids, move_time):
    category = api.post("/v1/categories", json={"name": "Spring", "hierarchy": 1}).expect()
    first = make_stack(api, campaign["id"], ids[0], name="b", category_id=category["id"])
    move_time(hours=1)
    second = make_stack(api, campaign["id"], ids[1], name="c")
    other = make_promotion(api)
    third = make_stack(api, other["id"], make_tier(api, other["id"])["id"], name="a")
    listed = {"object": "list", "data_ref": "data"}
    assert api.get(path).expect() == listed | {"data": [second, first], "total": 2}
    everywhere = "/v1/promotions/stacks"
    assert api.get(everywhere).expect() == listed | {"data": [third, second, first], "total": 3}
    for query, rows in (
        ({"order": "name"}, [third, first, second]),
        ({"order": "-name", "limit": 2}, [second, first]),
        ({"order": "created_at", "limit": 2, "page": 2}, [third]),
        ({"created_at": {"before": "2026-03-01T12:30:00Z"}}, [first]),
        ({"updated_at": {"after": "2026-01-01"}}, []),
    ):
        assert api.get(everywhere, query=query).expect()["data"] == rows, query
    for query in ({"order": "id"}, {"limit": 101}, {"page": 0}):
        api.get(everywhere, query=query).refused(400, "invalid_query_params")


def test_a_stack_is_not_made_of_a_tier_that_was_deleted(api, campaign, path, ids):
    made = make_stack(api, campaign["id"], *ids)
    api.delete(f"/v1/promotions/tiers/{ids[1]}").expect(204)
    body = {"name": "Late", "tiers": {"ids": ids}}
    for method, place in (("POST", path), ("PUT", f"{path}/{made['id']}")):
        refusal = api.send(method, place, json=body).refused(404, "not_found")
        assert refusal["resource_id"] == ids[1]
    assert api.get(f"{path}/{made['id']}").expect()["tiers"]["ids"] == [ids[0], ids[2]]


def test_a_stack_that_lost_all_tiers_gets_others(api, campaign, path, ids):
    made = make_stack(api, campaign["id"], ids[0])
    api.delete(f"/v1/promotions/tiers/{ids[0]}").expect(204)
    emptied = api.get(f"{path}/{made['id']}").expect()
    assert emptied["tiers"] == {"hierarchy_mode": "MANUAL"}
    change = {"tiers": {"ids": [ids[1]]}}
    assert api.put(f"{path}/{made['id']}", json=change).expect()["tiers"]["ids"] == [ids[1]]

"""Rewards over HTTP: every type, what is refused, changes, deletion, listing, metadata."""

from __future__ import annotations

import pytest

from kupon.testing.builders import (
    assign_reward,
    make_campaign,
    make_campaign_reward,
    make_gift_campaign,
    make_material_reward,
    make_product,
    make_programme,
    make_promotion,
    make_reward,
    make_sku,
)

NOW = "2026-03-01T12:00:00.000Z"


@pytest.fixture(autouse=True)
def _frozen(move_time):
    move_time.freeze("2026-03-01T12:00:00+00:00")


def post(api, parameters, **members):
    return api.post("/v1/rewards", json={"name": "A", "parameters": parameters, **members})


def test_a_reward_that_pays_for_orders(api):
    made = post(api, {"coin": {"exchange_ratio": "0.01", "points_ratio": 2}}).expect()
    assert made["id"].startswith("rew_")
    assert made == {
        "id": made["id"],
        "name": "A",
        "stock": None,
        "redeemed": None,
        "metadata": {},
        "type": "COIN",
        "parameters": {"coin": {"exchange_ratio": 0.01, "points_ratio": 2}},
        "created_at": NOW,
        "updated_at": None,
        "object": "reward",
    }
    assert api.get(f"/v1/rewards/{made['id']}").expect() == made


def test_points_count_one_by_one_unless_it_is_said(api):
    made = post(api, {"coin": {"exchange_ratio": 20}}).expect()
    assert made["parameters"] == {"coin": {"exchange_ratio": 20, "points_ratio": 1}}


def test_rewards_out_of_campaigns(api):
    coupons, gifts, programme = make_campaign(api), make_gift_campaign(api), make_programme(api)
    for campaign, balance in ((coupons, None), (gifts, 1000), (programme, 50)):
        made = make_campaign_reward(api, campaign, balance)
        kind = campaign["campaign_type"]
        worth = {} if balance is None else {"balance": balance}
        meant = {"id": campaign["id"], "type": kind, **worth}
        assert (made["type"], made["parameters"]) == ("CAMPAIGN", {"campaign": meant})


def test_a_campaign_may_be_named_by_its_name_and_gives_it_to_the_reward(api):
    campaign = make_campaign(api)
    body = {"parameters": {"campaign": {"id": campaign["name"]}}}
    made = api.post("/v1/rewards", json=body).expect()
    assert made["name"] == campaign["name"]
    assert made["parameters"]["campaign"]["id"] == campaign["id"]


def test_a_reward_that_is_handed_over(api):
    product = make_product(api)
    sku = make_sku(api, product["id"])
    meant = {"product": {"id": product["source_id"], "sku_id": sku["source_id"]}}
    looks = {"image_url": "https://example.com/mug.png", "description": "A mug"}
    made = post(api, meant, stock="5", attributes=looks).expect()
    assert made["parameters"] == {"product": {"id": product["id"], "sku_id": sku["id"]}}
    assert (made["stock"], made["redeemed"], made["attributes"]) == (5, 0, looks)


@pytest.mark.parametrize(
    ("parameters", "key"),
    [
        (None, "invalid_payload"),
        ({}, "invalid_payload"),
        ([], "invalid_payload"),
        ({"coin": {"exchange_ratio": 1}, "product": {"id": "p"}}, "invalid_payload"),
        ({"coin": {}}, "invalid_payload"),
        ({"coin": {"exchange_ratio": 0}}, "invalid_payload"),
        ({"coin": {"exchange_ratio": -1}}, "invalid_payload"),
        ({"coin": {"exchange_ratio": "1e3"}}, "invalid_payload"),
        ({"coin": {"exchange_ratio": True}}, "invalid_payload"),
        ({"coin": {"exchange_ratio": 10**12}}, "invalid_payload"),
        ({"coin": {"exchange_ratio": 1, "points_ratio": 0}}, "invalid_payload"),
        ({"coin": {"exchange_ratio": 1, "points_ratio": "x"}}, "invalid_payload"),
        ({"campaign": {"id": "camp_none"}}, "not_found"),
        ({"campaign": {}}, "invalid_payload"),
        ({"campaign": {"id": 1}}, "invalid_payload"),
        ({"product": {"id": "none"}}, "not_found"),
        ({"product": {}}, "invalid_payload"),
    ],
)
def test_broken_parameters(api, parameters, key):
    refused = post(api, parameters)
    assert refused.json["key"] == key
    assert api.get("/v1/rewards").expect()["total"] == 0


def test_what_campaigns_give_must_be_something(api):
    for campaign in (make_gift_campaign(api), make_programme(api)):
        for balance in (None, 0, -5, 2**53):
            meant = {"campaign": {"id": campaign["id"], "balance": balance}}
            assert post(api, meant).json["key"] == "invalid_balance"


def test_promotions_are_no_rewards(api):
    campaign = make_promotion(api)
    refused = post(api, {"campaign": {"id": campaign["id"]}})
    assert (refused.status, refused.json["key"]) == (400, "invalid_campaign")


def test_a_sku_must_be_one_of_the_product(api):
    product, other = make_product(api), make_product(api)
    sku = make_sku(api, other["id"])
    refused = post(api, {"product": {"id": product["id"], "sku_id": sku["id"]}})
    assert (refused.status, refused.json["resource_type"]) == (404, "sku")


@pytest.mark.parametrize("stock", [-1, "x", 1.5, []])
def test_broken_stocks(api, stock):
    meant = {"product": {"id": make_product(api)["id"]}}
    assert post(api, meant, stock=stock).json["key"] == "invalid_payload"


def test_a_change_leaves_alone_what_it_does_not_name(api, move_time):
    made = make_material_reward(api, 5, metadata={"a": 1}, attributes={"description": "x"})
    move_time.freeze("2026-03-01T13:00:00+00:00")
    path = f"/v1/rewards/{made['id']}"
    changes = {"name": "B", "metadata": {"b": 2}, "attributes": {"image_url": "i"}, "stock": None}
    changed = api.put(path, json=changes).expect()
    assert changed == made | {
        "name": "B",
        "metadata": {"a": 1, "b": 2},
        "attributes": {"description": "x", "image_url": "i"},
        "stock": None,
        "updated_at": "2026-03-01T13:00:00.000Z",
    }
    assert api.get(path).expect() == changed
    assert api.put(path, json={}).expect()["name"] == "B"


def test_a_reward_keeps_its_type(api):
    made = make_reward(api)
    path = f"/v1/rewards/{made['id']}"
    changed = {"coin": {"exchange_ratio": 3, "points_ratio": 7}}
    assert api.put(path, json={"parameters": changed}).expect()["parameters"] == changed
    other = {"product": {"id": make_product(api)["id"]}}
    assert api.put(path, json={"parameters": other}).json["key"] == "invalid_payload"
    assert api.put("/v1/rewards/rew_none", json={"name": "x"}).status == 404


def test_a_deleted_reward_is_gone(api):
    made = make_reward(api)
    path = f"/v1/rewards/{made['id']}"
    assert api.delete(path).status == 204
    for answer in (api.get(path), api.delete(path)):
        assert (answer.status, answer.json["resource_type"]) == (404, "reward")


def test_a_reward_that_a_programme_offers_stays(api):
    reward, programme = make_reward(api), make_programme(api)
    assigned = assign_reward(api, reward, programme)
    refused = api.delete(f"/v1/rewards/{reward['id']}")
    assert (refused.status, refused.json["key"]) == (400, "resource_in_use")
    assert refused.json["related_object_ids"] == [assigned["id"]]
    assert refused.json["related_object_type"] == "reward_assignment"
    api.delete(f"/v1/rewards/{reward['id']}/assignments/{assigned['id']}")
    assert api.delete(f"/v1/rewards/{reward['id']}").status == 204


def test_rewards_are_listed_page_by_page(api, move_time):
    made = []
    for hour in range(3):
        move_time.freeze(f"2026-03-01T1{hour}:00:00+00:00")
        made.append(make_reward(api))
    page = api.get("/v1/rewards", query={"limit": 2}).expect()
    assert (page["data"], page["total"], page["data_ref"]) == ([made[2], made[1]], 3, "data")
    assert api.get("/v1/rewards", query={"limit": 2, "page": 2}).expect()["data"] == [made[0]]
    assigned = assign_reward(api, made[1], make_programme(api))
    query = {"assignment_id": assigned["id"]}
    assert api.get("/v1/rewards", query=query).expect()["data"] == [made[1]]
    assert api.get("/v1/rewards", query={"assignment_id": "x"}).expect()["data"] == []
    assert api.get("/v1/rewards", query={"limit": 0}).status == 400


def test_metadata_follow_their_schema(api, management_api, project):
    path = f"/management/v1/projects/{project.id}/metadata-schemas"
    schema = {"related_object": "reward", "allow_defined_only": True}
    properties = {"color": {"type": "string", "array": False, "optional": False}}
    management_api.post(path, json={**schema, "properties": properties}).expect()
    refused = post(api, {"coin": {"exchange_ratio": 1}}, metadata={"color": 5})
    assert refused.json["key"] == "metadata_validation_failed"
    made = post(api, {"coin": {"exchange_ratio": 1}}, metadata={"color": "red"}).expect()
    refused = api.put(f"/v1/rewards/{made['id']}", json={"metadata": {"size": 1}})
    assert refused.json["key"] == "metadata_validation_failed"


def test_projects_do_not_see_each_others_rewards(api, new_project, connect_api):
    made = make_reward(api)
    other = connect_api(new_project())
    assert other.get(f"/v1/rewards/{made['id']}").status == 404
    assert other.get("/v1/rewards").expect()["total"] == 0

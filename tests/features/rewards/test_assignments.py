"""What programmes offer, over both families of routes: prices, refusals, changes, events."""

from __future__ import annotations

import pytest

from kupon.testing.builders import (
    assign_reward,
    make_campaign,
    make_campaign_reward,
    make_material_reward,
    make_programme,
    make_reward,
    make_rule,
)

NOW = "2026-03-01T12:00:00.000Z"


@pytest.fixture(autouse=True)
def _frozen(move_time):
    move_time.freeze("2026-03-01T12:00:00+00:00")


@pytest.fixture
def programme(api):
    return make_programme(api)


def price(points, **members):
    return {"parameters": {"loyalty": {"points": points, **members}}}


def assign(api, reward, programme, **body):
    path = f"/v1/rewards/{reward['id']}/assignments"
    return api.post(path, json={"campaign": programme["id"], **body})


def test_a_price_is_kept(api, programme, events):
    reward = make_material_reward(api)
    made = assign(api, reward, programme, **price(100)).expect()
    assert made["id"].startswith("rewa_")
    assert made == {
        "id": made["id"],
        "reward_id": reward["id"],
        "related_object_id": programme["id"],
        "related_object_type": "campaign",
        "parameters": {"loyalty": {"points": 100, "auto_redeem": False}},
        "created_at": NOW,
        "updated_at": None,
        "object": "reward_assignment",
    }
    paths = (
        f"/v1/rewards/{reward['id']}/assignments/{made['id']}",
        f"/v1/loyalties/{programme['id']}/rewards/{made['id']}",
        f"/v1/loyalties/{programme['id']}/reward-assignments/{made['id']}",
        f"/v1/loyalties/{programme['name']}/rewards/{made['id']}",
    )
    for path in paths:
        assert api.get(path).expect() == made
    path = f"/v1/loyalties/{programme['id']}/reward-assignments/{made['id']}/reward"
    assert api.get(path).expect() == reward
    [(name, payload)] = [each for each in events() if "assignment" in each[0]]
    assert name == "campaign.reward.assignment.created"
    assert (payload["reward"], payload["reward_assignment"]) == (reward, made)
    assert payload["campaign"]["id"] == programme["id"]


def test_what_is_paid_by_the_amount_has_no_price(api, programme):
    made = assign_reward(api, make_reward(api), programme)
    assert "parameters" not in made


def test_programmes_take_several_at_once(api, programme):
    rewards = [make_material_reward(api), make_reward(api)]
    body = [{"reward": rewards[0]["id"], **price(5)}, {"reward": rewards[1]["id"]}]
    first = api.post(f"/v1/loyalties/{programme['id']}/rewards", json=body).expect()
    assert first["reward_id"] == rewards[0]["id"]
    listed = api.get(f"/v1/loyalties/{programme['id']}/rewards").expect()
    assert {row["reward_id"] for row in listed["data"]} == {each["id"] for each in rewards}


def test_all_or_none_of_several(api, programme):
    reward = make_material_reward(api)
    path = f"/v1/loyalties/{programme['id']}/rewards"
    body = [{"reward": reward["id"], **price(5)}, {"reward": "rew_none", **price(5)}]
    assert api.post(path, json=body).status == 404
    for broken in ([], {}, [{}], [5], None):
        assert api.post(path, json=broken).json["key"] == "invalid_payload"
    assert api.get(path).expect()["total"] == 0


def test_a_reward_with_a_price_needs_one(api, programme):
    reward = make_campaign_reward(api, make_campaign(api))
    for body in ({}, {"parameters": {}}, {"parameters": {"loyalty": {}}}, {"parameters": None}):
        refused = assign(api, reward, programme, **body)
        assert (refused.status, refused.json["key"]) == (400, "missing_param")
        assert "parameters.loyalty" in refused.json["details"]
    for points in (0, -1, "x", 1.5):
        assert assign(api, reward, programme, **price(points)).json["key"] == "invalid_payload"
    assert api.get(f"/v1/loyalties/{programme['id']}/rewards").expect()["total"] == 0


def test_once_for_each_programme(api, programme):
    reward = make_reward(api)
    assign_reward(api, reward, programme)
    refused = assign(api, reward, programme)
    assert (refused.status, refused.json["key"]) == (409, "duplicate_found")
    assert assign(api, reward, make_programme(api)).status == 200
    path = f"/v1/rewards/{reward['id']}/assignments"
    assert api.get(path).expect()["total"] == 2


def test_one_reward_redeems_itself(api, programme):
    first, second = make_material_reward(api), make_material_reward(api)
    assign_reward(api, first, programme, 10, auto_redeem=True)
    refused = assign(api, second, programme, **price(10, auto_redeem=True))
    assert (refused.status, refused.json["key"]) == (409, "duplicate_found")
    made = assign_reward(api, second, programme, 10)
    path = f"/v1/loyalties/{programme['id']}/rewards/{made['id']}"
    assert api.put(path, json=price(10, auto_redeem=True)).status == 409


def test_paying_by_the_amount_is_never_automatic(api, programme):
    refused = assign(api, make_reward(api), programme, **price(10, auto_redeem=True))
    assert refused.json["key"] == "invalid_payload"


def test_a_programme_does_not_give_its_own_points(api, programme):
    other = make_programme(api)
    reward = make_campaign_reward(api, other, 10)
    assert assign(api, reward, other, **price(5)).json["key"] == "invalid_campaign"
    assign_reward(api, reward, programme, 5)
    own = {"parameters": {"campaign": {"id": programme["id"], "balance": 5}}}
    refused = api.put(f"/v1/rewards/{reward['id']}", json=own)
    assert refused.json["key"] == "invalid_campaign"


def test_only_programmes_offer_rewards(api):
    campaign = make_campaign(api)
    refused = assign(api, make_reward(api), campaign)
    assert (refused.status, refused.json["resource_type"]) == (404, "campaign")
    for path in ("rewards", "reward-assignments", "reward-assignments/rewa_x/reward"):
        assert api.get(f"/v1/loyalties/{campaign['id']}/{path}").status == 404


def test_rules_for_who_pays_with_points(api, programme):
    rule = make_rule(api)
    made = assign(api, make_reward(api), programme, validation_rules=[rule["id"]]).expect()
    listed = api.get(f"/v1/validation-rules/{rule['id']}/assignments").expect()["data"]
    assert [(row["related_object_type"], row["related_object_id"]) for row in listed] == [
        ("reward_assignment", made["id"])
    ]
    api.delete(f"/v1/loyalties/{programme['id']}/rewards/{made['id']}")
    assert api.get(f"/v1/validation-rules/{rule['id']}/assignments").expect()["total"] == 0
    refused = assign(api, make_reward(api), programme, validation_rules=["val_none"])
    assert refused.status == 404


def test_a_rule_may_be_assigned_later(api, programme):
    rule, made = make_rule(api), assign_reward(api, make_reward(api), programme)
    path = f"/v1/validation-rules/{rule['id']}/assignments"
    given = api.post(path, json={"reward_assignment": made["id"]}).expect()
    assert given["related_object_id"] == made["id"]
    refused = api.post(path, json={"reward_assignment": "rewa_none"})
    assert (refused.status, refused.json["resource_type"]) == (404, "reward_assignment")


def test_prices_change(api, programme, events):
    reward = make_material_reward(api)
    made = assign_reward(api, reward, programme, 100)
    paths = (
        f"/v1/rewards/{reward['id']}/assignments/{made['id']}",
        f"/v1/loyalties/{programme['id']}/rewards/{made['id']}",
    )
    changed = api.put(paths[0], json=price(50)).expect()
    assert changed["parameters"]["loyalty"] == {"points": 50, "auto_redeem": False}
    flagged = {"parameters": {"loyalty": {"auto_redeem": True}}}
    changed = api.put(paths[1], json=flagged).expect()
    assert changed["parameters"]["loyalty"] == {"points": 50, "auto_redeem": True}
    assert changed["updated_at"] == NOW
    assert api.put(paths[1], json={}).expect()["parameters"] == changed["parameters"]
    assert api.put(paths[0], json=price(0)).status == 400
    assert [each[0] for each in events()].count("campaign.reward.assignment.updated") == 3


def test_what_is_taken_away_is_gone(api, programme, events):
    reward = make_reward(api)
    for base in ("rewards", "loyalties"):
        made = assign_reward(api, reward, programme)
        path = {
            "rewards": f"/v1/rewards/{reward['id']}/assignments/{made['id']}",
            "loyalties": f"/v1/loyalties/{programme['id']}/rewards/{made['id']}",
        }[base]
        assert api.delete(path).status == 204
        for answer in (api.get(path), api.delete(path), api.put(path, json={})):
            assert (answer.status, answer.json["resource_type"]) == (404, "reward_assignment")
    assert [each[0] for each in events()].count("campaign.reward.assignment.deleted") == 2


def test_an_assignment_belongs_to_its_own_reward_and_programme(api, programme):
    made = assign_reward(api, make_reward(api), programme)
    other, elsewhere = make_reward(api), make_programme(api)
    for path in (
        f"/v1/rewards/{other['id']}/assignments/{made['id']}",
        f"/v1/rewards/rew_none/assignments/{made['id']}",
        f"/v1/loyalties/{elsewhere['id']}/rewards/{made['id']}",
        f"/v1/loyalties/{elsewhere['id']}/reward-assignments/{made['id']}/reward",
    ):
        assert api.get(path).status == 404
        if "/reward-" not in path:
            assert api.delete(path).status == 404


def test_assignments_are_listed_page_by_page(api, programme, move_time):
    made = []
    for hour in range(3):
        move_time.freeze(f"2026-03-01T1{hour}:00:00+00:00")
        made.append(assign_reward(api, make_material_reward(api), programme, 10 + hour))
    base = f"/v1/loyalties/{programme['id']}"
    for path, name in (
        (f"{base}/rewards", "assignment_id"),
        (f"{base}/reward-assignments", "assignmentId"),
    ):
        page = api.get(path, query={"limit": 2}).expect()
        assert (page["data"], page["total"]) == ([made[2], made[1]], 3)
        assert api.get(path, query={name: made[0]["id"]}).expect()["data"] == [made[0]]


def test_a_deleted_programme_offers_nothing(api, programme):
    rule = make_rule(api)
    reward = make_reward(api)
    assign(api, reward, programme, validation_rules=[rule["id"]]).expect()
    api.delete(f"/v1/campaigns/{programme['id']}")
    assert api.get(f"/v1/rewards/{reward['id']}/assignments").expect()["total"] == 0
    assert api.get(f"/v1/validation-rules/{rule['id']}/assignments").expect()["total"] == 0
    assert api.delete(f"/v1/rewards/{reward['id']}").status == 204

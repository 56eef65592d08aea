"""The tiers of referrers: making them, and what they pay."""

from __future__ import annotations

import pytest

from kupon.features.referrals import reactions
from kupon.runtime import clock
from kupon.storage.queries import outbox
from kupon.storage.uow import UnitOfWork
from kupon.testing.builders import (
    make_campaign,
    make_customer,
    make_gift_campaign,
    make_product,
    make_programme,
    make_referral_campaign,
)


@pytest.fixture
def stars(api):
    return make_programme(api, name="Stars")


@pytest.fixture
def path(programme):
    return f"/v1/referrals/{programme['id']}/tiers"


@pytest.fixture
def reward(make_reward, stars):
    return make_reward(stars, 50)


def test_a_tier_is_made_read_changed_and_removed(api, programme, path, reward, events):
    made = api.post(path, json={"criterion": "EACH", "reward_id": reward["id"]}).expect()
    assert made == {
        "id": made["id"],
        "campaign_id": programme["id"],
        "banner": None,
        "criterion": "EACH",
        "threshold": 1,
        "segment_filter": None,
        "reward_id": reward["id"],
        "created_at": made["created_at"],
        "updated_at": None,
        "object": "referral_tier",
    }
    assert made["id"].startswith("seg_")
    one = f"{path}/{made['id']}"
    assert api.get(one).expect() == made
    changes = {"criterion": "MINIMUM", "threshold": 3, "banner": "Three friends"}
    segment = {"junction": "AND", "name": {"conditions": {"$is": ["Ada"]}}}
    changed = api.put(one, json=changes | {"segment_filter": segment}).expect()
    filter = segment | {"junction": "and"}
    assert changed == made | changes | {
        "segment_filter": filter,
        "updated_at": changed["updated_at"],
    }
    assert changed["updated_at"] is not None
    back = api.put(one, json={"criterion": "EACH", "segment_filter": None}).expect()
    assert (back["threshold"], back["segment_filter"]) == (1, None)
    by_name = f"/v1/referrals/{programme['name']}/tiers"
    listed = api.get(by_name).expect()
    assert (listed["data"], listed["total"], listed["object"]) == ([back], 1, "list")
    api.delete(one).expect(204)
    api.get(one).refused(404, "not_found")
    assert api.get(path).expect()["data"] == []
    told = [(name, p) for name, p in events() if name.startswith("campaign.referral_tier.")]
    assert [name.rpartition(".")[2] for name, _ in told] == [
        "created",
        "updated",
        "updated",
        "deleted",
    ]
    assert told[0][1]["referral_tier"] == made
    assert told[0][1]["campaign"]["id"] == programme["id"]


def test_what_is_no_tier_of_the_programme_is_not_found(api, path, reward, make_tier):
    other = make_referral_campaign(api)
    plain = make_campaign(api)
    tier = make_tier(other, reward)
    body = {"criterion": "EACH", "reward_id": reward["id"]}
    for place in (f"/v1/referrals/{plain['id']}/tiers", "/v1/referrals/camp_none/tiers"):
        api.get(place).refused(404, "not_found")
        api.post(place, json=body).refused(404, "not_found")
        api.put(f"{place}/{tier['id']}", json={}).refused(404, "not_found")
        api.delete(f"{place}/{tier['id']}").refused(404, "not_found")
    for call in (api.get, api.delete):
        call(f"{path}/{tier['id']}").refused(404, "not_found")
    api.put(f"{path}/{tier['id']}", json={"banner": "b"}).refused(404, "not_found")
    assert api.get(path).expect()["total"] == 0


BAD = [
    {"criterion": None},
    {"criterion": "SOME"},
    {"criterion": 3},
    {"reward_id": None},
    {"reward_id": 3},
    {"threshold": 0},
    {"threshold": "x"},
    {"threshold": 2**60},
    {"threshold": 2},
    {"banner": 3},
    {"banner": "b" * 513},
    {"segment_filter": []},
    {"segment_filter": {"junction": "xor"}},
    {"segment_filter": {"unknown": {"conditions": {"$is": ["a"]}}}},
    {"segment_filter": {"name": {"conditions": {"$unknown": ["a"]}}}},
    {"segment_filter": {"name": 3}},
]


@pytest.mark.parametrize("members", BAD)
def test_bad_bodies_make_no_tier(api, path, reward, members):
    body = {"criterion": "EACH", "reward_id": reward["id"]} | members
    api.post(path, json=body).refused(400, "invalid_payload")
    assert api.get(path).expect()["total"] == 0


def test_a_tier_needs_a_reward_that_can_be_given(api, path, reward, make_tier, programme):
    api.post(path, json={"criterion": "EACH"}).refused(400, "invalid_payload")
    api.post(path, json={"reward_id": reward["id"]}).refused(400, "invalid_payload")
    body = {"criterion": "EACH", "reward_id": "rew_none"}
    api.post(path, json=body).refused(404, "not_found")
    coin = {"coin": {"exchange_ratio": 1, "points_ratio": 1}}
    paying = api.post("/v1/rewards", json={"name": "Coin", "parameters": coin}).expect()
    api.post(path, json=body | {"reward_id": paying["id"]}).refused(400, "invalid_payload")
    make_tier(programme, reward)
    api.delete(f"/v1/rewards/{reward['id']}").refused(400, "resource_in_use")


def test_a_programme_has_so_many_tiers(api, path, reward, make_tier, programme):
    for _ in range(50):
        make_tier(programme, reward)
    body = {"criterion": "EACH", "reward_id": reward["id"]}
    api.post(path, json=body).refused(400, "invalid_payload")


def test_each_and_minimum_with_the_same_referee_twice(
    programme, code, stars, reward, make_reward, make_tier, refer, points, referred
):
    """Worked example E46."""
    make_tier(programme, reward)
    make_tier(programme, make_reward(stars, 200), "MINIMUM", threshold=3)
    reached = []
    for source_id in ("A", "B", "A", "C", "D"):
        refer(code, source_id)
        reached.append(points(stars, "ada"))
    assert reached == [50, 100, 100, 350, 400]
    assert referred("ada") == 4


def given_events(events):
    names = ("customer.rewarded", "customer.reward_redemptions.completed")
    return [(name, payload) for name, payload in events() if name in names]


def test_the_referrer_is_told_of(
    api, programme, code, ada, reward, make_tier, refer, events, jobs, uow
):
    tier = make_tier(programme, reward, banner="Thank you")
    refer(code, "bob")
    [rewarded] = [p for name, p in given_events(events) if name == "customer.rewarded"]
    assert rewarded["customer_id"] == ada["id"]
    assert rewarded["reward"]["id"] == reward["id"]
    assert rewarded["referral_tier"] == {
        "id": tier["id"],
        "campaign_id": programme["id"],
        "banner": "Thank you",
        "parameters": {"criterion": "EACH", "threshold": 1},
    }
    row = uow.reader.execute(
        "SELECT source_type, customer_id, campaign_id, state FROM reward_redemptions"
        " WHERE project_id = %s",
        (uow.project_id,),
    ).fetchall()
    assert row == [("referral", ada["id"], programme["id"], "COMPLETED")]
    jobs()
    rows = api.get("/v1/customers/ada/activity", query={"limit": 100}).expect()["data"]
    assert "customer.rewarded" in {row["type"] for row in rows}


def test_who_is_referred_anew_is_not_paid_for_again(
    api, programme, code, stars, reward, make_reward, make_tier, refer, points, referred, jobs
):
    make_tier(programme, reward)
    make_tier(programme, make_reward(stars, 7), "MINIMUM", threshold=1)
    for _ in range(3):
        redemption = refer(code, "bob")
        assert points(stars, "ada") == 57
        api.post(f"/v1/redemptions/{redemption['id']}/rollback", json={}).expect()
        jobs()
        assert referred("ada") == 0
        assert points(stars, "ada") == 57


def test_a_tier_is_for_those_whom_its_filter_finds(
    api, programme, code, publish, stars, reward, make_tier, refer, points
):
    zoe = make_customer(api, source_id="zoe", metadata={"vip": True})
    other = publish(programme, zoe)["code"]
    make_tier(
        programme,
        reward,
        segment_filter={"metadata.vip": {"conditions": {"$is": [True]}}},
    )
    refer(code, "bob")
    refer(other, "bob")
    assert (points(stars, "ada"), points(stars, "zoe")) == (None, 50)


def test_who_has_brought_enough_gets_a_new_minimum_with_the_next_one(
    programme, code, stars, reward, make_tier, refer, points
):
    for source_id in ("A", "B", "C"):
        refer(code, source_id)
    make_tier(programme, reward, "MINIMUM", threshold=2)
    assert points(stars, "ada") is None
    refer(code, "A")
    assert points(stars, "ada") is None
    for source_id in ("D", "E"):
        refer(code, source_id)
        assert points(stars, "ada") == 50


def test_rewards_of_every_kind_are_given(
    api, programme, code, make_reward, make_tier, refer, events
):
    coupons = make_campaign(api, name="Coupons", type="AUTO_UPDATE")
    gifts = make_gift_campaign(api, 100, type="AUTO_UPDATE")
    product = make_product(api)
    parameters = {"product": {"id": product["id"]}}
    mug = api.post("/v1/rewards", json={"name": "Mug", "parameters": parameters, "stock": 1})
    mug = mug.expect()
    for reward in (make_reward(coupons), make_reward(gifts, 300), mug):
        make_tier(programme, reward)
    refer(code, "bob")
    held = api.get("/v1/customers/ada/redeemables").expect()["data"]
    by_campaign = {each["campaign_id"]: each["redeemable"]["voucher"] for each in held}
    assert coupons["id"] in by_campaign
    assert by_campaign[gifts["id"]]["gift"]["balance"] == 400
    assert api.get(f"/v1/rewards/{mug['id']}").expect()["redeemed"] == 1
    names = [name for name, _ in events()]
    assert names.count("customer.rewarded") == 3
    assert names.count("customer.reward_redemptions.pending") == 1
    # Nothing is left of the mug; the others go on.
    refer(code, "eve")
    assert api.get(f"/v1/rewards/{mug['id']}").expect()["redeemed"] == 1
    assert [name for name, _ in events()].count("customer.rewarded") == 5


def test_a_minimum_that_could_not_be_paid_is_tried_again(
    api, programme, code, make_reward, make_tier, refer, referred
):
    coupons = make_campaign(api, name="Coupons")
    make_tier(programme, make_reward(coupons), "MINIMUM", threshold=1)
    refer(code, "bob")
    assert referred("ada") == 1
    api.post(f"/v1/campaigns/{coupons['id']}/vouchers/LATE", json={}).expect()
    refer(code, "eve")
    assert api.get("/v1/vouchers/LATE").expect()["holder_id"]


def test_a_removed_tier_pays_nothing(
    api, path, programme, code, stars, reward, make_tier, refer, points
):
    tier = make_tier(programme, reward)
    api.delete(f"{path}/{tier['id']}").expect(204)
    refer(code, "bob")
    assert points(stars, "ada") is None


def test_a_referrer_who_is_gone_gets_nothing(
    api, programme, code, reward, make_tier, redeem, jobs, events
):
    make_tier(programme, reward)
    api.delete("/v1/customers/ada").expect(204)
    redeem(code, customer={"source_id": "bob"}, order={"amount": 1000})
    jobs()
    names = [name for name, _ in events()]
    assert "customer.rewarded" not in names
    assert "customer.referred" not in names


def test_a_deleted_programme_frees_the_reward(api, programme, reward, make_tier):
    make_tier(programme, reward)
    api.delete(f"/v1/rewards/{reward['id']}").refused(400, "resource_in_use")
    api.delete(f"/v1/campaigns/{programme['id']}").expect(202)
    api.delete(f"/v1/rewards/{reward['id']}").expect(204)


def test_what_is_delivered_twice_counts_and_pays_once(
    engine,
    project,
    programme,
    code,
    stars,
    reward,
    make_tier,
    refer,
    points,
    referred,
    events,
    jobs,
):
    make_tier(programme, reward)
    refer(code, "bob")
    before = events()
    with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
        seqs = uow.reader.execute(
            "SELECT seq FROM events WHERE project_id = %s AND name = ANY(%s) ORDER BY seq",
            (project.id, list(reactions.EVENTS)),
        ).fetchall()
        found = outbox.find_events(uow, [seq for (seq,) in seqs])
        reactions.count_referrals(uow, [found[seq] for (seq,) in seqs])
        uow.commit()
    jobs()
    assert events() == before
    assert (points(stars, "ada"), referred("ada")) == (50, 1)

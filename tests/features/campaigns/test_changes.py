"""Changing campaigns, and which of their codes follow."""

from __future__ import annotations

import pytest

from kupon.features.campaigns import jobs as campaign_jobs
from kupon.testing.builders import amount_off, make_campaign, make_voucher, percent_off, redeemable

NOW = "2026-03-01T12:00:00.000Z"


@pytest.fixture(autouse=True)
def _frozen(move_time):
    move_time.freeze("2026-03-01T12:00:00+00:00")


@pytest.fixture
def campaign(api):
    """A campaign of three codes: one fresh, one redeemed, one published."""
    made = make_campaign(
        api, name="Camp", discount=percent_off(10), metadata={"a": 1, "b": 2}, join_once=True
    )
    for code in ("FRESH", "USED", "HELD"):
        api.post(f"/v1/campaigns/Camp/vouchers/{code}").expect()
    redeem(api, "USED")
    return {**made, "vouchers_count": 3}


@pytest.fixture(autouse=True)
def _published(campaign, uow, project):
    uow.driver.execute(
        "UPDATE vouchers SET publish_count = 1 WHERE project_id = %s AND code = 'HELD'",
        (project.id,),
    )
    uow.commit()


def redeem(api, code):
    body = {"redeemables": [redeemable(code)], "order": {"amount": 1000}}
    return api.post("/v1/redemptions", json=body).expect()


def vouchers(api):
    listed = api.get("/v1/vouchers", query={"campaign": "Camp"}).expect()["vouchers"]
    return {voucher["code"]: voucher for voucher in listed}


def names(events):
    return [name for name, _ in events() if name.startswith("campaign.") and "added" not in name]


def last_action(api):
    (last, *_) = api.get("/v1/async-actions").expect()["async_actions"]
    return api.get(f"/v1/async-actions/{last['id']}").expect()


def test_an_empty_update_only_dates_the_change(api, campaign, jobs, events):
    changed = api.put("/v1/campaigns/Camp", json={}).expect()
    assert changed == {**campaign, "updated_at": NOW}
    assert names(events) == ["campaign.created", "campaign.updated"]
    assert api.get("/v1/async-actions").expect()["async_actions"] == []


def test_an_update_changes_what_it_names(api, campaign, events):
    changed = api.put(
        f"/v1/campaigns/{campaign['id']}",
        json={
            "description": "New",
            "join_once": False,
            "auto_join": True,
            "type": "AUTO_UPDATE",
            "activity_duration_after_publishing": "P1M",
            "metadata": {"b": None, "c": 3},
            "unset_metadata_fields": ["a", "z"],
            "name": "Never",
            "vouchers_count": 99,
        },
    ).expect()
    assert changed == {
        **campaign,
        "description": "New",
        "join_once": False,
        "auto_join": True,
        "type": "AUTO_UPDATE",
        "activity_duration_after_publishing": "P1M",
        "metadata": {"b": None, "c": 3},
        "updated_at": NOW,
    }
    assert api.get("/v1/campaigns/Camp").expect() == changed
    assert events()[-1] == ("campaign.updated", {"campaign": changed})
    cleared = {"description": None, "activity_duration_after_publishing": None, "metadata": None}
    assert api.put("/v1/campaigns/Camp", json=cleared).expect() == {
        **{name: changed[name] for name in changed.keys() - cleared.keys()},
        "metadata": {},
    }


def test_codes_that_nobody_has_follow_their_campaign(api, campaign, jobs):
    category = api.post("/v1/categories", json={"name": "Spring", "hierarchy": 1}).expect()
    before = vouchers(api)
    changed = api.put(
        "/v1/campaigns/Camp",
        json={
            "start_date": "2026-01-01",
            "expiration_date": "2026-12-31",
            "validity_day_of_week": [1, 2],
            "category": "Spring",
            "discount": percent_off(25),
        },
    ).expect()
    assert changed["creation_status"] == "MODIFYING"
    assert vouchers(api) == before
    jobs()
    after = vouchers(api)
    assert {code: after[code] for code in ("USED", "HELD")} == {
        code: before[code] for code in ("USED", "HELD")
    }
    assert after["FRESH"] == {
        **before["FRESH"],
        "start_date": "2026-01-01T00:00:00.000Z",
        "expiration_date": "2026-12-31T00:00:00.000Z",
        "validity_day_of_week": [1, 2],
        "category": "Spring",
        "category_id": category["id"],
        "categories": [category],
        "discount": {**before["FRESH"]["discount"], "percent_off": 25},
        "updated_at": NOW,
    }
    assert api.get("/v1/campaigns/Camp").expect()["creation_status"] == "DONE"
    action = last_action(api)
    assert (action["type"], action["status"]) == ("CAMPAIGN.VOUCHERS_UPDATE", "DONE")
    assert action["result"] == {"message": "Updated 1 vouchers.", "done_count": 1}


def test_cleared_limits_are_cleared_in_codes(api, campaign, jobs):
    limits = {"expiration_date": "2026-12-31", "validity_day_of_week": [1]}
    api.put("/v1/campaigns/Camp", json=limits).expect()
    api.put("/v1/campaigns/Camp", json={"expiration_date": None}).expect()
    jobs()
    fresh = vouchers(api)["FRESH"]
    assert "expiration_date" not in fresh
    assert fresh["validity_day_of_week"] == [1]
    assert api.get("/v1/campaigns/Camp").expect()["creation_status"] == "DONE"


def test_a_code_whose_use_was_taken_back_follows_again(api, campaign, jobs):
    redeemed = redeem(api, "FRESH")["redemptions"][0]["id"]
    api.post(f"/v1/redemptions/{redeemed}/rollback", json={}).expect()
    api.put("/v1/campaigns/Camp", json={"discount": percent_off(50)}).expect()
    jobs()
    assert vouchers(api)["FRESH"]["discount"]["percent_off"] == 50


def test_metadata_stays_on_the_campaign(api, campaign, jobs):
    api.put("/v1/campaigns/Camp", json={"metadata": {"x": 1}}).expect()
    assert jobs() >= 0
    assert {tuple(voucher["metadata"]) for voucher in vouchers(api).values()} == {()}


def test_metadata_goes_to_all_codes_where_it_follows_their_schema(api, jobs, uow, project):
    make_campaign(
        api, name="Meta", use_voucher_metadata_schema=True, metadata={"a": 1, "b": 2, "c": 3}
    )
    for code in ("M1", "M2"):
        body = {"metadata": {"own": code}}
        api.post(f"/v1/campaigns/Meta/vouchers/{code}", json=body).expect()
    redeem(api, "M2")
    update = {"metadata": {"a": 9, "d": {"e": 1}}, "unset_metadata_fields": ["b"]}
    api.put("/v1/campaigns/Meta", json={**update, "start_date": "2026-01-01"}).expect()
    jobs()
    for code in ("M1", "M2"):
        voucher = api.get(f"/v1/vouchers/{code}").expect()
        assert voucher["metadata"] == {"own": code, "a": 9, "c": 3, "d": {"e": 1}}
        assert ("start_date" in voucher) == (code == "M1")
    assert last_action(api)["result"]["done_count"] == 2


def test_all_slices_are_changed(api, jobs, monkeypatch):
    monkeypatch.setattr(campaign_jobs, "SLICE", 7)
    make_campaign(api, name="Many", vouchers_count=30)
    jobs()
    api.put("/v1/campaigns/Many", json={"start_date": "2026-05-01"}).expect()
    jobs()
    assert last_action(api)["result"] == {"message": "Updated 30 vouchers.", "done_count": 30}
    started = {"start_date": {"conditions": {"$is": "2026-05-01"}}}
    query = {"campaign": "Many", "filters": started}
    assert api.get("/v1/vouchers", query=query).expect()["total"] == 30


@pytest.mark.parametrize(
    ("body", "status", "key"),
    [
        ({"type": "STANDALONE"}, 400, "invalid_payload"),
        ({"discount": amount_off(5)}, 400, "invalid_payload"),
        ({"discount": percent_off(200)}, 400, "invalid_payload"),
        ({"expiration_date": "never"}, 400, "invalid_payload"),
        ({"validity_timeframe": {"interval": "P2D", "duration": "P1D"}}, 400, "invalid_payload"),
        ({"activity_duration_after_publishing": "x"}, 400, "invalid_payload"),
        ({"join_once": "yes"}, 400, "invalid_payload"),
        ({"category_id": "cat_x"}, 404, "not_found"),
        ({"access_settings": {"assign": {"area_stores_ids": ["st_1"]}}}, 404, "not_found"),
    ],
)
def test_a_refused_update_changes_nothing(api, campaign, events, body, status, key):
    api.put("/v1/campaigns/Camp", json={"description": "New", **body}).refused(status, key)
    assert api.get("/v1/campaigns/Camp").expect() == campaign
    assert names(events) == ["campaign.created"]


def test_a_campaign_of_one_code_keeps_its_type(api):
    make_campaign(api, name="One", type="STANDALONE", voucher={"code": "ONE"})
    answer = api.put("/v1/campaigns/One", json={"type": "STATIC"})
    answer.refused(400, "invalid_campaign")
    assert not api.put("/v1/campaigns/One", json={"join_once": True}).expect()["join_once"]


def test_a_protected_campaign_stays_as_it_is(api, campaign, uow, project):
    uow.driver.execute(
        "UPDATE campaigns SET is_protected = true WHERE project_id = %s", (project.id,)
    )
    uow.commit()
    assert api.get("/v1/campaigns/Camp").expect()["protected"]
    api.put("/v1/campaigns/Camp", json={}).refused(400, "resource_protected")
    api.delete("/v1/campaigns/Camp").refused(400, "resource_protected")
    assert vouchers(api).keys() == {"FRESH", "USED", "HELD"}


def test_a_campaign_is_switched_off_and_on(api, campaign, events):
    body = {"redeemables": [redeemable("FRESH")], "order": {"amount": 1000}}
    for _ in range(2):
        assert api.post("/v1/campaigns/Camp/disable").expect() == {}
    assert not api.get("/v1/campaigns/Camp").expect()["active"]
    assert vouchers(api)["FRESH"]["active"]
    assert not api.post("/v1/validations", json=body).expect()["valid"]
    for _ in range(2):
        assert api.post(f"/v1/campaigns/{campaign['id']}/enable").expect() == {}
    assert api.post("/v1/validations", json=body).expect()["valid"]
    assert names(events) == ["campaign.created", "campaign.disabled", "campaign.enabled"]
    assert not events()[-2][1]["campaign"]["active"]
    api.post("/v1/campaigns/None/enable").refused(404, "not_found")


def test_an_unknown_campaign_is_not_found(api):
    make_voucher(api, "CODE")
    api.put("/v1/campaigns/None", json={}).refused(404, "not_found")

"""Deleting campaigns: into the bin, and for good."""

from __future__ import annotations

import pytest

from kupon.features.campaigns import jobs as campaign_jobs
from kupon.testing.builders import amount_off, make_campaign, make_voucher, redeemable

CODE = {"type": "DISCOUNT_VOUCHER", "discount": amount_off(100)}


@pytest.fixture(autouse=True)
def _small_slices(monkeypatch):
    monkeypatch.setattr(campaign_jobs, "SLICE", 7)


@pytest.fixture
def campaign(api, jobs):
    config = {"code_config": {"pattern": "D##"}}
    made = make_campaign(api, name="Camp", vouchers_count=20, voucher=config)
    jobs()
    return made


def codes(api):
    listed = api.get("/v1/vouchers", query={"limit": 100}).expect()["vouchers"]
    return sorted(voucher["code"] for voucher in listed)


def last_action(api, action_id):
    action = api.get(f"/v1/async-actions/{action_id}").expect()
    return action["type"], action["status"], action.get("result")


def test_a_binned_campaign_is_gone_at_once_and_keeps_its_names(api, campaign, jobs, events, uow):
    make_voucher(api, "ALONE")
    taken = [code for code in codes(api) if code != "ALONE"]
    action_id = api.delete("/v1/campaigns/Camp").expect(202)["async_action_id"]
    for path in ("", "/summary", "/transactions"):
        api.get(f"/v1/campaigns/Camp{path}").refused(404, "not_found")
    api.get(f"/v1/campaigns/{campaign['id']}").refused(404, "not_found")
    api.get(f"/v1/vouchers/{taken[0]}").refused(404, "not_found")
    body = {"redeemables": [redeemable(taken[0])], "order": {"amount": 1000}}
    assert not api.post("/v1/validations", json=body).expect()["valid"]
    api.delete("/v1/campaigns/Camp").refused(404, "not_found")
    assert codes(api) == ["ALONE"]
    jobs()
    done = {"message": "Deleted 20 vouchers.", "done_count": 20}
    assert last_action(api, action_id) == ("CAMPAIGN.VOUCHERS_DELETE", "DONE", done)
    binned = uow.reader.execute(
        "SELECT count(*) FROM vouchers WHERE project_id = %s AND binned_at IS NOT NULL",
        (uow.project_id,),
    ).fetchone()
    assert (codes(api), binned) == (["ALONE"], (20,))
    api.post(f"/v1/vouchers/{taken[0]}", json=CODE).refused(409, "duplicate_found")
    body = {"name": "Camp", "voucher": CODE}
    api.post("/v1/campaigns", json=body).refused(409, "duplicate_found")
    name, payload = events()[-1]
    assert (name, set(payload)) == ("campaign.deleted", {"campaign", "deleted_at"})
    assert payload["campaign"]["name"] == "Camp"


def test_a_campaign_deleted_for_good_frees_its_names(api, campaign, jobs, uow):
    api.delete("/v1/vouchers/" + codes(api)[0]).expect(204)
    taken = codes(api)
    query = {"force": "true"}
    action_id = api.delete("/v1/campaigns/Camp", query=query).expect(202)["async_action_id"]
    assert codes(api) == []
    jobs()
    done = {"message": "Deleted 20 vouchers.", "done_count": 20}
    assert last_action(api, action_id) == ("CAMPAIGN.VOUCHERS_DELETE", "DONE", done)
    assert make_campaign(api, name="Camp")["id"] != campaign["id"]
    make_voucher(api, taken[0])
    for table in ("vouchers", "campaigns", "campaign_days"):
        left = uow.reader.execute(
            f"SELECT count(*) FROM {table} WHERE project_id = %s", (uow.project_id,)
        ).fetchone()
        assert left == (1 if table != "campaign_days" else 0,)


def test_a_locked_code_does_not_hinder_its_deletion(api, jobs):
    make_campaign(api, name="Camp")
    body = {"redemption": {"quantity": 1}}
    api.post("/v1/campaigns/Camp/vouchers/LOCKED", json=body).expect()
    session = {"type": "LOCK", "key": "cart"}
    request = {"redeemables": [redeemable("LOCKED")], "order": {"amount": 1000}}
    assert api.post("/v1/validations", json={**request, "session": session}).expect()["valid"]
    api.delete("/v1/campaigns/Camp", query={"force": True}).expect(202)
    jobs()
    make_voucher(api, "LOCKED")


def test_a_change_that_was_left_ends_with_its_campaign(api, campaign, jobs):
    api.put("/v1/campaigns/Camp", json={"start_date": "2026-01-01"}).expect()
    api.delete("/v1/campaigns/Camp").expect(202)
    jobs()
    actions = api.get("/v1/async-actions").expect()["async_actions"]
    outcomes = {action["type"]: action["status"] for action in actions}
    assert outcomes == {
        "CAMPAIGN.VOUCHERS_GENERATE": "DONE",
        "CAMPAIGN.VOUCHERS_UPDATE": "FAILED",
        "CAMPAIGN.VOUCHERS_DELETE": "DONE",
    }


def test_an_empty_campaign_is_deleted_too(api, jobs):
    make_campaign(api, name="Camp")
    action_id = api.delete("/v1/campaigns/Camp").expect(202)["async_action_id"]
    jobs()
    assert last_action(api, action_id)[2] == {"message": "Deleted 0 vouchers.", "done_count": 0}


def test_an_unknown_campaign_is_not_found(api):
    api.delete("/v1/campaigns/None").refused(404, "not_found")
    answer = api.delete("/v1/campaigns/None", query={"force": "perhaps"})
    answer.refused(400, "invalid_query_params")

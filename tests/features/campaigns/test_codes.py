"""Adding codes to a campaign."""

from __future__ import annotations

import re

import pytest

from kupon.testing.builders import make_campaign, make_voucher


@pytest.fixture
def campaign(api):
    return make_campaign(
        api,
        name="Camp",
        start_date="2026-01-01",
        expiration_date="2026-12-31",
        use_voucher_metadata_schema=True,
        metadata={"a": 1},
        voucher={"redemption": {"quantity": 2}, "code_config": {"pattern": "IN-####"}},
    )


def count(api):
    return api.get("/v1/campaigns/Camp").expect()["vouchers_count"]


def names(events):
    return [name for name, _ in events()]


def test_a_drawn_code_has_the_campaigns_template(api, campaign, events):
    made = api.post("/v1/campaigns/Camp/vouchers").expect()
    assert re.fullmatch("IN-[0-9a-zA-Z]{4}", made["code"])
    assert (made["campaign_id"], made["metadata"]) == (campaign["id"], {"a": 1})
    assert made["redemption"]["quantity"] == 2
    assert made["expiration_date"] == campaign["expiration_date"]
    assert api.get(f"/v1/vouchers/{made['code']}").expect() == made
    assert count(api) == 1
    assert names(events) == ["campaign.created", "voucher.created", "campaign.vouchers.added"]


@pytest.mark.parametrize(
    ("path", "body", "query"),
    [
        pytest.param("/OWN", {}, {}, id="code in the path"),
        pytest.param("", {"code": "OWN"}, {}, id="code in the body"),
        pytest.param("", {"code": "OWN"}, {"vouchers_count": 1}, id="and a count of one"),
    ],
)
def test_a_body_goes_before_the_template(api, campaign, path, body, query):
    api.post("/v1/categories", json={"name": "Spring", "hierarchy": 1}).expect()
    body |= {
        "category": "Spring",
        "metadata": {"b": 2},
        "redemption": {"quantity": None},
        "additional_info": "for Ada",
        "start_date": "2026-02-01",
        "expiration_date": None,
    }
    made = api.post(f"/v1/campaigns/Camp/vouchers{path}", json=body, query=query).expect()
    assert (made["code"], made["category"], made["metadata"]) == ("OWN", "Spring", {"a": 1, "b": 2})
    assert "quantity" not in made["redemption"]
    assert made["additional_info"] == "for Ada"
    assert made["start_date"] == "2026-02-01T00:00:00.000Z"
    assert "expiration_date" not in made


def test_an_own_pattern_goes_before_the_campaigns(api, campaign):
    body = {"code_config": {"pattern": "X-##", "charset": "numbers"}}
    made = api.post("/v1/campaigns/Camp/vouchers", json=body).expect()
    assert re.fullmatch("X-[0-9]{2}", made["code"])


def test_many_codes_are_left_to_the_worker(api, campaign, jobs, events):
    body = {
        "metadata": {"b": 2},
        "code_config": {"pattern": "M##"},
        "expiration_date": "2027-01-01",
    }
    query = {"vouchers_count": 30}
    accepted = api.post(f"/v1/campaigns/{campaign['id']}/vouchers", json=body, query=query).expect(
        202
    )
    (action_id,) = accepted.values()
    assert count(api) == 0
    jobs()
    assert count(api) == 30
    finished = api.get(f"/v1/async-actions/{action_id}").expect()
    assert (finished["type"], finished["status"]) == ("CAMPAIGN.VOUCHERS_GENERATE", "DONE")
    listed = api.get("/v1/vouchers", query={"limit": 100}).expect()["vouchers"]
    assert all(re.fullmatch("M[0-9a-zA-Z]{2}", voucher["code"]) for voucher in listed)
    assert {voucher["expiration_date"] for voucher in listed} == {"2027-01-01T00:00:00.000Z"}
    assert {tuple(voucher["metadata"].items()) for voucher in listed} == {(("a", 1), ("b", 2))}
    assert names(events)[1:] == [
        "campaign.vouchers.generation.started",
        "campaign.vouchers.generation.completed",
        "campaign.vouchers.added",
    ]
    assert events()[-1][1]["count"] == 30


def test_a_taken_code_is_refused(api, campaign, events):
    make_voucher(api, "BINNED")
    api.delete("/v1/vouchers/BINNED").expect(204)
    staged = names(events)
    for code in ("BINNED", "BINNED"):
        answer = api.post(f"/v1/campaigns/Camp/vouchers/{code}", json={})
        answer.refused(409, "duplicate_found")
    assert (count(api), names(events)) == (0, staged)


@pytest.mark.parametrize(
    ("query", "body", "status", "key"),
    [
        ({"vouchers_count": 0}, {}, 400, "invalid_query_params"),
        ({"vouchers_count": 100_001}, {}, 400, "invalid_query_params"),
        ({"vouchers_count": "many"}, {}, 400, "invalid_query_params"),
        ({"vouchers_count": 2}, {"code": "ONE"}, 400, "invalid_payload"),
        ({}, {"code": " "}, 400, "invalid_payload"),
        ({}, {"redemption": {"quantity": 0}}, 400, "invalid_payload"),
        ({}, {"category": "None"}, 404, "not_found"),
        ({"vouchers_count": 5}, {"category": "None"}, 404, "not_found"),
        ({"vouchers_count": 5}, {"code_config": {"length": 999}}, 400, "invalid_code_config"),
        (
            {"vouchers_count": 5},
            {"code_config": {"pattern": "#", "charset": "abc"}},
            400,
            "invalid_code_config",
        ),
    ],
)
def test_broken_requests_are_refused(api, campaign, jobs, events, query, body, status, key):
    staged = names(events)
    answer = api.post("/v1/campaigns/Camp/vouchers", json=body, query=query)
    answer.refused(status, key)
    assert (jobs(), count(api), names(events)) == (0, 0, staged)
    generation_status = api.get("/v1/campaigns/Camp").expect()["vouchers_generation_status"]
    assert generation_status == "DONE"


def test_a_window_needs_a_start(api):
    frame = {"interval": "P2D", "duration": "P1D"}
    make_campaign(api, name="Camp", start_date="2026-01-01", validity_timeframe=frame)
    answer = api.post("/v1/campaigns/Camp/vouchers", json={"start_date": None})
    answer.refused(400, "invalid_payload")


def test_a_campaign_of_one_code_takes_no_other(api):
    make_campaign(api, name="Camp", type="STANDALONE", voucher={"code": "GENERIC"})
    for path, query in (("", {}), ("/OTHER", {}), ("", {"vouchers_count": 5})):
        answer = api.post(f"/v1/campaigns/Camp/vouchers{path}", query=query)
        refusal = answer.refused(400, "invalid_campaign")
        assert refusal["details"] == "You can not generate vouchers for STANDALONE type campaign."
    assert count(api) == 1


def test_an_unknown_campaign_is_not_found(api):
    for path in ("", "/CODE"):
        refusal = api.post(f"/v1/campaigns/None/vouchers{path}").refused(404, "not_found")
        assert refusal["resource_type"] == "campaign"


def test_codes_of_a_project_that_ignores_case(folding_api, jobs):
    make_voucher(folding_api, "x1")
    config = {"pattern": "X#", "charset": "123"}
    make_campaign(folding_api, name="Camp", vouchers_count=2, voucher={"code_config": config})
    jobs()
    listed = folding_api.get("/v1/vouchers", query={"campaign": "Camp"}).expect()["vouchers"]
    assert sorted(voucher["code"] for voucher in listed) == ["X2", "X3"]
    answer = folding_api.post("/v1/campaigns/Camp/vouchers/x3")
    answer.refused(409, "duplicate_found")

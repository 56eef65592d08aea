"""Giving codes away: what is answered, written and refused."""

from __future__ import annotations

import pytest

from kupon.testing.builders import (
    make_campaign,
    make_customer,
    make_publication,
    make_voucher,
)

NOW = "2026-03-01T12:00:00.000Z"
PATH = "/v1/publications"


@pytest.fixture(autouse=True)
def _frozen(move_time):
    move_time.freeze("2026-03-01T12:00:00+00:00")


@pytest.fixture
def ada(api):
    return make_customer(api, source_id="ada")


def pool(api, *codes, **members):
    """A campaign of these codes."""
    campaign = make_campaign(api, **members)
    for code in codes:
        api.post(f"/v1/campaigns/{campaign['id']}/vouchers/{code}", json={}).expect()
    return campaign


def by_campaign(campaign, count=None, **members):
    asked = {"name": campaign["name"]} | ({} if count is None else {"count": count})
    return {"campaign": asked, "customer": {"source_id": "ada"}, **members}


def failures(api):
    rows = api.get(PATH, query={"result": "FAILURE", "order": "id"}).expect()["publications"]
    return [row["failure_code"] for row in rows]


def test_a_voucher_is_given_to_a_customer(api, ada, events):
    voucher = make_voucher(api, "OFF")
    answer = make_publication(
        api, ada, voucher="OFF", source_id="s-1", metadata={"why": "birthday"}, channel="Shop"
    )
    published = answer.pop("voucher")
    assert answer == {
        "id": answer["id"],
        "object": "publication",
        "created_at": NOW,
        "customer_id": ada["id"],
        "tracking_id": answer["tracking_id"],
        "metadata": {"why": "birthday"},
        "channel": "Shop",
        "source_id": "s-1",
        "result": "SUCCESS",
        "customer": api.get("/v1/customers/ada").expect(),
        "vouchers_id": [voucher["id"]],
    }
    assert answer["id"].startswith("pub_")
    assert answer["tracking_id"].startswith("track_")
    stored = api.get("/v1/vouchers/OFF").expect()
    assert stored["publish"].pop("entries") == [answer["id"]]
    assert stored == published
    assert (stored["holder_id"], stored["publish"]["count"]) == (ada["id"], 1)
    named = {"publication_id": answer["id"], "customer_id": ada["id"]}
    assert events()[-2:] == [
        ("voucher.published", named | {"voucher_id": voucher["id"]}),
        ("publication.succeeded", named),
    ]


def test_a_campaign_gives_a_code(api, ada):
    campaign = pool(api, "ONE", "TWO")
    answer = api.post(PATH, json=by_campaign(campaign)).expect()
    assert answer["voucher"]["campaign_id"] == campaign["id"]
    assert answer["voucher"]["holder_id"] == ada["id"]
    assert (answer["source_id"], answer["channel"], answer["metadata"]) == (None, "API", {})
    assert "vouchers" not in answer


@pytest.mark.parametrize("shape", ["name", "id", "text"])
def test_a_campaign_is_named_in_three_ways(api, ada, shape):
    campaign = pool(api, "ONE")
    named = {
        "name": {"name": campaign["name"]},
        "id": {"name": campaign["id"], "count": None},
        "text": campaign["name"],
    }[shape]
    assert make_publication(api, ada, campaign=named)["voucher"]["code"] == "ONE"


def test_several_codes_at_once(api, ada):
    campaign = pool(api, "ONE", "TWO", "THREE", "FOUR")
    answer = api.post(PATH, json=by_campaign(campaign, 3)).expect()
    assert answer["vouchers"] == ["ONE", "TWO", "THREE"]
    assert len(answer["vouchers_id"]) == 3
    assert "voucher" not in answer
    for code in answer["vouchers"]:
        assert api.get(f"/v1/vouchers/{code}").expect()["holder_id"] == ada["id"]
    api.post(PATH, json=by_campaign(campaign, 2)).refused(
        400, "no_voucher_suitable_for_publication"
    )
    assert "holder_id" not in api.get("/v1/vouchers/FOUR").expect()


def test_a_voucher_goes_before_a_campaign(api, ada):
    campaign = pool(api, "ONE")
    make_voucher(api, "OFF")
    answer = make_publication(
        api, ada, campaign={"name": campaign["name"], "count": 9}, voucher="OFF"
    )
    assert answer["voucher"]["code"] == "OFF"


def test_the_customer_is_stored_and_changed(api):
    make_voucher(api, "A")
    make_voucher(api, "B")
    customer = {"source_id": "new", "name": "Bob", "metadata": {"a": 1}}
    first = api.post(PATH, json={"voucher": "A", "customer": customer}).expect()
    assert first["customer"]["name"] == "Bob"
    customer = {"source_id": first["tracking_id"], "metadata": {"b": 2}}
    second = api.post(PATH, json={"voucher": "B", "customer": customer}).expect()
    assert second["customer_id"] == first["customer_id"]
    assert second["customer"]["metadata"] == {"a": 1, "b": 2}


def test_who_failed_is_stored_as_well(api):
    make_publication(api, make_customer(api), voucher=make_voucher(api, "OFF")["id"])
    body = {"voucher": "OFF", "customer": {"source_id": "late"}}
    api.post(PATH, json=body).refused(400, "voucher_already_published")
    api.get("/v1/customers/late").expect()


def test_a_customer_without_source_id_has_no_tracking_id(api):
    make_voucher(api, "OFF")
    answer = api.post(PATH, json={"voucher": "OFF", "customer": {"name": "Nobody"}}).expect()
    assert "tracking_id" not in answer


# The decision table of section 9.3


@pytest.mark.parametrize("is_campaigns", [True, False])
def test_who_joins_once_gets_the_same_code_again(api, ada, is_campaigns):
    campaign = pool(api, "ONE", "TWO", join_once=is_campaigns)
    query = {} if is_campaigns else {"join_once": "true"}
    first = api.post(PATH, json=by_campaign(campaign), query=query).expect()
    again = api.post(PATH, json=by_campaign(campaign, source_id="other"), query=query).expect()
    assert again == first
    named = {"voucher": first["voucher"]["code"], "customer": {"source_id": "ada"}}
    assert api.post(PATH, json=named, query=query).expect() == first
    assert api.get(PATH).expect()["total"] == 1


def test_without_joining_once_every_publication_is_a_fresh_code(api, ada):
    campaign = pool(api, "ONE", "TWO")
    query = {"join_once": "false"}
    codes = [
        api.post(PATH, json=by_campaign(campaign), query=query).expect()["voucher"]["code"]
        for _ in range(2)
    ]
    assert codes == ["ONE", "TWO"]


def test_who_joined_once_gets_no_other_code(api, ada):
    campaign = pool(api, "ONE", "TWO", join_once=True)
    make_publication(api, ada, voucher="TWO")
    error = api.post(PATH, json={"voucher": "ONE", "customer": {"id": ada["id"]}})
    body = error.refused(400, "voucher_cannot_be_published")
    assert body["message"] == "Voucher cannot be published"
    assert body["details"] == "Customer already joined program."
    assert failures(api) == ["voucher_cannot_be_published"]
    assert make_publication(api, ada, campaign=campaign["id"])["voucher"]["code"] == "TWO"


def test_a_code_in_the_bin_is_not_held(api, ada):
    campaign = pool(api, "ONE", "TWO", join_once=True)
    make_publication(api, ada, voucher="ONE")
    api.delete("/v1/vouchers/ONE").expect(204)
    assert make_publication(api, ada, campaign=campaign["id"])["voucher"]["code"] == "TWO"


def test_a_standalone_voucher_is_given_once(api, ada):
    make_voucher(api, "OFF")
    first = make_publication(api, ada, voucher="OFF")
    body = {"voucher": "OFF", "customer": {"id": ada["id"]}}
    assert api.post(PATH, json=body, query={"join_once": "true"}).expect() == first
    api.post(PATH, json=body).refused(400, "voucher_already_published")


def test_a_code_of_someone_else_is_not_given(api, ada):
    voucher = make_voucher(api, "OFF")
    make_publication(api, ada, voucher="OFF")
    body = {"voucher": "OFF", "customer": {"source_id": "bob"}, "metadata": {"a": 1}}
    error = api.post(PATH, json=body).refused(400, "voucher_already_published")
    assert error["message"] == "Voucher already published"
    assert error["details"] == f"Voucher '{voucher['id']}' has already been published"
    assert api.get("/v1/vouchers/OFF").expect()["holder_id"] == ada["id"]
    (failed,) = api.get(PATH, query={"result": "FAILURE"}).expect()["publications"]
    assert failed == {
        "id": failed["id"],
        "object": "publication",
        "created_at": NOW,
        "customer_id": failed["customer"]["id"],
        "tracking_id": failed["tracking_id"],
        "metadata": {"a": 1},
        "channel": "API",
        "source_id": None,
        "result": "FAILURE",
        "customer": api.get("/v1/customers/bob").expect(),
        "vouchers_id": [voucher["id"]],
        "vouchers": ["OFF"],
        "voucher": failed["voucher"],
        "failure_code": "voucher_already_published",
        "failure_message": "Voucher already published",
    }


@pytest.mark.uncertain
def test_the_same_source_id_gives_the_same_code(api, ada):
    campaign = pool(api, "ONE", "TWO")
    body = by_campaign(campaign, source_id="s")
    first = api.post(PATH, json=body).expect()
    assert api.post(PATH, json=body).expect() == first
    named = {"voucher": "ONE", "customer": {"id": ada["id"]}, "source_id": "s"}
    assert api.post(PATH, json=named).expect() == first


def test_a_source_id_names_one_publication(api, ada):
    campaign = pool(api, "ONE", "TWO")
    make_voucher(api, "OFF")
    api.post(PATH, json=by_campaign(campaign, source_id="s")).expect()
    other = by_campaign(campaign, source_id="s", customer={"source_id": "bob"})
    error = api.post(PATH, json=other).refused(400, "duplicate_source_id")
    assert error["message"] == "Duplicate source_id"
    elsewhere = {"voucher": "OFF", "customer": {"id": ada["id"]}, "source_id": "s"}
    api.post(PATH, json=elsewhere).refused(400, "duplicate_source_id")
    api.delete("/v1/vouchers/ONE", query={"force": "true"}).expect(204)
    api.post(PATH, json=by_campaign(campaign, source_id="s")).refused(400, "duplicate_source_id")
    assert failures(api) == ["duplicate_source_id"] * 3


def test_a_failed_attempt_leaves_its_source_id(api, ada):
    campaign = pool(api)
    body = by_campaign(campaign, source_id="s")
    for _ in range(2):
        api.post(PATH, json=body).refused(400, "no_voucher_suitable_for_publication")
    api.post(f"/v1/campaigns/{campaign['id']}/vouchers/ONE", json={}).expect()
    assert api.post(PATH, json=body).expect()["source_id"] == "s"


# Which codes are suitable


def test_an_empty_pool_has_nothing_to_give(api, ada, events):
    campaign = pool(api)
    error = api.post(PATH, json=by_campaign(campaign))
    body = error.refused(400, "no_voucher_suitable_for_publication")
    assert body["message"] == "Couldn't find any voucher suitable for publication"
    assert body["details"] == "Couldn't create new vouchers for publication"
    name, payload = events()[-1]
    assert (name, payload["customer_id"]) == ("publication.failed", ada["id"])


def test_codes_that_are_off_expired_or_used_up_are_not_given(api, ada, redeem):
    campaign = pool(api, "OFF", "OLD", "USED", "GOOD")
    api.post("/v1/vouchers/OFF/disable").expect()
    api.put("/v1/vouchers/OLD", json={"expiration_date": "2026-02-01"}).expect()
    path = f"/v1/campaigns/{campaign['id']}/vouchers/ONCE"
    api.post(path, json={"redemption": {"quantity": 1}}).expect()
    redeem("ONCE", order={"amount": 1000})
    api.delete("/v1/vouchers/USED").expect(204)
    assert make_publication(api, ada, campaign=campaign["id"])["voucher"]["code"] == "GOOD"
    refused = api.post(PATH, json=by_campaign(campaign))
    refused.refused(400, "no_voucher_suitable_for_publication")
    for code in ("OFF", "OLD"):
        body = {"voucher": code, "customer": {"id": ada["id"]}}
        api.post(PATH, json=body).refused(400, "voucher_cannot_be_published")


def test_an_expired_campaign_gives_nothing_and_a_disabled_one_does(api, ada):
    expired = pool(api, "OLD", expiration_date="2026-02-01")
    api.post(PATH, json=by_campaign(expired)).refused(400, "no_voucher_suitable_for_publication")
    api.put("/v1/vouchers/OLD", json={"expiration_date": None}).expect()
    named = {"voucher": "OLD", "customer": {"id": ada["id"]}}
    api.post(PATH, json=named).refused(400, "voucher_cannot_be_published")
    disabled = pool(api, "OFF")
    api.post(f"/v1/campaigns/{disabled['id']}/disable").expect()
    assert api.post(PATH, json=by_campaign(disabled)).expect()["voucher"]["code"] == "OFF"


def test_a_campaign_grows_on_the_spot(api, ada, jobs):
    campaign = make_campaign(
        api, type="AUTO_UPDATE", voucher={"code_config": {"pattern": "GROWN-####"}}
    )
    api.post(f"/v1/campaigns/{campaign['id']}/vouchers/FIRST", json={}).expect()
    answer = api.post(PATH, json=by_campaign(campaign, 50)).expect()
    assert answer["vouchers"][0] == "FIRST"
    assert len(set(answer["vouchers"])) == 50
    assert all(code.startswith("GROWN-") for code in answer["vouchers"][1:])
    single = api.post(PATH, json=by_campaign(campaign)).expect()["voucher"]
    assert single["code"].startswith("GROWN-")
    assert single["discount"] == campaign["voucher"]["discount"]
    jobs()
    assert api.get(f"/v1/campaigns/{campaign['id']}").expect()["vouchers_count"] == 51
    summary = api.get(f"/v1/campaigns/{campaign['id']}/summary").expect()
    assert summary["vouchers_created"] == 51


def test_a_pattern_that_is_used_up_ends_growth(api, ada):
    config = {"pattern": "G#", "charset": "01"}
    campaign = make_campaign(api, type="AUTO_UPDATE", voucher={"code_config": config})
    api.post(PATH, json=by_campaign(campaign, 3)).refused(
        400, "no_voucher_suitable_for_publication"
    )
    answer = api.post(PATH, json=by_campaign(campaign, 2)).expect()
    assert sorted(answer["vouchers"]) == ["G0", "G1"]
    api.post(PATH, json=by_campaign(campaign)).refused(400, "no_voucher_suitable_for_publication")


def test_a_standalone_campaign_gives_its_code_once(api, ada):
    campaign = make_campaign(api, type="STANDALONE", voucher={"code": "GENERIC"})
    assert api.post(PATH, json=by_campaign(campaign)).expect()["voucher"]["code"] == "GENERIC"
    api.post(PATH, json=by_campaign(campaign)).refused(400, "no_voucher_suitable_for_publication")


def test_codes_of_a_campaign_may_live_from_their_publication_on(api, ada, move_time):
    campaign = pool(
        api,
        "ONE",
        "LATER",
        expiration_date="2026-03-02",
        activity_duration_after_publishing="P24D",
    )
    voucher = make_publication(api, ada, voucher="ONE")["voucher"]
    assert voucher["start_date"] == NOW
    assert voucher["expiration_date"] == "2026-03-25T12:00:00.000Z"
    api.put("/v1/vouchers/LATER", json={"start_date": "2026-03-01T18:00:00Z"}).expect()
    voucher = make_publication(api, ada, voucher="LATER")["voucher"]
    assert voucher["start_date"] == "2026-03-01T18:00:00.000Z"
    assert voucher["expiration_date"] == "2026-03-25T12:00:00.000Z"
    move_time(days=20)
    body = {"redeemables": [{"object": "voucher", "id": "ONE"}], "order": {"amount": 1000}}
    assert api.post("/v1/validations", json=body).expect()["valid"] is True
    move_time(days=5)
    assert api.post("/v1/validations", json=body).expect()["valid"] is False
    assert campaign["activity_duration_after_publishing"] == "P24D"


def test_campaign_edits_leave_published_codes_alone(api, ada, jobs):
    campaign = pool(api, "ONE", "TWO")
    make_publication(api, ada, voucher="ONE")
    api.put(f"/v1/campaigns/{campaign['id']}", json={"expiration_date": "2026-05-01"}).expect()
    jobs()
    assert "expiration_date" not in api.get("/v1/vouchers/ONE").expect()
    assert "expiration_date" in api.get("/v1/vouchers/TWO").expect()


# What is wrong in itself is not recorded


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({}, "invalid_payload"),
        ({"customer": {"source_id": "x"}}, "missing_vouchers"),
        ({"customer": {"source_id": "x"}, "voucher": None, "campaign": None}, "missing_vouchers"),
        ({"customer": {"source_id": "x"}, "voucher": ""}, "missing_vouchers"),
        ({"voucher": "OFF"}, "invalid_payload"),
        ({"voucher": "OFF", "customer": None}, "invalid_payload"),
        ({"voucher": "OFF", "customer": ["ada"]}, "invalid_payload"),
        ({"voucher": "OFF", "customer": {}}, "invalid_publish_params"),
        ({"voucher": "OFF", "customer": {"id": None}}, "invalid_publish_params"),
        ({"voucher": 1, "customer": {"source_id": "x"}}, "invalid_payload"),
        ({"campaign": 1, "customer": {"source_id": "x"}}, "invalid_payload"),
        ({"campaign": {}, "customer": {"source_id": "x"}}, "invalid_payload"),
        ({"campaign": {"name": "C", "count": 0}, "customer": {"id": "x"}}, "invalid_payload"),
        ({"campaign": {"name": "C", "count": 51}, "customer": {"id": "x"}}, "invalid_payload"),
        ({"campaign": {"name": "C", "count": "x"}, "customer": {"id": "x"}}, "invalid_payload"),
        ({"voucher": "OFF", "customer": {"source_id": "x"}, "source_id": ""}, "invalid_payload"),
        ({"voucher": "OFF", "customer": {"source_id": "x"}, "metadata": []}, "invalid_payload"),
        ({"voucher": "OFF", "customer": {"source_id": "x"}, "channel": 5}, "invalid_payload"),
    ],
    ids=str,
)
def test_a_broken_body_is_refused(api, body, key):
    make_voucher(api, "OFF")
    make_campaign(api, name="C")
    api.post(PATH, json=body).refused(400, key)
    assert api.get(PATH).expect()["total"] == 0


def test_what_is_unknown_is_not_found(api, ada):
    make_voucher(api, "OFF")
    person = {"id": ada["id"]}
    for body in (
        {"voucher": "NONE", "customer": person},
        {"campaign": "None", "customer": person},
        {"voucher": "OFF", "customer": {"id": "cust_none"}},
    ):
        api.post(PATH, json=body).refused(404, "not_found")
    api.post(PATH, json={"voucher": "NONE", "customer": {"source_id": "n"}}).refused(
        404, "not_found"
    )
    api.get("/v1/customers/n").refused(404, "not_found")
    assert api.get(PATH).expect()["total"] == 0


def test_promotions_have_nothing_to_give(api, ada):
    body = {"name": "P", "campaign_type": "PROMOTION", "promotion": {"tiers": []}}
    api.post("/v1/campaigns", json=body).expect()
    sent = {"campaign": "P", "customer": {"id": ada["id"]}}
    api.post(PATH, json=sent).refused(400, "invalid_publish_params")


@pytest.mark.parametrize(
    ("members", "query"),
    [({"source_id": "s"}, {}), ({}, {"join_once": "true"}), ({}, {})],
    ids=["source_id", "query", "campaign"],
)
def test_only_one_code_goes_with_what_names_one(api, ada, members, query):
    is_campaigns = not members and not query
    campaign = pool(api, "ONE", "TWO", join_once=is_campaigns)
    error = api.post(PATH, json=by_campaign(campaign, 2, **members), query=query)
    body = error.refused(400, "too_many_vouchers_requested")
    assert body["details"] == "Only up to 1 can be published"
    assert api.get(PATH).expect()["total"] == 0


def test_metadata_follow_the_schema_of_publications(api, management_api, project, ada):
    make_voucher(api, "OFF")
    schema = {
        "related_object": "publication",
        "properties": {"why": {"type": "string", "array": False, "optional": False}},
        "allow_defined_only": True,
    }
    path = f"/management/v1/projects/{project.id}/metadata-schemas"
    management_api.post(path, json=schema).expect()
    for metadata in ({"why": 1}, {"other": "x"}, None):
        body = {"voucher": "OFF", "customer": {"id": ada["id"]}, "metadata": metadata}
        api.post(PATH, json=body).refused(400, "metadata_validation_failed")
    assert make_publication(api, ada, voucher="OFF", metadata={"why": "x"})


def test_bad_flags_are_refused(api, ada):
    body = {"voucher": "OFF", "customer": {"id": ada["id"]}}
    api.post(PATH, json=body, query={"join_once": "maybe"}).refused(400, "invalid_query_params")


def test_a_publication_sent_again_is_answered_again(api, ada):
    campaign = pool(api, "ONE", "TWO")
    headers = {"Idempotency-Key": "key-1"}
    first = api.post(PATH, json=by_campaign(campaign), headers=headers).expect()
    assert api.post(PATH, json=by_campaign(campaign), headers=headers).expect() == first
    assert api.get(PATH).expect()["total"] == 1


def test_codes_that_ignore_case_are_found(folding_api):
    make_voucher(folding_api, "Off")
    body = {"voucher": "OFF", "customer": {"source_id": "ada"}}
    assert folding_api.post(PATH, json=body).expect()["voucher"]["code"] == "Off"
    query = {"voucher": "oFF"}
    assert folding_api.get(PATH, query=query).expect()["total"] == 1

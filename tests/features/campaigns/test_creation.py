"""Making campaigns: what they carry, their first codes, and what is refused."""

from __future__ import annotations

import re

import pytest

from kupon.testing.builders import amount_off, make_campaign, make_voucher, percent_off

NOW = "2026-03-01T12:00:00.000Z"
ALPHANUMERIC = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
BODY = {
    "name": "Camp",
    "campaign_type": "DISCOUNT_COUPONS",
    "voucher": {"type": "DISCOUNT_VOUCHER", "discount": {"type": "PERCENT", "percent_off": 10}},
}


@pytest.fixture(autouse=True)
def _frozen(move_time):
    move_time.freeze("2026-03-01T12:00:00+00:00")


def names(events):
    return [name for name, _ in events()]


def codes(api, **query):
    return [
        voucher["code"] for voucher in api.get("/v1/vouchers", query=query).expect()["vouchers"]
    ]


def test_a_campaign_is_stored_with_all_its_members(api, events):
    category = api.post("/v1/categories", json={"name": "Spring", "hierarchy": 1}).expect()
    hours = {"daily": [{"start_time": "08:00", "expiration_time": "20:00", "days_of_week": [1]}]}
    made = api.post(
        "/v1/campaigns",
        json={
            "name": "Spring sale",
            "description": "For all",
            "campaign_type": "DISCOUNT_COUPONS",
            "type": "AUTO_UPDATE",
            "join_once": True,
            "auto_join": True,
            "use_voucher_metadata_schema": True,
            "start_date": "2026-01-01",
            "expiration_date": "2026-12-31T10:00:00+02:00",
            "validity_hours": hours,
            "activity_duration_after_publishing": "P24D",
            "category_id": category["id"],
            "metadata": {"season": "spring"},
            "active": False,
            "access_settings": {"assign": {"areas_ids": []}},
            "voucher": {
                "type": "DISCOUNT_VOUCHER",
                "discount": {"type": "AMOUNT", "amount_off": 1000},
                "redemption": {"quantity": 2},
                "code_config": {"prefix": "S-", "pattern": "####-X", "charset": "numbers"},
            },
        },
    ).expect()
    limits = {
        "start_date": "2026-01-01T00:00:00.000Z",
        "expiration_date": "2026-12-31T08:00:00.000Z",
        "validity_hours": hours,
    }
    assert re.fullmatch(r"camp_[0-9a-f]{18}", made["id"])
    assert made == {
        "id": made["id"],
        "name": "Spring sale",
        "description": "For all",
        "campaign_type": "DISCOUNT_COUPONS",
        "type": "AUTO_UPDATE",
        "join_once": True,
        "auto_join": True,
        "use_voucher_metadata_schema": True,
        **limits,
        "activity_duration_after_publishing": "P24D",
        "category": "Spring",
        "category_id": category["id"],
        "categories": [category],
        "metadata": {"season": "spring"},
        "active": True,
        "voucher": {
            "type": "DISCOUNT_VOUCHER",
            "discount": {
                "type": "AMOUNT",
                "amount_off": 1000,
                "is_dynamic": False,
            },
            "redemption": {"quantity": 2},
            "code_config": {
                "prefix": "S-",
                "pattern": "####-X",
                "charset": "0123456789",
                "length": 4,
            },
            "is_referral_code": False,
            **limits,
        },
        "vouchers_count": 0,
        "creation_status": "DONE",
        "vouchers_generation_status": "DONE",
        "protected": False,
        "readonly": False,
        "validation_rules_assignments": {
            "object": "list",
            "data_ref": "data",
            "data": [],
            "total": 0,
        },
        "created_at": NOW,
        "object": "campaign",
    }
    assert api.get(f"/v1/campaigns/{made['id']}").expect() == made
    assert events() == [("campaign.created", {"campaign": made, "created_at": NOW})]


def test_what_is_not_said_has_its_default(api):
    made = make_campaign(api)
    assert (made["type"], made["category_id"], made["categories"]) == ("STATIC", None, [])
    assert (made["join_once"], made["auto_join"], made["metadata"]) == (False, False, {})
    assert made["voucher"]["redemption"] == {"quantity": None}
    config = {"charset": ALPHANUMERIC, "pattern": "########", "length": 8}
    assert made["voucher"]["code_config"] == config
    assert not {"description", "category", "start_date", "updated_at"} & made.keys()


def test_the_project_may_have_a_charset_of_its_own(api, uow, project):
    uow.driver.execute(
        "UPDATE projects SET default_code_config = %s::jsonb WHERE id = %s",
        ('{"charset": "AB"}', project.id),
    )
    uow.commit()
    assert make_campaign(api)["voucher"]["code_config"]["charset"] == "AB"


def test_one_code_is_made_at_once(api, events):
    made = make_campaign(
        api,
        name="Single",
        vouchers_count=1,
        start_date="2026-01-01",
        metadata={"of": "the campaign"},
        voucher={"redemption": {"quantity": 4}, "code_config": {"pattern": "ONE-#"}},
    )
    assert (made["creation_status"], made["vouchers_count"]) == ("DONE", 1)
    (voucher,) = api.get("/v1/vouchers", query={"campaign": "Single"}).expect()["vouchers"]
    assert re.fullmatch("ONE-[0-9a-zA-Z]", voucher["code"])
    assert (voucher["campaign"], voucher["campaign_id"]) == ("Single", made["id"])
    assert voucher["discount"] == made["voucher"]["discount"]
    assert voucher["start_date"] == "2026-01-01T00:00:00.000Z"
    assert (voucher["redemption"]["quantity"], voucher["metadata"]) == (4, {})
    assert names(events) == ["voucher.created", "campaign.created"]


def test_metadata_goes_to_the_codes_where_it_follows_their_schema(api):
    metadata = {"of": "the voucher"}
    make_campaign(api, vouchers_count=1, use_voucher_metadata_schema=True, metadata=metadata)
    (voucher,) = api.get("/v1/vouchers").expect()["vouchers"]
    assert voucher["metadata"] == metadata


def test_a_standalone_campaign_has_one_generic_code(api):
    made = make_campaign(
        api, name="Generic", type="STANDALONE", join_once=True, voucher={"code": "HELLO"}
    )
    assert (made["type"], made["vouchers_count"], made["join_once"]) == ("STANDALONE", 1, False)
    assert (made["voucher"]["code_config"], made["creation_status"]) == ({}, "DONE")
    assert codes(api, campaign="Generic") == ["HELLO"]


def test_without_a_code_the_generic_one_is_drawn(api):
    make_campaign(api, type="STANDALONE", voucher={"code_config": {"pattern": "GEN##"}})
    (code,) = codes(api)
    assert re.fullmatch("GEN[0-9a-zA-Z]{2}", code)


def test_a_taken_name_is_refused_bin_included(api, events, jobs):
    first = make_campaign(api, name="Camp")
    refusal = api.post("/v1/campaigns", json=BODY).refused(409, "duplicate_found")
    assert refusal["details"] == "Duplicated campaign exists with name Camp"
    assert (refusal["resource_id"], refusal["resource_type"]) == ("Camp", "campaign")
    api.delete(f"/v1/campaigns/{first['id']}").expect(202)
    jobs()
    api.post("/v1/campaigns", json=BODY).refused(409, "duplicate_found")
    assert names(events).count("campaign.created") == 1


def with_voucher(**members):
    return {"voucher": {**BODY["voucher"], **members}}


@pytest.mark.parametrize(
    ("changes", "key", "details"),
    [
        ({"name": ...}, "invalid_payload", "Payload must have required property 'name'"),
        ({"name": ""}, "invalid_payload", "Property .name must not be empty"),
        (
            {"campaign_type": "LOYALTY_PROGRAM"},
            "invalid_campaign",
            "Property 'loyalty_card' is required for LOYALTY_PROGRAM campaign",
        ),
        (
            {"campaign_type": "RAFFLE"},
            "invalid_payload",
            "Property .campaign_type must be one of: DISCOUNT_COUPONS, GIFT_VOUCHERS,"
            " LOYALTY_PROGRAM, PROMOTION, REFERRAL_PROGRAM, LUCKY_DRAW",
        ),
        (
            {"type": "BULK"},
            "invalid_payload",
            "Property .type must be one of: AUTO_UPDATE, STATIC, STANDALONE",
        ),
        (
            {"voucher": ...},
            "invalid_campaign",
            "Property 'discount' is required for DISCOUNT_COUPONS campaign",
        ),
        (
            with_voucher(discount=None),
            "invalid_campaign",
            "Property 'discount' is required for DISCOUNT_COUPONS campaign",
        ),
        (
            with_voucher(type="GIFT_VOUCHER"),
            "invalid_campaign",
            "Property 'voucher.type' must be DISCOUNT_VOUCHER for DISCOUNT_COUPONS campaign",
        ),
        (
            with_voucher(discount=amount_off(-5)),
            "invalid_payload",
            "Property .voucher.discount.amount_off must be >= 0",
        ),
        (
            with_voucher(discount=percent_off(5, effect="ADD_NEW_ITEMS")),
            "invalid_payload",
            "Property .voucher.discount.effect must be equal to one of the allowed values:"
            " APPLY_TO_ORDER, APPLY_TO_ITEMS",
        ),
        (
            with_voucher(redemption={"quantity": -1}),
            "invalid_payload",
            "Property .voucher.redemption.quantity must be >= 1",
        ),
        (
            with_voucher(code_config={"length": 0}),
            "invalid_code_config",
            "Property .voucher.code_config.length must be from 1 to 200",
        ),
        (
            {"vouchers_count": 100_001},
            "invalid_payload",
            "Property .vouchers_count must be <= 100000",
        ),
        (
            {"vouchers_count": 2, "type": "STANDALONE"},
            "invalid_campaign",
            "A STANDALONE type campaign has exactly one voucher.",
        ),
        (
            {"campaign_type": "LUCKY_DRAW"},
            "invalid_campaign",
            "LUCKY_DRAW campaigns are no longer offered",
        ),
        (
            {"activity_duration_after_publishing": "24 days"},
            "invalid_payload",
            "Property .activity_duration_after_publishing must be an ISO 8601 duration",
        ),
        (
            {"validity_timeframe": {"interval": "P1D", "duration": "PT1H"}},
            "invalid_payload",
            "Property .validity_timeframe requires start_date",
        ),
        (
            {"validity_day_of_week": [7]},
            "invalid_payload",
            "Property .validity_day_of_week.0 must be a day from 0 (Sunday) to 6",
        ),
        ({"category": "None"}, "not_found", "Cannot find category with id None"),
        (
            {"validation_rules": ["val_1"]},
            "not_found",
            "Cannot find validation rules with id val_1",
        ),
        (
            {"access_settings": {"assign": {"areas_ids": ["ar_1"]}}},
            "not_found",
            "Cannot find area with id ar_1",
        ),
    ],
)
def test_a_broken_body_is_refused(api, events, changes, key, details):
    body = {name: value for name, value in {**BODY, **changes}.items() if value is not ...}
    answer = api.post("/v1/campaigns", json=body)
    assert answer.refused(404 if key == "not_found" else 400, key)["details"] == details
    assert api.get("/v1/campaigns").expect()["total"] == 0
    assert (codes(api), events()) == ([], [])


def test_a_pattern_must_supply_what_is_asked(api, jobs):
    template = with_voucher(code_config={"pattern": "###", "charset": "numbers"})
    body = {**BODY, **template, "vouchers_count": 1001}
    refusal = api.post("/v1/campaigns", json=body).refused(400, "invalid_code_config")
    assert refusal["details"] == (
        "Property .voucher.code_config has room for 1000 more codes, not for 1001"
    )
    api.post("/v1/campaigns", json={**body, "vouchers_count": 600}).expect()
    jobs()
    more = {**body, "name": "More", "vouchers_count": 401}
    refusal = api.post("/v1/campaigns", json=more).refused(400, "invalid_code_config")
    assert refusal["details"].endswith("has room for 400 more codes, not for 401")
    api.post("/v1/campaigns", json={**more, "vouchers_count": 400}).expect()
    jobs()
    assert api.get("/v1/vouchers").expect()["total"] == 1000


def test_codes_of_a_pattern_count_whoever_made_them(folding_api):
    make_voucher(folding_api, "a.1")
    make_voucher(folding_api, "ab1")
    template = with_voucher(code_config={"prefix": "A.", "pattern": "#", "charset": "0123"})
    body = {**BODY, **template, "vouchers_count": 4}
    refusal = folding_api.post("/v1/campaigns", json=body).refused(400, "invalid_code_config")
    assert refusal["details"].endswith("has room for 3 more codes, not for 4")


def test_a_refused_generic_code_leaves_no_campaign(api):
    make_voucher(api, "HELLO")
    body = {**BODY, **with_voucher(code="HELLO"), "type": "STANDALONE"}
    api.post("/v1/campaigns", json=body).refused(409, "duplicate_found")
    api.get("/v1/campaigns/Camp").refused(404, "not_found")

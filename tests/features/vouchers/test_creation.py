"""Single vouchers: given and drawn codes, what they carry, and what is refused."""

from __future__ import annotations

import re

import pytest

from kupon.testing.builders import (
    amount_off,
    fixed_amount,
    make_campaign,
    make_voucher,
    percent_off,
)

NOW = "2026-03-01T12:00:00.000Z"
BODY = {"type": "DISCOUNT_VOUCHER", "discount": {"type": "PERCENT", "percent_off": 10}}


@pytest.fixture(autouse=True)
def _frozen(move_time):
    move_time.freeze("2026-03-01T12:00:00+00:00")


def codes(api):
    return sorted(v["code"] for v in api.get("/v1/vouchers").expect()["vouchers"])


def test_a_voucher_is_stored_with_all_its_members(api):
    category = api.post("/v1/categories", json={"name": "Spring", "hierarchy": 1}).expect()
    made = api.post(
        "/v1/vouchers/SPRING",
        json={
            "type": "DISCOUNT_VOUCHER",
            "discount": {"type": "AMOUNT", "amount_off": "1500", "amount_off_formula": None},
            "category": "Spring",
            "start_date": "2026-01-01T00:00:00Z",
            "expiration_date": "2026-12-31",
            "validity_timeframe": {"interval": "P2D", "duration": "P1D"},
            "validity_day_of_week": [0, 6],
            "redemption": {"quantity": 3},
            "metadata": {"channel": "mail"},
            "additional_info": "handed out",
            "active": False,
            "surprise": 1,
        },
    ).expect()
    url = f"/v1/vouchers/{made['id']}"
    assert re.fullmatch(r"v_[0-9a-f]{18}", made["id"])
    assert made == {
        "id": made["id"],
        "code": "SPRING",
        "type": "DISCOUNT_VOUCHER",
        "category": "Spring",
        "category_id": category["id"],
        "categories": [category],
        "discount": {
            "type": "AMOUNT",
            "amount_off": 1500,
            "is_dynamic": False,
        },
        "start_date": "2026-01-01T00:00:00.000Z",
        "expiration_date": "2026-12-31T00:00:00.000Z",
        "validity_timeframe": {"interval": "P2D", "duration": "P1D"},
        "validity_day_of_week": [0, 6],
        "redemption": {
            "quantity": 3,
            "redeemed_quantity": 0,
            "object": "list",
            "url": f"{url}/redemptions?page=1&limit=10",
        },
        "publish": {"object": "list", "count": 0, "url": f"{url}/publications?page=1&limit=10"},
        "metadata": {"channel": "mail"},
        "assets": made["assets"],
        "additional_info": "handed out",
        "active": False,
        "is_referral_code": False,
        "validation_rules_assignments": {
            "object": "list",
            "data_ref": "data",
            "data": [],
            "total": 0,
        },
        "created_at": NOW,
        "object": "voucher",
    }
    assert api.get("/v1/vouchers/SPRING").expect() == made


def test_what_is_not_said_is_left_out(api):
    made = make_voucher(api, "PLAIN")
    assert set(made) == {
        "id",
        "code",
        "type",
        "categories",
        "discount",
        "redemption",
        "publish",
        "metadata",
        "assets",
        "active",
        "is_referral_code",
        "validation_rules_assignments",
        "created_at",
        "object",
    }
    assert "quantity" not in made["redemption"]
    assert (made["active"], made["metadata"], made["categories"]) == (True, {}, [])


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        pytest.param(
            amount_off(500, effect="APPLY_TO_ITEMS", aggregated_amount_limit=900),
            {"amount_off": 500, "effect": "APPLY_TO_ITEMS", "aggregated_amount_limit": 900},
            id="amount off items",
        ),
        pytest.param(
            percent_off(2.5, amount_limit=100, percent_off_formula=None),
            {"percent_off": 2.5, "amount_limit": 100},
            id="fraction of a percent",
        ),
        pytest.param(fixed_amount(0), {"fixed_amount": 0}, id="free of charge"),
        pytest.param(
            amount_off(5, percent_off=3, unit_type="x"),
            {"amount_off": 5},
            id="members of other types are dropped",
        ),
    ],
)
def test_discounts_are_tidied(api, sent, stored):
    made = make_voucher(api, discount=sent)
    assert made["discount"] == {"type": sent["type"], "is_dynamic": False, **stored}


def test_a_code_is_drawn_by_the_pattern(api):
    config = {"pattern": "-##-", "charset": "xy", "prefix": "P", "postfix": "Z"}
    made = api.post("/v1/vouchers", json={**BODY, "code_config": config}).expect()
    assert re.fullmatch("P-[xy]{2}-Z", made["code"])


def test_without_a_pattern_a_code_has_eight_letters_and_digits(api):
    assert re.fullmatch("[0-9a-zA-Z]{8}", api.post("/v1/vouchers", json=BODY).expect()["code"])


def test_a_code_may_stand_in_the_body(api):
    assert api.post("/v1/vouchers", json={**BODY, "code": "Mine"}).expect()["code"] == "Mine"


def test_a_code_in_the_path_goes_before_one_in_the_body(api):
    made = api.post("/v1/vouchers/path", json={**BODY, "code": "body"}).expect()
    assert made["code"] == "path"


def test_a_pattern_is_used_up_to_its_last_code(api):
    body = {**BODY, "code_config": {"pattern": "A###", "charset": "01"}}
    drawn = {api.post("/v1/vouchers", json=body).expect()["code"] for _ in range(8)}
    assert drawn == {f"A{number:03b}" for number in range(8)}
    refusal = api.post("/v1/vouchers", json=body).refused(400, "invalid_code_config")
    assert refusal["details"] == "Property .code_config has no codes left"
    assert len(codes(api)) == 8


def test_a_code_belongs_to_a_campaign_that_is_named(api):
    make_campaign(
        api,
        name="Summer",
        start_date="2026-06-01",
        voucher={"redemption": {"quantity": 2}},
        metadata={"of": "the campaign"},
    )
    body = {"type": "DISCOUNT_VOUCHER", "campaign": "Summer", "metadata": {"own": 1}}
    made = api.post("/v1/vouchers/IN", json=body).expect()
    campaign = api.get("/v1/campaigns/Summer").expect()
    assert (made["campaign"], made["campaign_id"]) == ("Summer", campaign["id"])
    assert made["start_date"] == "2026-06-01T00:00:00.000Z"
    assert made["discount"] == campaign["voucher"]["discount"]
    assert (made["redemption"]["quantity"], made["metadata"]) == (2, {"own": 1})
    assert campaign["vouchers_count"] == 1


def test_the_event_carries_the_voucher_and_its_campaign(api, events):
    campaign = make_campaign(api, name="Summer")
    made = api.post("/v1/vouchers/IN", json={**BODY, "campaign_id": campaign["id"]}).expect()
    name, payload = events()[-1]
    assert (name, payload["voucher"]) == ("voucher.created", made)
    assert payload["campaign"]["id"] == campaign["id"]
    assert payload["campaign"]["voucher"]["discount"] == campaign["voucher"]["discount"]
    make_voucher(api, "ALONE")
    assert set(events()[-1][1]) == {"voucher"}


def test_a_taken_code_is_refused(api, events):
    make_voucher(api, "TAKEN")
    staged = len(events())
    assert api.post("/v1/vouchers/TAKEN", json=BODY).refused(409, "duplicate_found") | {
        "request_id": ""
    } == {
        "code": 409,
        "key": "duplicate_found",
        "message": "Duplicated resource found",
        "details": "Duplicated voucher exists with code TAKEN",
        "resource_id": "TAKEN",
        "resource_type": "voucher",
        "request_id": "",
    }
    assert (codes(api), len(events())) == (["TAKEN"], staged)


def test_case_tells_codes_apart(api):
    make_voucher(api, "code")
    make_voucher(api, "CODE")
    assert codes(api) == ["CODE", "code"]


def test_a_project_may_ignore_case(folding_api):
    make_voucher(folding_api, "Straße")
    folding_api.post("/v1/vouchers/STRASSE", json=BODY).refused(409, "duplicate_found")
    assert folding_api.get("/v1/vouchers/strasse").expect()["code"] == "Straße"
    found = folding_api.get("/v1/vouchers", query={"code": "STRAßE"}).expect()["vouchers"]
    assert [voucher["code"] for voucher in found] == ["Straße"]
    config = {"pattern": "#", "charset": "aAbB"}
    drawn = [
        folding_api.post("/v1/vouchers", json={**BODY, "code_config": config}) for _ in range(3)
    ]
    assert [answer.status for answer in drawn] == [200, 200, 400]


@pytest.mark.parametrize(
    ("changes", "key", "details"),
    [
        ({"type": None}, "invalid_payload", "Property .type must be string"),
        (
            {"type": "CARD"},
            "invalid_payload",
            "Property .type must be equal to one of the allowed values:"
            " DISCOUNT_VOUCHER, GIFT_VOUCHER, LOYALTY_CARD",
        ),
        (
            {"type": "LOYALTY_CARD", "loyalty_card": {"points": 100}},
            "invalid_voucher",
            "A loyalty card must belong to a loyalty program",
        ),
        (
            {"discount": None},
            "invalid_voucher",
            "Property 'discount' is required for DISCOUNT_VOUCHER voucher",
        ),
        (
            {"discount": {"type": "UNIT", "unit_off": 1}},
            "invalid_payload",
            "Property .discount should have required property 'unit_type'",
        ),
        (
            {"discount": amount_off(-1)},
            "invalid_payload",
            "Property .discount.amount_off must be >= 0",
        ),
        (
            {"discount": amount_off(1, amount_off_formula="1 +")},
            "invalid_payload",
            "Property .discount.amount_off_formula is not a valid formula: unexpected end at"
            " character 4",
        ),
        (
            {"discount": percent_off(101)},
            "invalid_payload",
            "Property .discount.percent_off must be <= 100",
        ),
        (
            {"redemption": {"quantity": 0}},
            "invalid_payload",
            "Property .redemption.quantity must be >= 1",
        ),
        (
            {"expiration_date": "tomorrow"},
            "invalid_payload",
            "Property .expiration_date cannot be recognized as a ISO-8601 compliant date",
        ),
        (
            {"validity_timeframe": {"interval": "P1D", "duration": "PT1H"}},
            "invalid_payload",
            "Property .validity_timeframe requires start_date",
        ),
        (
            {"code_config": {"charset": ""}},
            "invalid_code_config",
            "Property .code_config.charset must hold printable characters other than blanks",
        ),
        (
            {"code_config": {"prefix": "line\n"}},
            "invalid_code_config",
            "Property .code_config must be of 1 to 200 printable characters,"
            " without blanks at the ends",
        ),
        ({"code": ""}, "invalid_payload", "Property .code must not be empty"),
        (
            {"code": " padded"},
            "invalid_payload",
            "Property .code must be of 1 to 200 printable characters, without blanks at the ends",
        ),
        (
            {"code": "x" * 201},
            "invalid_payload",
            "Property .code must be of 1 to 200 printable characters, without blanks at the ends",
        ),
        ({"category_id": "cat_x"}, "not_found", "Cannot find category with id cat_x"),
        ({"category": "None"}, "not_found", "Cannot find category with id None"),
        ({"campaign": "None"}, "not_found", "Cannot find campaign with id None"),
        (
            {"validation_rules": ["val_x"]},
            "not_found",
            "Cannot find validation rules with id val_x",
        ),
    ],
)
def test_a_broken_body_is_refused(api, events, changes, key, details):
    refusal = api.post("/v1/vouchers", json={**BODY, **changes})
    assert refusal.refused(404 if key == "not_found" else 400, key)["details"] == details
    assert (codes(api), events()) == ([], [])


def test_a_campaign_of_one_code_takes_no_other(api):
    make_campaign(api, name="Generic", type="STANDALONE", voucher={"code": "GENERIC"})
    body = {**BODY, "campaign": "Generic"}
    refusal = api.post("/v1/vouchers/SECOND", json=body).refused(400, "invalid_campaign")
    assert refusal["details"] == "You can not generate vouchers for STANDALONE type campaign."
    assert codes(api) == ["GENERIC"]

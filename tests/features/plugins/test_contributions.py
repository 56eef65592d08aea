"""What plugins add, used over HTTP as if it were the core's own."""

from __future__ import annotations

import pytest

from kupon.testing.builders import (
    line,
    make_campaign,
    make_customer,
    make_product,
    make_voucher,
    redeemable,
)


@pytest.fixture
def activate(management_api, project):
    """Activates a plugin: `activate("luhn_codes", setting=1)`."""

    def put(plugin, **settings):
        path = f"/management/v1/projects/{project.id}/plugins/{plugin}"
        return management_api.put(path, json={"settings": settings}).expect()

    return put


def test_routes_answer_projects_for_which_the_plugin_is_active(api, client_api, activate):
    path = "/plugins/luhn_codes/v1/checks/79927398713"
    api.get(path).refused(404, "not_found")
    activate("luhn_codes")
    assert api.get(path).expect() == {
        "object": "code_check",
        "code": "79927398713",
        "valid": True,
    }
    assert not api.get("/plugins/luhn_codes/v1/checks/79927398710").expect()["valid"]
    answer = client_api.get(f"/client{path}")
    assert answer.expect()["valid"]
    assert answer.headers["Access-Control-Allow-Origin"]
    api.get(path, headers={"X-App-Token": "wrong"}).refused(401, "unauthorized")
    api.post(path, json={}).refused(405, "method_not_allowed")


def test_generated_codes_end_with_their_check_character(api, activate, jobs):
    activate("luhn_codes")
    config = {"generator": "luhn", "pattern": "########", "charset": "0123456789"}
    campaign = make_campaign(api, vouchers_count=40, voucher={"code_config": config})
    jobs()
    codes = [
        each["code"]
        for each in api.get(
            "/v1/vouchers", query={"campaign": campaign["name"], "limit": 50}
        ).expect()["vouchers"]
    ]
    assert len(codes) == 40
    assert all(len(code) == 9 for code in codes)
    checks = [api.get(f"/plugins/luhn_codes/v1/checks/{code}").expect() for code in codes]
    assert all(each["valid"] for each in checks)
    stored = api.get(f"/v1/campaigns/{campaign['id']}").expect()["voucher"]["code_config"]
    assert stored["generator"] == "luhn"


def test_a_full_pattern_is_used_up_to_its_last_code(api, jobs):
    config = {"generator": "luhn", "pattern": "#", "charset": "0123456789"}
    campaign = make_campaign(api, vouchers_count=10, voucher={"code_config": config})
    jobs()
    found = api.get("/v1/vouchers", query={"campaign": campaign["name"]}).expect()
    assert found["total"] == 10


def test_an_unknown_generator_is_refused(api):
    body = {
        "type": "DISCOUNT_VOUCHER",
        "discount": {"type": "AMOUNT", "amount_off": 100},
        "code_config": {"generator": "dice"},
    }
    refused = api.post("/v1/vouchers", json=body).refused(400, "invalid_code_config")
    assert refused["details"].startswith(
        "Property .code_config.generator must be equal to one of the allowed values: "
    )


def test_operators_of_plugins_judge_customers(api):
    body = {
        "name": "Müllers",
        "rules": {
            "1": {
                "name": "customer.metadata",
                "property": "town",
                "conditions": {"$like": "m?nch*"},
            },
            "logic": "1",
        },
    }
    rule = api.post("/v1/validation-rules", json=body).expect()
    make_voucher(api, "TOWN", validation_rules=[rule["id"]])

    def is_valid(town):
        customer = make_customer(api, metadata={"town": town})
        sent = {
            "customer": {"id": customer["id"]},
            "order": {"amount": 1000},
            "redeemables": [redeemable("TOWN")],
        }
        return api.post("/v1/validations", json=sent).expect()["valid"]

    assert is_valid("München")
    assert not is_valid("Berlin")


def test_a_kind_of_discount_is_stored_validated_and_redeemed(api):
    cheap, dear = make_product(api, price=300), make_product(api, price=1000)
    discount = {"type": "CHEAPEST_ITEM", "percent_off": 50, "parameters": {"among": 3}}
    voucher = make_voucher(api, "CHEAP", discount=discount)
    assert voucher["discount"] == {
        **discount,
        "effect": "APPLY_TO_ITEMS",
        "is_dynamic": False,
    }
    order = {"items": [line(dear, 2), line(cheap, 1)]}
    body = {"redeemables": [redeemable("CHEAP")], "order": order}
    validated = api.post("/v1/validations", json=body).expect()
    assert validated["order"]["total_discount_amount"] == 150
    redeemed = api.post("/v1/redemptions", json=body).expect()
    assert [each.get("discount_amount", 0) for each in redeemed["order"]["items"]] == [0, 150]
    bare = {"redeemables": [redeemable("CHEAP")], "order": {"items": [line(dear, 2)]}}
    assert api.post("/v1/validations", json=bare).expect()["order"]["total_discount_amount"] == 0


@pytest.mark.parametrize(
    ("members", "details"),
    [
        pytest.param({"parameters": {"among": 0}}, ".among must be from 1 to 1000", id="none"),
        pytest.param({"parameters": {"units": 2}}, ".units must be <= 1", id="too many"),
        pytest.param({"percent_off": 101}, ".percent_off must be <= 100", id="too much"),
        pytest.param({"parameters": []}, "parameters must be object", id="no object"),
    ],
)
def test_a_broken_definition_of_a_plugins_kind_is_refused(api, members, details):
    body = {"type": "DISCOUNT_VOUCHER", "discount": {"type": "CHEAPEST_ITEM", **members}}
    assert details in api.post("/v1/vouchers", json=body).refused(400, "invalid_payload")["details"]


def test_an_incentive_whose_plugin_is_gone_applies_nothing(api, engine, project):
    from kupon.runtime import clock
    from kupon.storage.uow import UnitOfWork

    make_voucher(api, "GONE", discount={"type": "CHEAPEST_ITEM"})
    with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
        uow.driver.execute(
            "UPDATE vouchers SET discount = jsonb_set(discount, '{type}', '\"MOON_PHASE\"')"
            " WHERE project_id = %s",
            (project.id,),
        )
        uow.commit()
    body = {"redeemables": [redeemable("GONE")], "order": {"amount": 1000}}
    validated = api.post("/v1/validations", json=body).expect()
    error = validated["inapplicable_redeemables"][0]["result"]["error"]
    assert error["details"] == "Discount type MOON_PHASE is not installed"
    api.post("/v1/redemptions", json=body).refused(400, "invalid_voucher")
    assert api.get("/v1/vouchers/GONE").expect()["discount"]["type"] == "MOON_PHASE"

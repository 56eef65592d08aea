"""Who may use a referral code: everybody but the one who refers, once there is one."""

from __future__ import annotations

import pytest

from kupon.testing.builders import make_customer, make_rule, redeemable

ORDER = {"amount": 10000}


def request(code, **members):
    return {"redeemables": [redeemable(code)], "order": ORDER} | members


@pytest.mark.parametrize("by", ["id", "source_id"])
def test_the_referrer_may_not_redeem(api, code, ada, by, referred, jobs):
    body = request(code, customer={by: ada[by]})
    refusal = api.post("/v1/redemptions", json=body).refused(
        400, "referrer_not_permitted_to_redeem"
    )
    assert refusal["message"] == "voucher cannot be redeemed by referrer"
    answer = api.post("/v1/validations", json=body).expect()
    [verdict] = answer["redeemables"]
    assert (answer["valid"], verdict["status"]) == (False, "INAPPLICABLE")
    assert verdict["result"]["error"]["key"] == "referrer_not_permitted_to_redeem"
    jobs()
    assert referred("ada") == 0
    assert api.get(f"/v1/vouchers/{code}").expect()["redemption"]["redeemed_quantity"] == 0


def test_the_older_call_refuses_the_referrer_too(api, code, ada):
    body = {"customer": {"id": ada["id"]}, "order": ORDER}
    api.post(f"/v1/vouchers/{code}/redemption", json=body).refused(
        400, "referrer_not_permitted_to_redeem"
    )


def test_everybody_else_may(api, code, bob):
    for customer in ({"source_id": "bob"}, {"source_id": "new"}, {"name": "Somebody"}):
        api.post("/v1/redemptions", json=request(code, customer=customer)).expect()
    api.post("/v1/redemptions", json=request(code)).expect()
    assert bob["id"]


def test_a_code_that_nobody_was_given_can_not_be_redeemed(api, programme):
    code = api.post(f"/v1/campaigns/{programme['id']}/vouchers", json={}).expect()["code"]
    body = request(code, customer={"source_id": "bob"})
    api.post("/v1/redemptions", json=body).refused(400, "not_published")
    assert not api.post("/v1/validations", json=body).expect()["valid"]


def test_a_stack_goes_on_without_the_referrers_code(api, code, ada, set_stacking_rules, programme):
    set_stacking_rules(redeemables_application_mode="PARTIAL")
    other = make_customer(api, source_id="zoe")
    body = {"campaign": programme["id"], "customer": {"id": other["id"]}}
    zoes = api.post("/v1/publications", json=body).expect()["voucher"]["code"]
    body = request(code, customer={"id": ada["id"]})
    body["redeemables"].append(redeemable(zoes))
    answer = api.post("/v1/redemptions", json=body).expect()
    assert [each["voucher"]["code"] for each in answer["redemptions"]] == [zoes]
    assert answer["inapplicable_redeemables"][0]["id"] == code


def test_qualification_offers_the_referrer_nothing(api, code, ada, bob):
    path = f"/v1/referrals/members/{code}/holders"
    api.post(path, json={"holders": [{"id": bob["id"]}]}).expect()

    def offered(source_id):
        body = {"customer": {"source_id": source_id}, "order": ORDER}
        body["scenario"] = "CUSTOMER_WALLET"
        found = api.post("/v1/qualifications", json=body).expect()["redeemables"]["data"]
        return [each["id"] for each in found]

    assert (offered("ada"), offered("bob")) == ([], [code])


def test_a_rule_counts_one_redemption_for_each_referee(api, programme, ada, publish):
    name = "redemption.count.per_customer"
    conditions = {"1": {"name": name, "conditions": {"$less_than_or_equal": [1]}}}
    rule = make_rule(api, rules=conditions | {"logic": "1"})
    body = {"campaign": programme["id"], "voucher": rule["id"]}
    api.post(
        f"/v1/validation-rules/{rule['id']}/assignments", json={"campaign": programme["id"]}
    ).expect()
    code = publish(programme, ada)["code"]
    body = request(code, customer={"source_id": "bob"})
    api.post("/v1/redemptions", json=body).expect()
    api.post("/v1/redemptions", json=body).refused(400, "redemption_rules_violated")
    api.post("/v1/redemptions", json=request(code, customer={"source_id": "eve"})).expect()


def by_holders(api, programme):
    node = {"name": "publication.redeemable_by_linked_customer", "property": None}
    node["conditions"] = {"$is": [True]}
    rule = make_rule(api, rules={"1": node, "logic": "1"})
    path = f"/v1/validation-rules/{rule['id']}/assignments"
    api.post(path, json={"campaign": programme["id"]}).expect()


def qualifying(api, source_id, **members):
    body = {"customer": {"source_id": source_id}, "order": ORDER, **members}
    found = api.post("/v1/qualifications", json=body).expect()["redeemables"]["data"]
    return [each["id"] for each in found]


def test_a_code_may_be_for_those_whom_it_was_passed_on_to(api, programme, code, ada, bob):
    by_holders(api, programme)
    path = f"/v1/referrals/members/{code}/holders"
    [held] = api.post(path, json={"holders": [{"id": bob["id"]}]}).expect()["holders"]
    make_customer(api, source_id="eve")

    def redeem(source_id):
        body = request(code, customer={"source_id": source_id})
        return api.post("/v1/redemptions", json=body)

    redeem("eve").refused(400, "customer_rules_violated")
    redeem("ada").refused(400, "referrer_not_permitted_to_redeem")
    assert qualifying(api, "bob", scenario="CUSTOMER_WALLET") == [code]
    redeem("bob").expect()
    api.delete(f"{path}/{held['id']}").expect(204)


def test_roles_of_holders_are_filters_of_qualification(api, code, bob):
    path = f"/v1/referrals/members/{code}/holders"
    api.post(path, json={"holders": [{"id": bob["id"]}]}).expect()

    def with_role(role):
        asked = {"holder_role": {"conditions": {"$is": [role]}}}
        return qualifying(api, "bob", options={"filters": asked})

    assert (with_role("REFEREE"), with_role("OWNER"), with_role("REFERRER")) == ([code], [], [])


def test_a_referral_campaign_offers_itself_to_nobody(api, programme, bob):
    assert qualifying(api, bob["source_id"]) == []
    assert programme["id"]

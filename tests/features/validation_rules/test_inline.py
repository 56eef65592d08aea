"""Rules as a part of vouchers and campaigns: given, printed, inherited, gone with them."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from kupon.features.campaigns import jobs as campaign_jobs
from kupon.storage.queries.validation_rules import load_assignments, load_rules
from kupon.testing.builders import make_campaign, make_rule, make_voucher


@pytest.fixture
def rule(api):
    return make_rule(api)


def rules_of(wire):
    listed = wire["validation_rules_assignments"]
    assert (listed["object"], listed["data_ref"]) == ("list", "data")
    assert listed["total"] == len(listed["data"])
    return [(each["related_object_type"], each["rule_id"]) for each in listed["data"]]


def assigned(api):
    return api.get("/v1/validation-rules-assignments").expect()["total"]


def test_a_voucher_is_made_with_a_rule(api, rule, events):
    made = make_voucher(api, "CODE", validation_rules=[rule["id"]])
    assert rules_of(made) == [("voucher", rule["id"])]
    assert made["validation_rules_assignments"]["data"][0]["related_object_id"] == made["id"]
    assert api.get("/v1/vouchers/CODE").expect() == made
    told = [name for name, _ in events()]
    assert told[1:] == ["business_validation_rule.assignment.created", "voucher.created"]
    assert events()[-1][1]["voucher"] == made


def test_a_campaign_is_made_with_a_rule_that_its_codes_inherit(api, rule, events):
    own = make_rule(api)
    campaign = make_campaign(api, name="Camp", validation_rules=[rule["id"]])
    assert rules_of(campaign) == [("campaign", rule["id"])]
    assert api.get("/v1/campaigns/Camp").expect() == campaign
    assert events()[-1][1]["campaign"] == campaign
    code = api.post("/v1/campaigns/Camp/vouchers/CODE").expect()
    assert rules_of(code) == [("campaign", rule["id"])]
    code = api.put("/v1/vouchers/CODE", json={"validation_rules": [own["id"]]}).expect()
    assert rules_of(code) == [("voucher", own["id"]), ("campaign", rule["id"])]
    assert (
        code["validation_rules_assignments"]["data"][1]
        == (campaign["validation_rules_assignments"]["data"][0])
    )
    body = {"campaign": "Camp", "type": "DISCOUNT_VOUCHER", "validation_rules": [own["id"]]}
    both = api.post("/v1/vouchers", json=body).expect()
    assert rules_of(both) == [("voucher", own["id"]), ("campaign", rule["id"])]


def test_the_code_of_a_standalone_campaign_is_born_with_the_rule(api, rule, events):
    make_campaign(api, type="STANDALONE", voucher={"code": "ONE"}, validation_rules=[rule["id"]])
    told = dict(events())["voucher.created"]["voucher"]
    assert rules_of(told) == [("campaign", rule["id"])]
    assert rules_of(api.get("/v1/vouchers/ONE").expect()) == [("campaign", rule["id"])]


@pytest.mark.parametrize("path", ["/v1/vouchers/CODE", "/v1/campaigns/Camp"])
def test_an_update_gives_replaces_keeps_and_takes_a_rule(api, rule, path):
    make_voucher(api, "CODE")
    make_campaign(api, name="Camp")
    other = make_rule(api)

    def put(rule_ids):
        wire = api.put(path, json={"validation_rules": rule_ids}).expect()
        assert api.get(path).expect() == wire
        return wire["validation_rules_assignments"]["data"]

    assert put([]) == []
    first = put([rule["id"]])
    assert [each["rule_id"] for each in first] == [rule["id"]]
    assert put([rule["id"]]) == first
    assert put(None) == first
    assert api.put(path, json={}).expect()["validation_rules_assignments"]["data"] == first
    second = put([other["id"]])
    assert [each["rule_id"] for each in second] == [other["id"]]
    assert assigned(api) == 1
    assert put([]) == []
    assert assigned(api) == 0


def test_an_unknown_rule_refuses_everything(api, new_project, connect_api):
    theirs = make_rule(connect_api(new_project()))["id"]
    voucher, campaign = make_voucher(api, "CODE"), make_campaign(api, name="Camp")
    discount = {"type": "DISCOUNT_VOUCHER", "discount": voucher["discount"]}
    for method, path, body in (
        ("POST", "/v1/vouchers/NEW", discount),
        ("PUT", "/v1/vouchers/CODE", {"metadata": {"a": 1}}),
        ("POST", "/v1/campaigns", {"name": "New", "voucher": discount}),
        ("PUT", "/v1/campaigns/Camp", {"description": "New"}),
    ):
        body |= {"validation_rules": [theirs]}
        refusal = api.send(method, path, json=body).refused(404, "not_found")
        assert (refusal["resource_type"], refusal["resource_id"]) == ("validation_rules", theirs)
    assert api.get("/v1/vouchers").expect()["vouchers"] == [voucher]
    assert api.get("/v1/campaigns/Camp").expect() == campaign
    assert api.get("/v1/campaigns").expect()["total"] == 1


@pytest.mark.parametrize("path", ["/v1/vouchers/CODE", "/v1/campaigns/Camp"])
@pytest.mark.parametrize(
    ("rule_ids", "details"),
    [
        ("val_1", "Property .validation_rules must be array"),
        ([1], "Property .validation_rules[0] must be string"),
        (["val_1", "val_2"], "Property .validation_rules must NOT have more than 1 items"),
    ],
)
def test_bad_rule_lists_are_refused(api, path, rule_ids, details):
    make_voucher(api, "CODE")
    make_campaign(api, name="Camp")
    refusal = api.put(path, json={"validation_rules": rule_ids}).refused(400, "invalid_payload")
    assert refusal["details"] == details


def test_a_list_of_vouchers_reads_all_rules_at_once(api, rule, app):
    make_campaign(api, name="Camp", validation_rules=[rule["id"]])
    own = make_rule(api)

    def statements(limit):
        seen = []

        def note(*call):
            seen.append(call[2])

        engine = app.extensions["kupon"].engine
        event.listen(engine, "before_cursor_execute", note)
        listed = api.get("/v1/vouchers", query={"limit": limit, "order": "code"}).expect()
        event.remove(engine, "before_cursor_execute", note)
        return listed["vouchers"], len(seen)

    for number in range(3):
        api.post(f"/v1/campaigns/Camp/vouchers/C{number}").expect()
        make_voucher(api, f"V{number}", validation_rules=[own["id"]])
    _, few = statements(4)
    vouchers, many = statements(6)
    assert [rules_of(voucher) for voucher in vouchers] == [
        [("campaign", rule["id"])],
        [("campaign", rule["id"])],
        [("campaign", rule["id"])],
        [("voucher", own["id"])],
        [("voucher", own["id"])],
        [("voucher", own["id"])],
    ]
    assert few >= many > 0


@pytest.mark.parametrize("force", ["true", "false"])
def test_a_deleted_voucher_leaves_no_assignment(api, rule, events, force):
    made = make_voucher(api, "CODE", validation_rules=[rule["id"]])
    make_voucher(api, "OTHER", validation_rules=[rule["id"]])
    api.delete("/v1/vouchers/CODE", query={"force": force}).expect(204)
    assert assigned(api) == 1
    (first, deleted), (second, taken) = events()[-2:]
    assert (first, second) == (
        "voucher.deleted",
        "business_validation_rule.assignment.deleted",
    )
    assert deleted["voucher"] == made
    assert taken["voucher"]["id"] == made["id"]


@pytest.mark.parametrize("force", ["true", "false"])
def test_a_deleted_campaign_leaves_no_assignment(api, rule, jobs, force, events, monkeypatch):
    monkeypatch.setattr(campaign_jobs, "SLICE", 2)
    campaign = make_campaign(api, name="Camp", validation_rules=[rule["id"]])
    for number in range(3):
        api.post(f"/v1/campaigns/Camp/vouchers/C{number}").expect()
        body = {"validation_rules": [rule["id"]]}
        api.put(f"/v1/vouchers/C{number}", json=body).expect()
    make_voucher(api, "OTHER", validation_rules=[rule["id"]])
    assert assigned(api) == 5
    api.delete("/v1/campaigns/Camp", query={"force": force}).expect(202)
    assert assigned(api) == 4
    (first, deleted), (second, taken) = events()[-2:]
    assert (first, second) == (
        "campaign.deleted",
        "business_validation_rule.assignment.deleted",
    )
    assert (
        deleted["campaign"]["validation_rules_assignments"]
        == (campaign["validation_rules_assignments"])
    )
    assert taken["campaign"]["id"] == campaign["id"]
    jobs()
    assert assigned(api) == 1


def test_evaluations_load_rules_that_were_assigned_and_what_has_them(api, rule, uow):
    own, _unused = make_rule(api, error={"message": "No"}), make_rule(api)
    campaign = make_campaign(api, validation_rules=[rule["id"]])
    make_voucher(api, validation_rules=[own["id"]])
    loaded = load_rules(uow)
    assert load_assignments(uow) == {("campaign", campaign["id"]): rule["id"]}
    assert loaded.keys() == {rule["id"], own["id"]}
    members = ("id", "name", "rules", "bundle_rules", "applicable_to", "error", "type")
    assert {name: loaded[own["id"]][name] for name in members} == {
        name: own[name] for name in members
    }

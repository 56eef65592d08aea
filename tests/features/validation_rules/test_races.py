"""Several connections at once on the same rule or the same object."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from kupon.testing.builders import make_campaign, make_rule, make_voucher

pytestmark = pytest.mark.race


def at_once(work, count=8):
    """Call work(number) from as many threads, released together."""
    barrier = Barrier(count)

    def one(number):
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_one_of_eight_assigns(api):
    rules = [make_rule(api)["id"] for _ in range(4)]
    make_voucher(api, "CODE")
    answers = at_once(
        lambda n: api.post(
            f"/v1/validation-rules/{rules[n % 4]}/assignments", json={"voucher": "CODE"}
        )
    )
    assert Counter(answer.status for answer in answers) == {200: 1, 409: 7}
    assert api.get("/v1/validation-rules-assignments").expect()["total"] == 1


def test_force_by_many_leaves_one(api, rule_events):
    rules = [make_rule(api)["id"] for _ in range(4)]
    make_campaign(api, name="Camp")
    query = {"force": "true"}

    def assign(number):
        path = f"/v1/validation-rules/{rules[number % 4]}/assignments"
        return api.post(path, json={"campaign": "Camp"}, query=query).expect()

    made = {each["id"] for each in at_once(assign)}
    (left,) = api.get("/v1/validation-rules-assignments").expect()["data"]
    told = [
        (name, payload["assignment"]["id"])
        for name, payload in rule_events()
        if name.startswith("assignment.")
    ]
    assert sorted(told) == sorted(
        [("assignment.created", id) for id in made]
        + [("assignment.deleted", id) for id in made - {left["id"]}]
    )


def test_a_rule_that_is_deleted_meanwhile_is_left_to_nobody(api):
    for _ in range(5):
        rule = make_rule(api)
        codes = [make_voucher(api)["code"] for _ in range(6)]

        def work(number, rule=rule, codes=codes):
            path = f"/v1/validation-rules/{rule['id']}"
            if number == 3:
                return api.delete(path)
            if number == 4:
                body = {"validation_rules": [rule["id"]]}
                return api.put(f"/v1/vouchers/{codes[0]}", json=body)
            body = {"voucher": codes[number % 6]}
            return api.post(f"{path}/assignments", json=body, query={"force": "true"})

        answers = at_once(work)
        assert {answer.status for answer in answers} <= {200, 204, 404}
        assert answers[3].status == 204
        assert api.get("/v1/validation-rules-assignments").expect()["total"] == 0


def test_an_object_that_is_deleted_meanwhile_has_no_rule(api):
    rule = make_rule(api)
    for number in range(5):
        make_voucher(api, f"CODE-{number}")

        def work(part, code=f"CODE-{number}"):
            if part == 1:
                return api.delete(f"/v1/vouchers/{code}")
            path = f"/v1/validation-rules/{rule['id']}/assignments"
            return api.post(path, json={"voucher": code})

        answers = at_once(work, 3)
        assert {answer.status for answer in answers} <= {200, 204, 404, 409}
        assert api.get("/v1/validation-rules-assignments").expect()["total"] == 0


def test_one_of_eight_takes_a_rule_away(api, assign, rule_events):
    rule = make_rule(api)
    made = assign(rule, "voucher", make_voucher(api)["id"])
    path = f"/v1/validation-rules/{rule['id']}/assignments/{made['id']}"
    answers = at_once(lambda _: api.delete(path))
    assert Counter(answer.status for answer in answers) == {204: 1, 404: 7}
    names = [name for name, _ in rule_events()]
    assert names.count("assignment.deleted") == 1


def test_changes_of_a_rule_at_once_are_all_kept(api):
    rule = make_rule(api)
    changes = [
        {"name": "New"},
        {"error": {"message": "New"}},
        {"type": "complex"},
        {"rules": {"logic": " "}},
    ]
    path = f"/v1/validation-rules/{rule['id']}"
    at_once(lambda n: api.put(path, json=changes[n]).expect(), 4)
    stored = api.get(path).expect()
    for change in changes:
        assert stored | change == stored


def test_a_rule_of_many_is_deleted_while_it_is_taken_away(api, assign, monkeypatch):
    monkeypatch.setattr("kupon.features.validation_rules.service.rules._SLICE", 1)
    for _ in range(3):
        rule = make_rule(api)
        path = f"/v1/validation-rules/{rule['id']}"
        made = [assign(rule, "campaign", make_campaign(api)["id"])["id"] for _ in range(7)]

        def work(number, path=path, made=made):
            return api.delete(f"{path}/assignments/{made[-number]}" if number else path)

        answers = at_once(work)
        assert answers[0].status == 204
        assert {answer.status for answer in answers} <= {204, 404}
        assert api.get("/v1/validation-rules-assignments").expect()["total"] == 0


def test_campaigns_are_given_rules_while_these_change(api):
    rules = [make_rule(api)["id"] for _ in range(2)]
    tier = {"name": "Tier", "action": {"discount": {"type": "PERCENT", "percent_off": 10}}}

    def work(number):
        one, other = (rules[(number + place) % 2] for place in (0, 1))
        if number % 2:
            return api.put(f"/v1/validation-rules/{one}", json={"name": "New"})
        tiers = [tier | {"validation_rules": [other]}, tier | {"validation_rules": [one]}]
        body = {"name": f"Promotion {number}", "campaign_type": "PROMOTION"}
        body |= {"validation_rules": [one], "promotion": {"tiers": tiers}}
        return api.post("/v1/campaigns", json=body)

    assert {answer.status for answer in at_once(work, 12)} == {200}
    assert api.get("/v1/validation-rules-assignments").expect()["total"] == 18

"""Several connections at once on the promotions of one campaign."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from kupon.testing.builders import make_rule, make_stack, make_tier, tier

pytestmark = pytest.mark.race


def at_once(*works):
    """Call each of the functions from a thread of its own, released together."""
    barrier = Barrier(len(works))

    def one(work):
        barrier.wait()
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(one, works))


def test_tiers_that_come_at_once_stand_one_after_the_other(api, campaign):
    path = f"/v1/promotions/{campaign['id']}/tiers"
    at_once(*[lambda: api.post(path, json=tier()).expect()] * 8)
    places = [row["hierarchy"] for row in api.get(path).expect()["tiers"]]
    assert places == list(range(1, 9))


def test_updates_at_once_are_all_kept(api, campaign):
    made = make_tier(api, campaign["id"])
    path = f"/v1/promotions/tiers/{made['id']}"
    at_once(
        *(lambda n=n: api.put(path, json={"metadata": {f"k{n}": n}}).expect() for n in range(8))
    )
    assert api.get(path).expect()["metadata"] == {f"k{n}": n for n in range(8)}


def test_a_tier_that_is_deleted_is_in_no_stack(api, campaign):
    stacks = f"/v1/promotions/{campaign['id']}/stacks"
    for _ in range(5):
        kept, gone = (make_tier(api, campaign["id"])["id"] for _ in range(2))
        body = {"name": "Both", "tiers": {"ids": [kept, gone]}}
        answers = at_once(
            *[lambda body=body: api.post(stacks, json=body)] * 3,
            lambda gone=gone: api.delete(f"/v1/promotions/tiers/{gone}"),
        )
        assert {answer.status for answer in answers[:3]} <= {200, 404}
        assert answers[3].status == 204
        listed = api.get(stacks).expect()["data"]
        assert not [row for row in listed if gone in row["tiers"].get("ids", ())]


def test_one_of_eight_deletes(api, campaign):
    made = make_tier(api, campaign["id"])
    make_stack(api, campaign["id"], made["id"])
    path = f"/v1/promotions/tiers/{made['id']}"
    answers = at_once(*[lambda: api.delete(path)] * 8)
    assert Counter(answer.status for answer in answers) == {204: 1, 404: 7}


def test_a_deleted_campaign_leaves_no_tier_behind(api, campaign):
    path = f"/v1/promotions/{campaign['id']}/tiers"
    answers = at_once(
        *[lambda: api.post(path, json=tier())] * 6,
        lambda: api.delete(f"/v1/campaigns/{campaign['id']}"),
    )
    assert {answer.status for answer in answers[:-1]} <= {200, 404}
    assert answers[-1].status == 202
    assert api.get("/v1/promotions/tiers").expect()["total"] == 0


def test_rules_change_while_tiers_get_them(api, campaign):
    path = f"/v1/promotions/{campaign['id']}/tiers"
    for _ in range(10):
        rule = make_rule(api)["id"]
        answers = at_once(
            *[lambda rule=rule: api.post(path, json=tier(validation_rules=[rule]))] * 4,
            *[lambda rule=rule: api.put(f"/v1/validation-rules/{rule}", json={"name": "b"})] * 4,
        )
        assert {answer.status for answer in answers} == {200}

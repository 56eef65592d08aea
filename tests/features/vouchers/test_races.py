"""Several connections at once on the same code."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from kupon.testing.builders import amount_off, make_campaign, make_voucher

pytestmark = pytest.mark.race

BODY = {"type": "DISCOUNT_VOUCHER", "discount": amount_off(100)}


def at_once(work, count=8):
    """Call work(number) from as many threads, released together."""
    barrier = Barrier(count)

    def one(number):
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_one_of_eight_gets_the_code(api, events):
    answers = at_once(lambda _: api.post("/v1/vouchers/ONLY", json=BODY))
    assert Counter(answer.status for answer in answers) == {200: 1, 409: 7}
    assert [name for name, _ in events()] == ["voucher.created"]


def test_a_campaign_counts_codes_that_come_at_once(api):
    make_campaign(api, name="Camp")
    answers = at_once(lambda n: api.post(f"/v1/campaigns/Camp/vouchers/C{n % 4}"))
    assert Counter(answer.status for answer in answers) == {200: 4, 409: 4}
    assert api.get("/v1/campaigns/Camp").expect()["vouchers_count"] == 4


def test_metadata_of_updates_at_once_is_all_kept(api):
    make_voucher(api, "CODE")
    at_once(lambda n: api.put("/v1/vouchers/CODE", json={"metadata": {f"k{n}": n}}).expect())
    stored = api.get("/v1/vouchers/CODE").expect()["metadata"]
    assert stored == {f"k{number}": number for number in range(8)}


def test_a_nearly_full_pattern_gives_each_code_once(api):
    body = {**BODY, "code_config": {"pattern": "#", "charset": "0123456"}}
    answers = at_once(lambda _: api.post("/v1/vouchers", json=body))
    drawn = [answer.json["code"] for answer in answers if answer.status == 200]
    assert sorted(drawn) == list("0123456")
    assert [a.json["key"] for a in answers if a.status != 200] == ["invalid_code_config"]


def test_one_of_eight_deletes(api):
    make_campaign(api, name="Camp")
    api.post("/v1/campaigns/Camp/vouchers/GONE").expect()
    answers = at_once(lambda n: api.delete("/v1/vouchers/GONE", query={"force": n % 2 == 0}))
    assert Counter(answer.status for answer in answers) == {204: 1, 404: 7}
    assert api.get("/v1/campaigns/Camp").expect()["vouchers_count"] == 0

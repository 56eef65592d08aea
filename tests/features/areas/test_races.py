"""Several connections at once on the same area or store."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from kupon.features.areas import service
from kupon.testing.builders import assigned_to, make_campaign

pytestmark = pytest.mark.race


def at_once(work, count=8):
    """Call work(number) from as many threads, released together."""
    barrier = Barrier(count)

    def one(number):
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_the_last_places_are_taken_once(api, make_area, monkeypatch):
    monkeypatch.setattr(service, "MOST_AREAS", 3)
    monkeypatch.setattr(service, "MOST_STORES", 2)
    area = make_area("France")[0]
    for path, free in (("/v1/areas", 2), (f"/v1/areas/{area}/stores", 2)):
        answers = at_once(lambda n, path=path: api.post(path, json={"name": f"{n}"}))
        assert Counter(answer.status for answer in answers) == {200: free, 400: 8 - free}


def test_a_store_is_assigned_or_deleted_never_both(api, make_area):
    campaign = make_campaign(api)["id"]
    for _ in range(5):
        area, store = make_area("France", "Lyon")
        calls = (
            lambda store=store: api.put(
                f"/v1/campaigns/{campaign}", json=assigned_to(stores=[store])
            ),
            lambda area=area, store=store: api.delete(f"/v1/areas/{area}/stores/{store}"),
        )
        statuses = [answer.status for answer in at_once(lambda n, calls=calls: calls[n](), 2)]
        assert statuses in ([200, 400], [404, 204])

"""Several connections at once on the same points."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from kupon.testing.builders import make_customer, make_member, make_programme

pytestmark = pytest.mark.race


def at_once(work, count=8):
    """Call work(number) from as many threads, released together."""
    barrier = Barrier(count)

    def one(number):
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


@pytest.fixture
def programme(api):
    return make_programme(api, expiration_rules={"period_type": "MONTH", "period_value": 1})


@pytest.fixture
def cards(api, programme):
    made = [make_member(api, programme, make_customer(api)) for _ in range(3)]
    for card in made:
        adjust(api, card, 100).expect()
    return made


def adjust(api, card, points, **members):
    path = f"/v1/loyalties/members/{card['id']}/balance"
    return api.post(path, json={"points": points, **members})


def balance(api, card):
    return api.get(f"/v1/vouchers/{card['id']}").expect()["loyalty_card"]["balance"]


def test_the_last_points_go_once(api, cards):
    card = cards[0]
    answers = at_once(lambda _: adjust(api, card, -30))
    assert Counter(answer.status for answer in answers) == {200: 3, 400: 5}
    refused = {answer.json["key"] for answer in answers if answer.status == 400}
    assert refused == {"loyalty_card_points_exceeded"}
    assert balance(api, card) == 10


def test_nothing_that_comes_at_once_is_lost(api, cards):
    card = cards[0]
    at_once(lambda number: adjust(api, card, number - 3 or 50).expect())
    assert balance(api, card) == 100 + sum(number - 3 or 50 for number in range(8))


def test_a_name_is_taken_once(api, cards):
    answers = at_once(lambda n: adjust(api, cards[n % 3], 5, source_id="same"))
    assert Counter(answer.status for answer in answers) == {200: 1, 400: 7}
    assert sum(balance(api, card) for card in cards) == 305


def test_transfers_in_circles(api, programme, cards):
    """All ways at once, with several sources each: no circle of waiting, no point lost."""

    def send(number):
        target, one, two = (cards[(number + step) % 3] for step in range(3))
        path = f"/v1/loyalties/{programme['id']}/members/{target['code']}/transfers"
        return api.post(
            path,
            json=[{"code": one["code"], "points": 7}, {"code": two["code"], "points": 3}],
        )

    for _ in range(3):
        answers = at_once(send, 6)
        assert {answer.status for answer in answers} <= {200, 400}
        keys = {answer.json["key"] for answer in answers if answer.status == 400}
        assert keys <= {"loyalty_card_points_exceeded"}
    assert sum(balance(api, card) for card in cards) == 300


def test_adjusting_while_points_are_transferred(api, programme, cards):
    one, two, _ = cards

    def work(number):
        if number % 2:
            return adjust(api, one, -20)
        path = f"/v1/loyalties/{programme['id']}/members/{two['code']}/transfers"
        return api.post(path, json=[{"code": one["code"], "points": 20}])

    answers = at_once(work)
    assert Counter(answer.status for answer in answers) == {200: 5, 400: 3}
    assert balance(api, one) == 0

"""Many clients at once on the same card: never below zero, every credit accounted for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.races.shop import Shop, outcomes

from kupon.testing.builders import redeemable

pytestmark = pytest.mark.race


@pytest.fixture
def shop(live_server):
    return Shop(live_server)


class Card:
    """A gift card on the running server."""

    def __init__(self, shop, code, amount):
        self.shop, self.code, self.opening = shop, code, amount
        body = {"type": "GIFT_VOUCHER", "gift": {"amount": amount}}
        answer = shop.call("POST", f"/v1/vouchers/{code}", body)
        assert answer.status_code == 200, answer.text

    def body(self, credits=None, amount=1000):
        gift = {} if credits is None else {"gift": {"credits": credits}}
        return {"redeemables": [redeemable(self.code, **gift)], "order": {"amount": amount}}

    def redeem(self, credits=None, amount=1000, **members):
        return self.shop.call("POST", "/v1/redemptions", self.body(credits, amount) | members)

    def adjust(self, amount, **members):
        body = {"amount": amount, **members}
        return self.shop.call("POST", f"/v1/vouchers/{self.code}/balance", body)

    @property
    def gift(self):
        return self.shop.call("GET", f"/v1/vouchers/{self.code}").json()["gift"]

    @property
    def lines(self):
        path, after, lines = f"/v1/vouchers/{self.code}/transactions?order=id&limit=100", "", []
        while True:
            page = self.shop.call("GET", path + after).json()
            lines += page["data"]
            if not page["has_more"]:
                return lines
            after = f"&starting_after_id={page['more_starting_after']}"

    def assert_closes(self):
        """Each line follows the one before it, and the last one says what the card holds."""
        balance = self.opening
        for line in self.lines:
            told = line["details"]["balance"]
            balance += told["amount"]
            assert told["balance"] == balance >= 0
        assert self.gift["balance"] == balance


def paid(answers):
    done = [answer.json() for answer in answers if answer.status_code == 200]
    return sum(each["redemptions"][0]["amount"] for each in done)


def test_the_last_credits_are_spent_once(shop):
    card = Card(shop, "GIFT-LAST", 1000)
    answers = shop.at_once(lambda _: card.redeem(credits=100, amount=100), 48)
    assert outcomes(answers) == {"ok": 10, "gift_amount_exceeded": 38}
    assert paid(answers) == 1000
    card.assert_closes()
    assert card.gift["balance"] == 0


def test_what_is_left_is_shared(shop):
    card = Card(shop, "GIFT-SHARED", 1000)
    answers = shop.at_once(lambda _: card.redeem(amount=300), 32)
    counted = outcomes(answers)
    assert set(counted) <= {"ok", "gift_amount_exceeded", "multiple_requests"}
    card.assert_closes()
    assert card.gift["balance"] == 1000 - paid(answers)
    # Whoever lost every attempt may come again.
    while card.redeem(amount=300).status_code == 200:
        card.assert_closes()
    assert card.gift["balance"] == 0


def test_redemptions_removals_additions_and_rollbacks_close(shop):
    card = Card(shop, "GIFT-ALL", 500)
    before = [card.redeem(credits=20, amount=20).json()["redemptions"][0] for _ in range(8)]

    def work(number):
        if number % 4 == 0:
            return card.adjust(-30)
        if number % 4 == 1:
            return card.adjust(10)
        if number % 4 == 2 and number // 4 < len(before):
            path = f"/v1/redemptions/{before[number // 4]['id']}/rollback"
            return shop.call("POST", path)
        return card.redeem(credits=25, amount=25)

    answers = shop.at_once(work, 64)
    known = {"ok", "gift_amount_exceeded", "invalid_add_balance_params", "multiple_requests"}
    assert set(outcomes(answers)) <= known
    card.assert_closes()


def test_removals_never_go_below_zero(shop):
    card = Card(shop, "GIFT-REMOVED", 1000)
    answers = shop.at_once(lambda _: card.adjust(-300), 24)
    assert outcomes(answers) == {"ok": 3, "invalid_add_balance_params": 21}
    card.assert_closes()


def test_one_source_id_counts_once(shop):
    cards = [Card(shop, f"GIFT-SOURCE-{number}", 0) for number in range(2)]
    answers = shop.at_once(lambda n: cards[n % 2].adjust(100, source_id="race-source"), 24)
    assert outcomes(answers) == {"ok": 1, "duplicate_source_id": 23}
    assert sum(card.gift["balance"] for card in cards) == 100


def test_sessions_hold_what_there_is(shop):
    card = Card(shop, "GIFT-HELD", 1000)

    def lock_or_redeem(number):
        if number % 2:
            session = {"type": "LOCK", "key": f"cart-{number}"}
            body = {**card.body(100, 100), "session": session}
            answer = shop.call("POST", "/v1/validations", body)
            return answer.status_code == 200 and answer.json()["valid"]
        return card.redeem(credits=100, amount=100).status_code == 200

    done = shop.at_once(lock_or_redeem, 32)
    assert sum(done) <= 10
    assert card.gift["balance"] == 1000 - 100 * sum(done[::2])
    card.assert_closes()
    # What sessions hold is theirs alone.
    left = 10 - sum(done)
    with ThreadPoolExecutor(4) as pool:
        late = list(pool.map(lambda _: card.redeem(credits=100, amount=100), range(12)))
    assert outcomes(late)["ok"] == left
    for number, is_held in enumerate(done):
        if number % 2 and is_held:
            session = {"type": "LOCK", "key": f"cart-{number}"}
            assert card.redeem(credits=100, amount=100, session=session).status_code == 200
    assert card.gift["balance"] == 0
    card.assert_closes()


def test_one_rollback_gives_back(shop):
    card = Card(shop, "GIFT-BACK", 1000)
    redemption = card.redeem(credits=400).json()["redemptions"][0]
    path = f"/v1/redemptions/{redemption['id']}/rollbacks"
    answers = shop.at_once(lambda _: shop.call("POST", path, {}), 16)
    assert outcomes(answers) == {"ok": 1, "already_rolled_back": 15}
    assert card.gift["balance"] == 1000
    assert [line["type"] for line in card.lines] == ["CREDITS_REDEMPTION", "CREDITS_REFUND"]


def test_stacks_of_cards_in_any_order_neither_deadlock_nor_half_pay(shop):
    cards = [Card(shop, f"GIFT-STACK-{number}", 1000) for number in range(2)]

    def redeem(number):
        pair = cards if number % 2 else cards[::-1]
        named = [redeemable(card.code, gift={"credits": 100}) for card in pair]
        body = {"redeemables": named, "order": {"amount": 1000}}
        return shop.call("POST", "/v1/redemptions", body)

    answers = shop.at_once(redeem, 32)
    assert outcomes(answers) == {"ok": 10, "gift_amount_exceeded": 22}
    for card in cards:
        assert card.gift["balance"] == 0
        card.assert_closes()

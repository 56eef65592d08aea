"""What holds of every gift card's ledger, whatever happened to the card.

Source: spec campaigns-loyalty-referral-gift, sections 5.1, 12 (L1 to L6, L9) and 16 (E35 to E37).
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kupon.runtime import ids
from kupon.testing.builders import make_gift_card, redeemable

E35 = [
    ("CREDITS_ADDITION", 5000, 130_000, 130_000),
    ("CREDITS_REDEMPTION", -7000, 130_000, 123_000),
    ("CREDITS_REMOVAL", -2000, 128_000, 121_000),
    ("CREDITS_REDEMPTION", -44, 128_000, 120_956),
    ("CREDITS_REFUND", 44, 128_000, 121_000),
    ("CREDITS_ADDITION", 2000, 130_000, 123_000),
    ("CREDITS_ADDITION", 20, 130_020, 123_020),
    ("CREDITS_REMOVAL", -2000, 128_020, 121_020),
]
CHANGES_TOTAL = ("CREDITS_ADDITION", "CREDITS_REMOVAL")


class Card:
    """One gift card, used over HTTP."""

    def __init__(self, api, amount):
        self.api, self.opening = api, amount
        self.code = make_gift_card(api, ids.new_id("GIFT"), amount)["code"]
        self.redemptions = []

    def adjust(self, amount):
        return self.api.post(f"/v1/vouchers/{self.code}/balance", json={"amount": amount})

    def redeem(self, credits, order_amount):
        gift = {} if credits is None else {"gift": {"credits": credits}}
        body = {"redeemables": [redeemable(self.code, **gift)]}
        if order_amount is not None:
            body["order"] = {"amount": order_amount}
        answer = self.api.post("/v1/redemptions", json=body)
        if answer.status == 200:
            self.redemptions.append(answer.json["redemptions"][0])
        return answer

    def roll_back(self, redemption):
        return self.api.post(f"/v1/redemptions/{redemption['id']}/rollback")

    @property
    def voucher(self):
        return self.api.get(f"/v1/vouchers/{self.code}").expect()

    @property
    def lines(self):
        query = {"limit": 100, "order": "id"}
        path = f"/v1/vouchers/{self.code}/transactions"
        return self.api.get(path, query=query).expect()["data"]


def figures(line):
    balance = line["details"]["balance"]
    return line["type"], balance["amount"], balance["total"], balance["balance"]


def assert_holds(card):
    """The invariants of one card."""
    voucher, lines = card.voucher, card.lines
    gift, uses = voucher["gift"], voucher["redemption"]
    total = balance = card.opening
    for line in lines:
        kind, amount, total_after, balance_after = figures(line)
        balance += amount
        total += amount if kind in CHANGES_TOTAL else 0
        assert (total_after, balance_after) == (total, balance)
        assert balance >= 0
    assert gift["balance"] == balance
    assert gift["amount"] - gift["subtracted_amount"] == total
    assert gift["balance"] == gift["amount"] - gift["subtracted_amount"] - uses["redeemed_amount"]
    assert uses["redeemed_amount"] >= 0
    assert gift["amount"] == card.opening + summed(lines, "CREDITS_ADDITION")
    assert gift["subtracted_amount"] == -summed(lines, "CREDITS_REMOVAL")
    assert_refunds(lines)


def assert_refunds(lines):
    """Each refund gives one redemption back, each redemption is given back once at most."""
    taken = {line["id"]: line for line in lines if line["type"] == "CREDITS_REDEMPTION"}
    refunds = [line for line in lines if line["type"] == "CREDITS_REFUND"]
    assert len({line["related_transaction_id"] for line in refunds}) == len(refunds)
    for line in refunds:
        of = taken[line["related_transaction_id"]]
        assert figures(line)[1] == -figures(of)[1]
        assert line["details"]["redemption"] == of["details"]["redemption"]


def summed(lines, kind):
    return sum(figures(line)[1] for line in lines if line["type"] == kind)


def test_e35_and_e36_the_reference_s_chain(api):
    card = Card(api, 125_000)
    for kind, amount, *_ in E35:
        if kind == "CREDITS_REDEMPTION":
            card.redeem(-amount, 200_000).expect()
        elif kind == "CREDITS_REFUND":
            card.roll_back(card.redemptions[-1]).expect()
        else:
            card.adjust(amount).expect()
    assert [figures(line) for line in card.lines] == E35
    voucher = card.voucher
    assert voucher["gift"] == {
        "amount": 132_020,
        "subtracted_amount": 4000,
        "balance": 121_020,
        "effect": "APPLY_TO_ORDER",
    }
    assert voucher["redemption"]["redeemed_amount"] == 7000
    assert_holds(card)


@pytest.mark.parametrize(("amount", "redeemed"), [(16_200, 4700), (59_080, 10_300)])
def test_e37_the_object_s_equation(api, amount, redeemed):
    card = Card(api, amount)
    card.redeem(redeemed, 100_000).expect()
    assert card.voucher["gift"]["balance"] == amount - redeemed
    assert card.voucher["redemption"]["redeemed_amount"] == redeemed


amounts = st.integers(1, 60)
steps = st.one_of(
    st.tuples(st.just("adjust"), amounts | amounts.map(lambda amount: -amount)),
    st.tuples(st.just("redeem"), st.none() | st.integers(0, 60), st.none() | st.integers(0, 60)),
    st.tuples(st.just("roll_back"), st.integers(0, 5)),
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(opening=st.integers(0, 80), sequence=st.lists(steps, max_size=12))
def test_balance_is_the_sum_of_the_ledger(api, opening, sequence):
    card, expected = Card(api, opening), opening
    for name, *words in sequence:
        if name == "roll_back":
            if not card.redemptions:
                continue
            redemption = card.redemptions[words[0] % len(card.redemptions)]
            answer = card.roll_back(redemption)
            expected += redemption["amount"] if answer.status == 200 else 0
        elif name == "adjust":
            answer = card.adjust(words[0])
            assert (answer.status == 200) == (expected + words[0] >= 0)
            expected += words[0] if answer.status == 200 else 0
        else:
            answer = card.redeem(*words)
            assert (answer.status == 200) == can_pay(expected, *words)
            expected -= answer.json["redemptions"][0]["amount"] if answer.status == 200 else 0
        assert answer.status in (200, 400)
        assert card.voucher["gift"]["balance"] == expected
    assert_holds(card)


def can_pay(balance, credits, order_amount):
    if credits is None and order_amount is None:
        return False
    return balance >= max(1, credits or 0)

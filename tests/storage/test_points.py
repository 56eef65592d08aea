"""Movements of points: sums, ledgers and buckets, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest

from kupon.features.vouchers import service as vouchers
from kupon.kit.errors import KuponError, RaceLost
from kupon.runtime import ids
from kupon.storage import ledger, points
from kupon.storage.ledger import MANUAL, Movement
from kupon.storage.points import Posting, lock_cards, write_points
from kupon.testing.audit import find_faults
from kupon.testing.builders import make_customer, make_member, make_programme

TODAY = date(2025, 1, 25)


@pytest.fixture
def programme(api):
    rules = {"period_type": "MONTH", "period_value": 1}
    return make_programme(api, expiration_rules=rules)


@pytest.fixture
def card_id(api, programme):
    return make_member(api, programme, make_customer(api))["id"]


@pytest.fixture
def other_id(api, programme):
    return make_member(api, programme, make_customer(api))["id"]


@pytest.fixture
def post(uow):
    """Posts to one card: `post(card_id, ("POINTS_ADDITION", 5, "2025-03-31"), ...)`; the lines."""

    def write(card_id, *steps, today=TODAY, **options):
        postings = [posting(uow, card_id, *step) for step in steps]
        return write_points(uow, lock_cards(uow, [card_id]), postings, today=today, **options)

    return write


def posting(uow, card_id, type, amount, end=None, refund_of=None, **members):
    movement = Movement(
        id=ids.new_id("vtx_"),
        voucher_id=card_id,
        campaign_id=None,
        type=type,
        amount=amount,
        operation_type=MANUAL,
        created_at=uow.now,
        related_transaction_id=refund_of,
        **members,
    )
    return Posting(movement, end and date.fromisoformat(end), refund_of)


def figures(lines):
    return [(line.type, line.amount, line.total_after, line.balance_after) for line in lines]


def buckets(uow, card_id):
    (card,) = lock_cards(uow, [card_id]).values()
    ordered = sorted(card.buckets, key=lambda each: each.expires_on or date.max)
    return [(each.expires_on and each.expires_on.isoformat(), each.points) for each in ordered]


def audit(uow):
    assert find_faults(uow) == []


class TestChain:
    def test_each_line_follows_from_the_one_before(self, uow, post, card_id):
        """The reference's ledger of a member, in one go (E15, E16)."""
        first = post(card_id, (ledger.POINTS_ADDITION, 999))
        lines = post(
            card_id,
            (ledger.POINTS_REMOVAL, -1),
            (ledger.POINTS_ADDITION, 100),
            (ledger.POINTS_REDEMPTION, -1000),
        )
        lines += post(card_id, (ledger.POINTS_REFUND, 1000, None, lines[-1].id))
        lines += post(
            card_id,
            (ledger.POINTS_ACCRUAL, 200),
            (ledger.POINTS_REMOVAL, -1),
            (ledger.POINTS_ADDITION, 100),
        )
        assert figures(first + lines) == [
            ("POINTS_ADDITION", 999, 999, 999),
            ("POINTS_REMOVAL", -1, 998, 998),
            ("POINTS_ADDITION", 100, 1098, 1098),
            ("POINTS_REDEMPTION", -1000, 1098, 98),
            ("POINTS_REFUND", 1000, 1098, 1098),
            ("POINTS_ACCRUAL", 200, 1298, 1298),
            ("POINTS_REMOVAL", -1, 1297, 1297),
            ("POINTS_ADDITION", 100, 1397, 1397),
        ]
        (card,) = lock_cards(uow, [card_id]).values()
        assert card.balance == (1399, 2, 0, 0)
        audit(uow)

    def test_cards_are_brought_up_to_date(self, uow, card_id, other_id):
        cards = lock_cards(uow, [card_id, other_id])
        write_points(
            uow,
            cards,
            [
                posting(uow, card_id, ledger.POINTS_ADDITION, 10, "2025-03-31"),
                posting(uow, other_id, ledger.POINTS_ADDITION, 20),
                posting(uow, card_id, ledger.POINTS_REMOVAL, -4),
            ],
            today=TODAY,
        )
        assert cards[card_id].balance == (10, 4, 0, 0)
        write_points(uow, cards, [posting(uow, card_id, ledger.POINTS_REMOVAL, -6)], today=TODAY)
        assert lock_cards(uow, [card_id, other_id]) == cards
        audit(uow)

    def test_cards_that_were_changed_meanwhile_are_not_written(self, uow, post, card_id):
        cards = lock_cards(uow, [card_id])
        post(card_id, (ledger.POINTS_ADDITION, 5))
        with pytest.raises(RaceLost):
            write_points(
                uow, cards, [posting(uow, card_id, ledger.POINTS_ADDITION, 5)], today=TODAY
            )


class TestBuckets:
    def test_soonest_first_and_those_without_a_day_last(self, uow, post, card_id):
        """E19."""
        post(
            card_id,
            (ledger.POINTS_ADDITION, 100, "2025-03-31"),
            (ledger.POINTS_ADDITION, 40, "2025-01-31"),
            (ledger.POINTS_ADDITION, 500),
            (ledger.POINTS_REDEMPTION, -120),
        )
        assert buckets(uow, card_id) == [("2025-01-31", 0), ("2025-03-31", 20), (None, 500)]
        audit(uow)

    def test_a_refund_fills_what_was_taken(self, uow, post, card_id):
        post(
            card_id,
            (ledger.POINTS_ADDITION, 40, "2025-01-31"),
            (ledger.POINTS_ADDITION, 100, "2025-03-31"),
        )
        (spent,) = post(card_id, (ledger.POINTS_REDEMPTION, -120))
        post(card_id, (ledger.POINTS_REFUND, 120, "2026-12-31", spent.id))
        assert buckets(uow, card_id) == [("2025-01-31", 40), ("2025-03-31", 100)]
        audit(uow)

    def test_what_has_passed_comes_back_under_another_day(self, uow, post, card_id):
        post(
            card_id,
            (ledger.POINTS_ADDITION, 40, "2025-01-31"),
            (ledger.POINTS_ADDITION, 100, "2025-03-31"),
        )
        (spent,) = post(card_id, (ledger.POINTS_REDEMPTION, -120))
        later = date(2025, 2, 1)
        post(card_id, (ledger.POINTS_REFUND, 120, "2025-03-01", spent.id), today=later)
        assert buckets(uow, card_id) == [
            ("2025-01-31", 0),
            ("2025-03-01", 40),
            ("2025-03-31", 100),
        ]
        audit(uow)

    def test_ended_buckets_close_and_may_come_again(self, uow, post, card_id):
        post(card_id, (ledger.POINTS_ADDITION, 40, "2025-01-31"), (ledger.POINTS_ADDITION, 1))
        (card,) = lock_cards(uow, [card_id]).values()
        ended = [each.id for each in card.buckets if each.expires_on]
        (line,) = post(card_id, (ledger.POINTS_EXPIRATION, -40), closing=ended)
        assert (line.total_after, line.balance_after) == (1, 1)
        assert buckets(uow, card_id) == [(None, 1)]
        (card,) = lock_cards(uow, [card_id]).values()
        assert card.balance == (41, 0, 40, 0)
        post(card_id, (ledger.POINTS_ADDITION, 3, "2025-01-31"))
        assert buckets(uow, card_id) == [("2025-01-31", 3), (None, 1)]
        audit(uow)


class TestRefusals:
    def test_more_than_there_is(self, uow, post, card_id):
        post(card_id, (ledger.POINTS_ADDITION, 10))
        with pytest.raises(KuponError) as raised:
            post(card_id, (ledger.POINTS_ADDITION, 5), (ledger.POINTS_REMOVAL, -16))
        assert raised.value.key == "loyalty_card_points_exceeded"
        assert buckets(uow, card_id) == [(None, 10)]

    def test_what_was_read_is_left_as_it_was(self, uow, card_id):
        cards = lock_cards(uow, [card_id])
        steps = [(ledger.POINTS_ADDITION, 5), (ledger.POINTS_REMOVAL, -6)]
        with pytest.raises(KuponError):
            write_points(uow, cards, [posting(uow, card_id, *step) for step in steps], today=TODAY)
        assert cards == lock_cards(uow, [card_id])

    def test_what_sessions_hold_stays(self, uow, post, card_id):
        post(card_id, (ledger.POINTS_ADDITION, 10, "2025-01-31"))
        uow.driver.execute(
            "INSERT INTO session_locks (project_id, voucher_id, session_key, credits, expires_at)"
            " VALUES (%s, %s, 'key', 6, %s + interval '1 hour')",
            (uow.project_id, card_id, uow.now),
        )
        with pytest.raises(KuponError):
            post(card_id, (ledger.POINTS_TRANSFER_OUT, -5))
        post(card_id, (ledger.POINTS_REMOVAL, -4))
        # Nothing keeps points from ending.
        post(card_id, (ledger.POINTS_EXPIRATION, -6))

    def test_a_name_twice(self, uow, card_id):
        cards = lock_cards(uow, [card_id])
        step = (ledger.POINTS_ADDITION, 10)
        again = [posting(uow, card_id, *step, source_id="same") for _ in range(2)]
        with pytest.raises(KuponError) as raised:
            write_points(uow, cards, again, today=TODAY)
        assert raised.value.key == "duplicate_source_id"

    def test_only_loyalty_cards_that_are_there(self, uow):
        assert lock_cards(uow, ["v_none"]) == {}
        assert lock_cards(uow, []) == {}


class TestRedemptions:
    """What redemptions and rollbacks have written already is made good in the buckets."""

    def _written(self, uow, card_id, type, amount, related=None):
        (card,) = lock_cards(uow, [card_id]).values()
        movement = posting(uow, card_id, type, amount, refund_of=related).movement
        uow.driver.execute(
            "UPDATE vouchers SET balance_redeemed = balance_redeemed - %s"
            " WHERE project_id = %s AND id = %s",
            (amount, uow.project_id, card_id),
        )
        balance = card.balance._replace(redeemed=card.balance.redeemed - amount)
        line = ledger.line_of(movement, balance)
        uow.driver.execute(
            "INSERT INTO voucher_transactions (project_id, id, voucher_id, type, amount,"
            " total_after, balance_after, operation_type, related_transaction_id, created_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                *(uow.project_id, line.id, card_id, type, amount, line.total_after),
                *(line.balance_after, MANUAL, related, uow.now),
            ),
        )
        return line

    def test_there_and_back(self, uow, post, card_id):
        post(
            card_id,
            (ledger.POINTS_ADDITION, 40, "2025-01-31"),
            (ledger.POINTS_ADDITION, 100),
        )
        spent = self._written(uow, card_id, ledger.POINTS_REDEMPTION, -60)
        points.spend_of_redemption(uow, [spent], today=TODAY)
        assert buckets(uow, card_id) == [("2025-01-31", 0), (None, 80)]
        audit(uow)
        refund = self._written(uow, card_id, ledger.POINTS_REFUND, 60, spent.id)
        points.give_back(uow, [refund], today=date(2025, 2, 10))
        # The day of the 40 has passed: they live on by the programme's own rules.
        assert buckets(uow, card_id) == [("2025-01-31", 0), ("2025-03-10", 40), (None, 100)]
        audit(uow)

    def test_gift_cards_have_no_buckets(self, uow, card_id):
        line = ledger.line_of(
            posting(uow, card_id, ledger.CREDITS_REDEMPTION, -5).movement,
            lock_cards(uow, [card_id])[card_id].balance,
        )
        points.spend_of_redemption(uow, [line], today=TODAY)
        points.give_back(uow, [line], today=TODAY)
        assert buckets(uow, card_id) == []


def test_what_a_card_began_with_is_taken_where_nobody_opened_it(uow, post, api):
    """Cards that were held before there were buckets are put right by the first movement."""
    programme = make_programme(api, 25)
    card_id = make_member(api, programme, make_customer(api))["id"]
    for table in ("points_bucket_movements", "points_buckets"):
        uow.driver.execute(f"DELETE FROM {table} WHERE project_id = %s", (uow.project_id,))
    post(card_id, (ledger.POINTS_REMOVAL, -5))
    assert buckets(uow, card_id) == [(None, 20)]
    audit(uow)


def test_whatever_happens_the_books_close(uow, card_id, other_id):
    """Two cards, many movements in many transactions' worth of statements, days going by."""
    random = Random(5)
    today, spent = TODAY, []
    for _ in range(40):
        cards = lock_cards(uow, [card_id, other_id])
        steps = []
        for _ in range(random.randint(1, 4)):
            name, other = random.sample([card_id, other_id], 2)
            left = cards[name].balance.left
            kind = random.randrange(4)
            day = (today + timedelta(days=random.randint(0, 9))).isoformat()
            points = random.randint(1, max(left // 4, 1))
            if kind == 0 or left < 40:
                steps.append(posting(uow, name, ledger.POINTS_ACCRUAL, random.randint(1, 99), day))
            elif kind == 1:
                steps.append(posting(uow, name, ledger.POINTS_REDEMPTION, -points))
                spent.append(steps[-1].movement)
            elif kind == 2:
                out = posting(uow, name, ledger.POINTS_TRANSFER_OUT, -points)
                into = posting(uow, other, ledger.POINTS_TRANSFER_IN, points)
                pair = replace(out.movement, related_transaction_id=into.movement.id)
                back = replace(into.movement, related_transaction_id=out.movement.id)
                steps += [Posting(pair), Posting(back)]
            elif spent:
                undone = spent.pop(random.randrange(len(spent)))
                step = (ledger.POINTS_REFUND, -undone.amount, day, undone.id)
                steps.append(posting(uow, undone.voucher_id, *step))
        try:
            write_points(uow, cards, steps, today=today)
        except KuponError as refusal:
            # Several outflows of one round may be too much together.
            if refusal.key != "loyalty_card_points_exceeded":
                raise
            spent = [each for each in spent if each not in [step.movement for step in steps]]
        today += timedelta(days=random.randint(0, 3))
        vouchers.expire_points(uow, lock_cards(uow, [card_id, other_id]), today=today)
        audit(uow)

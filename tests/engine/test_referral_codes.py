"""Codes that refer: whoever owns one brings others, and does not use it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.engine.asking import TEN_OFF, code, judge

from kupon.engine.customer import Customer
from kupon.engine.model import Redeemable, Status
from kupon.engine.refusals import Refusal

ADA, BOB = Customer(id="cust_ada"), Customer(id="cust_bob")
UNKNOWN = Customer(profile={"name": "Somebody"})

UNPUBLISHED = Refusal("not_published", "A")
OWN = Refusal("referrer_not_permitted_to_redeem", "A")


def referral(referrer_id: str | None, **facts: object) -> Redeemable:
    made = code("A", TEN_OFF, **facts)
    assert made.source is not None
    return replace(made, source=replace(made.source, is_referral=True, referrer_id=referrer_id))


@pytest.mark.parametrize(
    ("referrer_id", "customer", "refusal"),
    [
        ("cust_ada", ADA, OWN),
        ("cust_ada", BOB, None),
        ("cust_ada", UNKNOWN, None),
        ("cust_ada", None, None),
        (None, BOB, UNPUBLISHED),
        (None, None, UNPUBLISHED),
    ],
)
@pytest.mark.uncertain
def test_who_may_use_it(
    referrer_id: str | None, customer: Customer | None, refusal: Refusal | None
) -> None:
    (step,) = judge(referral(referrer_id), facts={"customer": customer}).steps
    assert step.refusal == refusal
    assert step.status is (Status.APPLICABLE if refusal is None else Status.INAPPLICABLE)


def test_what_is_wrong_with_the_code_comes_first() -> None:
    (step,) = judge(referral("cust_ada", is_active=False), facts={"customer": ADA}).steps
    assert step.refusal == Refusal("voucher_disabled", "A")


def test_other_codes_may_be_used_by_those_who_own_them() -> None:
    own = code("A", TEN_OFF, holder_ids=frozenset({"cust_ada"}))
    (step,) = judge(own, facts={"customer": ADA}).steps
    assert step.refusal is None

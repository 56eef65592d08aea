"""Whose redemptions are refused."""

from __future__ import annotations

import pytest

from kupon.hooks.types import Order, RedemptionFacts
from kupon_blocklist import decide_redemption
from kupon_blocklist.config import BlocklistSettings


def decide(customer, **settings):
    return decide_redemption(
        RedemptionFacts(
            project_id="proj_1",
            customer=customer,
            order=Order(),
            redeemables=[],
            metadata={},
            now=None,
            settings=BlocklistSettings().load(settings),
        )
    )


@pytest.mark.parametrize(
    ("customer", "is_blocked"),
    [
        (None, False),
        ({}, False),
        ({"source_id": "mallory"}, True),
        ({"source_id": "Mallory"}, False),
        ({"email": "ada@trash.example"}, True),
        ({"email": "ada@TRASH.example"}, True),
        ({"email": "ada@not-trash.example"}, False),
        ({"email": None, "source_id": None}, False),
    ],
)
def test_who_is_blocked(customer, is_blocked):
    refusal = decide(customer, source_ids=["mallory"], email_domains=["Trash.Example"])
    assert (refusal is not None) is is_blocked


def test_the_shop_is_told_what_the_project_says():
    refusal = decide({"source_id": "m"}, source_ids=["m"], message="Ask at the counter.")
    assert (refusal.key, refusal.custom) == ("customer_rules_violated", "Ask at the counter.")
    assert decide({"source_id": "m"}) is None

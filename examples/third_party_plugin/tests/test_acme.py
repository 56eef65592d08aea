"""Acme's own tests: what it adds is pure, and needs no server to be tried."""

from __future__ import annotations

import pytest
from acme_kupon.codes import speakable
from acme_kupon.rounding import parse

from kupon.hooks.manager import Plugins
from kupon.hooks.types import DefinitionError, Order


def test_kupon_finds_the_plugin():
    plugin = Plugins(["acme"]).find("acme")
    assert plugin is not None
    assert plugin.distribution == "acme-kupon"
    assert "decide_redemption" in plugin.hooks


@pytest.mark.parametrize(("amount", "off"), [(1999, 499), (2000, 0), (1, 1)])
def test_totals_become_round(amount, off):
    discount = parse({"type": "ROUND_DOWN", "parameters": {"step": 500}}, ".discount")
    after = discount.apply(Order(amount=amount, initial_amount=amount)).order
    assert after.discount_amount == off


def test_a_step_of_nothing_is_refused():
    with pytest.raises(DefinitionError, match=r"\.discount\.parameters\.step must be >= 1"):
        parse({"parameters": {"step": 0}}, ".discount")


def test_codes_can_be_spoken():
    assert speakable("bdk7", lambda count: 1) == "BEDEKE7"

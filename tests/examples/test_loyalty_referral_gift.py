"""The example of loyalty, referrals and gift cards runs, twice, and ends at a wrong figure."""

from __future__ import annotations

import pytest

EXAMPLE = "03_loyalty_referral_gift"

pytestmark = pytest.mark.slow


def test_every_figure_of_the_example_is_right(run_example):
    for _ in range(2):
        done = run_example(EXAMPLE)
        assert done.returncode == 0, done.stdout + done.stderr
    lines = [line.strip() for line in done.stdout.splitlines()]
    assert "tiers: ['Silver']" in lines
    assert "taken off: 2000" in lines
    assert "Ada's points: 305" in lines
    assert "after the rollback: 5000" in lines
    assert lines[-1] == "All figures are as worked out by hand."


def test_a_wrong_figure_ends_it(run_example):
    done = run_example(EXAMPLE, changed=("shop.py", "AFTER_COUPON = 200", "AFTER_COUPON = 201"))
    assert done.returncode == 1
    assert "points left: 200 instead of 201" in done.stderr

"""The example of stacked promotions runs, twice, and ends at a figure that is wrong."""

from __future__ import annotations

import pytest

EXAMPLE = "02_stacked_promotions"

pytestmark = pytest.mark.slow


def test_every_figure_of_the_example_is_right(run_example):
    for _ in range(2):
        done = run_example(EXAMPLE)
        assert done.returncode == 0, done.stdout + done.stderr
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "A mug for free -7.25" in lines
    assert "10 % off -10.23" in lines
    assert "to pay 92.07" in lines
    assert lines[-1] == "All figures are as worked out by hand."


def test_a_wrong_figure_ends_it(run_example):
    done = run_example(EXAMPLE, changed=("shop.py", "AFTER_STACK = 9207", "AFTER_STACK = 9206"))
    assert done.returncode == 1
    assert "to pay: 9207 instead of 9206" in done.stderr

"""The example of connected systems runs, twice, and ends at a wrong figure."""

from __future__ import annotations

import pytest

EXAMPLE = "04_connected_systems"

pytestmark = pytest.mark.slow


def test_everybody_is_told_once(run_example):
    for _ in range(2):
        done = run_example(EXAMPLE)
        assert done.returncode == 0, done.stdout + done.stderr
    lines = [line.strip() for line in done.stdout.splitlines()]
    assert "taken off: 1200" in lines
    assert "signed by Kupon: True" in lines
    assert lines[-1] == "Each told once, and counted once."


def test_a_wrong_figure_ends_it(run_example):
    done = run_example(EXAMPLE, changed=("main.py", "TAKEN_OFF = 1200", "TAKEN_OFF = 1201"))
    assert done.returncode == 1
    assert "taken off: 1200 instead of 1201" in done.stderr

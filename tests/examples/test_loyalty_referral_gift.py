"""The example of loyalty, referrals and gift cards runs, twice, and ends at a wrong figure."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "03_loyalty_referral_gift"

pytestmark = pytest.mark.slow


def run(folder, live_server):
    return subprocess.run(
        [sys.executable, str(folder / "main.py")],
        env=os.environ | {"KUPON_CREDENTIALS": str(live_server.credentials_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_every_figure_of_the_example_is_right(live_server):
    for _ in range(2):
        done = run(EXAMPLE, live_server)
        assert done.returncode == 0, done.stdout + done.stderr
    lines = [line.strip() for line in done.stdout.splitlines()]
    assert "tiers: ['Silver']" in lines
    assert "taken off: 2000" in lines
    assert "Ada's points: 305" in lines
    assert "after the rollback: 5000" in lines
    assert lines[-1] == "All figures are as worked out by hand."


def test_a_wrong_figure_ends_it(live_server, tmp_path):
    folder = tmp_path / "example"
    shutil.copytree(EXAMPLE, folder)
    figures = folder / "shop.py"
    figures.write_text(figures.read_text().replace("AFTER_COUPON = 200", "AFTER_COUPON = 201"))
    done = run(folder, live_server)
    assert done.returncode == 1
    assert "points left: 200 instead of 201" in done.stderr

"""The example of stacked promotions runs, twice, and ends at a figure that is wrong."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "02_stacked_promotions"

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
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "A mug for free -7.25" in lines
    assert "10 % off -10.23" in lines
    assert "to pay 92.07" in lines
    assert lines[-1] == "All figures are as worked out by hand."


def test_a_wrong_figure_ends_it(live_server, tmp_path):
    folder = tmp_path / "example"
    shutil.copytree(EXAMPLE, folder)
    figures = folder / "shop.py"
    figures.write_text(figures.read_text().replace("AFTER_STACK = 9207", "AFTER_STACK = 9206"))
    done = run(folder, live_server)
    assert done.returncode == 1
    assert "to pay: 9207 instead of 9206" in done.stderr

"""Running an example as its readers do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def run_example(live_server, tmp_path):
    """Run one against a live server; with `changed`, a copy in which one line is another."""

    def run(name, changed=None):
        folder = EXAMPLES / name
        if changed is not None:
            file, before, after = changed
            folder = shutil.copytree(folder, tmp_path / name)
            text = (folder / file).read_text()
            assert before in text
            (folder / file).write_text(text.replace(before, after))
        return subprocess.run(
            [sys.executable, str(folder / "main.py")],
            env=os.environ | {"KUPON_CREDENTIALS": str(live_server.credentials_path)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run

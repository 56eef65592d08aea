"""Leaves the long random proofs out unless they are asked for: `pytest tests/engine -m fuzz`."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "fuzz" in config.getoption("markexpr"):
        return
    skip = pytest.mark.skip(reason="long; run with -m fuzz")
    for item in items:
        if item.get_closest_marker("fuzz"):
            item.add_marker(skip)

"""Distributions as pip leaves them on the path: a module, its metadata and its entry point."""

from __future__ import annotations

import sys
import textwrap

import pytest


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Call it to install a plugin for one test: `install("name", source)`."""
    monkeypatch.syspath_prepend(str(tmp_path))
    names = []

    def write(name, source, *, distribution=None, version="1.2"):
        distribution = distribution or f"foreign-{name}"
        module = f"{distribution}_{name}".replace("-", "_").replace("/", "_")
        names.append(module)
        (tmp_path / f"{module}.py").write_text(
            "from kupon.hooks import hookimpl\n" + textwrap.dedent(source)
        )
        facts = tmp_path / f"{module}-{version}.dist-info"
        facts.mkdir()
        (facts / "METADATA").write_text(f"Name: {distribution}\nVersion: {version}\n")
        (facts / "entry_points.txt").write_text(f"[kupon]\n{name} = {module}\n")

    yield write
    for name in names:
        sys.modules.pop(name, None)

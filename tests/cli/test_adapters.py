"""`kupon adapters`: what is installed, and an adapter that is begun."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from kupon.cli.adapters import adapters


@pytest.fixture
def run():
    """Runs `kupon adapters ...`."""
    return lambda *words: CliRunner().invoke(adapters, [str(word) for word in words])


def test_list_tells_what_each_can_do(run):
    found = {each["id"]: each for each in json.loads(run("list", "--json").output)}
    segment = found["segment"]
    assert (segment["name"], segment["kind"]) == ("Twilio Segment", "cdp")
    assert "events.receive" in segment["capabilities"]
    assert "Twilio Segment" in run("list").output


def test_check_finds_nothing_in_the_exemplar(run):
    assert run("check", "segment").output == "segment: well\n"
    assert run("check", "nobody").output == "Error: not installed: nobody\n"


@pytest.mark.parametrize("id", ["Acme", "acme-shop", "1acme", "acme_"])
def test_new_takes_names_of_packages_only(run, tmp_path, id):
    result = run("new", id, "--kind", "cep", "--folder", tmp_path)
    assert result.exit_code == 1
    assert list(tmp_path.iterdir()) == []


def test_new_writes_over_nothing(run, tmp_path):
    assert run("new", "acme", "--kind", "cep", "--folder", tmp_path).exit_code == 0
    result = run("new", "acme", "--kind", "cep", "--folder", tmp_path)
    assert (result.exit_code, "is there already" in result.output) == (1, True)


def test_new_bundled_says_what_is_to_be_added(run, tmp_path):
    result = run("new", "acme", "--kind", "cms", "--bundled", "--folder", tmp_path)
    assert 'acme = "kupon_acme"' in result.output
    assert (tmp_path / "adapters" / "kupon_acme" / "manifest.toml").exists()
    assert (
        "from tests.adapters.acme_platform import"
        in (tmp_path / "tests" / "adapters" / "test_acme.py").read_text()
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "missing"),
    [
        pytest.param("cep", {"a13"}, id="one that pushes"),
        pytest.param("commerce", {"a10c", "a13"}, id="one that pulls"),
    ],
)
def test_new_keeps_the_contract_but_for_what_is_to_be_written(run, tmp_path, kind, missing):
    assert run("new", "acme_shop", "--kind", kind, "--folder", tmp_path).exit_code == 0
    begun, site = tmp_path / "kupon-acme-shop", tmp_path / "site"
    install = "-m pip install --quiet --no-index --no-deps --no-build-isolation --target"
    subprocess.run([sys.executable, *install.split(), site, begun], check=True, timeout=120)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rf", "-p", "no:cacheprovider"],
        cwd=begun,
        env=os.environ | {"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("FAILED")]
    failed = {line.partition("::test_")[2].partition("_")[0] for line in lines}
    assert failed == missing, done.stdout
    assert " passed" in done.stdout

"""Bundled plugins and adapters: each is installed, and held to the rules of imports."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LINTER = DOCUMENT["tool"]["importlinter"]
CONTRACTS = {each["id"]: each for each in LINTER["contracts"]}


@pytest.fixture(scope="module")
def tenants():
    """The packages of bundled tenants."""
    folders = [*(ROOT / "plugins").glob("kupon_*"), *(ROOT / "adapters").glob("kupon_*")]
    return sorted(folder.name for folder in folders if (folder / "__init__.py").exists())


def test_each_has_an_entry_point_of_its_name(tenants):
    points = DOCUMENT["project"]["entry-points"]["kupon"]
    assert points == {name.removeprefix("kupon_"): name for name in tenants}


@pytest.mark.parametrize(
    ("listed", "others"),
    [
        pytest.param(LINTER["root_packages"], ["kupon"], id="packages that are looked at"),
        pytest.param(CONTRACTS["tenants"]["source_modules"], [], id="tenants"),
        pytest.param(CONTRACTS["strangers"]["modules"], [], id="strangers"),
    ],
)
def test_each_is_held_to_the_contracts(tenants, listed, others):
    assert sorted(listed) == sorted(others + tenants)


def test_each_adapter_has_its_contract():
    for folder in (ROOT / "adapters").glob("kupon_*"):
        name = folder.name.removeprefix("kupon_")
        text = (ROOT / "tests" / "adapters" / f"test_{name}.py").read_text()
        assert "(AdapterContract):" in text

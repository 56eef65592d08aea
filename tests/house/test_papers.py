"""What is written down can be done, and names nobody's machine."""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network

import pytest
from tests.house import sources

GUIDES = ["README.md", "CONTRIBUTING.md", "docs/*.md", "examples/*/README.md"]
LONGEST_README = 150

# Built from parts: this file must pass its own test.
HOME = re.compile(r"(?<![\w.~])/(?:" + "|".join(["work", "root", "home", "Users"]) + r")/\w")
ADDRESS = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])")
URL = re.compile(r"https?://([A-Za-z0-9.-]+)")

PRIVATE = [ip_network("127.0.0.0/8"), ip_network("0.0.0.0/32")]
DOCUMENTATION = [ip_network(f"{n}.0/24") for n in ("192.0.2", "198.51.100", "203.0.113")]
RESERVED_HOSTS = ("localhost", "example.com", "example.org", "example.net", ".example", ".test")
# Where licences and document formats are published.
STANDARDS = {"www.apache.org", "keepachangelog.com", "semver.org"}


def _guides():
    return [path for pattern in GUIDES for path in sorted(sources.ROOT.glob(pattern))]


def _texts():
    for path in sources.published_files():
        try:
            yield path.relative_to(sources.ROOT).as_posix(), path.read_text()
        except UnicodeDecodeError:
            continue


def test_every_make_command_in_the_guides_exists():
    targets = set(
        re.findall(r"^([a-z][\w-]*):", (sources.ROOT / "Makefile").read_text(), re.MULTILINE)
    )
    for path in _guides():
        named = set(re.findall(r"`make ([a-z][\w-]*)", path.read_text()))
        named |= set(re.findall(r"^\s*make ([a-z][\w-]*)", path.read_text(), re.MULTILINE))
        assert named - targets == set(), path


def test_every_file_that_a_guide_links_to_exists():
    for path in _guides():
        for target in re.findall(r"\]\(([^)#]+)", path.read_text()):
            if "://" not in target:
                assert (path.parent / target).exists(), f"{path}: {target}"


def test_the_readme_is_short():
    assert len((sources.ROOT / "README.md").read_text().splitlines()) <= LONGEST_README


def test_no_file_names_a_folder_of_somebodys_machine():
    found = [f"{name}: {match[0]}" for name, text in _texts() for match in HOME.finditer(text)]
    assert found == []


def test_no_file_names_an_address_of_a_machine():
    allowed = PRIVATE + DOCUMENTATION
    found = []
    for name, text in _texts():
        for match in ADDRESS.finditer(text):
            try:
                address = ip_address(match[0])
            except ValueError:
                continue
            if not any(address in network for network in allowed):
                found.append(f"{name}: {match[0]}")
    assert found == []


def test_no_file_names_a_host_that_somebody_runs():
    """Adapters excepted: theirs is to know where their platform is."""
    found = [
        f"{name}: {host}"
        for name, text in _texts()
        for host in URL.findall(text)
        if not (
            name.startswith("adapters/")
            or host.startswith("127")
            or host.endswith(RESERVED_HOSTS)
            or host in STANDARDS
        )
    ]
    assert found == []


@pytest.mark.parametrize("name", ["LICENSE", "README.md", "Makefile", "pyproject.toml"])
def test_the_house_has_its_papers(name):
    assert (sources.ROOT / name).read_text().strip()

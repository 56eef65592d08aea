"""What is wrong with an adapter, as far as can be told without letting it call anybody.

`kupon adapters check` prints it, and the contract (kupon.testing) fails for it. Each finding names
the check of the contract that it breaks.

Source: house B9 and B10 (A1, A2, A3, A5, A13).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from marshmallow import ValidationError

from kupon.hooks.adapter import Adapter
from kupon.hooks.manifest import BadManifest, Manifest, read_manifest
from kupon.hooks.markers import NAME

_PREFIX: Final = "kupon_"
# Which methods a capability asks for, by its whole name or by its verb.
_METHODS: Final[Mapping[str, tuple[str, ...]]] = {
    "pull": ("pull",),
    "push": ("push",),
    "receive": ("verify", "receive", "process"),
    "cart.price": ("verify", "respond"),
    "content.serve": ("verify", "respond"),
    "profiles.erase": ("erase",),
    "account.provision": ("provision", "deprovision"),
}
_ALL_METHODS: Final = frozenset(name for names in _METHODS.values() for name in names)
SECTIONS: Final = ("Set-up", "Scopes", "Limits", "Known gaps", "Removal")
_HEADING: Final = re.compile(r"^##\s+(.+)$", re.MULTILINE)
_DATE: Final = re.compile(r"\b20\d\d-\d\d-\d\d\b")
_UNKNOWN: Final = "kupon_no_such_setting"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and the check that it breaks."""

    check: str
    text: str


def review(adapter: type[Adapter], config: Mapping[str, Any] | None = None) -> list[Finding]:
    """All findings on an adapter; with settings also whether they can be loaded."""
    package = adapter.__module__.partition(".")[0]
    facts = list(review_manifest(package))
    if facts:
        return facts
    return [
        *review_entry_point(package, adapter),
        *review_promises(adapter),
        *review_settings(adapter, config),
        *review_papers(package, adapter.manifest()),
    ]


def folder_of(package: str) -> Path:
    """Where a package is; it is not imported.

    Raises:  LookupError where there is none.
    """
    spec = find_spec(package)
    places = list(spec.submodule_search_locations or ()) if spec is not None else []
    if not places:
        raise LookupError(f"there is no package {package}")
    return Path(places[0])


def review_manifest(package: str) -> Iterator[Finding]:
    """A1: the manifest can be read without the package, and names it."""
    try:
        text = (folder_of(package) / "manifest.toml").read_text(encoding="utf-8")
        manifest = read_manifest(text)
    except (OSError, LookupError, BadManifest) as error:
        yield Finding("A1", f"the manifest: {error}")
        return
    if package != _PREFIX + manifest.id:
        yield Finding("A1", f"id {manifest.id} must be the package's name without {_PREFIX}")
    if not manifest.capabilities:
        yield Finding("A1", "it declares no capability")


def review_entry_point(package: str, adapter: type[Adapter]) -> Iterator[Finding]:
    """A2: one entry point leads to exactly this adapter."""
    id = adapter.manifest().id
    points = [point for point in entry_points(group=NAME) if point.name == id]
    modules = {point.value for point in points}
    if modules != {package}:
        yield Finding("A2", f"entry point {id} of group {NAME} must name {package}")
        return
    brought = list(points[0].load().register_adapters())
    if [each.manifest().id for each in brought].count(id) != 1 or adapter not in brought:
        yield Finding("A2", f"register_adapters of {package} must bring {adapter.__name__} once")


def review_promises(adapter: type[Adapter]) -> Iterator[Finding]:
    """A3: what is declared is there, and what is there is declared."""
    wanted = {"check"}
    for capability in adapter.manifest().capabilities:
        verb = capability.rpartition(".")[2]
        wanted.update(_METHODS.get(capability, _METHODS.get(verb, ())))
    for name in sorted(wanted):
        if getattr(adapter, name, None) is getattr(Adapter, name, None):
            yield Finding("A3", f"the capabilities need a method {name}")
    for name in sorted(_ALL_METHODS - wanted):
        if hasattr(adapter, name):
            yield Finding("A3", f"no capability that is declared has a method {name}")
    if adapter.manifest().can("cart.price") and adapter.manifest().deadline_ms is None:
        yield Finding("A3", "cart.price needs deadline_ms")


def review_settings(
    adapter: type[Adapter], config: Mapping[str, Any] | None = None
) -> Iterator[Finding]:
    """A5: settings say what they need, take nothing unknown, and explain themselves."""
    schema = adapter.settings()
    required = {name for name, each in schema.fields.items() if each.required}
    named = _refused(adapter, {})
    if named != required:
        yield Finding("A5", f"empty settings must be refused for {sorted(required)}: {named}")
    if _UNKNOWN not in _refused(adapter, {_UNKNOWN: 1}):
        yield Finding("A5", "unknown settings must be refused")
    for name, each in schema.fields.items():
        if not each.metadata.get("description"):
            yield Finding("A5", f"setting {name} needs a description")
    if config is not None and (wrong := _refused(adapter, config)):
        yield Finding("A5", f"the given settings are refused for {sorted(wrong)}")


def review_papers(package: str, manifest: Manifest) -> Iterator[Finding]:
    """A13: the README has its sections, and fixtures say where they are from."""
    folder = folder_of(package)
    headings = [each.lower() for each in _HEADING.findall(_text(folder / "README.md"))]
    for section in SECTIONS:
        if not any(heading.startswith(section.lower()) for heading in headings):
            yield Finding("A13", f"README.md needs a section {section}")
    origin = _text(folder / "fixtures" / "README.md")
    fixtures = sorted((folder / "fixtures").glob("*.json"))
    for file in fixtures:
        if file.name not in origin:
            yield Finding("A13", f"fixtures/README.md must say where {file.name} is from")
    if fixtures and not _DATE.search(origin):
        yield Finding("A13", "fixtures/README.md must say when its sources were read")


def _refused(adapter: type[Adapter], settings: Mapping[str, Any]) -> set[str]:
    try:
        adapter.settings().load(settings)
    except ValidationError as error:
        return {str(name) for name in error.messages}
    return set()


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.is_file() else ""

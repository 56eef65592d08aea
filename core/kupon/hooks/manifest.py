"""An adapter's manifest: facts that are known without importing it.

Source: house B9.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

KINDS: Final = ("commerce", "cdp", "cep", "cms", "bus")
CAPABILITIES: Final = frozenset({
    "account.provision",
    "cart.price",
    "cart.redeem",
    "catalog.pull",
    "codes.push",
    "content.serve",
    "customers.pull",
    "events.push",
    "events.receive",
    "merges.push",
    "orders.pull",
    "orders.push",
    "orders.receive",
    "profiles.erase",
    "profiles.merge",
    "profiles.pull",
    "profiles.push",
    "records.receive",
    "segments.receive",
})  # fmt: skip
KEY_STYLES: Final = ("segment", "camel", "plain")
TIERS: Final = ("bronze", "silver", "gold")
# What a tier asks for beyond the one below it.
RULES: Final[Mapping[str, tuple[str, ...]]] = {
    "bronze": ("signature-checked", "secrets-hidden", "readme"),
    "silver": (
        "incremental-pull",
        "partial-failures",
        "reconnect-flow",
        "limits-documented",
        "vendor-sandbox",
    ),
    "gold": ("diagnostics", "deletes-handled", "load-tested", "two-maintainers"),
}
_MARKS: Final = ("done", "todo")


class BadManifest(ValueError):
    """A manifest that says something impossible; the message names the place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The facts of one adapter.

    Shapes: events are the platform's own names of those that `receive` understands; prefix is
        the platform's fixed path on every Kupon server, and key_style how the integration key
        comes with it: "segment" (Basic of the identifier alone, and `secret-key` in base64),
        "camel" (`applicationId`, `secretKey`), "plain" (`application-id`, `secret-key`); both None
        where each connection has its own address. exempt are checks of the contract that can't be
        kept, by id ("U2", or "U2.events" for one kind), with the reason.
    Units:  batch_limit in items, batch_bytes in bytes, deadline_ms for `respond`.
    """

    id: str
    name: str
    kind: str
    api_version: str
    docs: str
    capabilities: frozenset[str]
    events: Sequence[str] = ()
    event_names: str = "dotted"
    batch_limit: int = 1
    batch_bytes: int = 1_000_000
    requests_per_second: float = 10.0
    concurrency: int | None = None
    deadline_ms: int | None = None
    prefix: str | None = None
    key_style: str | None = None
    body_limit: int = 4_194_304
    tier: str = "bronze"
    quality: Mapping[str, Any] = field(default_factory=dict)
    exempt: Mapping[str, str] = field(default_factory=dict)

    def can(self, capability: str) -> bool:
        """Whether the adapter has a capability; `*.pull` asks for any that ends so."""
        if capability.startswith("*"):
            return any(each.endswith(capability[1:]) for each in self.capabilities)
        return capability in self.capabilities


def read_manifest(text: str) -> Manifest:
    """Read the text of a manifest.

    Raises:  BadManifest.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadManifest(f"not TOML: {error}") from None
    facts, quality = dict(document.pop("adapter", {})), dict(document.pop("quality", {}))
    exempt = dict(document.pop("exempt", {}))
    if document:
        raise BadManifest(f"unknown tables: {', '.join(sorted(document))}")
    tier = quality.pop("tier", "bronze")
    capabilities = frozenset(facts.pop("capabilities", ()))
    try:
        manifest = Manifest(
            **facts, capabilities=capabilities, tier=tier, quality=quality, exempt=exempt
        )
    except TypeError as error:
        raise BadManifest(str(error).replace("Manifest.__init__() ", "")) from None
    _check(manifest)
    return manifest


def _check(manifest: Manifest) -> None:
    if manifest.kind not in KINDS:
        raise BadManifest(f"kind must be one of {', '.join(KINDS)}")
    unknown = manifest.capabilities - CAPABILITIES
    if unknown:
        raise BadManifest(f"unknown capabilities: {', '.join(sorted(unknown))}")
    if manifest.can("*.receive") and not manifest.events:
        raise BadManifest("events must name what is received")
    if manifest.key_style not in (None, *KEY_STYLES):
        raise BadManifest(f"key_style must be one of {', '.join(KEY_STYLES)}")
    if (manifest.prefix is None) != (manifest.key_style is None):
        raise BadManifest("prefix and key_style belong together")
    if manifest.tier not in TIERS:
        raise BadManifest(f"tier must be one of {', '.join(TIERS)}")
    if not all(_is_text(why) for why in manifest.exempt.values()):
        raise BadManifest("exempt must give the reason for each check")
    _check_quality(manifest)


def _check_quality(manifest: Manifest) -> None:
    """A tier may be claimed where all of its rules, and those below, are done or exempt."""
    known = {rule for rules in RULES.values() for rule in rules}
    for rule, mark in manifest.quality.items():
        if rule not in known:
            raise BadManifest(f"unknown quality rule {rule}")
        is_exempt = isinstance(mark, Mapping) and mark.get("status") == "exempt"
        if mark not in _MARKS and not (is_exempt and isinstance(mark, Mapping) and mark.get("why")):
            raise BadManifest(f"{rule} must be done, todo, or exempt with a reason")
    for tier in TIERS[: TIERS.index(manifest.tier) + 1]:
        for rule in RULES[tier]:
            if manifest.quality.get(rule, "todo") == "todo":
                raise BadManifest(f"tier {manifest.tier} needs {rule}")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())

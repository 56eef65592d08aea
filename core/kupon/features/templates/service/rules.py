"""The rule of a template: copied from what the template is made of, and cloned for what it makes.

Source: spec campaigns-loyalty-referral-gift, section 1.13.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kupon.features.validation_rules import service as rules
from kupon.kit.errors import KuponError
from kupon.storage.queries import rule_assignments, templates, validation_rules
from kupon.storage.queries.rule_assignments import Related
from kupon.storage.uow import UnitOfWork

_PARTS = ("name", "rules", "bundle_rules", "applicable_to", "error", "type", "context_type")
# About keys, users and tiers that another campaign or project doesn't have.
_UNSUPPORTED = (
    "customer.loyalty.tier",
    "redemption.api_key",
    "redemption.count.per_api_key",
    "redemption.count.per_user",
    "redemption.user.login",
)
_SEGMENT = "customer.segment"


def copy_rule(uow: UnitOfWork, related: Related) -> dict[str, Any] | None:
    """The rule that an object has, as the body of its creation; None without one.

    Raises:  invalid_validation_rules for a rule that no template takes (UNCERTAIN: its key).
    """
    found = rule_assignments.find_assignments(uow, {related.type: [related.id]})
    if related not in found:
        return None
    row = validation_rules.get_rule(uow, found[related].rule_id)
    rule = {part: getattr(row, part) for part in _PARTS}
    _refuse_unsupported(uow, rule["rules"])
    return rule


def _refuse_unsupported(uow: UnitOfWork, definition: Mapping[str, Any]) -> None:
    segments: list[str] = []
    for node in _nodes(definition):
        if node["name"] in _UNSUPPORTED:
            raise _unsupported(f"Rule '{node['name']}'")
        if node["name"] == _SEGMENT:
            segments += _ids(node.get("conditions") or {})
    for segment_id in templates.find_static_segments(uow, segments):
        raise _unsupported(f"Static segment {segment_id}")


def _unsupported(what: str) -> KuponError:
    return KuponError("invalid_validation_rules", f"{what} is not supported by campaign template")


def _nodes(definition: Any) -> Iterator[Mapping[str, Any]]:
    """The named nodes of a rule, also those inside of others."""
    if isinstance(definition, Mapping):
        if isinstance(definition.get("name"), str):
            yield definition
        for part in definition.values():
            yield from _nodes(part)


def _ids(conditions: Mapping[str, Any]) -> Iterator[str]:
    for values in conditions.values():
        for value in values if isinstance(values, list) else [values]:
            named = value.get("id") if isinstance(value, Mapping) else value
            if isinstance(named, str):
                yield named


def clone_rule(uow: UnitOfWork, rule: Mapping[str, Any] | None) -> list[str]:
    """Store the rule of a template anew; its id, or nothing where the template has none."""
    return [] if rule is None else [rules.create_rule(uow, rule)["id"]]

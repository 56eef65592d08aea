"""Making, changing and deleting rules.

Source: spec rules-and-qualification, sections 1 and 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

from kupon.engine.definitions import DefinitionError
from kupon.engine.rules import parse_rule
from kupon.features.validation_rules import schemas
from kupon.features.validation_rules.service.telling import stage_assignments, stage_rule
from kupon.kit.errors import KuponError
from kupon.kit.pages import PageRequest, list_body
from kupon.runtime import ids
from kupon.storage.queries import rule_assignments, validation_rules
from kupon.storage.queries.validation_rules import Hold
from kupon.storage.tables.validation_rules import ValidationRule
from kupon.storage.uow import UnitOfWork

# How many assignments of a deleted rule are held in memory at once.
_SLICE = 500


def create_rule(uow: UnitOfWork, body: Mapping[str, Any]) -> dict[str, Any]:
    """Store a rule.

    Raises:  invalid_validation_rules.
    """
    rule = ValidationRule(
        project_id=uow.project_id,
        id=ids.new_id("val_"),
        name=body["name"],
        rules=body.get("rules", {}),
        bundle_rules=body.get("bundle_rules") or {},
        applicable_to=body.get("applicable_to", {}),
        error=body.get("error") or None,
        type=body.get("type", "expression"),
        context_type=body.get("context_type", "global"),
        created_at=uow.now,
    )
    _check(rule)
    validation_rules.insert_rule(uow, rule)
    stage_rule(uow, "created", rule)
    return schemas.dump_rule(rule)


def get_rule(uow: UnitOfWork, rule_id: str) -> dict[str, Any]:
    """One rule."""
    return _dump(uow, validation_rules.get_rule(uow, rule_id))


def list_rules(uow: UnitOfWork, request: PageRequest, tz: tzinfo) -> dict[str, Any]:
    """One page of rules."""
    page = validation_rules.list_rules(uow, request, tz)
    counts = rule_assignments.count_assignments(uow, [row.id for row in page.rows])
    rows = [schemas.dump_rule(row, counts.get(row.id, 0)) for row in page.rows]
    return list_body("data", rows, total=page.total)


def update_rule(uow: UnitOfWork, rule_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Change a rule for all that has it; each part that is sent replaces the stored one whole.

    Raises:  not_found; invalid_validation_rules.
    """
    return uow.attempt(lambda: _update(uow, rule_id, body))


def _update(uow: UnitOfWork, rule_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
    rule = validation_rules.lock_rule(uow, rule_id, Hold.CHANGE)
    for name in ("name", "rules", "applicable_to", "type", "context_type"):
        if name in body:
            setattr(rule, name, body[name])
    if "bundle_rules" in body:
        rule.bundle_rules = body["bundle_rules"] or {}
    if "error" in body:
        rule.error = body["error"] or None
    _check(rule)
    validation_rules.save_rule(uow, rule)
    stage_rule(uow, "updated", rule)
    return _dump(uow, rule)


def delete_rule(uow: UnitOfWork, rule_id: str) -> None:
    """Remove a rule, and take it from all that has it.

    Raises:  not_found.
    """
    uow.attempt(lambda: _delete(uow, rule_id))


def _delete(uow: UnitOfWork, rule_id: str) -> None:
    rule = validation_rules.lock_rule(uow, rule_id, Hold.DELETION)
    while assignments := rule_assignments.lock_some_of_rule(uow, rule.id, _SLICE):
        stage_assignments(uow, "deleted", rule, assignments)
        rule_assignments.delete_assignments(uow, assignments)
    stage_rule(uow, "deleted", rule)
    validation_rules.delete_rule(uow, rule)


def _dump(uow: UnitOfWork, rule: ValidationRule) -> dict[str, Any]:
    count = rule_assignments.count_assignments(uow, [rule.id]).get(rule.id, 0)
    return schemas.dump_rule(rule, count)


def _check(rule: ValidationRule) -> None:
    """Have the engine read a rule before it is stored, and tidy its lists of articles."""
    definition = {
        name: getattr(rule, name) for name in ("rules", "bundle_rules", "applicable_to", "error")
    }
    try:
        parse_rule(rule.id, definition)
    except DefinitionError as error:
        raise KuponError(error.key, error.details) from None
    lists = rule.applicable_to
    rule.applicable_to = {
        "excluded": [_tidy(entry) for entry in lists.get("excluded", ())],
        "included": [_tidy(entry) for entry in lists.get("included", ())],
        "included_all": lists.get("included_all", False),
    }


def _tidy(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An article of a list with all that the reference requires of it."""
    given = {name: value for name, value in entry.items() if value is not None}
    defaults = {"id": given.get("source_id"), "strict": False, "effect": "APPLY_TO_EVERY"}
    return defaults | given

"""Rules as a part of what has them: given, taken away and printed with it.

Source: spec rules-and-qualification, section 9.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from kupon.features.validation_rules import schemas
from kupon.features.validation_rules.service.telling import stage_assignments
from kupon.runtime import ids
from kupon.storage.queries import rule_assignments, validation_rules
from kupon.storage.queries.rule_assignments import Related
from kupon.storage.queries.validation_rules import Hold
from kupon.storage.tables.validation_rules import ValidationRule, ValidationRuleAssignment
from kupon.storage.uow import UnitOfWork


def attach(uow: UnitOfWork, related: Related, rule_ids: Sequence[str] | None) -> None:
    """Give an object the rule that its body names: an empty list takes it, None leaves all as is.

    Raises:  not_found for an unknown rule.
    Locks:   the object must be new, or locked, and written; then the rule, then its assignment.
    """
    if rule_ids is None:
        return
    rule = validation_rules.lock_rule(uow, rule_ids[0], Hold.ASSIGNMENT) if rule_ids else None
    current = rule_assignments.lock_assignment_of(uow, related)
    if current is not None and rule is not None and current.rule_id == rule.id:
        return
    if current is not None:
        take(uow, current)
    if rule is not None:
        give(uow, rule, related)


def detach(uow: UnitOfWork, objects: Iterable[Related]) -> None:
    """Take their rules from objects that are about to be deleted.

    Locks:  the objects must be locked.
    """
    for related in sorted(objects):
        current = rule_assignments.lock_assignment_of(uow, related)
        if current is not None:
            take(uow, current)


def give(uow: UnitOfWork, rule: ValidationRule, related: Related) -> ValidationRuleAssignment:
    """Assign a rule to an object that has none; both must be locked."""
    assignment = rule_assignments.insert_assignment(uow, ids.new_id("asgm_"), rule.id, related)
    stage_assignments(uow, "created", rule, [assignment])
    return assignment


def take(uow: UnitOfWork, assignment: ValidationRuleAssignment) -> None:
    """Remove an assignment, which must be locked."""
    rule = validation_rules.get_rule(uow, assignment.rule_id)
    stage_assignments(uow, "deleted", rule, [assignment])
    rule_assignments.delete_assignments(uow, [assignment])


def lists_of(uow: UnitOfWork, objects: Sequence[Sequence[Related]]) -> list[dict[str, Any]]:
    """The wire's lists of the rules that hold for objects, read in one statement for all of them.

    Shapes:  each object comes as itself and what it inherits rules from, in the order of the list.
    """
    wanted: dict[str, set[str]] = {}
    for chain in objects:
        for each in chain:
            wanted.setdefault(each.type, set()).add(each.id)
    found = rule_assignments.find_assignments(
        uow, {type: sorted(ids) for type, ids in wanted.items()}
    )
    return [
        schemas.dump_assignments(found[each] for each in chain if each in found)
        for chain in objects
    ]

"""Statements on what validation rules are assigned to.

What an object's rule is changes under the lock of the object. Codes' rules are read with the code;
any other change here bumps the project's revision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Select, and_, delete, func, or_, select, update

from kupon.kit.errors import not_found
from kupon.kit.pages import PageRequest
from kupon.storage.criteria import MomentField, TextField, among
from kupon.storage.listing import Listing, Page, fetch_page
from kupon.storage.queries.projects import Change, bump_revision
from kupon.storage.queries.rule_counters import drop_counters
from kupon.storage.queries.validation_rules import KIND as RULE
from kupon.storage.tables.validation_rules import ValidationRule, ValidationRuleAssignment
from kupon.storage.uow import UnitOfWork

CODE = "voucher"
# What changes of definitions call an assignment.
KIND = "validation_rules_assignment"


class Related(NamedTuple):
    """What a rule is assigned to."""

    type: str
    id: str


_ASSIGNMENTS = Listing(
    ValidationRuleAssignment,
    fields={
        "created_at": MomentField(ValidationRuleAssignment.created_at),
        "related_object_id": TextField(ValidationRuleAssignment.related_object_id),
        "rule": TextField(ValidationRuleAssignment.rule_id),
    },
)


def insert_assignment(
    uow: UnitOfWork, assignment_id: str, rule_id: str, related: Related
) -> ValidationRuleAssignment:
    """Assign a rule to an object that has none.

    Locks:  the object and the rule must be locked.
    """
    is_first = _mark_assigned(uow, rule_id)
    assignment = ValidationRuleAssignment(
        project_id=uow.project_id,
        id=assignment_id,
        rule_id=rule_id,
        related_object_type=related.type,
        related_object_id=related.id,
        created_at=uow.now,
    )
    uow.session.add(assignment)
    uow.session.flush()
    changes = [(RULE, rule_id)] if is_first else []
    _bump(uow, [assignment], changes)
    return assignment


def _mark_assigned(uow: UnitOfWork, rule_id: str) -> bool:
    """Note that a rule is assigned; whether nothing ever had it before."""
    marked = uow.session.execute(
        update(ValidationRule)
        .where(
            ValidationRule.project_id == uow.project_id,
            ValidationRule.id == rule_id,
            ValidationRule.was_assigned.is_(False),
        )
        .values(was_assigned=True)
        .returning(ValidationRule.id)
    ).first()
    return marked is not None


def lock_assignment(uow: UnitOfWork, rule_id: str, assignment_id: str) -> ValidationRuleAssignment:
    """An assignment of a rule by id, for its removal.

    Raises:  not_found.
    Locks:   the assignment's row.
    """
    assignment = uow.session.scalar(
        _assignments(uow)
        .where(
            ValidationRuleAssignment.id == assignment_id,
            ValidationRuleAssignment.rule_id == rule_id,
        )
        .with_for_update()
    )
    if assignment is None:
        raise not_found("validation_rules_assignment", assignment_id)
    return assignment


def lock_assignment_of(uow: UnitOfWork, related: Related) -> ValidationRuleAssignment | None:
    """The assignment of an object, or None.

    Locks:  the assignment's row; the object and a rule to be assigned must be locked before.
    """
    return uow.session.scalar(
        _assignments(uow)
        .where(
            ValidationRuleAssignment.related_object_type == related.type,
            ValidationRuleAssignment.related_object_id == related.id,
        )
        .with_for_update()
    )


def _assignments(uow: UnitOfWork) -> Select[ValidationRuleAssignment]:
    mine = ValidationRuleAssignment.project_id == uow.project_id
    return select(ValidationRuleAssignment).where(mine)


def find_assignments(
    uow: UnitOfWork, wanted: Mapping[str, Sequence[str]]
) -> Mapping[Related, ValidationRuleAssignment]:
    """The assignments of many objects, in one statement.

    Shapes:  wanted has the ids of the objects by their type.
    """
    tests = [
        and_(
            ValidationRuleAssignment.related_object_type == type,
            among(ValidationRuleAssignment.related_object_id, [*ids]),
        )
        for type, ids in wanted.items()
        if ids
    ]
    if not tests:
        return {}
    found = uow.session.scalars(_assignments(uow).where(or_(*tests)))
    return {Related(row.related_object_type, row.related_object_id): row for row in found}


def lock_some_of_rule(
    uow: UnitOfWork, rule_id: str, limit: int
) -> Sequence[ValidationRuleAssignment]:
    """Some of the assignments of a rule, the oldest first.

    Locks:  the assignments' rows; the rule must be locked before.
    """
    return uow.session.scalars(
        _assignments(uow)
        .where(ValidationRuleAssignment.rule_id == rule_id)
        .order_by(ValidationRuleAssignment.created_at, ValidationRuleAssignment.id)
        .limit(limit)
        .with_for_update()
    ).all()


def list_assignments(uow: UnitOfWork, request: PageRequest) -> Page[ValidationRuleAssignment]:
    """One page of assignments."""
    return fetch_page(uow, _ASSIGNMENTS, request)


def count_assignments(uow: UnitOfWork, rule_ids: Sequence[str]) -> Mapping[str, int]:
    """How many objects have each of the rules; a rule that nothing has is left out."""
    if not rule_ids:
        return {}
    counted = uow.session.execute(
        select(ValidationRuleAssignment.rule_id, func.count().label("total"))
        .where(
            ValidationRuleAssignment.project_id == uow.project_id,
            among(ValidationRuleAssignment.rule_id, [*rule_ids]),
        )
        .group_by(ValidationRuleAssignment.rule_id)
    )
    return {row.rule_id: row.total for row in counted}


def delete_assignments(uow: UnitOfWork, assignments: Sequence[ValidationRuleAssignment]) -> None:
    """Take rules from what had them."""
    ids = [assignment.id for assignment in assignments]
    uow.session.execute(
        delete(ValidationRuleAssignment).where(
            ValidationRuleAssignment.project_id == uow.project_id,
            among(ValidationRuleAssignment.id, ids),
        )
    )
    _bump(uow, assignments)


def _bump(
    uow: UnitOfWork,
    assignments: Sequence[ValidationRuleAssignment],
    changes: Sequence[Change] = (),
) -> None:
    """Tell of assignments that came or went; what their rules count is counted anew.

    A code's rule is read with the code, so nobody has to be told, unless its whole campaign counts
    for it from now on.
    """
    drop_counters(uow, [assignment.related_object_id for assignment in assignments])
    told = [
        (KIND, f"{assignment.related_object_type} {assignment.related_object_id}")
        for assignment in assignments
        if assignment.related_object_type != CODE
    ]
    rule_ids = [each.rule_id for each in assignments if each.related_object_type == CODE]
    if rule_ids and _count_in_campaigns(uow, rule_ids):
        told.append((KIND, CODE))
    if told or changes:
        bump_revision(uow, *changes, *told)


def _count_in_campaigns(uow: UnitOfWork, rule_ids: Sequence[str]) -> bool:
    found = uow.driver.execute(
        "SELECT 1 FROM validation_rules WHERE project_id = %s AND id = ANY(%s)"
        " AND rules::text ~ %s LIMIT 1",
        (uow.project_id, rule_ids, r'"(campaign|redemption\.gift)\.'),
    )
    return found.fetchone() is not None

"""Statements on validation rules; `rule_assignments` has those on what they are assigned to.

Each change of a rule bumps the project's revision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from enum import Enum, auto
from typing import Any

from sqlalchemy import select

from kupon.kit.errors import not_found
from kupon.kit.pages import PageRequest
from kupon.storage.criteria import MomentField, TextField
from kupon.storage.listing import Listing, Page, fetch_page
from kupon.storage.queries.projects import bump_revision
from kupon.storage.queries.rule_counters import drop_counters_of_rule
from kupon.storage.tables.validation_rules import ValidationRule
from kupon.storage.uow import UnitOfWork

# What changes of definitions call a rule.
KIND = "validation_rule"

_RULES = Listing(
    ValidationRule,
    fields={
        "name": TextField(ValidationRule.name),
        "created_at": MomentField(ValidationRule.created_at),
        "updated_at": MomentField(ValidationRule.updated_at),
    },
)


def insert_rule(uow: UnitOfWork, rule: ValidationRule) -> None:
    """Store a rule."""
    uow.session.add(rule)
    uow.session.flush()
    bump_revision(uow, (KIND, rule.id))


def get_rule(uow: UnitOfWork, rule_id: str) -> ValidationRule:
    """A rule by id.

    Raises:  not_found.
    """
    rule = uow.session.get(ValidationRule, (uow.project_id, rule_id))
    if rule is None:
        raise not_found("validation_rules", rule_id)
    return rule


class Hold(Enum):
    """What a rule is locked for: one at a time may change or delete it, many may assign it."""

    CHANGE = auto()
    DELETION = auto()
    ASSIGNMENT = auto()


def lock_rule(uow: UnitOfWork, rule_id: str, hold: Hold) -> ValidationRule:
    """A rule by id, safe from what others would do to it.

    Raises:  not_found.
    Locks:   the rule's row, after what it is assigned to and before the assignments.
    """
    rule = uow.session.scalar(
        select(ValidationRule)
        .where(ValidationRule.project_id == uow.project_id, ValidationRule.id == rule_id)
        .with_for_update(read=hold is Hold.ASSIGNMENT, key_share=hold is not Hold.DELETION)
        .execution_options(populate_existing=True)
    )
    if rule is None:
        raise not_found("validation_rules", rule_id)
    return rule


def save_rule(uow: UnitOfWork, rule: ValidationRule) -> None:
    """Write a changed rule; what it counts is counted anew."""
    rule.updated_at = uow.now
    uow.session.flush()
    drop_counters_of_rule(uow, rule.id)
    bump_revision(uow, (KIND, rule.id))


def delete_rule(uow: UnitOfWork, rule: ValidationRule) -> None:
    """Remove a rule that is no longer assigned to anything."""
    uow.session.delete(rule)
    uow.session.flush()
    bump_revision(uow, (KIND, rule.id))


def list_rules(uow: UnitOfWork, request: PageRequest, tz: tzinfo) -> Page[ValidationRule]:
    """One page of the project's rules."""
    return fetch_page(uow, _RULES, request, tz=tz)


_DEFINITIONS = (
    "SELECT id, jsonb_build_object('id', id, 'name', name, 'rules', rules,"
    " 'bundle_rules', bundle_rules, 'applicable_to', applicable_to, 'error', error, 'type', type,"
    " 'context_type', context_type)"
    " FROM validation_rules WHERE project_id = %(project_id)s AND was_assigned"
    " AND (%(ids)s::text[] IS NULL OR id = ANY(%(ids)s))"
)
_ASSIGNMENTS = (
    "SELECT related_object_type, related_object_id, rule_id FROM validation_rule_assignments"
    " WHERE project_id = %(project_id)s AND related_object_type <> 'voucher'"
    " AND (%(ids)s::text[] IS NULL OR related_object_id = ANY(%(ids)s))"
)
_CAMPAIGNS_OF_CODES = (
    "SELECT DISTINCT v.campaign_id, a.rule_id FROM validation_rule_assignments a"
    " JOIN vouchers v ON v.project_id = a.project_id AND v.id = a.related_object_id"
    " WHERE a.project_id = %s AND a.related_object_type = 'voucher' AND a.rule_id = ANY(%s)"
    " AND v.campaign_id IS NOT NULL"
)


def load_rules(
    uow: UnitOfWork, rule_ids: Sequence[str] | None = None
) -> dict[str, Mapping[str, Any]]:
    """The rules that were ever assigned, as the wire writes them, by id: all, or some of them."""
    ids = None if rule_ids is None else list(rule_ids)
    parameters = {"project_id": uow.project_id, "ids": ids}
    return dict(uow.reader.execute(_DEFINITIONS, parameters).fetchall())


def load_assignments(
    uow: UnitOfWork, related_ids: Sequence[str] | None = None
) -> dict[tuple[str, str], str]:
    """The ids of rules by type and id of what has them: all of that, or that of some ids.

    Shapes:  without codes: theirs are read with each code.
    """
    ids = None if related_ids is None else list(related_ids)
    rows = uow.reader.execute(_ASSIGNMENTS, {"project_id": uow.project_id, "ids": ids})
    return {(kind, object_id): rule_id for kind, object_id, rule_id in rows}


def find_campaigns_of_codes(uow: UnitOfWork, rule_ids: Sequence[str]) -> list[tuple[str, str]]:
    """The campaigns that have codes with one of these rules of their own, each with the rule."""
    rows = uow.reader.execute(_CAMPAIGNS_OF_CODES, (uow.project_id, list(rule_ids)))
    return [(campaign_id, rule_id) for campaign_id, rule_id in rows]

"""Assigning rules by request of their own.

Source: spec rules-and-qualification, sections 2 and 9. UNCERTAIN there: another rule for an object
    that has one is refused as the same one is, and replaces it by force.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from kupon.engine.access import may_use
from kupon.engine.codes import code_key
from kupon.features.validation_rules import schemas
from kupon.features.validation_rules.service.inline import give, take
from kupon.kit.errors import duplicate_found, invalid_payload, not_found
from kupon.kit.pages import PageRequest, list_body
from kupon.storage.queries import (
    campaigns,
    earning_rules,
    promotion_tiers,
    reward_assignments,
    rule_assignments,
    validation_rules,
    vouchers,
)
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.queries.rule_assignments import Related
from kupon.storage.queries.validation_rules import Hold
from kupon.storage.uow import UnitOfWork


def assign(
    uow: UnitOfWork,
    project: ProjectFacts,
    rule_id: str,
    body: Mapping[str, Any],
    *,
    is_forced: bool,
) -> dict[str, Any]:
    """Assign a rule to an object; by force in place of the rule that it has.

    Raises:  not_found for the rule or the object; duplicate_found for one that has a rule;
        invalid_payload for a body that names no object.
    """
    return uow.attempt(lambda: _assign(uow, project, rule_id, body, is_forced=is_forced))


def _assign(
    uow: UnitOfWork,
    project: ProjectFacts,
    rule_id: str,
    body: Mapping[str, Any],
    *,
    is_forced: bool,
) -> dict[str, Any]:
    validation_rules.get_rule(uow, rule_id)
    related = _lock_related(uow, project, *_named(body))
    rule = validation_rules.lock_rule(uow, rule_id, Hold.ASSIGNMENT)
    current = rule_assignments.lock_assignment_of(uow, related)
    if current is not None:
        if not is_forced:
            raise duplicate_found("validation_rules_assignment", "id", current.id)
        take(uow, current)
    return schemas.dump_assignment(give(uow, rule, related))


_BY_TYPE = (
    "voucher",
    "campaign",
    "promotion_tier",
    "earning_rule",
    "reward_assignment",
    "distribution",
)


def _named(body: Mapping[str, Any]) -> tuple[str, str]:
    """Type and name of the object that a body means."""
    if "related_object_id" in body:
        return body["related_object_type"], body["related_object_id"]
    for type in _BY_TYPE:
        if type in body:
            return type, body[type]
    raise invalid_payload("Payload must have required property 'related_object_id'")


def _lock_related(uow: UnitOfWork, project: ProjectFacts, type: str, name: str) -> Related:
    """What a rule is to be assigned to: a voucher by id or code, a campaign by id or name.

    Raises:  not_found; of some types the project can have no objects yet.
    """
    if type == "voucher":
        key = code_key(name, is_case_sensitive=project.case_sensitive_codes)
        return Related(type, vouchers.lock_voucher(uow, name, key, may_use).voucher.id)
    if type == "campaign":
        return Related(type, campaigns.lock_campaign(uow, name, may_use).campaign.id)
    if type == "promotion_tier":
        return Related(type, promotion_tiers.lock_tier(uow, name, may_use).tier.id)
    if type == "earning_rule":
        return Related(type, earning_rules.hold_any_rule(uow, name, may_use).id)
    if type == "reward_assignment":
        return Related(type, reward_assignments.get_assignment(uow, name, is_locked=True).id)
    raise not_found(type, name)


def unassign(uow: UnitOfWork, rule_id: str, assignment_id: str) -> None:
    """Take a rule from an object.

    Raises:  not_found for the rule or the assignment; forbidden for a restricted key that may not
        use the object's campaign.
    """
    uow.attempt(lambda: _unassign(uow, rule_id, assignment_id))


def _unassign(uow: UnitOfWork, rule_id: str, assignment_id: str) -> None:
    validation_rules.get_rule(uow, rule_id)
    assignment = rule_assignments.lock_assignment(uow, rule_id, assignment_id)
    if uow.scope is not None:
        _check_related(uow, assignment.related_object_type, assignment.related_object_id)
    take(uow, assignment)


def _check_related(uow: UnitOfWork, type: str, id: str) -> None:
    if type == "voucher":
        vouchers.get_voucher(uow, id, id)
    elif type == "campaign":
        campaigns.get_campaign(uow, id)
    elif type == "earning_rule":
        earning_rules.get_any_rule(uow, id)
    elif type == "reward_assignment":
        reward_assignments.get_assignment(uow, id)
    else:
        promotion_tiers.get_tier(uow, id)


def list_assignments(uow: UnitOfWork, request: PageRequest) -> dict[str, Any]:
    """One page of the project's assignments."""
    page = rule_assignments.list_assignments(uow, request)
    rows = [schemas.dump_assignment(row) for row in page.rows]
    return list_body("data", rows, total=page.total)


def list_of_rule(uow: UnitOfWork, rule_id: str, request: PageRequest) -> dict[str, Any]:
    """One page of a rule's assignments; none of a rule that doesn't exist."""
    return list_assignments(uow, replace(request, shortcuts={"rule": rule_id}))

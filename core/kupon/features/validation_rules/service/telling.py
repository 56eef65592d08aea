"""What events about rules say.

Source: spec events-webhooks-data, section 4.1 and the events business_validation_rule.*.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kupon.features.validation_rules import schemas
from kupon.kit.timestamps import format_moment
from kupon.storage import snapshots
from kupon.storage.queries import campaigns, earning_rules, promotion_tiers
from kupon.storage.tables.validation_rules import ValidationRule, ValidationRuleAssignment
from kupon.storage.uow import UnitOfWork


def stage_rule(uow: UnitOfWork, verb: str, rule: ValidationRule) -> None:
    """Tell that a rule was created, updated or deleted."""
    payload = {"rule": schemas.dump_rule(rule), f"{verb}_at": format_moment(uow.now)}
    uow.stage(f"business_validation_rule.{verb}", rule.id, payload)


def stage_assignments(
    uow: UnitOfWork,
    verb: str,
    rule: ValidationRule,
    assignments: Sequence[ValidationRuleAssignment],
) -> None:
    """Tell that a rule was assigned to objects, or taken from them, which must still be there."""
    for type in {assignment.related_object_type for assignment in assignments}:
        mine = [each for each in assignments if each.related_object_type == type]
        related = _describe(uow, type, [each.related_object_id for each in mine])
        for assignment in mine:
            payload = {
                "rule": schemas.dump_rule(rule),
                # The event's schema requires a verdict: what broke a rule was refused on write.
                "assignment": schemas.dump_assignment(assignment)
                | {"validation_status": "VALID", "validation_omitted_rules": []},
                type: related.get(assignment.related_object_id),
            }
            uow.stage(f"business_validation_rule.assignment.{verb}", rule.id, payload)


def _describe(uow: UnitOfWork, type: str, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Objects of one type in short, by id."""
    if type == "voucher":
        codes = snapshots.find_vouchers(uow, ids)
        return {id: schemas.dump_voucher_summary(row) for id, row in codes.items()}
    if type == "campaign":
        found = campaigns.find_campaigns(uow, ids)
        return {id: schemas.dump_campaign_summary(row) for id, row in found.items()}
    if type == "earning_rule":
        earning = earning_rules.find_rules(uow, ids)
        return {id: schemas.dump_earning_rule_summary(row) for id, row in earning.items()}
    tiers = promotion_tiers.find_tiers(uow, ids)
    return {id: schemas.dump_tier_summary(row) for id, row in tiers.items()}

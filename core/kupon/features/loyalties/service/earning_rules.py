"""Making, changing and removing earning rules.

Source: spec campaigns-loyalty-referral-gift, section 7.3.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo
from typing import Any

from kupon.features.loyalties.schemas import earning_rules as schemas
from kupon.features.loyalties.service.earning_definitions import (
    read_event,
    read_expiration,
    read_loyalty,
    read_pending_points,
    set_time_limits,
)
from kupon.features.loyalties.service.programmes import find_programme, lock_programme
from kupon.features.metadata_schemas.service import check_metadata
from kupon.features.validation_rules import service as rules
from kupon.features.vouchers import schemas as voucher_schemas
from kupon.features.vouchers import service as vouchers
from kupon.kit.errors import invalid_payload
from kupon.kit.pages import PageRequest, list_body
from kupon.runtime import ids
from kupon.storage.queries import earning_rules, rule_assignments, validation_rules
from kupon.storage.queries.rule_assignments import Related
from kupon.storage.queries.validation_rules import Hold
from kupon.storage.tables.campaigns import Campaign
from kupon.storage.tables.loyalties import EarningRule
from kupon.storage.uow import UnitOfWork

MOST_RULES = 100

Body = Mapping[str, Any]


def list_rules(uow: UnitOfWork, name: str, request: PageRequest, tz: tzinfo) -> dict[str, Any]:
    """One page of the rules of a programme.

    Raises:  not_found.
    """
    campaign = find_programme(uow, name)
    page = earning_rules.list_rules(
        uow, replace(request, shortcuts={"campaign_id": campaign.id}), tz
    )
    return list_body("data", dump_rules(uow, page.rows), total=page.total)


def get_rule(uow: UnitOfWork, name: str, rule_id: str) -> dict[str, Any]:
    """One rule of a programme.

    Raises:  not_found.
    """
    campaign = find_programme(uow, name)
    return _dump(uow, earning_rules.get_rule(uow, campaign.id, rule_id))


def dump_rules(uow: UnitOfWork, rows: Sequence[EarningRule]) -> list[dict[str, Any]]:
    """The wire's earning rules."""
    found = rule_assignments.find_assignments(uow, {earning_rules.KIND: [row.id for row in rows]})
    assigned = {related.id: assignment.rule_id for related, assignment in found.items()}
    return [schemas.dump_earning_rule(row, assigned.get(row.id)) for row in rows]


def _dump(uow: UnitOfWork, row: EarningRule) -> dict[str, Any]:
    [dumped] = dump_rules(uow, [row])
    return dumped


def create_rules(uow: UnitOfWork, name: str, bodies: Sequence[Body]) -> list[dict[str, Any]]:
    """Store rules of a programme, all or none of them.

    Raises:  not_found for the programme or what a rule names; missing_param, invalid_payload,
        metadata_validation_failed.
    """
    return uow.attempt(lambda: _create(uow, name, bodies))


def _create(uow: UnitOfWork, name: str, bodies: Sequence[Body]) -> list[dict[str, Any]]:
    campaign = lock_programme(uow, name)
    _hold_validation_rules(uow, bodies)
    rows = [_new_rule(uow, campaign, body, f"[{place}]") for place, body in enumerate(bodies)]
    if earning_rules.count_rules(uow) + len(rows) > MOST_RULES:
        raise invalid_payload(f"Project must NOT have more than {MOST_RULES} earning rules")
    earning_rules.insert_rules(uow, rows)
    for row, body in zip(rows, bodies, strict=True):
        _set_validation_rule(uow, row, body)
    dumped = dump_rules(uow, rows)
    for rule in dumped:
        _stage(uow, "assigned", campaign, rule)
    return dumped


def _new_rule(uow: UnitOfWork, campaign: Campaign, body: Body, path: str) -> EarningRule:
    check_metadata(uow, "earning_rule", body, is_creation=True)
    rule = EarningRule(
        project_id=uow.project_id,
        id=ids.new_id("ern_"),
        campaign_id=campaign.id,
        automation_id=ids.new_id("auto_"),
        banner=body.get("source", {}).get("banner"),
        is_active=body["active"],
        rule_metadata=body.get("metadata", {}),
        created_at=uow.now,
        **read_event(uow, body, path),
    )
    rule.loyalty = read_loyalty(uow, rule, body["loyalty"], f"{path}.loyalty")
    rule.pending_points = read_pending_points(rule, body.get("pending_points"), path)
    rule.expiration_rules = read_expiration(body.get("expiration_rules"), path)
    set_time_limits(rule, body, path)
    return rule


def update_rule(uow: UnitOfWork, name: str, rule_id: str, body: Body) -> dict[str, Any]:
    """Change a rule; on what it pays never changes.

    Raises:  not_found; invalid_payload, metadata_validation_failed.
    """
    return uow.attempt(lambda: _update(uow, name, rule_id, body))


def _update(uow: UnitOfWork, name: str, rule_id: str, body: Body) -> dict[str, Any]:
    campaign = lock_programme(uow, name)
    rule = earning_rules.lock_rule(uow, campaign.id, rule_id)
    _hold_validation_rules(uow, [body])
    check_metadata(uow, "earning_rule", body, is_creation=False)
    if "loyalty" in body:
        rule.loyalty = read_loyalty(uow, rule, body["loyalty"], ".loyalty")
    if "pending_points" in body:
        rule.pending_points = read_pending_points(rule, body["pending_points"], "")
    if "expiration_rules" in body:
        rule.expiration_rules = read_expiration(body["expiration_rules"], "")
    rule.banner = body.get("source", {}).get("banner", rule.banner)
    set_time_limits(rule, body, "")
    rule.rule_metadata = vouchers.merge_metadata(rule.rule_metadata, body)
    rule.is_active = body.get("active", rule.is_active)
    earning_rules.save_rule(uow, rule)
    _set_validation_rule(uow, rule, body)
    changed = _dump(uow, rule)
    _stage(uow, "updated", campaign, changed)
    return changed


def _hold_validation_rules(uow: UnitOfWork, bodies: Iterable[Body]) -> None:
    """Lock the validation rules that bodies name, by ascending id.

    Raises:  not_found.
    """
    named = {body.get("validation_rule_id") for body in bodies}
    for rule_id in sorted(id for id in named if id is not None):
        validation_rules.lock_rule(uow, rule_id, Hold.CHANGE)


def _set_validation_rule(uow: UnitOfWork, rule: EarningRule, body: Body) -> None:
    if "validation_rule_id" in body:
        related = Related(earning_rules.KIND, rule.id)
        rules.attach(uow, related, [body["validation_rule_id"]])


def set_rule_active(uow: UnitOfWork, name: str, rule_id: str, *, is_active: bool) -> dict[str, Any]:
    """Enable or disable a rule; what it has paid stays.

    Raises:  not_found.
    """
    campaign = lock_programme(uow, name)
    rule = earning_rules.lock_rule(uow, campaign.id, rule_id)
    if rule.is_active == is_active:
        return _dump(uow, rule)
    rule.is_active = is_active
    earning_rules.save_rule(uow, rule)
    changed = _dump(uow, rule)
    _stage(uow, "enabled" if is_active else "disabled", campaign, changed)
    return changed


def delete_rule(uow: UnitOfWork, name: str, rule_id: str) -> None:
    """Remove a rule for good; what it has paid stays.

    Raises:  not_found.
    """
    uow.attempt(lambda: _delete(uow, name, rule_id))


def _delete(uow: UnitOfWork, name: str, rule_id: str) -> None:
    campaign = lock_programme(uow, name)
    rule = earning_rules.lock_rule(uow, campaign.id, rule_id)
    _stage(uow, "deleted", campaign, _dump(uow, rule))
    rules.detach(uow, [Related(earning_rules.KIND, rule.id)])
    earning_rules.delete_rule(uow, rule)


def _stage(uow: UnitOfWork, verb: str, campaign: Campaign, rule: Mapping[str, Any]) -> None:
    payload = {
        "campaign": voucher_schemas.dump_campaign_summary(campaign),
        "earning_rule": dict(rule),
    }
    uow.stage(f"campaign.earning_rule.{verb}", rule["id"], payload)

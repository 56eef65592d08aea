"""Tiers of programmes: making, changing and removing them, and what they give their members.

Whatever moves a range has a worker judge all members anew.

Source: spec campaigns-loyalty-referral-gift, section 7.9.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo
from typing import Any

from kupon.engine.definitions import DefinitionError
from kupon.engine.loyalty.mappings import Custom, Disabled, Multiply, PointsMapping, parse_mapping
from kupon.engine.loyalty.tiers import parse_range
from kupon.features.loyalties.schemas import tiers as schemas
from kupon.features.loyalties.service.earning_rules import dump_rules
from kupon.features.loyalties.service.judging import structure_of
from kupon.features.loyalties.service.members import find_member
from kupon.features.loyalties.service.programmes import find_programme, lock_programme
from kupon.features.loyalties.service.recalculating import begin_recalculation
from kupon.features.metadata_schemas.service import check_metadata
from kupon.features.rewards import schemas as reward_schemas
from kupon.features.vouchers import schemas as voucher_schemas
from kupon.features.vouchers import service as vouchers
from kupon.kit.errors import KuponError, invalid_payload
from kupon.kit.pages import PageRequest, list_body
from kupon.runtime import ids
from kupon.storage.queries import earning_rules, loyalty_tiers, reward_assignments, rewards
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.tables.campaigns import Campaign
from kupon.storage.tables.loyalties import LoyaltyTier
from kupon.storage.tables.rewards import RewardAssignment
from kupon.storage.uow import UnitOfWork

Body = Mapping[str, Any]


def list_tiers(uow: UnitOfWork, name: str, request: PageRequest, tz: tzinfo) -> dict[str, Any]:
    """One page of the tiers of a programme.

    Raises:  not_found.
    """
    page = loyalty_tiers.list_tiers(uow, find_programme(uow, name).id, request, tz)
    return list_body("data", [schemas.dump_tier(row) for row in page.rows], total=page.total)


def get_tier(uow: UnitOfWork, name: str, tier_id: str) -> dict[str, Any]:
    """One tier of a programme.

    Raises:  not_found.
    """
    return schemas.dump_tier(loyalty_tiers.get_tier(uow, find_programme(uow, name).id, tier_id))


def create_tiers(uow: UnitOfWork, name: str, bodies: Sequence[Body]) -> list[dict[str, Any]]:
    """Store tiers of a programme, all or none of them.

    Raises:  not_found; invalid_payload, also for ranges that overlap; metadata_validation_failed.
    """
    campaign = lock_programme(uow, name)
    rows = []
    for place, body in enumerate(bodies):
        check_metadata(uow, "loyalty_tier", body, is_creation=True)
        row = LoyaltyTier(
            project_id=uow.project_id,
            id=ids.new_id("ltr_"),
            campaign_id=campaign.id,
            name=body["name"],
            tier_metadata=body.get("metadata") or {},
            created_at=uow.now,
        )
        _set_terms(uow, row, {"earning_rules": {}, "rewards": {}, **body}, f"[{place}]")
        rows.append(row)
    known = loyalty_tiers.find_structures(uow, [campaign.id]).get(campaign.id, [])
    _refuse_overlaps([*known, *rows])
    loyalty_tiers.insert_tiers(uow, rows)
    for row in rows:
        _stage(uow, "created", campaign, row)
    if rows:
        begin_recalculation(uow, campaign.id)
    return [schemas.dump_tier(row) for row in rows]


def update_tier(uow: UnitOfWork, name: str, tier_id: str, body: Body) -> dict[str, Any]:
    """Change a tier; what the body doesn't name stays.

    Raises:  as create_tiers.
    """
    campaign = lock_programme(uow, name)
    row = loyalty_tiers.get_tier(uow, campaign.id, tier_id)
    check_metadata(uow, "loyalty_tier", body, is_creation=False)
    before = (row.points_from, row.points_to)
    row.name = body.get("name", row.name)
    row.tier_metadata = vouchers.merge_metadata(row.tier_metadata, body)
    _set_terms(uow, row, body, "")
    loyalty_tiers.save_tier(uow, row)
    _refuse_overlaps(loyalty_tiers.find_structures(uow, [campaign.id])[campaign.id])
    _stage(uow, "updated", campaign, row)
    if (row.points_from, row.points_to) != before:
        begin_recalculation(uow, campaign.id)
    return schemas.dump_tier(row)


def delete_tier(uow: UnitOfWork, name: str, tier_id: str) -> None:
    """Remove a tier for good; a worker finds out where its members go.

    Raises:  not_found.
    """
    campaign = lock_programme(uow, name)
    row = loyalty_tiers.get_tier(uow, campaign.id, tier_id)
    gone = schemas.dump_tier(row)
    loyalty_tiers.delete_tier(uow, row)
    _stage(uow, "deleted", campaign, row)
    begin_recalculation(uow, campaign.id, removed={tier_id: gone})


def list_earning_rules(
    uow: UnitOfWork, name: str, tier_id: str, request: PageRequest, tz: tzinfo
) -> dict[str, Any]:
    """One page of the programme's earning rules with the points that members of a tier get.

    Raises:  not_found.
    """
    campaign = find_programme(uow, name)
    tier = loyalty_tiers.get_tier(uow, campaign.id, tier_id)
    of_programme = replace(request, shortcuts={"campaign_id": campaign.id})
    page = earning_rules.list_rules(uow, of_programme, tz)
    rules = [
        rule
        if row.id not in tier.earning_rules
        else {
            **rule,
            "loyalty": _mapped(row.loyalty, parse_mapping(tier.earning_rules[row.id], "")),
        }
        for row, rule in zip(page.rows, dump_rules(uow, page.rows), strict=True)
    ]
    return list_body("data", rules, total=page.total)


def list_rewards(uow: UnitOfWork, name: str, tier_id: str) -> dict[str, Any]:
    """The rewards that members of a tier can choose from, at their prices.

    Raises:  not_found.
    """
    campaign = find_programme(uow, name)
    tier = loyalty_tiers.get_tier(uow, campaign.id, tier_id)
    assigned = reward_assignments.list_of_campaign(uow, campaign.id)
    known = rewards.find_rewards(uow, [row.reward_id for row in assigned])
    listed = []
    for row in assigned:
        raw = tier.rewards.get(row.id)
        mapping = None if raw is None else parse_mapping(raw, "")
        if not isinstance(mapping, Disabled):
            is_other = mapping is not None and row.points is not None
            price = mapping.apply(row.points or 0) if mapping is not None and is_other else None
            listed.append(
                schemas.dump_tier_reward(
                    reward_schemas.dump_reward(known[row.reward_id]),
                    reward_schemas.dump_assignment(row, price),
                )
            )
    return list_body("data", listed, total=len(listed))


def list_member_tiers(uow: UnitOfWork, project: ProjectFacts, member: str) -> dict[str, Any]:
    """The tier that a card is in, if any.

    Raises:  not_found.
    """
    card = find_member(uow, project, None, member).voucher
    held = loyalty_tiers.find_memberships(uow, [card.id]).get(card.id)
    found = {} if held is None else loyalty_tiers.find_tiers(uow, [held.tier_id])
    data = [schemas.dump_tier(row, held) for row in found.values()]
    return list_body("data", data, total=len(data))


def _set_terms(uow: UnitOfWork, row: LoyaltyTier, body: Body, path: str) -> None:
    """Write the range and what is different for members.

    Raises:  invalid_payload.
    """
    try:
        if "points" in body:
            known = {"from": row.points_from or 0, "to": row.points_to}
            raw = known | body["points"]
            row.points_from, row.points_to = parse_range(raw, f"{path}.points")
        if "earning_rules" in body:
            row.earning_rules = {
                rule_id: _dump_mapping(_read_points(raw, f"{path}.earning_rules.{rule_id}"))
                for rule_id, raw in (body["earning_rules"] or {}).items()
            }
        if "rewards" in body:
            row.rewards = _read_rewards(uow, row.campaign_id, body["rewards"] or {}, path)
    except DefinitionError as error:
        raise KuponError(error.key, error.details) from None


def _read_rewards(uow: UnitOfWork, campaign_id: str, sent: Body, path: str) -> dict[str, Any]:
    """The map by ids of assignments; clients may name the rewards instead (section 15, C9)."""
    assigned = reward_assignments.list_of_campaign(uow, campaign_id) if sent else ()
    by_name: dict[str, RewardAssignment] = {row.reward_id: row for row in assigned}
    by_name |= {row.id: row for row in assigned}
    read = {}
    for name, raw in sent.items():
        mapping = parse_mapping(raw, f"{path}.rewards.{name}")
        row = by_name.get(name)
        if row is not None and row.points is None and isinstance(mapping, Custom):
            raise invalid_payload(
                f"Property {path}.rewards.{name}.type must not be CUSTOM: there is no price"
            )
        read[name if row is None else row.id] = _dump_mapping(mapping)
    return read


def _read_points(raw: object, path: str) -> PointsMapping:
    mapping = parse_mapping(raw, path)
    if isinstance(mapping, Disabled):
        raise DefinitionError(f"{path}.type", "must be MULTIPLY or CUSTOM")
    return mapping


def _dump_mapping(mapping: PointsMapping) -> dict[str, Any]:
    """A mapping as it is stored and answered, with numbers as numbers."""
    match mapping:
        case Multiply(multiplier):
            whole = int(multiplier)
            return {
                "type": "MULTIPLY",
                "multiplier": whole if whole == multiplier else float(multiplier),
            }
        case Custom(points):
            return {"type": "CUSTOM", "points": points}
        case Disabled():
            return {"type": "DISABLED"}


def _refuse_overlaps(rows: Sequence[LoyaltyTier]) -> None:
    try:
        structure_of(rows).refuse_overlaps(".points")
    except DefinitionError as error:
        raise KuponError(error.key, error.details) from None


def _stage(uow: UnitOfWork, verb: str, campaign: Campaign, row: LoyaltyTier) -> None:
    payload = {
        "campaign": voucher_schemas.dump_campaign_summary(campaign),
        "loyalty_tier": schemas.dump_tier(row),
    }
    uow.stage(f"campaign.loyalty_tier.{verb}", row.id, payload)


def _mapped(loyalty: Body, mapping: PointsMapping) -> dict[str, Any]:
    """What a rule gives, with the points of a tier wherever it has some.

    UNCERTAIN: that CUSTOM shows here as MULTIPLY does (section 15, C10).
    """
    return {
        name: _mapped(value, mapping)
        if isinstance(value, Mapping)
        else (mapping.apply(value) or 0 if name == "points" else value)
        for name, value in loyalty.items()
    }

"""Making campaigns.

Source: spec campaigns-loyalty-referral-gift, sections 1.1 to 1.5 and 1.12.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kupon.engine.codes import CodePattern
from kupon.engine.giftcards import GIFT_VOUCHER
from kupon.engine.points import LOYALTY_CARD
from kupon.features.campaigns.schemas import LUCKY_DRAW
from kupon.features.campaigns.service.access import set_access
from kupon.features.campaigns.service.codes import begin_generation
from kupon.features.campaigns.service.definitions import joins_once, read_lifetime
from kupon.features.campaigns.service.programmes import read_programme
from kupon.features.campaigns.service.reading import dump_found, stage
from kupon.features.categories import service as categories
from kupon.features.metadata_schemas.service import check_metadata
from kupon.features.promotions import service as promotions
from kupon.features.validation_rules import service as rules
from kupon.features.vouchers import service as vouchers
from kupon.kit.errors import KuponError
from kupon.runtime import ids
from kupon.storage.queries import campaigns
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.queries.rule_assignments import Related
from kupon.storage.tables.campaigns import LOYALTY_PROGRAM, REFERRAL_PROGRAM, Campaign
from kupon.storage.uow import UnitOfWork

_CONFIG_PATH = ".voucher.code_config"
# By the type of campaign that of its codes.
VOUCHER_TYPES = {
    "DISCOUNT_COUPONS": "DISCOUNT_VOUCHER",
    "GIFT_VOUCHERS": GIFT_VOUCHER,
    LOYALTY_PROGRAM: LOYALTY_CARD,
    REFERRAL_PROGRAM: "DISCOUNT_VOUCHER",
}


def create_campaign(
    uow: UnitOfWork, project: ProjectFacts, body: Mapping[str, Any]
) -> dict[str, Any]:
    """Store a campaign. One code is made at once, more of them are left to the worker.

    Raises:  duplicate_found for a taken name, bin included; invalid_campaign, invalid_payload,
        invalid_code_config, metadata_validation_failed for a broken body; not_found for an unknown
        category, area or store; forbidden for a restricted key without assignments of its own.
    """
    _check_kind(body)
    is_promotion = body["campaign_type"] == "PROMOTION"
    is_for_codes = body["use_voucher_metadata_schema"] and not is_promotion
    check_metadata(uow, "voucher" if is_for_codes else "campaign", body, is_creation=True)
    row = _make_promotion(uow, body) if is_promotion else _make_pool(uow, project, body)
    found = campaigns.get_campaign(uow, row.id)
    stage(uow, "campaign.created", found, "created_at")
    return dump_found(uow, found)


def _check_kind(body: Mapping[str, Any]) -> None:
    kind = body["campaign_type"]
    if kind == "PROMOTION":
        return
    if kind == LUCKY_DRAW:
        raise KuponError("invalid_campaign", f"{kind} campaigns are no longer offered")
    voucher, type = body.get("voucher") or {}, VOUCHER_TYPES[kind]
    member = vouchers.WORTHS[type]
    if voucher.get(member) is None:
        raise KuponError("invalid_campaign", f"Property '{member}' is required for {kind} campaign")
    if voucher.get("type", type) != type:
        raise KuponError(
            "invalid_campaign", f"Property 'voucher.type' must be {type} for {kind} campaign"
        )
    if kind in (LOYALTY_PROGRAM, REFERRAL_PROGRAM) and body["type"] == "STANDALONE":
        raise KuponError(
            "invalid_campaign", f"Property 'type' must be AUTO_UPDATE or STATIC for {kind} campaign"
        )


def _make_promotion(uow: UnitOfWork, body: Mapping[str, Any]) -> Campaign:
    row = _row(uow, body, type="STATIC", voucher={})
    campaigns.insert_campaign(uow, row)
    set_access(uow, row, body, is_new=True)
    tiers = body.get("promotion", {}).get("tiers") or ()
    promotions.hold_rules(uow, [body, *tiers])
    rules.attach(uow, Related("campaign", row.id), body.get("validation_rules"))
    promotions.add_tiers(uow, row, tiers, ".promotion.tiers")
    return row


def _make_pool(uow: UnitOfWork, project: ProjectFacts, body: Mapping[str, Any]) -> Campaign:
    is_standalone = body["type"] == "STANDALONE"
    count = _count(body, is_standalone=is_standalone)
    config = body["voucher"].get("code_config")
    pattern = vouchers.read_code_pattern(uow, project, config, _CONFIG_PATH)
    if count > 1:
        vouchers.check_room(uow, project, pattern, count, _CONFIG_PATH)
    row = _row(
        uow,
        body,
        type=body["type"],
        voucher=_read_template(body, {} if is_standalone else _dump_pattern(pattern)),
        auto_join=body.get("auto_join", False),
        join_once=joins_once(body["campaign_type"], body["type"], body.get("join_once", False)),
        use_voucher_metadata_schema=body["use_voucher_metadata_schema"],
        activity_duration_after_publishing=read_lifetime(body),
        **read_programme(uow, body),
    )
    campaigns.insert_campaign(uow, row)
    set_access(uow, row, body, is_new=True)
    if row.campaign_type != LOYALTY_PROGRAM:
        rules.attach(uow, Related("campaign", row.id), body.get("validation_rules"))
    code = body["voucher"].get("code") if is_standalone else None
    _make_codes(uow, project, row, pattern, count, code)
    return row


def _count(body: Mapping[str, Any], *, is_standalone: bool) -> int:
    count: int = body["vouchers_count"] or 0
    if not is_standalone:
        return count
    if count > 1:
        raise KuponError("invalid_campaign", "A STANDALONE type campaign has exactly one voucher.")
    return 1


def _row(uow: UnitOfWork, body: Mapping[str, Any], **members: Any) -> Campaign:
    return Campaign(
        project_id=uow.project_id,
        id=ids.new_id("camp_"),
        name=body["name"],
        description=body.get("description"),
        campaign_type=body["campaign_type"],
        category_id=categories.resolve_category(uow, body),
        is_active=True,
        is_protected=False,
        creation_status="DONE",
        vouchers_generation_status="DONE",
        vouchers_count=0,
        campaign_metadata=body.get("metadata") or {},
        created_at=uow.now,
        **vouchers.read_time_limits(body),
        **members,
    )


def _read_template(body: Mapping[str, Any], code_config: dict[str, Any]) -> dict[str, Any]:
    voucher, type = body["voucher"], VOUCHER_TYPES[body["campaign_type"]]
    member = vouchers.WORTHS[type]
    return {
        "type": type,
        member: vouchers.read_worth(type, voucher[member], f".voucher.{member}"),
        "redemption": {"quantity": (voucher.get("redemption") or {}).get("quantity")},
        "code_config": code_config,
    }


def _dump_pattern(pattern: CodePattern) -> dict[str, Any]:
    config = {"length": pattern.length, "charset": pattern.charset, "pattern": pattern.pattern}
    named = ("prefix", "postfix", "generator")
    return config | {name: getattr(pattern, name) for name in named if getattr(pattern, name)}


def _make_codes(
    uow: UnitOfWork,
    project: ProjectFacts,
    row: Campaign,
    pattern: CodePattern,
    count: int,
    code: str | None,
) -> None:
    if count > 1:
        row.creation_status = "IN_PROGRESS"
        begin_generation(uow, project, row, pattern, count)
    elif count == 1:
        template = vouchers.campaign_template(row)
        vouchers.add_voucher(uow, project, template, code, pattern)

"""Making single vouchers.

Source: spec campaigns-loyalty-referral-gift, sections 1.10, 2 and 3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from kupon.engine.codes import CodePattern
from kupon.engine.points import LOYALTY_CARD
from kupon.features.validation_rules import service as rules
from kupon.features.vouchers.service.definitions import (
    CODE_RULE,
    WORTHS,
    is_code,
    read_code_pattern,
    read_worth,
)
from kupon.features.vouchers.service.drawing import draw_one, insert_code
from kupon.features.vouchers.service.reading import dump_found, stage
from kupon.features.vouchers.service.templates import (
    campaign_template,
    read_code_values,
    refuse_codes,
    worth_of,
)
from kupon.kit.errors import KuponError, duplicate_found, invalid_payload
from kupon.storage.queries import campaigns, vouchers
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.queries.rule_assignments import Related
from kupon.storage.queries.voucher_batches import CodeTemplate
from kupon.storage.tables.campaigns import Campaign
from kupon.storage.uow import UnitOfWork

TYPES = ("DISCOUNT_VOUCHER", "GIFT_VOUCHER", "LOYALTY_CARD")


def create_voucher(
    uow: UnitOfWork, project: ProjectFacts, body: Mapping[str, Any], code: str | None = None
) -> dict[str, Any]:
    """Store one voucher, with the code that is given, is in the body, or is drawn.

    Raises:  duplicate_found for a taken code, bin included; invalid_payload, invalid_voucher,
        invalid_code_config for a broken body; not_found for an unknown campaign, category or
        rule.
    """
    _check_type(body["type"])
    campaign = _lock_campaign(uow, body)
    template = _template(uow, body, campaign)
    config = body.get("code_config")
    if config is None and campaign is not None:
        config = campaign.voucher["code_config"]
    pattern = read_code_pattern(uow, project, config, ".code_config")
    return add_voucher(
        uow,
        project,
        template,
        code or body.get("code"),
        pattern,
        rule_ids=body.get("validation_rules"),
    )


def add_voucher(
    uow: UnitOfWork,
    project: ProjectFacts,
    template: CodeTemplate,
    code: str | None,
    pattern: CodePattern,
    *,
    rule_ids: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Store one voucher made from a template; without a code one is drawn from the pattern.

    Raises:  duplicate_found, invalid_payload, invalid_code_config; not_found for a rule.
    Locks:   the template's campaign must be locked.
    """
    is_case_sensitive = project.case_sensitive_codes
    if code is None:
        voucher_id = draw_one(uow, template, pattern, is_case_sensitive=is_case_sensitive)
    else:
        if not is_code(code):
            raise invalid_payload(f"Property .code {CODE_RULE}")
        made = insert_code(uow, template, code, is_case_sensitive=is_case_sensitive)
        if made is None:
            raise duplicate_found("voucher", "code", code)
        voucher_id = made
    rules.attach(uow, Related("voucher", voucher_id), rule_ids)
    found = vouchers.get_voucher(uow, voucher_id, voucher_id)
    if found.campaign is not None:
        campaigns.count_codes(uow, found.campaign, made=1, given=template.balance_income)
    wire = dump_found(uow, found)
    stage(uow, "voucher.created", found, wire)
    return wire


def _check_type(type: str) -> None:
    if type not in TYPES:
        raise invalid_payload(
            f"Property .type must be equal to one of the allowed values: {', '.join(TYPES)}"
        )


def _lock_campaign(uow: UnitOfWork, body: Mapping[str, Any]) -> Campaign | None:
    name = body.get("campaign_id") or body.get("campaign")
    if not name:
        return None
    campaign = campaigns.lock_campaign(uow, name).campaign
    refuse_codes(campaign)
    return campaign


def _template(uow: UnitOfWork, body: Mapping[str, Any], campaign: Campaign | None) -> CodeTemplate:
    type = body["type"]
    if campaign is None and type == LOYALTY_CARD:
        raise KuponError("invalid_voucher", "A loyalty card must belong to a loyalty program")
    base = CodeTemplate(type=type, discount=None)
    if campaign is not None:
        base = campaign_template(campaign)
        if type != base.type:
            raise invalid_payload(f"Property .type must be {base.type} in this campaign")
    values = read_code_values(uow, body, base)
    member = WORTHS[type]
    if body.get(member) is not None:
        values |= worth_of({member: read_worth(type, body[member], f".{member}")})
    elif campaign is None:
        raise KuponError("invalid_voucher", f"Property '{member}' is required for {type} voucher")
    return replace(base, **values)

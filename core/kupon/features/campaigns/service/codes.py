"""Adding codes to a campaign.

Source: spec campaigns-loyalty-referral-gift, sections 1.10 and 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from kupon.engine.codes import CodePattern
from kupon.features.campaigns.service.work import Generation
from kupon.features.vouchers import schemas as voucher_schemas
from kupon.features.vouchers import service as vouchers
from kupon.kit.errors import invalid_payload
from kupon.kit.timestamps import format_moment
from kupon.storage.queries import campaigns
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.tables.campaigns import Campaign
from kupon.storage.uow import UnitOfWork

_CONFIG_PATH = ".code_config"


class Added(NamedTuple):
    """What came of adding codes: one voucher, or the id of the async action that adds many."""

    voucher: dict[str, Any] | None = None
    action_id: str = ""


def add_codes(
    uow: UnitOfWork, project: ProjectFacts, name: str, count: int, body: Mapping[str, Any]
) -> Added:
    """Add one code at once, or leave many to the worker.

    Raises:  not_found; invalid_campaign for a campaign of one code; duplicate_found for a taken
        code; invalid_payload, invalid_code_config for a broken body.
    """
    if body.get("code") is not None and count > 1:
        raise invalid_payload("Property .code must stand for one voucher, not for vouchers_count")
    if count == 1:
        return Added(voucher=add_code(uow, project, name, body.get("code"), body))
    campaign = _lock(uow, name)
    pattern = _pattern(uow, project, campaign, body)
    vouchers.check_room(uow, project, pattern, count, _CONFIG_PATH)
    values = vouchers.read_code_values(uow, body, vouchers.campaign_template(campaign))
    action_id = begin_generation(
        uow, project, campaign, pattern, count, values=values, is_addition=True
    )
    return Added(action_id=action_id)


def add_code(
    uow: UnitOfWork,
    project: ProjectFacts,
    name: str,
    code: str | None,
    body: Mapping[str, Any],
    *,
    integration: str | None = None,
) -> dict[str, Any]:
    """Add exactly this code, or a drawn one for None.

    Shapes:  an integration, named by its key, that asks for a code again gets the one it has made:
        messages ask several times while they are rendered.
    Raises:  as add_codes.
    Source:  spec adapters-marketing, section 1.9 (6).
    """
    campaign = _lock(uow, name)
    made = _find_made(uow, project, campaign, code, integration)
    if made is not None:
        return made
    base = vouchers.campaign_template(campaign)
    values = vouchers.read_code_values(uow, body, base)
    template = replace(base, **values, made_by=integration)
    pattern = _pattern(uow, project, campaign, body)
    added = vouchers.add_voucher(uow, project, template, code, pattern)
    payload = {"campaign": voucher_schemas.dump_campaign_summary(campaign), "count": 1}
    uow.stage("campaign.vouchers.added", campaign.id, payload)
    return added


def _find_made(
    uow: UnitOfWork,
    project: ProjectFacts,
    campaign: Campaign,
    code: str | None,
    integration: str | None,
) -> dict[str, Any] | None:
    if code is None or integration is None:
        return None
    found = vouchers.find_made(uow, project, code, integration)
    is_here = found is not None and found["campaign_id"] == campaign.id
    return found if is_here else None


def begin_generation(
    uow: UnitOfWork,
    project: ProjectFacts,
    campaign: Campaign,
    pattern: CodePattern,
    count: int,
    *,
    values: Mapping[str, Any] | None = None,
    is_addition: bool = False,
) -> str:
    """Leave the drawing of many codes to the worker; the id of its async action.

    Locks:  the campaign must be locked.
    """
    generation = Generation(
        campaign_id=campaign.id,
        count=count,
        pattern=pattern,
        is_case_sensitive=project.case_sensitive_codes,
        is_addition=is_addition,
        values=values or {},
    )
    action_id = generation.begin(uow)
    campaign.vouchers_generation_status = "IN_PROGRESS"
    summary = voucher_schemas.dump_campaign_summary(campaign)
    payload = {"campaign": summary, "count": count, "started_at": format_moment(uow.now)}
    uow.stage("campaign.vouchers.generation.started", campaign.id, payload)
    return action_id


def _lock(uow: UnitOfWork, name: str) -> Campaign:
    campaign = campaigns.lock_campaign(uow, name).campaign
    vouchers.refuse_codes(campaign)
    return campaign


def _pattern(
    uow: UnitOfWork, project: ProjectFacts, campaign: Campaign, body: Mapping[str, Any]
) -> CodePattern:
    config = body.get("code_config") or campaign.voucher["code_config"]
    return vouchers.read_code_pattern(uow, project, config, _CONFIG_PATH)

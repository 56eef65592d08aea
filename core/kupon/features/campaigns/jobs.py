"""The worker's part: drawing, changing and deleting the codes of a campaign, slice by slice.

Source: spec campaigns-loyalty-referral-gift, sections 1.5, 1.7, 1.8 and 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from kupon.engine.definitions import DefinitionError
from kupon.features.campaigns.service import CODES_CHANGED, Deletion, Generation, Propagation
from kupon.features.vouchers import schemas as voucher_schemas
from kupon.features.vouchers import service as vouchers
from kupon.jobs.registry import Again, JobRegistry
from kupon.kit.timestamps import format_moment
from kupon.storage.queries import async_actions, campaign_codes, campaigns
from kupon.storage.queries.campaign_codes import CodeChanges
from kupon.storage.tables.campaigns import Campaign
from kupon.storage.uow import UnitOfWork

# Small enough that a request which needs the campaign's lock, or the disk, waits briefly.
SLICE = 10_000


def register(registry: JobRegistry) -> None:
    """Add the tasks of campaigns."""
    registry.add_task(Generation.handler, generate_vouchers)
    registry.add_task(Propagation.handler, update_vouchers)
    registry.add_task(Deletion.handler, delete_vouchers)


def generate_vouchers(uow: UnitOfWork, arguments: Mapping[str, Any]) -> Again | None:
    """Draw one slice of codes; exactly the requested number in the end, if the pattern has it."""
    work = Generation.resume(arguments)
    uow.request_id = work.request_id
    campaign = campaigns.lock_any_campaign(uow, work.campaign_id)
    if campaign is None or campaign.binned_at is not None:
        _finish_generation(uow, work, None, "The campaign was deleted.")
        return None
    template = replace(vouchers.campaign_template(campaign), **work.values)
    try:
        drawn = vouchers.draw_slice(
            uow,
            template,
            work.pattern,
            min(SLICE, work.count - work.done),
            is_case_sensitive=work.is_case_sensitive,
            walk=work.walk,
        )
    except DefinitionError as error:
        # A generator that breaks, or is gone: codes can be asked for again once it is back.
        _finish_generation(uow, work, campaign, f"{error}.")
        return None
    work = replace(work, done=work.done + drawn.made, walk=drawn.walk)
    given = drawn.made * template.balance_income
    campaigns.count_codes(uow, campaign, made=drawn.made, given=given)
    if work.done < work.count and not drawn.is_exhausted:
        async_actions.report_progress(uow, work.action_id, 100 * work.done // work.count)
        return Again(work.arguments())
    reason = "The pattern has no codes left." if work.done < work.count else None
    _finish_generation(uow, work, campaign, reason)
    return None


def _finish_generation(
    uow: UnitOfWork, work: Generation, campaign: Campaign | None, reason: str | None
) -> None:
    message = f"Generated {work.done} vouchers."
    result = {"message": f"{message} {reason}" if reason else message, "done_count": work.done}
    async_actions.finish(uow, work.action_id, result, is_failed=reason is not None)
    if campaign is None:
        return
    if campaign.creation_status == "IN_PROGRESS":
        campaign.creation_status = "DONE"
    if reason is not None:
        campaign.vouchers_generation_status = "FAILED"
    elif campaigns.is_last_job(uow, work.handler, campaign.id):
        campaign.vouchers_generation_status = "DONE"
    _stage_outcome(uow, work, campaign, reason)


def _stage_outcome(
    uow: UnitOfWork, work: Generation, campaign: Campaign, reason: str | None
) -> None:
    summary = voucher_schemas.dump_campaign_summary(campaign)
    payload = {"campaign": summary, "count": work.done}
    moment = format_moment(uow.now)
    if reason is None:
        event, payload = "completed", payload | {"completed_at": moment}
    else:
        event, payload = "failed", payload | {"failed_at": moment, "reason": reason}
    uow.stage(f"campaign.vouchers.generation.{event}", campaign.id, payload)
    if work.is_addition and work.done:
        added = {"campaign": summary, "count": work.done}
        uow.stage("campaign.vouchers.added", campaign.id, added)


def update_vouchers(uow: UnitOfWork, arguments: Mapping[str, Any]) -> Again | None:
    """Bring the campaign's changes to one slice of its codes."""
    work = Propagation.resume(arguments)
    uow.request_id = work.request_id
    campaign = campaigns.lock_any_campaign(uow, work.campaign_id)
    if campaign is None or campaign.binned_at is not None:
        _finish_pass(uow, work, "Updated", is_failed=True)
        return None
    changes = CodeChanges(
        columns={name: _code_value(campaign, name) for name in work.columns},
        metadata=work.metadata,
        unset=work.unset,
    )
    part = campaign_codes.change_codes(uow, campaign.id, changes, work.after, SLICE)
    if part.end is not None:
        return _go_on(uow, work, part.changed, part.end, campaign.vouchers_count)
    _finish_pass(uow, work, "Updated")
    if work.done:
        uow.stage(CODES_CHANGED, campaign.id, {"campaign_id": campaign.id})
    is_last = campaigns.is_last_job(uow, work.handler, campaign.id)
    if campaign.creation_status == "MODIFYING" and is_last:
        campaign.creation_status = "DONE"
    return None


def _code_value(campaign: Campaign, column: str) -> Any:
    if column in ("discount", "gift_effect"):
        return vouchers.worth_of(campaign.voucher)[column]
    return getattr(campaign, column)


def delete_vouchers(uow: UnitOfWork, arguments: Mapping[str, Any]) -> Again | None:
    """Bin one slice of a campaign's codes, or remove it; at the end of it all the campaign too."""
    work = Deletion.resume(arguments)
    uow.request_id = work.request_id
    campaign = campaigns.lock_any_campaign(uow, work.campaign_id)
    take = campaign_codes.delete_codes if work.is_forced else campaign_codes.bin_codes
    part = take(uow, work.campaign_id, work.after, SLICE)
    if part.end is not None:
        total = 0 if campaign is None else campaign.vouchers_count
        return _go_on(uow, work, part.changed, part.end, total)
    if work.is_forced:
        campaigns.delete_campaign(uow, work.campaign_id)
    _finish_pass(uow, work, "Deleted")
    return None


def _go_on(
    uow: UnitOfWork,
    work: Propagation | Deletion,
    changed: int,
    end: campaign_codes.Cursor,
    total: int,
) -> Again:
    work = replace(work, after=end, done=work.done + changed, passed=work.passed + SLICE)
    async_actions.report_progress(uow, work.action_id, 100 * work.passed // max(total, work.passed))
    return Again(work.arguments())


def _finish_pass(
    uow: UnitOfWork, work: Propagation | Deletion, verb: str, *, is_failed: bool = False
) -> None:
    result = {"message": f"{verb} {work.done} vouchers.", "done_count": work.done}
    async_actions.finish(uow, work.action_id, result, is_failed=is_failed)

"""Statements on campaigns; `campaign_codes` has those on their codes.

A binned campaign is invisible here; its name stays taken.
Source: spec campaigns-loyalty-referral-gift, section 1; api-conventions, sections 8, 9 and 14.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, delete, false, or_, select, true

from kupon.engine.access import may_edit, may_use
from kupon.kit.calendar import Calendar
from kupon.kit.errors import duplicate_found, not_found
from kupon.kit.filters import Condition
from kupon.kit.pages import PageRequest
from kupon.storage.criteria import (
    SAME,
    ColumnField,
    Field,
    FlagField,
    MomentField,
    StateField,
    Test,
    TextField,
    among,
)
from kupon.storage.documents import JsonField
from kupon.storage.listing import Listing, Page, fetch_page
from kupon.storage.queries import campaign_parts, trash_bin
from kupon.storage.queries.campaign_access import (
    May,
    check_access,
    delete_access,
    is_assigned,
    narrowed,
)
from kupon.storage.queries.projects import bump_revision
from kupon.storage.refusing import refusing
from kupon.storage.tables.campaigns import REFERRAL_PROGRAM, Campaign, CampaignDay
from kupon.storage.tables.categories import Category
from kupon.storage.tables.outbox import Job
from kupon.storage.timing import has_expired, is_before_start, is_in_time
from kupon.storage.uow import UnitOfWork


class FoundCampaign(NamedTuple):
    """A campaign with its category."""

    campaign: Campaign
    category: Category | None


def insert_campaign(uow: UnitOfWork, campaign: Campaign) -> None:
    """Store a campaign.

    Raises:  duplicate_found when the project has the name, bin included.
    """
    uow.session.add(campaign)
    error = duplicate_found("campaign", "name", campaign.name)
    with refusing("uq_campaigns_project_id_name", error):
        uow.session.flush()


def get_campaign(uow: UnitOfWork, name: str) -> FoundCampaign:
    """A campaign by id or, if none has it, by name.

    Raises:  not_found; forbidden for a restricted key that may not use it.
    """
    row = uow.session.execute(_one(uow, name)).first()
    return _accessible(uow, name, row, may_use)


def lock_campaign(uow: UnitOfWork, name: str, may: May = may_edit) -> FoundCampaign:
    """A campaign by id or name, for a change of it or of its set of codes.

    Raises:  not_found; forbidden for a restricted key that may not do so.
    Locks:   the campaign's row, before any of its codes.
    """
    chosen = _one(uow, name).with_for_update(of=Campaign)
    row = uow.session.execute(chosen, execution_options={"populate_existing": True}).first()
    return _accessible(uow, name, row, may)


def _accessible(uow: UnitOfWork, name: str, row: Any, may: May) -> FoundCampaign:
    if row is None:
        raise not_found("campaign", name)
    found = FoundCampaign(*row)
    check_access(uow, found.campaign.id, may, otherwise=("campaign", name))
    return found


def lock_any_campaign(uow: UnitOfWork, campaign_id: str) -> Campaign | None:
    """A campaign by id, binned or not; None when it is gone for good.

    Locks:  the campaign's row, before any of its codes.
    """
    return uow.session.scalar(
        select(Campaign)
        .where(Campaign.project_id == uow.project_id, Campaign.id == campaign_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def _one(uow: UnitOfWork, name: str) -> Select[Campaign, Category]:
    return (
        select(Campaign, Category)
        .outerjoin(
            Category,
            and_(Category.project_id == Campaign.project_id, Category.id == Campaign.category_id),
        )
        .where(
            Campaign.project_id == uow.project_id,
            or_(Campaign.id == name, Campaign.name == name),
            Campaign.binned_at.is_(None),
        )
        .order_by((Campaign.id == name).desc())
        .limit(1)
    )


def find_campaigns(uow: UnitOfWork, ids: Sequence[str]) -> Mapping[str, Campaign]:
    """Those of the given campaigns that exist, by id."""
    if not ids:
        return {}
    found = uow.session.scalars(
        select(Campaign).where(Campaign.project_id == uow.project_id, among(Campaign.id, [*ids]))
    )
    return {campaign.id: campaign for campaign in found}


def save_campaign(uow: UnitOfWork, campaign: Campaign) -> None:
    """Write what its caller changed of a campaign."""
    campaign.updated_at = uow.now
    uow.session.flush()
    # Evaluations keep what a campaign adds to its tiers; codes are read together with theirs.
    if campaign.campaign_type == "PROMOTION":
        bump_revision(uow, ("campaign", campaign.id))


_COUNT_DAY = (
    "INSERT INTO campaign_days (project_id, campaign_id, day, vouchers_created, vouchers_deleted,"
    "  balance_created, balance_deleted)"
    " SELECT id, %(campaign_id)s, (%(now)s AT TIME ZONE timezone)::date, %(made)s, %(gone)s,"
    "  %(given)s, %(lost)s"
    " FROM projects WHERE id = %(project_id)s"
    " ON CONFLICT (project_id, campaign_id, day) DO UPDATE SET"
    " vouchers_created = campaign_days.vouchers_created + excluded.vouchers_created,"
    " vouchers_deleted = campaign_days.vouchers_deleted + excluded.vouchers_deleted,"
    " balance_created = campaign_days.balance_created + excluded.balance_created,"
    " balance_deleted = campaign_days.balance_deleted + excluded.balance_deleted"
)


def count_codes(
    uow: UnitOfWork,
    campaign: Campaign,
    *,
    made: int = 0,
    gone: int = 0,
    given: int = 0,
    lost: int = 0,
) -> None:
    """Codes were added to a campaign or deleted from it.

    Units:  given is what new cards began with, lost what was left on deleted ones.
    Locks:  the campaign must be locked.
    """
    campaign.vouchers_count += made - gone
    uow.session.flush()
    uow.driver.execute(
        _COUNT_DAY,
        {
            "project_id": uow.project_id,
            "campaign_id": campaign.id,
            "now": uow.now,
            "made": made,
            "gone": gone,
            "given": given,
            "lost": lost,
        },
    )


def is_last_job(uow: UnitOfWork, handler: str, campaign_id: str) -> bool:
    """Whether the running job of a campaign is the last of its kind.

    Shapes:  asked under the campaign's lock, under which such jobs are also enqueued.
    """
    waiting = uow.session.scalars(
        select(Job.id)
        .where(
            Job.project_id == uow.project_id,
            Job.handler == handler,
            Job.order_key == campaign_id,
            Job.dead_at.is_(None),
        )
        .limit(2)
    ).all()
    return len(waiting) <= 1


def hide_campaign(uow: UnitOfWork, campaign: Campaign, *, is_forced: bool) -> None:
    """Take a campaign and its codes out of sight: into the bin, or on their way to nowhere.

    Locks:  the campaign must be locked.
    """
    campaign.binned_at = uow.now
    if is_forced:
        trash_bin.remove_children(uow, trash_bin.VOUCHER, campaign.id)
    else:
        trash_bin.add_entry(uow, trash_bin.CAMPAIGN, campaign.id, campaign.name)


def delete_campaign(uow: UnitOfWork, campaign_id: str) -> None:
    """Remove a campaign for good; its name is free again."""
    delete_access(uow, campaign_id)
    campaign_parts.delete_facts(uow, campaign_id)
    uow.session.execute(
        delete(CampaignDay).where(
            CampaignDay.project_id == uow.project_id, CampaignDay.campaign_id == campaign_id
        )
    )
    uow.session.execute(
        delete(Campaign).where(Campaign.project_id == uow.project_id, Campaign.id == campaign_id)
    )


def list_campaigns(uow: UnitOfWork, request: PageRequest, tz: tzinfo) -> Page[Campaign]:
    """One page of the project's campaigns."""
    return fetch_page(uow, narrowed(uow, _CAMPAIGNS, Campaign.id), request, tz=tz)


class _PoolField(TextField):
    """The pool mode, with BULK for both that hold many codes."""

    def finds(self, operator: str, condition: Condition, calendar: Calendar) -> Test:
        found = super().finds(operator, condition, calendar)
        if operator in SAME and "BULK" in condition.values:
            return or_(found, self.column.in_(("AUTO_UPDATE", "STATIC")))
        return found


_category_name = (
    select(Category.name)
    .where(Category.project_id == Campaign.project_id, Category.id == Campaign.category_id)
    .correlate(Campaign)
    .scalar_subquery()
)

_IN_PROGRESS = or_(
    Campaign.creation_status == "IN_PROGRESS", Campaign.vouchers_generation_status == "IN_PROGRESS"
)
_FAILED = or_(Campaign.creation_status == "FAILED", Campaign.vouchers_generation_status == "FAILED")


def _is_active(calendar: Calendar) -> Test:
    return and_(Campaign.is_active, is_in_time(Campaign, calendar.now))


def _has_expired(calendar: Calendar) -> Test:
    return has_expired(Campaign, calendar.now)


_FIELDS: dict[str, Field] = {
    "campaigns": TextField(Campaign.name),
    "campaigns_id": TextField(Campaign.id),
    "name": TextField(Campaign.name),
    "id": TextField(Campaign.id),
    "campaign_type": TextField(Campaign.campaign_type),
    "campaign_status": TextField(Campaign.creation_status),
    "type": _PoolField(Campaign.type),
    "status": StateField(
        {
            "$active": _is_active,
            "$expired": _has_expired,
            "$failed": lambda _: _FAILED,
            "$in_progress": lambda _: _IN_PROGRESS,
            "before_start": lambda calendar: is_before_start(Campaign, calendar.now),
        }
    ),
    "active": StateField(
        {
            "$enabled": lambda _: Campaign.is_active == true(),
            "$disabled": lambda _: Campaign.is_active == false(),
            "$active": _is_active,
            "$expired": _has_expired,
        }
    ),
    "is_referral_code": FlagField(Campaign.campaign_type == REFERRAL_PROGRAM),
    "voucher_type": JsonField(Campaign.voucher["type"]),
    "categories": TextField(_category_name),
    "category_ids": TextField(Campaign.category_id),
    "validity_timeframe": ColumnField(Campaign.validity_timeframe),
    "validity_day_of_week": JsonField(Campaign.validity_day_of_week),
    "created_at": MomentField(Campaign.created_at),
    "created_date": MomentField(Campaign.created_at),
    "updated_at": MomentField(Campaign.updated_at),
    "start_date": MomentField(Campaign.start_date),
    "expiration_date": MomentField(Campaign.expiration_date),
}

_CAMPAIGNS = Listing(
    Campaign,
    fields=_FIELDS,
    metadata=Campaign.campaign_metadata,
    where=(Campaign.binned_at.is_(None),),
    shortcuts={
        "access_settings": lambda sent: is_assigned(
            Campaign.id, Campaign.project_id, sent.get("filter") or {}
        )
    },
    ignored=frozenset({"expand"}),
)

"""Campaigns as they are answered and as events carry them.

Source: spec campaigns-loyalty-referral-gift, section 1.11; events-webhooks-data, sections 4.5
and 15.1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta, tzinfo
from typing import Any

from kupon.features.campaigns import schemas
from kupon.features.categories import schemas as category_schemas
from kupon.features.promotions import service as promotions
from kupon.features.validation_rules import service as rules
from kupon.features.vouchers import service as vouchers
from kupon.kit.calendar import Calendar
from kupon.kit.errors import invalid_query
from kupon.kit.pages import PageRequest, list_body
from kupon.kit.timestamps import format_moment
from kupon.storage.queries import (
    campaign_access,
    campaign_summary,
    campaigns,
    categories,
    voucher_transactions,
)
from kupon.storage.queries.campaigns import FoundCampaign
from kupon.storage.queries.rule_assignments import Related
from kupon.storage.tables.campaigns import LOYALTY_PROGRAM, REFERRAL_PROGRAM
from kupon.storage.uow import UnitOfWork

# What only campaigns of a type tell of; the others tell of discounts.
_OWN_FIGURES = {
    "GIFT_VOUCHERS": campaign_summary.CREDITS,
    LOYALTY_PROGRAM: campaign_summary.POINTS,
    REFERRAL_PROGRAM: campaign_summary.REFERRALS,
}
_OWNED = campaign_summary.DISCOUNTS.union(*_OWN_FIGURES.values())
# The reference requires these counters; validations leave no record here.
_NOT_RECORDED = {f"validations{outcome}": 0 for outcome in ("", "_succeeded", "_failed")}


def get_campaign(uow: UnitOfWork, name: str) -> dict[str, Any]:
    """One campaign by id or name."""
    return dump_found(uow, campaigns.get_campaign(uow, name))


def list_campaigns(uow: UnitOfWork, request: PageRequest, tz: tzinfo) -> dict[str, Any]:
    """One page of campaigns."""
    page = campaigns.list_campaigns(uow, request, tz)
    access = None
    if "access_settings_assignments" in request.shortcuts.get("expand", ()):
        access = campaign_access.access_of(uow, [row.id for row in page.rows])
    ids = {row.category_id for row in page.rows if row.category_id is not None}
    known = {row.id: row for row in categories.find_categories(uow, sorted(ids))}
    rows = [
        schemas.dump_campaign_base(
            row,
            _wire_category(FoundCampaign(row, known.get(row.category_id or ""))),
            access=None if access is None else access.get(row.id, ()),
        )
        for row in page.rows
    ]
    return list_body("campaigns", rows, total=page.total)


def list_transactions(
    uow: UnitOfWork, name: str, request: PageRequest, tz: tzinfo
) -> dict[str, Any]:
    """A page of the movements on a campaign's cards; discount codes have no balance to move."""
    campaign = campaigns.get_campaign(uow, name).campaign
    page = voucher_transactions.list_of_campaign(uow, campaign.id, request, tz)
    return vouchers.dump_transactions(uow, page)


def summarize(uow: UnitOfWork, name: str, query: Mapping[str, date], tz: tzinfo) -> dict[str, Any]:
    """What a campaign has brought about, overall or between two days of the project."""
    found = campaigns.get_campaign(uow, name)
    first, last = query.get("start_date"), query.get("end_date")
    calendar = Calendar(uow.now, tz)
    try:
        since = None if first is None else calendar.start(first)
        until = None if last is None else calendar.start(last + timedelta(days=1))
    except OverflowError:
        raise invalid_query("Query must name dates between the years 1 and 9999") from None
    figures = campaign_summary.summarize(
        uow, found.campaign.id, first=first, last=last, since=since, until=until
    )
    own = _OWN_FIGURES.get(found.campaign.campaign_type, campaign_summary.DISCOUNTS)
    told = {name: figure for name, figure in figures.items() if name in own or name not in _OWNED}
    campaign = schemas.dump_campaign_base(found.campaign, _wire_category(found))
    return {"campaign": campaign, **told, **_NOT_RECORDED, "object": "campaign_summary"}


def dump_pools(uow: UnitOfWork, campaign_ids: Sequence[str]) -> list[dict[str, Any]]:
    """The wire's campaigns of codes, in the order of their ids as given."""
    found = campaigns.find_campaigns(uow, campaign_ids)
    rows = [found[id] for id in campaign_ids if id in found]
    ids = {row.category_id for row in rows if row.category_id is not None}
    known = {row.id: row for row in categories.find_categories(uow, sorted(ids))}
    rule_lists = rules.lists_of(uow, [[Related("campaign", row.id)] for row in rows])
    access = campaign_access.access_of(uow, [row.id for row in rows])
    return [
        schemas.dump_campaign(
            row,
            _wire_category(FoundCampaign(row, known.get(row.category_id or ""))),
            rule_list,
            access.get(row.id),
        )
        for row, rule_list in zip(rows, rule_lists, strict=True)
    ]


def dump_found(uow: UnitOfWork, found: FoundCampaign) -> dict[str, Any]:
    """The wire's campaign, with its tiers if it is one of promotions."""
    rule_list = rules.lists_of(uow, [[Related("campaign", found.campaign.id)]])[0]
    access = campaign_access.access_of(uow, [found.campaign.id])
    body = schemas.dump_campaign(
        found.campaign, _wire_category(found), rule_list, access.get(found.campaign.id)
    )
    if found.campaign.campaign_type == "PROMOTION":
        body["promotion"] = promotions.dump_campaign_tiers(uow, found.campaign)
    return body


def _wire_category(found: FoundCampaign) -> dict[str, Any] | None:
    return None if found.category is None else category_schemas.dump_category(found.category)


def stage(uow: UnitOfWork, event: str, found: FoundCampaign, moment: str | None = None) -> None:
    """Tell that something happened to a campaign; `moment` names the time of it on the wire."""
    payload: dict[str, Any] = {"campaign": dump_found(uow, found)}
    if moment is not None:
        payload[moment] = format_moment(uow.now)
    uow.stage(event, found.campaign.id, payload)

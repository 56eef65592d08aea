"""Programmes themselves, which are campaigns of their type.

Source: spec campaigns-loyalty-referral-gift, sections 1 and 7.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import tzinfo
from typing import Any

from kupon.features.campaigns import service as campaigns
from kupon.features.validation_rules import service as rules
from kupon.kit.errors import not_found
from kupon.kit.pages import PageRequest
from kupon.storage.queries import campaigns as stored
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.queries.rule_assignments import Related
from kupon.storage.tables.campaigns import LOYALTY_PROGRAM, Campaign
from kupon.storage.uow import UnitOfWork


def find_programme(uow: UnitOfWork, name: str) -> Campaign:
    """A programme by its id or name.

    Raises:  not_found, also for a campaign of another type; forbidden for a restricted key.
    """
    return _refuse_other(stored.get_campaign(uow, name).campaign, name)


def lock_programme(uow: UnitOfWork, name: str) -> Campaign:
    """A programme by its id or name, for a change of what belongs to it.

    Raises:  as find_programme.
    Locks:   the campaign's row, before any of its cards.
    """
    return _refuse_other(stored.lock_campaign(uow, name).campaign, name)


def _refuse_other(campaign: Campaign, name: str) -> Campaign:
    if campaign.campaign_type != LOYALTY_PROGRAM:
        raise not_found("campaign", name)
    return campaign


def list_programmes(uow: UnitOfWork, request: PageRequest, tz: tzinfo) -> dict[str, Any]:
    """One page of programmes."""
    shortcuts = {**request.shortcuts, "campaign_type": LOYALTY_PROGRAM}
    page = campaigns.list_campaigns(uow, replace(request, shortcuts=shortcuts), tz)
    related = [[Related("campaign", each["id"])] for each in page["campaigns"]]
    for each, assigned in zip(page["campaigns"], rules.lists_of(uow, related), strict=True):
        each["validation_rules_assignments"] = assigned
    return page


def create_programme(
    uow: UnitOfWork, project: ProjectFacts, body: Mapping[str, Any]
) -> dict[str, Any]:
    """Store a programme.

    Raises:  as campaigns.create_campaign.
    """
    return campaigns.create_campaign(uow, project, body)


def get_programme(uow: UnitOfWork, name: str) -> dict[str, Any]:
    """One programme by id or name."""
    return campaigns.get_campaign(uow, find_programme(uow, name).id)


def update_programme(uow: UnitOfWork, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Change a programme.

    Raises:  not_found; as campaigns.update_campaign.
    """
    return campaigns.update_campaign(uow, find_programme(uow, name).id, body)


def delete_programme(uow: UnitOfWork, name: str, *, is_forced: bool) -> dict[str, Any]:
    """Take a programme and its cards out of use at once; the worker bins or removes the cards.

    Raises:  not_found; resource_protected.
    """
    campaign_id = find_programme(uow, name).id
    return campaigns.delete_campaign(uow, campaign_id, is_forced=is_forced)

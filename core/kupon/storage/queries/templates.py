"""Statements on campaign templates.

Source: spec api-conventions, sections 7 and 17.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select

from kupon.kit.errors import duplicate_found, not_found
from kupon.kit.pages import PageRequest
from kupon.storage.criteria import TextField, among
from kupon.storage.listing import Listing, Page, fetch_page
from kupon.storage.refusing import refusing
from kupon.storage.tables.segments import Segment
from kupon.storage.tables.templates import CampaignTemplate
from kupon.storage.uow import UnitOfWork


def save_template(uow: UnitOfWork, template: CampaignTemplate) -> None:
    """Write a new or changed template.

    Raises:  duplicate_found when another one of the project has its name.
    """
    uow.session.add(template)
    error = duplicate_found("campaign_template", "name", template.name)
    with refusing("uq_campaign_templates_project_id_name", error):
        uow.session.flush()


def get_template(uow: UnitOfWork, template_id: str, *, is_locked: bool = False) -> CampaignTemplate:
    """A template by id.

    Raises:  not_found.
    Locks:   the template's row, where asked to.
    """
    statement = select(CampaignTemplate).where(
        CampaignTemplate.project_id == uow.project_id, CampaignTemplate.id == template_id
    )
    template = uow.session.scalar(statement.with_for_update() if is_locked else statement)
    if template is None:
        raise not_found("campaign_template", template_id)
    return template


def delete_template(uow: UnitOfWork, template: CampaignTemplate) -> None:
    """Remove a template; what was made of it stays."""
    uow.session.delete(template)
    uow.session.flush()


_LISTING = Listing(
    CampaignTemplate,
    fields={
        "id": TextField(CampaignTemplate.id),
        "name": TextField(CampaignTemplate.name),
        "campaign_type": TextField(CampaignTemplate.campaign_type),
    },
    ignored=frozenset({"include_total"}),
    is_walked=True,
)


def list_templates(
    uow: UnitOfWork, request: PageRequest, *, is_counted: bool
) -> Page[CampaignTemplate]:
    """One page of templates; the total, where it is asked for, counts all pages."""
    page = fetch_page(uow, _LISTING, request, is_counted=False)
    if not is_counted:
        return page
    first = replace(request, starting_after_id=None, limit=1)
    return replace(page, total=fetch_page(uow, _LISTING, first).total)


def find_static_segments(uow: UnitOfWork, segment_ids: Sequence[str]) -> Sequence[str]:
    """Those of some segments whose members are a list."""
    if not segment_ids:
        return []
    return uow.session.scalars(
        select(Segment.id)
        .where(
            Segment.project_id == uow.project_id,
            among(Segment.id, [*segment_ids]),
            Segment.type == "static",
        )
        .order_by(Segment.id)
    ).all()

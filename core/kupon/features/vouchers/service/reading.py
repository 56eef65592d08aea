"""Vouchers as they are answered and as events carry them."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from kupon.features.categories import schemas as category_schemas
from kupon.features.vouchers import schemas
from kupon.features.vouchers.service.definitions import code_key
from kupon.kit.pages import PageRequest, list_body
from kupon.storage.queries import campaigns, categories, vouchers
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.queries.vouchers import FoundVoucher
from kupon.storage.uow import UnitOfWork


def find(uow: UnitOfWork, project: ProjectFacts, name: str) -> FoundVoucher:
    """A voucher by id or code.

    Raises:  not_found.
    """
    key = code_key(name, is_case_sensitive=project.case_sensitive_codes)
    return vouchers.get_voucher(uow, name, key)


def get_voucher(uow: UnitOfWork, project: ProjectFacts, name: str) -> dict[str, Any]:
    """One voucher."""
    return dump_found(find(uow, project, name))


def list_vouchers(uow: UnitOfWork, project: ProjectFacts, request: PageRequest) -> dict[str, Any]:
    """One page of vouchers."""
    page = vouchers.list_vouchers(
        uow,
        request,
        ZoneInfo(project.timezone),
        is_case_sensitive=project.case_sensitive_codes,
    )
    owners = campaigns.find_campaigns(
        uow, [row.campaign_id for row in page.rows if row.campaign_id is not None]
    )
    ids = {row.category_id for row in page.rows if row.category_id is not None}
    known = {row.id: row for row in categories.find_categories(uow, sorted(ids))}
    rows = [
        dump_found(
            FoundVoucher(row, owners.get(row.campaign_id or ""), known.get(row.category_id or ""))
        )
        for row in page.rows
    ]
    return list_body("vouchers", rows, total=page.total)


def list_transactions(uow: UnitOfWork, project: ProjectFacts, name: str) -> dict[str, Any]:
    """The movements on a voucher: a discount code has no balance to move."""
    find(uow, project, name)
    return list_body("data", [], has_more=False)


def dump_found(found: FoundVoucher) -> dict[str, Any]:
    """The wire's voucher."""
    voucher, campaign, category = found
    wire_category = None if category is None else category_schemas.dump_category(category)
    return schemas.dump_voucher(voucher, None if campaign is None else campaign.name, wire_category)


def stage(uow: UnitOfWork, event: str, found: FoundVoucher) -> None:
    """Tell that something happened to a voucher; its campaign goes along in short."""
    payload: dict[str, Any] = {"voucher": dump_found(found)}
    if found.campaign is not None:
        payload["campaign"] = schemas.dump_campaign_summary(found.campaign)
    uow.stage(event, found.voucher.id, payload)

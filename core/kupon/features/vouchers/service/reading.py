"""Vouchers as they are answered and as events carry them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from kupon.engine.codes import code_key
from kupon.features.categories import schemas as category_schemas
from kupon.features.validation_rules import service as rules
from kupon.features.vouchers import schemas
from kupon.kit.pages import PageRequest, list_body
from kupon.storage.queries import campaigns, categories, holders, vouchers
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.queries.rule_assignments import Related
from kupon.storage.queries.vouchers import FoundVoucher
from kupon.storage.uow import UnitOfWork


def find(uow: UnitOfWork, project: ProjectFacts, name: str) -> FoundVoucher:
    """A voucher by id or code.

    Raises:  not_found.
    """
    key = code_key(name, is_case_sensitive=project.case_sensitive_codes)
    return vouchers.get_voucher(uow, name, key)


def get_voucher(uow: UnitOfWork, project: ProjectFacts, name: str) -> dict[str, Any]:
    """One voucher, with the publications that gave it away."""
    found = find(uow, project, name)
    wire = dump_found(uow, found)
    if found.voucher.publish_count:
        wire["publish"]["entries"] = holders.list_publication_ids(uow, found.voucher.id)
    return wire


def find_made(
    uow: UnitOfWork, project: ProjectFacts, code: str, integration: str
) -> dict[str, Any] | None:
    """The voucher of a code that an integration, named by its key, has asked for before."""
    key = code_key(code, is_case_sensitive=project.case_sensitive_codes)
    found = vouchers.find_made(uow, key, integration)
    return None if found is None else dump_found(uow, found)


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
    found = [
        FoundVoucher(row, owners.get(row.campaign_id or ""), known.get(row.category_id or ""))
        for row in page.rows
    ]
    return list_body("vouchers", dump_all(uow, found), total=page.total)


def dump_found(uow: UnitOfWork, found: FoundVoucher) -> dict[str, Any]:
    """The wire's voucher."""
    return dump_all(uow, [found])[0]


def dump_all(uow: UnitOfWork, found: Sequence[FoundVoucher]) -> list[dict[str, Any]]:
    """The wire's vouchers; each has the rules of its campaign beside its own."""
    lists = rules.lists_of(uow, [_ruled(each) for each in found])
    return [_dump(each, rule_list) for each, rule_list in zip(found, lists, strict=True)]


def _ruled(found: FoundVoucher) -> list[Related]:
    own = Related("voucher", found.voucher.id)
    campaign = found.campaign
    return [own] if campaign is None else [own, Related("campaign", campaign.id)]


def _dump(found: FoundVoucher, rule_list: Mapping[str, Any]) -> dict[str, Any]:
    voucher, campaign, category = found
    name = None if campaign is None else campaign.name
    wire_category = None if category is None else category_schemas.dump_category(category)
    kind = None if campaign is None else campaign.campaign_type
    return schemas.dump_voucher(voucher, name, wire_category, rule_list, campaign_type=kind)


def stage(uow: UnitOfWork, event: str, found: FoundVoucher, wire: Mapping[str, Any]) -> None:
    """Tell that something happened to a voucher; its campaign goes along in short."""
    payload: dict[str, Any] = {"voucher": wire}
    if found.campaign is not None:
        payload["campaign"] = schemas.dump_campaign_summary(found.campaign)
    uow.stage(event, found.voucher.id, payload)

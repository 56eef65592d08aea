"""Publications as they are answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from kupon.features.customers import service as customers
from kupon.features.publications import schemas
from kupon.features.vouchers import service as vouchers
from kupon.features.vouchers.schemas import dump_voucher
from kupon.kit.pages import PageRequest, list_body
from kupon.storage import snapshots
from kupon.storage.queries import holders, publications
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.uow import UnitOfWork

Row = Mapping[str, Any]


def list_publications(
    uow: UnitOfWork, project: ProjectFacts, request: PageRequest
) -> dict[str, Any]:
    """One page of publications, failed attempts included."""
    shortcuts = dict(request.shortcuts)
    if "voucher" in shortcuts:
        shortcuts["voucher"] = _voucher_id(uow, project, shortcuts["voucher"])
    if "voucher_type" in shortcuts:
        shortcuts["voucher_type"] = schemas.VOUCHER_TYPES[shortcuts["voucher_type"]]
    request = replace(request, shortcuts=shortcuts)
    page = publications.list_publications(uow, request, ZoneInfo(project.timezone))
    return list_body("publications", dump_rows(uow, page.rows), total=page.total)


def _voucher_id(uow: UnitOfWork, project: ProjectFacts, sent: str) -> str:
    """The id of the voucher that a code or an id names; of one that is gone only its id does."""
    key = vouchers.code_key(sent, is_case_sensitive=project.case_sensitive_codes)
    voucher = snapshots.find_voucher(uow, key, sent)
    return sent if voucher is None else voucher.id


def dump_rows(uow: UnitOfWork, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The wire's forms in a listing, with what they refer to read once."""
    people = customers.describe_customers(uow, sorted({row["customer_id"] for row in rows}))
    singles = [row["voucher_ids"][0] for row in rows if len(row["voucher_ids"]) == 1]
    known = snapshots.find_vouchers(uow, singles)
    codes = {
        id: dump_voucher(facts, facts.campaign_name, None, campaign_type=facts.campaign_type)
        for id, facts in known.items()
    }
    return [
        schemas.dump_listed(row, people[row["customer_id"]], codes.get(_single(row)))
        for row in rows
    ]


def _single(row: Row) -> str:
    return row["voucher_ids"][0] if len(row["voucher_ids"]) == 1 else ""


def answer(uow: UnitOfWork, row: Row) -> dict[str, Any]:
    """A publication that succeeded, with its voucher as it is now."""
    person = customers.describe_customers(uow, [row["customer_id"]])[row["customer_id"]]
    if len(row["voucher_ids"]) > 1:
        return schemas.dump_publication(row, person, codes=row["voucher_codes"])
    [voucher] = vouchers.dump_all(uow, holders.find_codes(uow, row["voucher_ids"]))
    return schemas.dump_publication(row, person, voucher)

"""Whom a referral code was passed on to.

Source: spec campaigns-loyalty-referral-gift, section 6.2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from kupon.engine.metadata import refuse_invalid
from kupon.features.customers import service as customers
from kupon.features.referrals import schemas
from kupon.features.vouchers import service as vouchers
from kupon.features.vouchers.schemas import dump_campaign_summary, dump_simple_voucher
from kupon.kit.errors import KuponError, invalid_payload, not_found
from kupon.kit.pages import PageRequest, list_body
from kupon.storage.queries import referral_holders
from kupon.storage.queries.customers import find_customers
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.queries.metadata_schemas import load_schemas
from kupon.storage.queries.vouchers import FoundVoucher, get_voucher
from kupon.storage.tables.campaigns import REFERRAL_PROGRAM
from kupon.storage.tables.publications import REFEREE, RedeemableHolder
from kupon.storage.uow import UnitOfWork

HOLDER_CREATED = "customer.holder.assignment.created"
HOLDER_DELETED = "customer.holder.assignment.deleted"


Person = Mapping[str, Any]


class Member(NamedTuple):
    """How a path names a code: within a campaign or on its own."""

    name: str
    campaign: str | None = None


def list_holders(
    uow: UnitOfWork, project: ProjectFacts, member: Member, request: PageRequest
) -> dict[str, Any]:
    """One page of the holders of a code."""
    voucher = _find_code(uow, project, member).voucher
    page = referral_holders.list_holders(uow, voucher.id, request, ZoneInfo(project.timezone))
    return list_body(
        "data",
        [schemas.dump_holder(row, voucher.type) for row in page.rows],
        total=page.total,
        has_more=page.has_more,
        more_starting_after=page.rows[-1].id if page.has_more else None,
    )


def add_holders(
    uow: UnitOfWork, project: ProjectFacts, member: Member, body: Mapping[str, Any]
) -> dict[str, Any]:
    """Make customers referees of a code, all of them or none; who is unknown is stored.

    Raises:  not_found for the code, its campaign and customers' ids; not_published;
        duplicate_found for a customer who is named twice; holder_assignement_duplication for one
        who is a holder already; invalid_payload, metadata_validation_failed.
    """
    found = _find_code(uow, project, member)
    if found.voucher.holder_id is None:
        raise KuponError("not_published", resource_id=found.voucher.id, resource_type="voucher")
    _check_names(body["holders"])
    return uow.attempt(lambda: _try_to_add(uow, project, found, body))


def _try_to_add(
    uow: UnitOfWork, project: ProjectFacts, found: FoundVoucher, body: Mapping[str, Any]
) -> dict[str, Any]:
    known = load_schemas(uow)
    metadata = body.get("metadata") or {}
    refuse_invalid(known, "publication", metadata, is_creation=True)
    people = [customers.hold_customer(uow, project, sent, known) for sent in body["holders"]]
    by_id = {row["id"]: row for row in people}
    if len(by_id) < len(people):
        raise KuponError("duplicate_found", "A customer is named more than once")
    made = add_referees(uow, found, by_id, metadata)
    if len(made) < len(people):
        raise KuponError("holder_assignement_duplication", resource_id=found.voucher.id)
    return {"holders": [schemas.dump_holder(row, found.voucher.type) for row in made]}


def _check_names(sent: Sequence[Mapping[str, Any]]) -> None:
    for place, holder in enumerate(sent):
        if holder.get("id") is None and holder.get("source_id") is None:
            raise invalid_payload(
                f"Property .holders[{place}] should have required property 'source_id'"
            )


def add_referees(
    uow: UnitOfWork, found: FoundVoucher, people: Mapping[str, Person], metadata: dict[str, Any]
) -> list[RedeemableHolder]:
    """Make customers referees of a code; those who were no holders of it before.

    Shapes:  people by id.
    """
    voucher = found.voucher
    made = referral_holders.insert_referees(
        uow, voucher.id, voucher.campaign_id, list(people), metadata
    )
    for holder in made:
        _stage(uow, HOLDER_CREATED, found, holder, people[holder.customer_id])
    return made


def remove_holder(uow: UnitOfWork, project: ProjectFacts, member: Member, holder_id: str) -> None:
    """Take a code away from a referee.

    Raises:  not_found; forbidden for the referrer.
    """
    found = _find_code(uow, project, member)
    holder = referral_holders.lock_holder(uow, found.voucher.id, holder_id)
    if holder.holder_role != REFEREE:
        raise KuponError("forbidden", "You can not remove Referrer assignment")
    referral_holders.delete_holder(uow, holder)
    person = find_customers(uow, [holder.customer_id]).get(holder.customer_id)
    _stage(uow, HOLDER_DELETED, found, holder, person or {"id": holder.customer_id})


def _find_code(uow: UnitOfWork, project: ProjectFacts, member: Member) -> FoundVoucher:
    """The referral code that a path names.

    Raises:  not_found, also for a code of another campaign, or of one that does not refer.
    """
    key = vouchers.code_key(member.name, is_case_sensitive=project.case_sensitive_codes)
    found = get_voucher(uow, member.name, key)
    campaign = found.campaign
    if campaign is None or campaign.campaign_type != REFERRAL_PROGRAM:
        raise not_found("voucher", member.name)
    if member.campaign not in (None, campaign.id, campaign.name):
        raise not_found("voucher", member.name)
    return found


def describe_code(uow: UnitOfWork, found: FoundVoucher) -> dict[str, Any]:
    """A code and its campaign as events carry them."""
    [voucher] = vouchers.dump_all(uow, [found])
    campaign = None if found.campaign is None else dump_campaign_summary(found.campaign)
    return {"voucher": dump_simple_voucher(voucher), "campaign": campaign}


def _stage(
    uow: UnitOfWork,
    event: str,
    found: FoundVoucher,
    holder: RedeemableHolder,
    person: Person,
) -> None:
    told = schemas.dump_told_holder(holder, found.voucher.type)
    customer = customers.dump_simple_customer(person)
    uow.stage(
        event,
        holder.customer_id,
        {"holder": told, **describe_code(uow, found), "customer": customer},
    )

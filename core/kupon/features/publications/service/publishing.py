"""Giving codes to a customer: hold the customer, decide, take the codes, write it all down.

Source: spec campaigns-loyalty-referral-gift, section 9.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from kupon.engine.access import may_use
from kupon.engine.metadata import refuse_invalid
from kupon.features.customers import service as customers
from kupon.features.publications.service import pool
from kupon.features.publications.service.giving import (
    Asker,
    Request,
    Row,
    Target,
    give,
    record_failure,
)
from kupon.features.publications.service.reading import answer
from kupon.features.vouchers import service as vouchers
from kupon.hooks.settings import REPEATS
from kupon.kit.errors import KuponError
from kupon.storage.queries import campaigns, connections, holders, publications
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.queries.metadata_schemas import load_schemas
from kupon.storage.queries.vouchers import lock_voucher
from kupon.storage.tables.vouchers import Voucher
from kupon.storage.uow import UnitOfWork


@dataclass(frozen=True, slots=True)
class Declined:
    """A refused publication: it has been recorded, and must be committed."""

    error: KuponError


@dataclass(frozen=True, slots=True)
class _Known:
    """The customer has it already: the publication that gave it."""

    row: Row


def publish(
    uow: UnitOfWork,
    project: ProjectFacts,
    body: Mapping[str, Any],
    *,
    most: int | None = None,
    asker: Asker | None = None,
) -> dict[str, Any] | Declined:
    """Give a customer a certain code, or codes of a campaign.

    Shapes:  most is how many codes the call may ask for, None where the body's own bound holds;
        asker is whose questions may be repetitions.
    Refuses: voucher_already_published, voucher_cannot_be_published, duplicate_source_id,
        no_voucher_suitable_for_publication; the attempt is recorded then.
    Raises:  missing_vouchers, invalid_publish_params, too_many_vouchers_requested,
        metadata_validation_failed; not_found for the voucher, campaign or customer; RaceLost when
        others were faster several times in a row.
    """
    request = replace(_read(project, body), asker=asker)
    if most is not None:
        _refuse_more(request, most)
    return uow.attempt(lambda: _try(uow, request))


def find_asker(uow: UnitOfWork, key_id: str) -> Asker | None:
    """Whose questions come by an integration key, where its connection may repeat them."""
    seconds = connections.find_setting(uow, key_id, REPEATS)
    return Asker(key_id, timedelta(seconds=seconds)) if seconds else None


def _read(project: ProjectFacts, body: Mapping[str, Any]) -> Request:
    voucher, campaign = body.get("voucher"), body.get("campaign")
    if not voucher and not campaign:
        raise KuponError("missing_vouchers", "Either Campaign or Voucher is required")
    if not customers.says_something(body["customer"]):
        raise KuponError("invalid_publish_params", "Property .customer must name a customer")
    # A voucher goes before a campaign.
    codes = campaign if campaign and not voucher else {}
    return Request(
        project=project,
        body=body,
        voucher_name=voucher or None,
        campaign_name=codes.get("name"),
        count=codes.get("count", 1),
        source_id=body.get("source_id"),
        joins_once=body["join_once"],
    )


def _refuse_more(request: Request, most: int) -> None:
    if request.count > most:
        raise KuponError("too_many_vouchers_requested", f"Only up to {most} can be published")


def _try(uow: UnitOfWork, request: Request) -> dict[str, Any] | Declined:
    schemas = load_schemas(uow)
    refuse_invalid(schemas, "publication", request.body.get("metadata"), is_creation=True)
    customer = customers.hold_customer(uow, request.project, request.body["customer"], schemas)
    target = _find_target(uow, request)
    outcome = _decide(uow, request, target, customer["id"])
    if isinstance(outcome, _Known):
        return answer(uow, outcome.row)
    if isinstance(outcome, KuponError):
        record_failure(uow, request, target, customer, outcome)
        return Declined(outcome)
    return answer(uow, give(uow, request, target, customer, outcome))


def _find_target(uow: UnitOfWork, request: Request) -> Target:
    if request.voucher_name is not None:
        name, is_case_sensitive = request.voucher_name, request.project.case_sensitive_codes
        key = vouchers.code_key(name, is_case_sensitive=is_case_sensitive)
        found = lock_voucher(uow, name, key, may_use)
        return Target(found.campaign, found.voucher)
    campaign = campaigns.get_campaign(uow, request.campaign_name or "").campaign
    if campaign.campaign_type == "PROMOTION":
        raise KuponError(
            "invalid_publish_params", f"Campaign {campaign.name} has no vouchers to publish"
        )
    return Target(campaign)


def _decide(
    uow: UnitOfWork, request: Request, target: Target, customer_id: str
) -> Sequence[Voucher] | _Known | KuponError:
    """The codes to give, or why not; in the order of the specification's table."""
    campaign, voucher = target.campaign, target.voucher
    joins_once = request.joins_once or (campaign is not None and campaign.join_once)
    if joins_once or request.source_id is not None:
        _refuse_more(request, 1)
    known = _find_held(uow, target, customer_id) if joins_once else None
    if known is None and request.source_id is not None:
        known = _find_earlier(uow, request.source_id, target, customer_id)
    elif known is None and request.asker is not None:
        known = _find_asked(uow, request.asker, target, customer_id)
    if known is not None:
        return known
    if voucher is not None:
        return pool.take_named(uow, voucher, campaign)
    if campaign is None:
        raise AssertionError("a request names a voucher or a campaign")
    return pool.take(uow, request.project, campaign, request.count)


def _find_held(uow: UnitOfWork, target: Target, customer_id: str) -> _Known | KuponError | None:
    """What the customer has of the campaign, which is all that there is for it."""
    voucher_id = None if target.voucher is None else target.voucher.id
    held = holders.find_held(
        uow, customer_id, campaign_id=target.campaign_id, voucher_id=voucher_id
    )
    if held is None:
        return None
    if voucher_id not in (None, held.voucher_id):
        return KuponError("voucher_cannot_be_published", "Customer already joined program.")
    return _Known(publications.get_publication(uow, held.publication_id))


def _find_earlier(
    uow: UnitOfWork, source_id: str, target: Target, customer_id: str
) -> _Known | KuponError | None:
    """The publication that had the source id before.

    UNCERTAIN: the reference's guide answers it again, its interface refuses (section 9.3).
    """
    earlier = publications.find_by_source(uow, source_id)
    if earlier is None:
        return None
    is_same = _is_same(uow, earlier, target, customer_id)
    return _Known(earlier) if is_same else KuponError("duplicate_source_id")


def _find_asked(uow: UnitOfWork, asker: Asker, target: Target, customer_id: str) -> _Known | None:
    """What the asker was answered a moment ago, as long as the code is there.

    Source:  spec adapters-marketing, section 1.9 (4c); the customer's lock is the single flight.
    """
    if target.voucher is not None or target.campaign_id is None:
        return None
    recent = publications.find_recent(
        uow,
        made_by=asker.key,
        customer_id=customer_id,
        campaign_id=target.campaign_id,
        since=uow.now - asker.repeats_within,
    )
    is_there = recent is not None and holders.find_codes(uow, recent["voucher_ids"])
    return _Known(recent) if recent is not None and is_there else None


def _is_same(uow: UnitOfWork, earlier: Row, target: Target, customer_id: str) -> bool:
    """Whether an earlier publication gave this customer this, and it is still there."""
    if earlier["customer_id"] != customer_id:
        return False
    if target.voucher is not None:
        return earlier["voucher_ids"] == [target.voucher.id]
    is_of_campaign = earlier["campaign_id"] == target.campaign_id
    return is_of_campaign and bool(holders.find_codes(uow, earlier["voucher_ids"]))

"""Codes that customers are given without anybody's request: rewards, and programmes to join.

Source: spec campaigns-loyalty-referral-gift, sections 7.4 and 9.3.
"""

from __future__ import annotations

from collections.abc import Sequence

from kupon.features.publications.service import pool
from kupon.features.publications.service.giving import (
    Request,
    Row,
    Target,
    give,
    record_failure,
)
from kupon.kit.errors import KuponError
from kupon.storage.queries import holders
from kupon.storage.queries.customers import get_customer
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.tables.campaigns import Campaign
from kupon.storage.tables.vouchers import Voucher
from kupon.storage.uow import UnitOfWork

AUTOMATION = "Automation"


def join(
    uow: UnitOfWork,
    project: ProjectFacts,
    campaign: Campaign,
    customer_id: str,
    channel: str = AUTOMATION,
) -> Voucher | KuponError:
    """The code that a customer has of a campaign, given now to who has none.

    Shapes:  an error is the refusal, which has been recorded as a failed publication.
    Refuses: no_voucher_suitable_for_publication.
    Raises:  not_found for the customer; RaceLost.
    Locks:   of who has none, the customer's row before everything else, and the code.
    """
    held = _find_held(uow, campaign, customer_id)
    if held is not None:
        return held
    customer = get_customer(uow, customer_id, is_locked=True)
    held = _find_held(uow, campaign, customer_id)
    if held is not None:
        return held
    codes = _give(uow, project, campaign, customer, 1, channel)
    return codes if isinstance(codes, KuponError) else codes[0]


def _find_held(uow: UnitOfWork, campaign: Campaign, customer_id: str) -> Voucher | None:
    held = holders.find_held(uow, customer_id, campaign_id=campaign.id, voucher_id=None)
    found = [] if held is None else holders.find_codes(uow, [held.voucher_id])
    return found[0].voucher if found else None


def give_more(
    uow: UnitOfWork, project: ProjectFacts, campaign: Campaign, customer_id: str, count: int
) -> Sequence[Voucher] | KuponError:
    """So many codes of a campaign for a customer, whatever the customer has of it; all or none.

    Shapes:  an error is the refusal, which has been recorded as a failed publication.
    Refuses: no_voucher_suitable_for_publication; voucher_cannot_be_published where the campaign
        gives nobody more than one.
    Raises:  not_found for the customer; RaceLost.
    Locks:   the codes; before them the customer's row, where the campaign gives nobody more than
        one. Otherwise it doesn't matter: the caller may have the customer's card locked.
    """
    customer = get_customer(uow, customer_id, is_locked=campaign.join_once)
    held = None
    if campaign.join_once:
        held = holders.find_held(uow, customer_id, campaign_id=campaign.id, voucher_id=None)
    if held is not None or (campaign.join_once and count > 1):
        error = KuponError("voucher_cannot_be_published", "Customer already joined program.")
        return _decline(uow, project, campaign, customer, error)
    return _give(uow, project, campaign, customer, count, AUTOMATION)


def _give(
    uow: UnitOfWork,
    project: ProjectFacts,
    campaign: Campaign,
    customer: Row,
    count: int,
    channel: str,
) -> Sequence[Voucher] | KuponError:
    codes = pool.take(uow, project, campaign, count)
    if isinstance(codes, KuponError):
        return _decline(uow, project, campaign, customer, codes)
    give(uow, _request(project, campaign, channel), Target(campaign), customer, codes)
    return codes


def _decline(
    uow: UnitOfWork, project: ProjectFacts, campaign: Campaign, customer: Row, error: KuponError
) -> KuponError:
    record_failure(uow, _request(project, campaign, AUTOMATION), Target(campaign), customer, error)
    return error


def _request(project: ProjectFacts, campaign: Campaign, channel: str) -> Request:
    return Request(
        project=project,
        body={"channel": channel},
        voucher_name=None,
        campaign_name=campaign.id,
        count=1,
        source_id=None,
        joins_once=True,
    )

"""Who was brought by whom: by redeeming a code, or by an event that names it.

Source: spec campaigns-loyalty-referral-gift, section 6.3; events-webhooks-data, 4.7 and 7.3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from kupon.features.customers import service as customers
from kupon.features.redemptions import service as redemptions
from kupon.features.referrals.service.holders import add_referees, describe_code
from kupon.features.referrals.service.paying import pay_referee
from kupon.runtime import ids
from kupon.storage.queries import holders, referrals
from kupon.storage.queries.customers import find_customers
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.queries.referrals import BY_EVENT, BY_REDEMPTION, RedeemedCode, Referral
from kupon.storage.queries.vouchers import FoundVoucher
from kupon.storage.tables.campaigns import Campaign
from kupon.storage.tables.vouchers import Voucher
from kupon.storage.uow import UnitOfWork

REFERRED = "customer.referred"
COUNTED = "referral.counted"
UNDONE = "referral.undone"

Payload = Mapping[str, Any]


def convert_redemptions(
    uow: UnitOfWork, project: ProjectFacts, codes: Sequence[RedeemedCode]
) -> None:
    """Count the customers who redeemed codes; each once for a referrer of a campaign."""
    found = {each.voucher.id: each for each in _find(uow, [code.voucher_id for code in codes])}
    for code in codes:
        if code.voucher_id not in found:
            continue
        referral = Referral(
            id=ids.new_id("ref_"),
            campaign_id=code.campaign_id,
            voucher_id=code.voucher_id,
            referrer_id=code.referrer_id,
            referee_id=code.referee_id,
            related_object_type=BY_REDEMPTION,
            related_object_id=code.redemption_id,
            created_at=code.redeemed_at,
        )
        redemption = redemptions.get_redemption(uow, code.redemption_id)
        told = {"custom_event": None, "redemption": redemption}
        _count(uow, project, found[code.voucher_id], referral, told)


def convert_event(
    uow: UnitOfWork, project: ProjectFacts, payload: Payload, happened_at: datetime
) -> None:
    """Count the customer of an event that names a code of a campaign that waits for it.

    UNCERTAIN (6.3, rule 8): the wire's word for what the referral relates to then.
    """
    event = payload["event"]
    for found in _find(uow, [payload["referral"]["voucher"]["id"]]):
        referrer_id, referee_id = found.voucher.holder_id, payload["customer"]["id"]
        if found.campaign is None or referrer_id in (None, referee_id):
            continue
        if not _awaits(found.campaign, payload["event_schema"]):
            continue
        if not (_runs(found.campaign, happened_at) and _runs(found.voucher, happened_at)):
            continue
        referral = Referral(
            id=ids.new_id("ref_"),
            campaign_id=found.campaign.id,
            voucher_id=found.voucher.id,
            referrer_id=str(referrer_id),
            referee_id=referee_id,
            related_object_type=BY_EVENT,
            related_object_id=event["id"],
            created_at=happened_at,
        )
        _count(uow, project, found, referral, {"custom_event": event, "redemption": None})


def take_back(uow: UnitOfWork, rollback_ids: Sequence[str]) -> None:
    """Forget the referrals by redemptions that these rollbacks have undone.

    UNCERTAIN (6.3, rule 6): what was paid for them stays paid, and is not paid again.
    """
    for referral in referrals.delete_referrals(uow, rollback_ids):
        uow.stage(UNDONE, referral.referrer_id, _told(referral))


def _find(uow: UnitOfWork, voucher_ids: Sequence[str]) -> list[FoundVoucher]:
    return holders.find_codes(uow, voucher_ids)


def _awaits(campaign: Campaign, event_schema: Mapping[str, Any]) -> bool:
    programme = campaign.referral_program or {}
    awaited = programme.get("custom_event") or {}
    if programme.get("conversion_event_type") != BY_EVENT:
        return False
    if awaited.get("id") is not None:
        return bool(awaited["id"] == event_schema["id"])
    return bool(awaited.get("name") == event_schema["name"])


def _runs(row: Campaign | Voucher, at: datetime) -> bool:
    if not row.is_active:
        return False
    has_begun = row.start_date is None or row.start_date <= at
    return has_begun and (row.expiration_date is None or at <= row.expiration_date)


def _count(
    uow: UnitOfWork,
    project: ProjectFacts,
    found: FoundVoucher,
    referral: Referral,
    told: Mapping[str, Any],
) -> None:
    people = find_customers(uow, [referral.referrer_id, referral.referee_id])
    campaign = found.campaign
    if campaign is None or len(people) < 2 or not referrals.insert_referral(uow, referral):
        return
    referee = people[referral.referee_id]
    add_referees(uow, found, {referee["id"]: referee}, {})
    payload = {
        "customer": customers.dump_simple_customer(referee),
        "referrer": customers.dump_simple_customer(people[referral.referrer_id]),
        **describe_code(uow, found),
        **told,
    }
    uow.stage(REFERRED, referee["id"], payload)
    pay_referee(uow, project, campaign, referral)
    # In the referrer's own line, so that two referees don't both come up to a minimum.
    uow.stage(COUNTED, referral.referrer_id, _told(referral))


def _told(referral: Referral) -> dict[str, Any]:
    """What is said of a referral to those who react for its referrer, who is the customer here."""
    return {
        "customer": {"id": referral.referrer_id},
        "referral_id": referral.id,
        "campaign_id": referral.campaign_id,
        "voucher_id": referral.voucher_id,
        "referee_id": referral.referee_id,
    }

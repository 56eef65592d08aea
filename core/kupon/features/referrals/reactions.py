"""What follows for referrals from redemptions and events, and what others are told of it.

Source: spec campaigns-loyalty-referral-gift, section 6.3; events-webhooks-data, 4.4 and 7.3.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from kupon.features.events.service import EVENT
from kupon.features.referrals import service
from kupon.jobs.described import EFFECT, Described
from kupon.storage.queries import referrals
from kupon.storage.queries.keys import ProjectFacts, load_facts
from kupon.storage.queries.outbox import EventRow
from kupon.storage.queries.referrals import RedeemedCode
from kupon.storage.uow import UnitOfWork

REDEEMED = "redemption.created"
ROLLED_BACK = "redemption.rolled_back"

EVENTS = (REDEEMED, ROLLED_BACK, EVENT, service.COUNTED)
TOLD = (service.HOLDER_CREATED, service.HOLDER_DELETED, service.REFERRED)


def count_referrals(uow: UnitOfWork, events: Sequence[EventRow]) -> None:
    """Count who was brought, uncount who was after all not, and pay those who have brought them."""
    codes = _find_codes(uow, events)
    project: ProjectFacts | None = None
    for event in events:
        # What is staged belongs to the request behind the event.
        uow.request_id = event.request_id
        if event.name == ROLLED_BACK:
            service.take_back(uow, event.payload["rollback_ids"])
        elif event.name != REDEEMED or event.seq in codes:
            project = project or load_facts(uow)
            _follow(uow, project, event, codes.get(event.seq, []))


def _find_codes(uow: UnitOfWork, events: Sequence[EventRow]) -> dict[int, list[RedeemedCode]]:
    """The referral codes that redemptions have used, by the number of their event."""
    seqs = {
        redemption_id: event.seq
        for event in events
        if event.name == REDEEMED
        for redemption_id in event.payload["redemption_ids"]
    }
    codes: defaultdict[int, list[RedeemedCode]] = defaultdict(list)
    for code in referrals.find_redeemed_codes(uow, list(seqs)) if seqs else ():
        codes[seqs[code.redemption_id]].append(code)
    return codes


def _follow(
    uow: UnitOfWork, project: ProjectFacts, event: EventRow, codes: Sequence[RedeemedCode]
) -> None:
    if event.name == REDEEMED:
        service.convert_redemptions(uow, project, codes)
    elif event.name == service.COUNTED:
        service.pay_referrer(uow, project, event.payload)
    elif event.payload["referral"] is not None:
        service.convert_event(uow, project, event.payload, event.created_at)


def describe(_: UnitOfWork, events: Sequence[EventRow], __: bool) -> Iterator[Described]:
    """Which codes were passed on to customers, and who brought them."""
    for event in events:
        campaign = event.payload["campaign"]
        customer_id = event.payload["customer"]["id"]
        yield Described(
            event=event,
            type=event.name,
            data=event.payload,
            entity_id=customer_id,
            category=EFFECT,
            customer_id=customer_id,
            campaign_id=campaign["id"],
            campaign_type=campaign["campaign_type"],
        )

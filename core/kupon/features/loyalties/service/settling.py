"""What follows when the points of cards have moved: rewards that redeem themselves, then tiers.

Source: spec campaigns-loyalty-referral-gift, sections 7.9 to 7.11; events-webhooks-data, 4.4.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from kupon.features.customers import service as customers
from kupon.features.loyalties.service.auto_redeem import auto_redeem
from kupon.features.loyalties.service.judging import Case, judge_cards
from kupon.features.vouchers import schemas as voucher_schemas
from kupon.kit.timestamps import format_moment
from kupon.storage.queries import loyalty_tiers
from kupon.storage.queries.customers import find_customers
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.uow import UnitOfWork

UPDATED = "customer.loyalty.updated"


def settle(
    uow: UnitOfWork,
    project: ProjectFacts,
    card_ids: Collection[str],
    *,
    depth: int = 0,
    is_night: bool = False,
) -> None:
    """Bring cards up to date after their points have moved, in the transaction that moved them.

    Shapes:  depth is that of the event of a tier which led here (its payload has it), else 0. The
        nightly work also judges tiers whose last day is over.
    Locks:   the cards by ascending id, then as auto_redeem.
    """
    auto_redeem(uow, project, card_ids)
    tell_updated(uow, judge_cards(uow, project, card_ids, depth=depth, is_night=is_night))


def tell_updated(uow: UnitOfWork, cases: Sequence[Case]) -> None:
    """Tell what customers have in programmes after their points have moved; feeds alone say so.

    UNCERTAIN: when the wire's event comes, and what its `loyalty` is made of; here it is the
        member of the customer's `loyalty` that the programme has.
    """
    known = find_customers(uow, sorted({case.customer_id for case in cases}))
    held = loyalty_tiers.find_memberships(uow, [case.card.id for case in cases])
    for case in cases:
        if case.customer_id in known:
            loyalty: dict[str, Any] = {"points": case.card.balance.total}
            if case.card.id in held:
                loyalty["loyalty_tier"] = held[case.card.id].tier_id
            payload = {
                "customer": customers.dump_simple_customer(known[case.customer_id]),
                "campaign": voucher_schemas.dump_campaign_summary(case.terms.campaign),
                "loyalty": loyalty,
                "created_at": format_moment(uow.now),
            }
            uow.stage(UPDATED, case.customer_id, payload)

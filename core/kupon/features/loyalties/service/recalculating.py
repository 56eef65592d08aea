"""Judging all members of a programme anew after its terms have changed, slice by slice.

Source: spec campaigns-loyalty-referral-gift, section 7.9 (Editing).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kupon.engine.loyalty.tiers import judge, refresh
from kupon.features.loyalties.service.judging import judge_cards
from kupon.storage.queries import nightly
from kupon.storage.queries.keys import load_facts
from kupon.storage.uow import UnitOfWork

RECALCULATE = "loyalties.recalculate"

# Small enough that a request which waits for one of these cards waits briefly.
SLICE = 200

NOTHING: Mapping[str, Any] = {}


def begin_recalculation(
    uow: UnitOfWork,
    campaign_id: str,
    *,
    is_refresh: bool = False,
    removed: Mapping[str, Any] = NOTHING,
) -> None:
    """Have a worker bring the tiers of all members up to date.

    Shapes:  is_refresh says that the way of qualification has changed, which takes nothing from
        anybody; else the tiers have. removed are tiers that are gone, as on the wire, by id.
    """
    arguments = {
        "campaign_id": campaign_id,
        "is_refresh": is_refresh,
        "removed": dict(removed),
        "after": "",
    }
    uow.enqueue(RECALCULATE, arguments, order_key=campaign_id)


def recalculation_slice(
    uow: UnitOfWork, campaign_id: str, is_refresh: bool, removed: Mapping[str, Any], after: str
) -> str | None:
    """Judge the next members; where to go on, None at the end.

    Locks:   the cards by ascending id.
    """
    cards = nightly.cards_of_programmes(uow, [campaign_id], after, SLICE)
    by = refresh if is_refresh else judge
    judge_cards(uow, load_facts(uow), cards, by=by, removed=removed)
    return cards[-1] if len(cards) == SLICE else None

"""What may qualify besides promotions: codes and campaigns, the newest first.

One statement names the newest of all sources; only where it names any are they read.

Source: spec rules-and-qualification, section 14.2; performance.md, lesson 2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import lru_cache
from typing import Any

from kupon.storage.snapshots import VoucherFacts, find_vouchers
from kupon.storage.uow import UnitOfWork

# When something was created, and its id.
Position = tuple[datetime, str]


@dataclass(frozen=True, slots=True)
class CampaignFacts:
    """A campaign as an incentive that has no code yet.

    Shapes: voucher is the template of its codes; the time limits are as on the wire.
    """

    id: str
    name: str
    campaign_type: str
    category_id: str | None
    voucher: Mapping[str, Any]
    incentive_metadata: Mapping[str, Any]
    start_date: datetime | None
    expiration_date: datetime | None
    validity_timeframe: dict[str, Any] | None
    validity_day_of_week: list[int] | None
    validity_hours: dict[str, Any] | None
    created_at: datetime

    @property
    def discount(self) -> Mapping[str, Any] | None:
        """The discount of its codes."""
        return self.voucher.get("discount")

    @property
    def gift(self) -> Mapping[str, Any] | None:
        """What its gift cards hold."""
        return self.voucher.get("gift")

    @property
    def campaign_id(self) -> str:
        """Its own id, by the name that codes and tiers have for their campaign's."""
        return self.id

    @property
    def campaign_name(self) -> str:
        """Its own name."""
        return self.name

    @property
    def effective_category_id(self) -> str | None:
        """Its category."""
        return self.category_id


_CAMPAIGNS = (
    "SELECT c.id, c.name, c.campaign_type, c.category_id, c.voucher, c.metadata, c.start_date,"
    " c.expiration_date, c.validity_timeframe, c.validity_day_of_week, c.validity_hours,"
    " c.created_at FROM campaigns c WHERE c.project_id = %s AND c.id = ANY(%s)"
)
_LIVE = (
    "{0}.project_id = %(project_id)s AND {0}.binned_at IS NULL AND {0}.is_active"
    " AND ({0}.start_date IS NULL OR {0}.start_date <= %(now)s)"
    " AND ({0}.expiration_date IS NULL OR {0}.expiration_date >= %(now)s)"
)
_USABLE = (
    _LIVE.format("v")
    + " AND (v.redemption_quantity IS NULL OR v.redeemed_quantity < v.redemption_quantity)"
    " AND (v.created_at, v.id) < (%(until)s, %(until_id)s)"
)
_NEWEST = " ORDER BY {0}.created_at DESC, {0}.id DESC LIMIT %(limit)s"


class Source(Enum):
    """Where something that may qualify comes from, as the statement that finds the newest of it.

    Each is written so that it can only be run along an index that leads to the project's own few,
    for the plan is made once and for projects of all kinds.
    """

    WITHOUT_CAMPAIGN = (
        "SELECT v.created_at, v.id, TRUE AS is_code FROM vouchers v"
        f" WHERE {_USABLE} AND v.campaign_id IS NULL" + _NEWEST.format("v")
    )
    OF_STANDALONE_CAMPAIGNS = (
        "SELECT v.created_at, v.id, TRUE AS is_code FROM campaigns c CROSS JOIN LATERAL"
        # There is one.
        f" (SELECT v.created_at, v.id FROM vouchers v WHERE {_USABLE} AND v.campaign_id = c.id"
        "  ORDER BY v.created_at DESC LIMIT 1) AS v"
        " WHERE c.project_id = %(project_id)s AND c.binned_at IS NULL AND c.is_active"
        " AND c.campaign_type <> 'PROMOTION' AND c.type = 'STANDALONE'" + _NEWEST.format("v")
    )
    HELD = (
        "SELECT v.created_at, v.id, TRUE AS is_code FROM vouchers v"
        f" WHERE {_USABLE} AND v.id = ANY(ARRAY(SELECT h.voucher_id FROM redeemable_holders h"
        "  WHERE h.project_id = %(project_id)s AND h.customer_id = %(customer_id)s))"
        " AND (v.campaign_id IS NULL OR EXISTS (SELECT FROM campaigns c"
        "  WHERE c.project_id = v.project_id AND c.id = v.campaign_id"
        "  AND c.binned_at IS NULL AND c.is_active))" + _NEWEST.format("v")
    )
    CAMPAIGNS = (
        f"SELECT c.created_at, c.id, FALSE AS is_code FROM campaigns c WHERE {_LIVE.format('c')}"
        # The one code of a standalone campaign is offered itself.
        " AND c.campaign_type <> 'PROMOTION' AND c.type <> 'STANDALONE'"
        " AND (c.created_at, c.id) < (%(until)s, %(until_id)s)"
        # A code that is left is found by the order, not by reading those that are given away.
        " AND (c.type = 'AUTO_UPDATE' OR (SELECT v.id FROM vouchers v"
        "  WHERE v.project_id = c.project_id AND v.campaign_id = c.id AND v.publish_count = 0"
        "  AND v.is_active AND v.binned_at IS NULL ORDER BY v.id LIMIT 1) IS NOT NULL)"
        + _NEWEST.format("c")
    )


@lru_cache(maxsize=16)
def _statement(sources: tuple[Source, ...]) -> str:
    # UNION, for a code that everybody may use can be held as well.
    found = " UNION ".join(f"({source.value})" for source in sources)
    return f"SELECT created_at, id, is_code FROM ({found}) AS f" + _NEWEST.format("f")


def find_offers(
    uow: UnitOfWork,
    sources: tuple[Source, ...],
    customer_id: str | None,
    until: Position,
    limit: int,
) -> tuple[list[VoucherFacts | CampaignFacts], Position | None]:
    """What comes from some sources, the newest first, as many as asked for, and where to go on.

    Shapes:  customer_id says whose codes those held are; older than until, or of the same moment
        and with a lower id. There is nowhere to go on when nothing is left.
    """
    parameters = {
        "project_id": uow.project_id,
        "now": uow.now,
        "customer_id": customer_id,
        "until": until[0],
        "until_id": until[1],
        "limit": limit,
    }
    found = uow.reader.execute(_statement(sources), parameters).fetchall()
    codes = find_vouchers(uow, [name for _, name, is_code in found if is_code])
    campaigns = _find_campaigns(uow, [name for _, name, is_code in found if not is_code])
    known: dict[str, VoucherFacts | CampaignFacts] = {**codes, **campaigns}
    rows = [known[name] for _, name, _ in found if name in known]
    return rows, found[-1][:2] if len(found) == limit else None


def _find_campaigns(uow: UnitOfWork, campaign_ids: Sequence[str]) -> dict[str, CampaignFacts]:
    if not campaign_ids:
        return {}
    rows = uow.reader.execute(_CAMPAIGNS, (uow.project_id, campaign_ids))
    return {row[0]: CampaignFacts(*row) for row in rows}

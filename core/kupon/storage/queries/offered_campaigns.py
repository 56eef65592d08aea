"""Campaigns of which a customer could be given a code.

Source: spec rules-and-qualification, section 14.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kupon.storage.uow import UnitOfWork


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


_OFFERED = (
    "SELECT c.id, c.name, c.campaign_type, c.category_id, c.voucher, c.metadata, c.start_date,"
    " c.expiration_date, c.validity_timeframe, c.validity_day_of_week, c.validity_hours,"
    " c.created_at FROM campaigns c WHERE c.project_id = %(project_id)s AND c.binned_at IS NULL"
    " AND c.is_active AND c.campaign_type <> 'PROMOTION'"
    " AND (c.start_date IS NULL OR c.start_date <= %(now)s)"
    " AND (c.expiration_date IS NULL OR c.expiration_date >= %(now)s)"
    " AND c.created_at <= %(until)s AND (c.created_at, c.id) < (%(until)s, %(until_id)s)"
    " AND EXISTS (SELECT 1 FROM vouchers v WHERE v.project_id = c.project_id"
    "  AND v.campaign_id = c.id AND v.holder_id IS NULL AND v.is_active)"
    " ORDER BY c.created_at DESC, c.id DESC LIMIT %(limit)s"
)


def offered_campaigns(
    uow: UnitOfWork, until: tuple[datetime, str], limit: int
) -> list[CampaignFacts]:
    """Campaigns that are on and have a code that nobody holds, the newest first.

    Shapes:  older than until, or of the same moment and with a lower id.
    """
    rows = uow.reader.execute(
        _OFFERED,
        {
            "project_id": uow.project_id,
            "now": uow.now,
            "until": until[0],
            "until_id": until[1],
            "limit": limit,
        },
    )
    return [CampaignFacts(*row) for row in rows]

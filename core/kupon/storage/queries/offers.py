"""What may qualify besides promotions: codes and campaigns, the newest first.

Whatever is asked for comes from one statement: first the newest of each source, found by an index
each, then the rows of the newest of them all.

Source: spec rules-and-qualification, section 14.2; performance.md, lesson 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import Enum
from functools import lru_cache
from typing import Any

from kupon.storage.snapshots import VOUCHER_COLUMNS, VoucherFacts
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


_CAMPAIGN_COLUMNS = (
    "c.id, c.name, c.campaign_type, c.category_id, c.voucher, c.metadata, c.start_date,"
    " c.expiration_date, c.validity_timeframe, c.validity_day_of_week, c.validity_hours,"
    " c.created_at"
)
_OF_PROJECT = "{0}.project_id = %(project_id)s AND {0}.binned_at IS NULL AND {0}.is_active"
_IN_TIME = (
    " AND ({0}.start_date IS NULL OR {0}.start_date <= %(now)s)"
    " AND ({0}.expiration_date IS NULL OR {0}.expiration_date >= %(now)s)"
)
_NEWEST = (
    " AND ({0}.created_at, {0}.id) < (%(until)s, %(until_id)s)"
    " ORDER BY {0}.created_at DESC, {0}.id DESC LIMIT %(limit)s"
)
_IS_LEFT = " AND (v.redemption_quantity IS NULL OR v.redeemed_quantity < v.redemption_quantity)"
_USABLE = _OF_PROJECT.format("v") + _IN_TIME.format("v") + _IS_LEFT
_OF_CAMPAIGN = "c.project_id = v.project_id AND c.id = v.campaign_id"
_VISIBLE_CAMPAIGN = f"{_OF_CAMPAIGN} AND c.binned_at IS NULL AND c.is_active"


class Source(Enum):
    """Where something that may qualify comes from, as the statement that finds the newest of it."""

    WITHOUT_CAMPAIGN = (
        "SELECT v.created_at, v.id, v.campaign_id, TRUE AS is_code FROM vouchers v"
        f" WHERE {_USABLE} AND v.campaign_id IS NULL" + _NEWEST.format("v")
    )
    OF_STANDALONE_CAMPAIGNS = (
        "SELECT v.created_at, v.id, v.campaign_id, TRUE FROM vouchers v"
        f" JOIN campaigns c ON {_VISIBLE_CAMPAIGN} AND c.type = 'STANDALONE'"
        f" WHERE {_USABLE}" + _NEWEST.format("v")
    )
    HELD = (
        # Holders first: few codes are held by one customer.
        "SELECT v.created_at, v.id, v.campaign_id, TRUE FROM vouchers v"
        f" WHERE {_USABLE} AND v.id = ANY(ARRAY(SELECT h.voucher_id FROM redeemable_holders h"
        "  WHERE h.project_id = %(project_id)s AND h.customer_id = %(customer_id)s))"
        " AND (v.campaign_id IS NULL"
        f"  OR EXISTS (SELECT FROM campaigns c WHERE {_VISIBLE_CAMPAIGN}))" + _NEWEST.format("v")
    )
    CAMPAIGNS = (
        "SELECT c.created_at, c.id, c.id, FALSE FROM campaigns c"
        f" WHERE {_OF_PROJECT.format('c')}{_IN_TIME.format('c')}"
        # The one code of a standalone campaign is offered itself.
        " AND c.campaign_type <> 'PROMOTION' AND c.type <> 'STANDALONE'"
        " AND (c.type = 'AUTO_UPDATE' OR EXISTS (SELECT FROM vouchers v"
        f"  WHERE {_OF_CAMPAIGN} AND v.holder_id IS NULL AND v.is_active AND v.binned_at IS NULL))"
        + _NEWEST.format("c")
    )


@lru_cache(maxsize=16)
def _statement(sources: tuple[Source, ...]) -> str:
    # UNION, for a code that is for everybody may be held as well.
    found = " UNION ".join(f"({source.value})" for source in sources)
    return (
        f"SELECT {VOUCHER_COLUMNS}, {_CAMPAIGN_COLUMNS}"
        f" FROM ({found} ORDER BY 1 DESC, 2 DESC LIMIT %(limit)s) AS f"
        " LEFT JOIN vouchers v ON v.project_id = %(project_id)s AND v.id = f.id AND f.is_code"
        " LEFT JOIN campaigns c ON c.project_id = %(project_id)s AND c.id = f.campaign_id"
        " ORDER BY f.created_at DESC, f.id DESC"
    )


def find_offers(
    uow: UnitOfWork,
    sources: tuple[Source, ...],
    customer_id: str | None,
    until: tuple[datetime, str],
    limit: int,
) -> list[VoucherFacts | CampaignFacts]:
    """What comes from some sources, the newest first, as many as asked for.

    Shapes:  customer_id says whose codes those held are; older than until, or of the same moment
        and with a lower id.
    """
    parameters = {
        "project_id": uow.project_id,
        "now": uow.now,
        "session_key": None,
        "customer_id": customer_id,
        "until": until[0],
        "until_id": until[1],
        "limit": limit,
    }
    return [_read(row) for row in uow.reader.execute(_statement(sources), parameters)]


def _read(row: tuple[Any, ...]) -> VoucherFacts | CampaignFacts:
    # A row has the columns of both, those of the code first.
    if row[0] is None:
        return CampaignFacts(*row[_VOUCHER_WIDTH:])
    return VoucherFacts(*row[:_VOUCHER_WIDTH])


_VOUCHER_WIDTH = len(fields(VoucherFacts))

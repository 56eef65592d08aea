"""What may qualify besides promotions: codes and campaigns, the newest first.

One statement names the newest of all sources; only where it names any are they read.

Source: spec rules-and-qualification, section 14.2; performance.md, lesson 2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kupon.storage.offered import OfferName, OffersWanted, read_names
from kupon.storage.snapshots import VoucherFacts, find_vouchers
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


_CAMPAIGNS = (
    "SELECT c.id, c.name, c.campaign_type, c.category_id, c.voucher, c.metadata, c.start_date,"
    " c.expiration_date, c.validity_timeframe, c.validity_day_of_week, c.validity_hours,"
    " c.created_at FROM campaigns c WHERE c.project_id = %s AND c.id = ANY(%s)"
)


def find_names(
    uow: UnitOfWork, wanted: OffersWanted, customer_id: str | None
) -> Sequence[OfferName]:
    """The names of what is wanted; customer_id says whose codes those held are."""
    parameters = {"project_id": uow.project_id, "now": uow.now, "customer_id": customer_id}
    statement = wanted.statement("%(customer_id)s")
    return read_names(uow.reader.execute(statement, parameters | wanted.parameters))


def find_named(uow: UnitOfWork, names: Sequence[OfferName]) -> list[VoucherFacts | CampaignFacts]:
    """What has these names and is still there, in their order."""
    codes = find_vouchers(uow, [name.id for name in names if name.is_code])
    campaigns = _find_campaigns(uow, [name.id for name in names if not name.is_code])
    known: dict[str, VoucherFacts | CampaignFacts] = {**codes, **campaigns}
    return [known[name.id] for name in names if name.id in known]


def _find_campaigns(uow: UnitOfWork, campaign_ids: Sequence[str]) -> dict[str, CampaignFacts]:
    if not campaign_ids:
        return {}
    rows = uow.reader.execute(_CAMPAIGNS, (uow.project_id, campaign_ids))
    return {row[0]: CampaignFacts(*row) for row in rows}

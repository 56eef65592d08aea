"""Statements on wallets: the codes that a customer holds.

Source: spec campaigns-loyalty-referral-gift, section 10.1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Any

from sqlalchemy import exists, func, literal, not_, or_, select

from kupon.kit.pages import PageRequest
from kupon.storage.criteria import MomentField, TextField
from kupon.storage.listing import Listing, Page, fetch_page
from kupon.storage.queries.campaigns import find_campaigns
from kupon.storage.tables.campaigns import Campaign
from kupon.storage.tables.vouchers import Voucher
from kupon.storage.uow import UnitOfWork

VOUCHER_PREFIX = "v_"
HOLDING_PREFIX = "rh_"
OWNER = "OWNER"


@dataclass(frozen=True, slots=True)
class Holding:
    """A code that a customer holds, and the campaign that it belongs to."""

    voucher: Voucher
    campaign: Campaign | None

    @property
    def id(self) -> str:
        """The holding's own id: a code has one holder, so its id says enough."""
        return HOLDING_PREFIX + self.voucher.id.removeprefix(VOUCHER_PREFIX)


_CAMPAIGN_TYPE: Any = (
    select(Campaign.campaign_type)
    .where(Campaign.project_id == Voucher.project_id, Campaign.id == Voucher.campaign_id)
    .scalar_subquery()
)
_IS_IN_BIN = or_(
    Voucher.binned_at.is_not(None),
    exists().where(
        Campaign.project_id == Voucher.project_id,
        Campaign.id == Voucher.campaign_id,
        Campaign.binned_at.is_not(None),
    ),
)
_FIELDS = {
    "id": TextField(
        literal(HOLDING_PREFIX).concat(func.substr(Voucher.id, len(VOUCHER_PREFIX) + 1))
    ),
    "created_at": MomentField(Voucher.created_at),
    "redeemable_id": TextField(Voucher.id),
    "redeemable_object": TextField(literal("voucher")),
    "holder_role": TextField(literal(OWNER)),
    "campaign_id": TextField(Voucher.campaign_id),
    "campaign_type": TextField(_CAMPAIGN_TYPE),
    "voucher_type": TextField(Voucher.type),
}


def list_holdings(
    uow: UnitOfWork, customer_id: str, request: PageRequest, tz: tzinfo
) -> Page[Holding]:
    """One page of the codes that a customer holds."""
    listing = Listing(
        Voucher,
        fields=_FIELDS,
        is_walked=True,
        where=(Voucher.holder_id == customer_id, not_(_IS_IN_BIN)),
    )
    after = request.starting_after_id
    if after is not None:
        after = VOUCHER_PREFIX + after.removeprefix(HOLDING_PREFIX)
    page = fetch_page(uow, listing, replace(request, starting_after_id=after), tz=tz)
    campaigns = find_campaigns(uow, [row.campaign_id for row in page.rows if row.campaign_id])
    holdings = [Holding(row, campaigns.get(row.campaign_id or "")) for row in page.rows]
    return Page(holdings, page.total, page.has_more)

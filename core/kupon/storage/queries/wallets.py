"""Statements on wallets: the codes that a customer holds.

Source: spec campaigns-loyalty-referral-gift, section 10.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from sqlalchemy import and_, exists, literal, or_, select

from kupon.kit.pages import PageRequest
from kupon.storage.criteria import MomentField, TextField, among
from kupon.storage.listing import Listing, Page, fetch_page
from kupon.storage.queries.campaign_access import narrowed
from kupon.storage.queries.campaigns import find_campaigns
from kupon.storage.tables.campaigns import Campaign
from kupon.storage.tables.publications import RedeemableHolder
from kupon.storage.tables.vouchers import Voucher
from kupon.storage.uow import UnitOfWork


@dataclass(frozen=True, slots=True)
class Holding:
    """A customer's hold on a code, the code, and the campaign that it belongs to."""

    holder: RedeemableHolder
    voucher: Voucher
    campaign: Campaign | None


_is_code = and_(
    Voucher.project_id == RedeemableHolder.project_id, Voucher.id == RedeemableHolder.voucher_id
)
_is_its_campaign = and_(
    Campaign.project_id == RedeemableHolder.project_id,
    Campaign.id == RedeemableHolder.campaign_id,
)
_IS_IN_BIN = or_(
    exists().where(_is_code, Voucher.binned_at.is_not(None)),
    exists().where(_is_its_campaign, Campaign.binned_at.is_not(None)),
)
_FIELDS = {
    "id": TextField(RedeemableHolder.id),
    "created_at": MomentField(RedeemableHolder.created_at),
    "redeemable_id": TextField(RedeemableHolder.voucher_id),
    "redeemable_object": TextField(literal("voucher")),
    "holder_role": TextField(RedeemableHolder.holder_role),
    "campaign_id": TextField(RedeemableHolder.campaign_id),
    "campaign_type": TextField(
        select(Campaign.campaign_type).where(_is_its_campaign).scalar_subquery()
    ),
    "voucher_type": TextField(select(Voucher.type).where(_is_code).scalar_subquery()),
}


def list_holdings(
    uow: UnitOfWork, customer_id: str, request: PageRequest, tz: tzinfo
) -> Page[Holding]:
    """One page of the codes that a customer holds."""
    listing = Listing(
        RedeemableHolder,
        fields=_FIELDS,
        is_walked=True,
        where=(RedeemableHolder.customer_id == customer_id, ~_IS_IN_BIN),
    )
    page = fetch_page(uow, narrowed(uow, listing, RedeemableHolder.campaign_id), request, tz=tz)
    codes = uow.session.scalars(
        select(Voucher).where(
            Voucher.project_id == uow.project_id,
            among(Voucher.id, [row.voucher_id for row in page.rows]),
        )
    )
    known = {code.id: code for code in codes}
    campaigns = find_campaigns(uow, [row.campaign_id for row in page.rows if row.campaign_id])
    holdings = [
        Holding(row, known[row.voucher_id], campaigns.get(row.campaign_id or ""))
        for row in page.rows
        # A code may be deleted between the two statements.
        if row.voucher_id in known
    ]
    return Page(holdings, page.total, page.has_more)

"""What a customer holds."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any

from kupon.features.customers import schemas
from kupon.kit.pages import PageRequest, list_body
from kupon.storage.queries import customers, wallets
from kupon.storage.uow import UnitOfWork


def list_redeemables(
    uow: UnitOfWork, reference: str, request: PageRequest, tz: tzinfo
) -> dict[str, Any]:
    """One page of the codes that a customer holds, whatever their state."""
    customer = customers.get_customer(uow, reference)
    page = wallets.list_holdings(uow, customer["id"], request, tz)
    return list_body(
        "data",
        [schemas.dump_holding(holding, uow.now) for holding in page.rows],
        total=page.total,
        has_more=page.has_more,
        more_starting_after=page.rows[-1].holder.id if page.has_more else None,
    )

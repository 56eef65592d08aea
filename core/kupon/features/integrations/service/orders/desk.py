"""What operators see of platforms' orders and their incentives, and do about them.

Source: spec adapters-commerce, section 1.9.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kupon.features.integrations.schemas import checkouts as wire
from kupon.features.integrations.service.entering import enter
from kupon.features.integrations.service.orders.redeeming import Till
from kupon.features.integrations.service.scene import open_scene
from kupon.kit.errors import KuponError, not_found
from kupon.kit.pages import list_body
from kupon.storage.queries import connections, platform_checkouts
from kupon.storage.queries.orders import find_order
from kupon.storage.queries.platform_checkouts import REDEEM_FAILED, REDEEMED
from kupon.storage.tables.integrations import PlatformCheckout
from kupon.storage.uow import UnitOfWork


def list_checkouts(
    uow: UnitOfWork, project_id: str, reference: str, query: Mapping[str, Any]
) -> dict[str, Any]:
    """Orders of a connection with incentives, and what became of these, the newest first.

    Shapes:  the next page begins after the last order of this one.
    Raises:  not_found.
    """
    row = enter(uow, project_id, reference)
    limit = query["limit"]
    found = platform_checkouts.list_checkouts(
        uow,
        row.id,
        state=query.get("state"),
        is_troubled=query.get("troubled"),
        after=query.get("starting_after"),
        limit=limit + 1,
    )
    rows = [wire.dump_checkout(each) for each in found[:limit]]
    return list_body("data", rows, has_more=len(found) > limit)


def get_checkout(uow: UnitOfWork, project_id: str, reference: str, order: str) -> dict[str, Any]:
    """One order's incentives, by the platform's id of the order."""
    row = enter(uow, project_id, reference)
    return wire.dump_checkout(platform_checkouts.get_checkout(uow, row.id, order))


def redeem_again(uow: UnitOfWork, project_id: str, reference: str, order: str) -> dict[str, Any]:
    """Redeem what was refused or passed over, once its cause is mended; the checkout after that.

    Shapes:  what is refused again has been recorded, and the checkout says so.
    Raises:  not_found; invalid_payload where there is nothing to redeem.
    """
    row = enter(uow, project_id, reference)
    scene = open_scene(uow, row)
    checkout = platform_checkouts.find_checkout(uow, row.id, order)
    if checkout is None:
        raise not_found("checkout", order)
    stored = find_order(uow, source_id=order)
    if stored is None or stored["status"] == "CANCELED":
        raise KuponError("invalid_payload", f"Order {order} is canceled or gone")
    if not _is_open(checkout):
        raise KuponError("invalid_payload", f"Checkout {order} is {checkout.state}")
    told = stored["metadata"]
    parties = {} if stored["customer_id"] is None else {"customer": {"id": stored["customer_id"]}}
    Till(uow, scene, checkout, told).redeem(stored, parties, stored["status"])
    platform_checkouts.save_checkout(uow, checkout)
    connections.count(uow, row.id, scene.day(uow.now), scene.counts)
    return wire.dump_checkout(checkout)


def _is_open(checkout: PlatformCheckout) -> bool:
    """Whether the order wants something that it has not got."""
    is_partly = checkout.state == REDEEMED and bool(checkout.passed_over)
    return checkout.state == REDEEM_FAILED or is_partly

"""What the API extension is answered: a cart's update actions, or whether an order may be placed.

Whatever goes wrong leaves a cart as it is: a checkout never waits for Kupon.

Source: spec adapters-commerce, sections 1.8, 2.3 and 2.6.
"""

from __future__ import annotations

from typing import Any

from kupon.hooks.adapter import Connection, InboundResponse, Shop
from kupon.hooks.errors import AdapterError
from kupon.kit.errors import KuponError
from kupon_commercetools.client import CommercetoolsClient
from kupon_commercetools.mapping import codes, lines
from kupon_commercetools.mapping.inbound import buyer
from kupon_commercetools.mapping.orders import session_key
from kupon_commercetools.mapping.texts import Json
from kupon_commercetools.mapping.verdicts import reason_of
from kupon_commercetools.pricing import CartPricing


def price(
    action: str,
    kind: str,
    content: Json,
    *,
    connection: Connection,
    client: CommercetoolsClient,
    shop: Shop,
) -> InboundResponse:
    """Answer a call of the extension."""
    try:
        if kind == "cart":
            pricing = CartPricing(content, connection, client, shop)
            return InboundResponse(body={"actions": pricing.actions(action)})
        if kind == "order" and action == "Create":
            return check_order(content, connection, shop)
    except (KuponError, AdapterError):
        return unchanged()
    return unchanged()


def unchanged() -> InboundResponse:
    """What the extension answers where nothing is to change."""
    return InboundResponse(body={"actions": []})


def check_order(order: Json, connection: Connection, shop: Shop) -> InboundResponse:
    """Let an order hold its codes until it is paid; refuse it where the shop wants that."""
    used = codes.applied(order)
    settings = connection.settings
    if not used:
        return unchanged()
    body: dict[str, Any] = {
        "redeemables": codes.redeemables(used),
        "order": {"items": lines.items_of(order, settings)},
        "session": {
            "type": "LOCK",
            "key": session_key(order, connection.id),
            "ttl": settings["lock_ttl_seconds"],
            "ttl_unit": "SECONDS",
        },
    }
    customer = buyer(order, settings)
    answer = shop.validate(body | ({"customer": customer} if customer is not None else {}))
    if answer["valid"] or not settings["block_on_invalid"]:
        return unchanged()
    refused = [each for each in answer["redeemables"] if each.get("status") != "APPLICABLE"]
    told = ", ".join(f"{each['id']}: {reason_of(each)}" for each in refused)
    error = {"code": "InvalidInput", "message": f"Codes that no longer hold: {told}"}
    return InboundResponse(status=400, body={"errors": [error]})

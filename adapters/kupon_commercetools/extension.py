"""What the API extension is answered: a cart's update actions, or whether an order may be placed.

Whatever goes wrong leaves a cart as it is, with nothing held for it that it does not show: a
checkout never waits for Kupon.

Source: spec adapters-commerce, sections 1.8, 2.3 and 2.6.
"""

from __future__ import annotations

from typing import Any, Final

from kupon.hooks.adapter import Connection, InboundResponse, Shop
from kupon.hooks.errors import Unmappable
from kupon_commercetools.client import CommercetoolsClient
from kupon_commercetools.mapping import codes
from kupon_commercetools.mapping.orders import session_key
from kupon_commercetools.mapping.texts import Json
from kupon_commercetools.mapping.verdicts import reason_of
from kupon_commercetools.pricing import CartPricing, situation
from kupon_commercetools.webhooks import Call

_MOST_ACTIONS: Final = 100


def price(
    call: Call, *, connection: Connection, client: CommercetoolsClient, shop: Shop
) -> InboundResponse:
    """Answer a call of the extension.

    Raises:  KuponError, AdapterError, upon which nothing is to change.
    """
    if call.kind == "cart":
        actions = CartPricing(call.content, call.before, connection, client, shop).actions()
        if len(actions) > _MOST_ACTIONS:
            # The platform would fail the shopper's request.
            raise Unmappable(str(call.content["id"]), f"it needs more than {_MOST_ACTIONS} actions")
        return InboundResponse(body={"actions": actions})
    if call.kind == "order" and call.action == "Create":
        return check_order(call.content, connection, client=client, shop=shop)
    return unchanged()


def unchanged() -> InboundResponse:
    """What the extension answers where nothing is to change."""
    return InboundResponse(body={"actions": []})


def check_order(
    order: Json, connection: Connection, *, client: CommercetoolsClient, shop: Shop
) -> InboundResponse:
    """Let an order hold its codes until it is paid; refuse it where the shop wants that."""
    used = codes.applied(order)
    settings = connection.settings
    known = situation(order, settings, client) if used else {}
    if not known:
        return unchanged()
    body: dict[str, Any] = {
        **known,
        "redeemables": codes.redeemables(used),
        "session": {
            "type": "LOCK",
            "key": session_key(order, connection.id),
            "ttl": settings["lock_ttl_seconds"],
            "ttl_unit": "SECONDS",
        },
    }
    answer = shop.validate(body)
    if answer["valid"] or not settings["block_on_invalid"]:
        return unchanged()
    refused = [each for each in answer["redeemables"] if each.get("status") != "APPLICABLE"]
    told = ", ".join(f"{each['id']}: {reason_of(each)}" for each in refused)
    error = {"code": "InvalidInput", "message": f"Codes that no longer hold: {told}"}
    return InboundResponse(status=400, body={"errors": [error]})

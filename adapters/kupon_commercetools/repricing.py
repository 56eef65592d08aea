"""Carts that Kupon could not price in time: they are calculated anew once the platform has them.

A recalculation has the platform ask the extension again. Each content of a cart is made up for
once, so that a Kupon that is overloaded is not asked the more for it.

Source: spec adapters-commerce, section 1.10; commercetools, "Recalculate" of carts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from kupon.hooks.adapter import Delivery, InboundRequest
from kupon.hooks.errors import AuthFailed, Unmappable
from kupon_commercetools.client import CommercetoolsClient
from kupon_commercetools.mapping import codes
from kupon_commercetools.mapping.texts import Json, custom_fields
from kupon_commercetools.webhooks import call_of

UNPRICED: Final = "CartUnpriced"


def missed(request: InboundRequest) -> list[Delivery]:
    """That a cart was not priced; nothing for other calls of the extension."""
    try:
        call = call_of(request)
    except Unmappable:
        return []
    if call.kind != "cart":
        return []
    cart, mark = str(call.content["id"]), _mark(call.content)
    return [
        Delivery(
            id=f"{UNPRICED}:{cart}:{mark}",
            event=UNPRICED,
            subject=f"cart:{cart}",
            payload={"cart": cart, "mark": mark},
            occurred_at=request.received_at,
        )
    ]


def recalculate(client: CommercetoolsClient, told: Mapping[str, Any]) -> None:
    """Have a cart calculated anew; one that has changed since was asked about again.

    Raises:  Retry, Stop; Unmappable where the credentials don't allow it.
    """
    seen: list[Json] = []

    def change(cart: Json) -> list[dict[str, Any]]:
        seen.append(cart)
        is_same = cart.get("cartState") == "Active" and _mark(cart) == told["mark"]
        return [{"action": "recalculate"}] if is_same else []

    try:
        client.hold(f"carts/{told['cart']}", change)
    except AuthFailed:
        if not seen:
            raise
        # The cart was shown, so the credentials are right.
        raise Unmappable(told["cart"], "the API client lacks the scope manage_orders") from None


def _mark(cart: Json) -> str:
    """What Kupon's answer hangs on, in one word."""
    lines = [
        [line["productId"], line["variant"]["id"], line["quantity"]]
        for line in cart.get("lineItems") or ()
    ]
    entered = custom_fields(cart).get(codes.FIELD) or ()
    content = [sorted(lines), sorted(entered), cart.get("customerId")]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:32]

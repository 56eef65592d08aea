"""Writing to orders what became of their codes.

Source: spec adapters-commerce, sections 1.9 and 2.6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from kupon.hooks.adapter import OK, OrderItem, Outcome, Verdict
from kupon.hooks.errors import AuthFailed, Conflict, Skip
from kupon_commercetools.client import CommercetoolsClient, Json
from kupon_commercetools.mapping.outbound import TYPE_KEY
from kupon_commercetools.mapping.texts import custom_fields

USED: Final = "used_codes"
REDEMPTIONS: Final = "kupon_redemptions"


def write(client: CommercetoolsClient, settings: Mapping[str, Any], item: OrderItem) -> Outcome:
    """Set the fields of an order to what counts now.

    Raises:  Retry, Stop.
    """
    if not settings["writes_orders"]:
        return OK
    seen: list[Json] = []

    def change(order: Json) -> Sequence[Mapping[str, Any]]:
        seen.append(order)
        return _actions(order, item, settings["reuse_type_key"] or TYPE_KEY)

    try:
        client.hold(f"orders/{item.source_id}", change)
    except AuthFailed:
        if not seen:
            raise
        # The order was shown, so the credentials are right.
        return Outcome(Verdict.REJECTED, "the API client lacks the scope manage_orders")
    except Conflict as error:
        return Outcome(Verdict.RETRY, str(error))
    except Skip as error:
        return Outcome(Verdict.REJECTED, str(error))
    return OK


def _actions(order: Json, item: OrderItem, type_key: str) -> list[dict[str, Any]]:
    """What makes an order tell what counts; nothing where it does."""
    wanted = {USED: sorted(item.codes), REDEMPTIONS: sorted(item.redemption_ids)}
    known = custom_fields(order)
    changed = {name: each for name, each in wanted.items() if sorted(known.get(name) or ()) != each}
    if changed and not order.get("custom"):
        type = {"typeId": "type", "key": type_key}
        return [{"action": "setCustomType", "type": type, "fields": changed}]
    return [
        # Without a value the field is gone.
        {"action": "setCustomField", "name": name, **({"value": value} if value else {})}
        for name, value in changed.items()
    ]

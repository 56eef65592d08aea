"""Writing to orders what became of their codes, as a metafield.

Source: spec adapters-commerce, section 1.9; Shopify's Admin API, `metafieldsSet`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from kupon.hooks.adapter import OK, OrderItem, Outcome, Verdict
from kupon.hooks.errors import as_documented
from kupon_shopify import queries
from kupon_shopify.api import AdminApi, Denied
from kupon_shopify.client import gid

NAMESPACE: Final = "kupon"
KEY: Final = "redemption"


def write(api: AdminApi, settings: Mapping[str, Any], item: OrderItem) -> Outcome:
    """Set the metafield of an order, if that is wanted; what it says may be said again.

    Raises:  Retry, Stop.
    """
    if not settings["order_metafields"]:
        return OK
    told = {
        "state": item.state,
        "codes": list(item.codes),
        "redemptions": list(item.redemption_ids),
        "passed_over": dict(item.passed_over),
    }
    metafield = {
        "ownerId": gid("Order", item.source_id.removeprefix(settings["source_id_prefix"])),
        "namespace": NAMESPACE,
        "key": KEY,
        "type": "json",
        "value": json.dumps(told, ensure_ascii=False),
    }
    try:
        answer = api.ask(queries.SET_METAFIELDS, {"metafields": [metafield]})
    except Denied:
        return Outcome(Verdict.REJECTED, "the app lacks the scope write_orders")
    with as_documented():
        reasons = [str(each["message"]) for each in answer["metafieldsSet"]["userErrors"]]
    return Outcome(Verdict.REJECTED, "; ".join(reasons)) if reasons else OK

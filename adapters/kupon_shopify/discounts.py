"""What is to be done in the shop for a code, and what became of it.

Source: spec adapters-commerce, sections 1.11 and 5.4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from kupon.hooks.adapter import OK, CodeItem, Outcome, Verdict
from kupon.hooks.errors import Unmappable
from kupon_shopify import queries
from kupon_shopify.client import Change
from kupon_shopify.mapping import outbound

# Somebody was faster, or Shopify failed: the next try finds what there is.
_PASSING: Final = frozenset(("INTERNAL_ERROR", "TAKEN"))
_FOREIGN: Final = "the shop has a discount of this code that is not Kupon's"
_OTHER_LETTERS: Final = "the shop has this code in other letters, which are the same to it"


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done for a code; reason where the shop can't have it."""

    change: Change | None = None
    reason: str = ""


def decide(
    item: CodeItem,
    known: Mapping[str, Any] | None,
    currency: str,
    starts_at: datetime,
    settings: Mapping[str, Any],
) -> Decision:
    """How the discount that the shop has of a code becomes what it is to be.

    Shapes:  the discount of a code that the shop can no longer calculate goes.
    """
    code = str(item.voucher["code"])
    discount = {} if known is None else known["codeDiscount"]
    is_own = outbound.TAG in discount.get("tags", ())
    is_same = is_own and [each["code"] for each in discount["codes"]["nodes"]] == [code]
    if known is not None and not is_same and not item.is_retired:
        return Decision(reason=_OTHER_LETTERS if is_own else _FOREIGN)
    gone = None
    if known is not None and is_same and discount["status"] != "EXPIRED":
        gone = Change(queries.DEACTIVATE, {"id": known["id"]})
    if item.is_retired:
        return Decision(gone)
    holders = [each["id"] for each in discount.get("context", {}).get("customers", ())]
    try:
        wanted = outbound.discount_of(item, currency, starts_at, settings)
        wanted["context"] = outbound.context_of(item, holders, settings)
    except Unmappable as error:
        return Decision(gone, error.reason)
    if known is None:
        return Decision(Change(queries.CREATE, {"basicCodeDiscount": wanted}))
    return Decision(Change(queries.UPDATE, {"id": known["id"], "basicCodeDiscount": wanted}))


def outcome_of(errors: Sequence[Mapping[str, Any]] | None) -> Outcome:
    """What became of a discount, by what the shop has against it; None for no answer."""
    if errors is None:
        return Outcome(Verdict.RETRY, "Shopify has not said what became of it")
    if not errors:
        return OK
    reason = "; ".join(str(each.get("message")) for each in errors)
    is_passing = any(each.get("code") in _PASSING for each in errors)
    return Outcome(Verdict.RETRY if is_passing else Verdict.REJECTED, reason)

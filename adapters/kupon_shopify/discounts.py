"""What is to be done in the shop for a code, and what became of it.

Source: spec adapters-commerce, sections 1.11 and 5.4.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from kupon.hooks.adapter import OK, CodeItem, Outcome, Verdict
from kupon.hooks.errors import Unmappable
from kupon_shopify import code_queries as queries
from kupon_shopify.codes import Change, Known
from kupon_shopify.mapping import outbound

# Somebody was faster, or Shopify failed: the next try finds what there is.
_PASSING: Final = frozenset(("INTERNAL_ERROR", "TAKEN"))
_FOREIGN: Final = "the shop has a discount of this code that is not Kupon's"
_OTHER_LETTERS: Final = "the shop has this code in other letters, which are the same to it"
# Until Shopify has done what it does behind its answer.
_SOON_S: Final = 5.0
ADDING: Final = Outcome(Verdict.RETRY, "Shopify is adding it", _SOON_S)
_REMOVING: Final = Outcome(Verdict.RETRY, "Shopify is taking it out", _SOON_S)
_UNSEEN: Final = Outcome(Verdict.RETRY, "Shopify does not find it among its discount's", _SOON_S)
_NOT_SHARED: Final = frozenset(("code", "usageLimit"))


@dataclass(frozen=True, slots=True)
class Shared:
    """The discount that a code shares with the others of its campaign.

    Shapes: tag tells it by all but the limit of uses, which Shopify counts by code.
    Source: Shopify's developer community, topic 12269.
    """

    tag: str
    limit: int | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done for a code, and what is said of it then.

    Shapes: discount is what a change or a shared discount begins with.
    """

    change: Change | None = None
    told: Outcome = OK
    shared: Shared | None = None
    discount: Mapping[str, Any] | None = None


def decide(
    item: CodeItem,
    known: Known | None,
    currency: str,
    starts_at: datetime,
    settings: Mapping[str, Any],
) -> Decision:
    """How the discount that the shop has of a code becomes what it is to be.

    Shapes:  a code that the shop can no longer calculate goes.
    """
    if known is not None and known.is_own and known.code is None:
        return Decision(told=_UNSEEN)
    is_same = known is not None and known.is_own and known.code == item.voucher["code"]
    if known is not None and not is_same:
        reason = _OTHER_LETTERS if known.is_own else _FOREIGN
        return Decision() if item.is_retired else _refused(reason)
    if item.is_retired:
        return Decision() if known is None else _remove(known, OK)
    holders = () if known is None else known.holders
    try:
        wanted = outbound.discount_of(item, currency, starts_at, settings)
        wanted["context"] = outbound.context_of(item, holders, settings)
    except Unmappable as error:
        refusal = _refused(error.reason)
        return refusal if known is None else _remove(known, refusal.told)
    shared = _shared(item, wanted, settings)
    return _make(wanted, shared) if known is None else _adapt(known, wanted, shared)


def outcome_of(errors: Sequence[Mapping[str, Any]] | None) -> Outcome:
    """What became of a discount, by what the shop has against it; None for no answer."""
    if errors is None:
        return Outcome(Verdict.RETRY, "Shopify has not said what became of it")
    if not errors:
        return OK
    reason = "; ".join(str(each.get("message")) for each in errors)
    is_passing = any(each.get("code") in _PASSING for each in errors)
    return Outcome(Verdict.RETRY if is_passing else Verdict.REJECTED, reason)


def _refused(reason: str) -> Decision:
    return Decision(told=Outcome(Verdict.REJECTED, reason))


def _shared(
    item: CodeItem, wanted: Mapping[str, Any], settings: Mapping[str, Any]
) -> Shared | None:
    """The discount that a code may share; None for one that has a discount of its own."""
    is_for_all = "all" in wanted["context"]
    if not (settings["share_discounts"] and item.voucher.get("campaign") and is_for_all):
        return None
    told = {name: value for name, value in wanted.items() if name not in _NOT_SHARED}
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
    return Shared(f"{outbound.TAG}-{digest[:24]}", wanted["usageLimit"])


def _make(wanted: dict[str, Any], shared: Shared | None) -> Decision:
    if shared is None:
        return Decision(Change(queries.CREATE, {"basicCodeDiscount": wanted}))
    tagged = {**wanted, "tags": [outbound.TAG, shared.tag]}
    return Decision(told=ADDING, shared=shared, discount=tagged)


def _adapt(known: Known, wanted: dict[str, Any], shared: Shared | None) -> Decision:
    """Change what the shop has; uses that it has counted are none that are left.

    Shapes:  a cancelled order's use stays counted by Shopify, so that a code which comes back is
        made anew, with a count of its own.
    Source:  Shopify's community, topic 52252.
    """
    if known.group is not None:
        is_right = (
            shared is not None and shared.tag == known.group and known.is_within(shared.limit)
        )
        is_usable = known.is_active and not known.is_used_up
        return Decision() if is_right and is_usable else _remove(known, _REMOVING)
    if not known.is_active:
        return Decision(Change(queries.RENEW, {"id": known.id, "basicCodeDiscount": wanted}))
    if wanted["usageLimit"] is not None:
        wanted["usageLimit"] += known.used
    return Decision(Change(queries.UPDATE, {"id": known.id, "basicCodeDiscount": wanted}))


def _remove(known: Known, told: Outcome) -> Decision:
    """Take a code away; one among others is gone only when Shopify says so."""
    if known.group is not None:
        given = {"discountId": known.id, "ids": [known.code_id]}
        return Decision(Change(queries.REMOVE, given), _REMOVING)
    if not known.is_active:
        return Decision(told=told)
    return Decision(Change(queries.DEACTIVATE, {"id": known.id}), told)

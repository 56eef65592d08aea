"""The filters of a request, asked of offers.

Source: spec rules-and-qualification, section 14.1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from kupon.features.qualifications.schemas import FILTERS
from kupon.features.qualifications.service.offers import Offer
from kupon.storage.queries.offered_campaigns import CampaignFacts
from kupon.storage.snapshots import VoucherFacts

Values = Sequence[Any]


def is_chosen(offer: Offer, filters: Mapping[str, Any]) -> bool:
    """Whether an offer passes a request's filters; without any everything does."""
    asked = [name for name in FILTERS if filters.get(name)]
    if not asked:
        return True
    passed = (_passes(offer, name, filters[name].get("conditions") or {}) for name in asked)
    is_or = str(filters.get("junction")).lower() == "or"
    return any(passed) if is_or else all(passed)


def _passes(offer: Offer, name: str, conditions: Mapping[str, Values]) -> bool:
    value = _FIELDS[name](offer)
    return all(
        _TESTS[operator](value, values or ())
        for operator, values in conditions.items()
        if operator in _TESTS
    )


_TESTS: Final[Mapping[str, Callable[[Any, Values], bool]]] = {
    "$is": lambda value, values: value in values,
    "$in": lambda value, values: value in values,
    "$is_not": lambda value, values: value not in values,
    "$not_in": lambda value, values: value not in values,
    "$has_value": lambda value, _: value is not None,
    "$is_unknown": lambda value, _: value is None,
}


def _campaign_type(offer: Offer) -> str | None:
    facts = offer.facts
    if isinstance(facts, VoucherFacts | CampaignFacts):
        return facts.campaign_type
    return "PROMOTION"


def _voucher_type(offer: Offer) -> str | None:
    facts = offer.facts
    if isinstance(facts, CampaignFacts):
        voucher_type: str | None = facts.voucher.get("type")
        return voucher_type
    return facts.type if isinstance(facts, VoucherFacts) else None


def _code(offer: Offer) -> str | None:
    return offer.facts.code if isinstance(offer.facts, VoucherFacts) else None


def _holder_role(offer: Offer) -> str | None:
    # Whoever was given a code owns it; referrals have further roles.
    facts = offer.facts
    return "OWNER" if isinstance(facts, VoucherFacts) and facts.holder_id is not None else None


_FIELDS: Final[Mapping[str, Callable[[Offer], Any]]] = {
    "category_id": lambda offer: offer.facts.effective_category_id,
    "campaign_id": lambda offer: offer.facts.campaign_id,
    "campaign_type": _campaign_type,
    "resource_id": lambda offer: offer.facts.id,
    "resource_type": lambda offer: offer.redeemable.object,
    "voucher_type": _voucher_type,
    "code": _code,
    "holder_role": _holder_role,
}

"""The filters of a request, asked of offers.

Source: spec rules-and-qualification, section 14.1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from kupon.features.qualifications.schemas import FILTERS
from kupon.features.qualifications.service.offers import Offer
from kupon.storage.queries.offers import CampaignFacts
from kupon.storage.snapshots import VoucherFacts
from kupon.storage.tables.campaigns import REFERRAL_PROGRAM
from kupon.storage.tables.publications import OWNER, REFEREE, REFERRER

KINDS: Final = frozenset(("campaign", "promotion_stack", "promotion_tier", "voucher"))
_KIND: Final = "resource_type"

Values = Sequence[Any]
Conditions = Mapping[str, Values | None]


class Choice:
    """What a request's filters let through; without any, everything.

    Shapes: customer_id is that of the stored customer who asks, None without one.
    """

    def __init__(self, filters: Mapping[str, Any], customer_id: str | None = None) -> None:
        self._customer_id = customer_id
        self._is_any = str(filters.get("junction")).lower() == "or"
        self._asked: Mapping[str, Conditions] = {
            name: filters[name].get("conditions") or {} for name in FILTERS if filters.get(name)
        }

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of redeemables that may pass: the others need not be read."""
        if self._is_any or _KIND not in self._asked:
            return KINDS
        return frozenset(kind for kind in KINDS if _hold(kind, self._asked[_KIND]))

    def takes(self, offer: Offer) -> bool:
        """Whether an offer passes."""
        if not self._asked:
            return True
        passed = (_hold(self._read(offer, name), asked) for name, asked in self._asked.items())
        return any(passed) if self._is_any else all(passed)

    def _read(self, offer: Offer, name: str) -> str | None:
        if name != "holder_role":
            return _FIELDS[name](offer)
        if not isinstance(offer.facts, VoucherFacts) or self._customer_id is None:
            return None
        is_owner = offer.facts.holder_id == self._customer_id
        if offer.facts.campaign_type == REFERRAL_PROGRAM:
            # Codes of campaigns are only offered to those who have them.
            return REFERRER if is_owner else REFEREE
        return OWNER if is_owner else None


def _hold(value: str | None, conditions: Conditions) -> bool:
    return all(
        _TESTS[operator](value, values)
        for operator, values in conditions.items()
        if values is not None
    )


# UNCERTAIN: that of several values for $is and $is_not only the first counts (section 14.1 knows
# it of holder_role).
_TESTS: Final[Mapping[str, Callable[[Any, Values], bool]]] = {
    "$is": lambda value, values: value in values[:1],
    "$in": lambda value, values: value in values,
    "$is_not": lambda value, values: value not in values[:1],
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


_FIELDS: Final[Mapping[str, Callable[[Offer], str | None]]] = {
    "category_id": lambda offer: offer.facts.effective_category_id,
    "campaign_id": lambda offer: offer.facts.campaign_id,
    "campaign_type": _campaign_type,
    "resource_id": lambda offer: offer.facts.id,
    _KIND: lambda offer: offer.redeemable.object,
    "voucher_type": _voucher_type,
    "code": _code,
}

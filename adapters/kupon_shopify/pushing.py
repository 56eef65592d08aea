"""Bringing codes into the shop: looked for, decided on, and changed, some at once.

Source: spec adapters-commerce, section 5.4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from kupon.hooks.adapter import CodeItem, Outcome, Verdict
from kupon.hooks.errors import Retry, as_documented
from kupon_shopify import code_queries as queries
from kupon_shopify.codes import Change, Codes
from kupon_shopify.discounts import ADDING, Decision, Shared, decide, outcome_of

# A query may cost 1,000 points: ten for each change, some for each look.
_AT_ONCE: Final = 25
_AT_ONCE_SHARED: Final = 50


class Push:
    """One push of codes into a shop."""

    def __init__(self, codes: Codes, settings: Mapping[str, Any], starts_at: datetime) -> None:
        """Push by a connection's settings; codes without a start begin at a moment."""
        self._codes = codes
        self._settings = settings
        self._starts_at = starts_at

    def push(self, items: Sequence[CodeItem]) -> list[Outcome]:
        """Make the shop's discounts of codes what the codes are now.

        Shapes:  where the shop asks for a pause, what was done by then stays done.
        """
        size = _AT_ONCE_SHARED if self._settings["share_discounts"] else _AT_ONCE
        told: list[Outcome] = []
        for start in range(0, len(items), size):
            try:
                told += self._push_some(items[start : start + size])
            except Retry as error:
                if not told:
                    raise
                later = Outcome(Verdict.RETRY, str(error), error.retry_after_s)
                return told + [later] * (len(items) - len(told))
        return told

    def _push_some(self, items: Sequence[CodeItem]) -> list[Outcome]:
        found, currency = self._codes.find([str(item.voucher["code"]) for item in items])
        with as_documented():
            decisions = [
                decide(item, known, currency, self._starts_at, self._settings)
                for item, known in zip(items, found, strict=True)
            ]
        told = [each.told for each in decisions]
        self._change(decisions, told)
        self._share(items, decisions, told)
        return told

    def _change(self, decisions: Sequence[Decision], told: list[Outcome]) -> None:
        """Change what codes have of their own."""
        changes = {place: d.change for place, d in enumerate(decisions) if d.change is not None}
        places = list(changes)
        for start in range(0, len(places), _AT_ONCE):
            some = places[start : start + _AT_ONCE]
            for place, changed in zip(
                some, self._codes.change([changes[place] for place in some]), strict=True
            ):
                outcome = outcome_of(changed.errors)
                told[place] = told[place] if outcome.verdict is Verdict.OK else outcome

    def _share(
        self, items: Sequence[CodeItem], decisions: Sequence[Decision], told: list[Outcome]
    ) -> None:
        """Add codes to the discounts that they share, the first of which begins it."""
        groups: dict[Shared, list[int]] = {}
        for place, decision in enumerate(decisions):
            if decision.shared is not None:
                groups.setdefault(decision.shared, []).append(place)
        for shared, places in groups.items():
            id = self._codes.find_group(shared.tag, shared.limit)
            if id is None:
                first, *places = places
                id, told[first] = self._begin(decisions[first])
            if id is not None and places:
                self._add(id, {str(items[place].voucher["code"]): place for place in places}, told)

    def _begin(self, decision: Decision) -> tuple[str | None, Outcome]:
        change = Change(queries.CREATE, {"basicCodeDiscount": decision.discount})
        (changed,) = self._codes.change([change])
        return changed.id, outcome_of(changed.errors)

    def _add(self, id: str, places: Mapping[str, int], told: list[Outcome]) -> None:
        against = self._codes.add(id, list(places))
        for code, place in places.items():
            told[place] = ADDING if against is None else outcome_of(against.get(code))

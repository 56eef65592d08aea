"""Definitions as rows hold them, read for the engine.

Source: spec discounts-and-stacking, section 4.1; rules-and-qualification, section 10.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import orjson

from kupon.engine.discounts import STANDARD_KINDS, Discount, parse_discount
from kupon.engine.discounts.missing import MissingDiscount
from kupon.engine.limits import UNLIMITED, Validity, parse_validity


@lru_cache(maxsize=20_000)
def read_discount(definition: bytes) -> Discount:
    """The discount that a stored definition means.

    Shapes:  the definition as JSON: thousands of codes share one, and reading it costs more than
        applying it. One whose plugin is gone refuses to be applied.
    """
    stored = orjson.loads(definition)
    if stored["type"] not in STANDARD_KINDS:
        return MissingDiscount(stored["type"])
    return parse_discount(stored)


def read_validity(facts: Any) -> Validity:
    """The time limits of a code, tier or campaign as storage has read it."""
    recurring = facts.validity_timeframe or facts.validity_day_of_week or facts.validity_hours
    if not recurring:
        if facts.start_date is None and facts.expiration_date is None:
            return UNLIMITED
        return Validity(start_date=facts.start_date, expiration_date=facts.expiration_date)
    return parse_validity(
        {
            "start_date": facts.start_date,
            "expiration_date": facts.expiration_date,
            "validity_timeframe": facts.validity_timeframe,
            "validity_day_of_week": facts.validity_day_of_week,
            "validity_hours": facts.validity_hours,
        }
    )

"""Points that can't be used before a day has come.

Source: spec campaigns-loyalty-referral-gift, section 7.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from kupon.engine.definitions import Fields
from kupon.engine.loyalty.earning import ORDER_PAID

_MOST_DAYS: Final = 90


def parse_pending_points(raw: object, path: str, event: str) -> Mapping[str, Any] | None:
    """Read `pending_points` of an earning rule for an event; null is none.

    Shapes: as on the wire, with period_value as a number.
    Raises: DefinitionError.
    """
    if raw is None or raw == {}:
        return None
    fields = Fields(raw, path)
    if event != ORDER_PAID:
        raise fields.error("", f"is only allowed for event '{ORDER_PAID}'")
    fields.choice("period_type", ("DAY",), "DAY")
    days = fields.required_whole("period_value")
    if not 1 <= days <= _MOST_DAYS:
        raise fields.error("period_value", f"must be between 1 and {_MOST_DAYS}")
    return {"period_type": "DAY", "period_value": days}


def activates_on(day: date, pending_points: Mapping[str, Any]) -> date:
    """Return the first day on which points that were earned on a day can be used.

    Shapes: pending_points as parse_pending_points returns them.
    """
    return day + timedelta(days=pending_points["period_value"])

"""Values as conditions see them: as text, as a number.

Source: spec rules-and-qualification, sections 4 (value semantics) and 17 (values that no schema
    types are text), as storage/documents.py reads them in SQL.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal

from kupon.engine.conditions.moments import read_when
from kupon.kit.timestamps import format_moment

Number = int | Decimal

_NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?", re.ASCII)


def read_number(value: object) -> Number | None:
    """Return a number, also of text that spells one in at most 30 digits, or None."""
    if isinstance(value, int):
        return None if isinstance(value, bool) else value
    if isinstance(value, str):
        return Decimal(value) if _NUMBER.fullmatch(value) else None
    if isinstance(value, float):
        value = Decimal(repr(value))
    return value if isinstance(value, Decimal) and value.is_finite() else None


def read_text(value: object) -> str | None:
    """Return a value as a JSON document spells it, or None for what is no single value."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        when = read_when(value)
        return format_moment(when) if isinstance(when, datetime) else value.isoformat()
    number = read_number(value)
    return None if number is None else _spelled(number)


def _spelled(number: Number) -> str:
    text = format(number, "f") if isinstance(number, Decimal) else str(number)
    return text.rstrip("0").rstrip(".") if "." in text else text


def read_flag(value: object) -> bool | None:
    """Return true or false, also of text that spells one in any case, or None."""
    if isinstance(value, bool):
        return value
    return _FLAGS.get(value.lower()) if isinstance(value, str) else None


_FLAGS = {"true": True, "false": False}

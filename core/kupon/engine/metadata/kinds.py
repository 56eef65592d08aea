"""The types of metadata: how their rule is worded, and whether a value is of one.

Source: spec rules-and-qualification, section 17.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from kupon.engine.locations import parse_point
from kupon.kit.timestamps import parse_moment

Test = Callable[[Any], bool]

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_MOMENT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]+(Z|[+-][0-9:]+)?)?", re.ASCII)
_IMAGE: Final = re.compile(r"https?://[^\s?#]+\.(jpe?g|png)([?#]\S*)?", re.ASCII | re.IGNORECASE)


def is_number(value: Any) -> bool:
    """Tell whether a value is a finite number; for Python, true is one too."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_truth(value: Any) -> bool:
    return isinstance(value, bool)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _is_day(value: Any) -> bool:
    return (
        isinstance(value, str) and bool(_DAY.fullmatch(value)) and _can(date.fromisoformat, value)
    )


def _is_moment(value: Any) -> bool:
    return isinstance(value, str) and bool(_MOMENT.fullmatch(value)) and _can(parse_moment, value)


def _can(parse: Callable[[str], Any], text: str) -> bool:
    try:
        parse(text)
    except (ValueError, OverflowError):
        return False
    return True


def _is_image(value: Any) -> bool:
    return isinstance(value, str) and bool(_IMAGE.fullmatch(value))


def _is_point(value: Any) -> bool:
    return isinstance(value, str) and parse_point(value) is not None


KINDS: Mapping[str, tuple[str, Test]] = {
    "string": ("must be a string", _is_text),
    "number": ("must be a number", is_number),
    "object": ("must be an object", _is_object),
    "date": ("must be a date in format YYYY-MM-DD", _is_day),
    "datetime": ("must be a date-time in ISO 8601 format", _is_moment),
    "geopoint": ("must be a geopoint in format geo:latitude,longitude", _is_point),
    "boolean": ("must be a boolean", _is_truth),
    "image_url": ("must be a URL pointing to JPG/JPEG or PNG resource", _is_image),
}

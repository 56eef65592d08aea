"""Moments of a row that may be unset, as wire members."""

from __future__ import annotations

from collections.abc import Sequence

from kupon.kit.timestamps import format_moment


def dump_moments(row: object, names: Sequence[str]) -> dict[str, str]:
    """Those that are set, by name."""
    told = ((name, getattr(row, name)) for name in names)
    return {name: format_moment(moment) for name, moment in told if moment is not None}

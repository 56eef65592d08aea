"""The Corner Shop, a platform that there is not: the contract of checkouts is tried on it."""

from __future__ import annotations

from collections.abc import Sequence

from kupon.hooks import hookimpl
from kupon.hooks.adapter import Adapter
from kupon_corner.adapter import CornerAdapter


@hookimpl
def register_adapters() -> Sequence[type[Adapter]]:
    """Bring the adapter."""
    return [CornerAdapter]

"""Braze: audiences of Canvases come in, messages fetch codes, Kupon's events and profiles go out.

Platform documents: "Track users", "Delete users", "User attributes object", "Event object",
"Rate limits", "API errors and responses", "Making a Connected Content call", "Dispatch ID
behavior"; Voucherify's guides "Send data from Braze" and "Connected Content script reference".
"""

from __future__ import annotations

from collections.abc import Sequence

from kupon.hooks import hookimpl
from kupon.hooks.adapter import Adapter
from kupon_braze.adapter import BrazeAdapter


@hookimpl
def register_adapters() -> Sequence[type[Adapter]]:
    """Bring the adapter."""
    return [BrazeAdapter]

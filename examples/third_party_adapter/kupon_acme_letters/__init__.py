"""Acme Letters: events become printed letters, and people's new addresses come back.

Acme Letters is invented; its documents are "Letters API v2" and "Notices".
"""

from __future__ import annotations

from collections.abc import Sequence

from kupon.hooks import hookimpl
from kupon.hooks.adapter import Adapter
from kupon_acme_letters.adapter import AcmeLettersAdapter


@hookimpl
def register_adapters() -> Sequence[type[Adapter]]:
    """Bring the adapter."""
    return [AcmeLettersAdapter]

"""Having a platform forget a customer, at once or some time later.

Source: spec adapters-marketing, section 1.10.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from kupon.features.integrations.service.outbound.delivering import Fate, Told
from kupon.hooks.adapter import Adapter, Pending
from kupon.hooks.errors import Retry, Skip, Stop
from kupon.storage.queries.outbound_items import ItemRow

# Platforms take hours or days for it.
ASKED_EVERY: Final = timedelta(hours=1)

_NO_ERASURE: Final = (
    "The adapter can't have customers erased: whom the platform knows must be erased there by hand"
)


def erase(adapter: Adapter, item: ItemRow) -> Told | Pending:
    """One customer's erasure, asked for or asked after; the reason is what to tell the operator.

    Raises:  Stop.
    """
    if not adapter.manifest().can("profiles.erase"):
        return Told(Fate.TAKEN, _NO_ERASURE)
    able: Any = adapter
    ref: str | None = item.payload.get("ref")
    try:
        if ref is None:
            answer: str | Pending = able.erase(item.payload["customer"])
            return answer if isinstance(answer, Pending) else Told(Fate.TAKEN, answer)
        receipt: str | None = able.erase_status(ref)
        return Pending(ref, f"{ref} goes on") if receipt is None else Told(Fate.TAKEN, receipt)
    except Stop:
        raise
    except Retry as error:
        if ref is not None:
            return Pending(ref, str(error))
        return Told(Fate.LATER, str(error), error.retry_after_s)
    except Skip as error:
        return Told(Fate.REJECTED, error.reason)
    except Exception as error:  # noqa: BLE001 - a mistake of the adapter's
        return Told(Fate.PARKED, f"the adapter failed: {type(error).__name__}")

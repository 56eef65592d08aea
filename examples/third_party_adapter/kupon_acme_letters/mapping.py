"""Letters out of events, and customers out of notices."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kupon.hooks.adapter import EventItem
from kupon.hooks.commands import Stamp, UpsertCustomer
from kupon.hooks.errors import Unmappable

_ADDRESS = {
    "street": "line_1",
    "town": "city",
    "postcode": "postal_code",
    "country": "country",
}


def letter_of(item: EventItem) -> dict[str, Any] | None:
    """What is to be printed; None for a customer whom the print shop can't know."""
    recipient = item.customer.get("source_id")
    if not recipient:
        return None
    return {
        "reference": item.id,
        "recipient": recipient,
        "template": item.name,
        "written_at": item.occurred_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "fields": dict(item.properties),
    }


def customer_of(notice: Mapping[str, Any], at: datetime | None) -> UpsertCustomer:
    """The customer with the new address.

    Raises:  Unmappable for a notice without a recipient or an address.
    """
    recipient, address = notice.get("recipient"), notice.get("address")
    if not isinstance(recipient, str) or not recipient.strip():
        raise Unmappable(str(notice.get("notice")), "it names no recipient")
    if not isinstance(address, Mapping):
        raise Unmappable(recipient, "it has no address")
    known = {
        ours: address[theirs]
        for theirs, ours in _ADDRESS.items()
        if isinstance(address.get(theirs), str)
    }
    return UpsertCustomer(
        source_id=recipient.strip(), fields={"address": known}, stamp=Stamp(at=at)
    )

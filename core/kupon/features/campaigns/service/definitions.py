"""What a campaign's body says beside what its codes are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kupon.engine.periods import parse_period
from kupon.kit.errors import invalid_payload
from kupon.storage.tables.campaigns import LOYALTY_PROGRAM


def read_lifetime(body: Mapping[str, Any]) -> str | None:
    """How long a code lives once it is published.

    Raises:  invalid_payload for what is no ISO 8601 duration.
    """
    text: str | None = body.get("activity_duration_after_publishing")
    if text is not None and not parse_period(text):
        raise invalid_payload(
            "Property .activity_duration_after_publishing must be an ISO 8601 duration"
        )
    return text


def joins_once(campaign_type: str, type: str, sent: bool) -> bool:
    """Whether a customer has one code of a campaign at most; not all campaigns have the choice."""
    if campaign_type == LOYALTY_PROGRAM:
        return True
    return sent and type != "STANDALONE"

"""Round totals, codes that can be read aloud, and no order below cost: what Acme's shops need."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import Schema

from acme_kupon.codes import acme_codes, speakable
from acme_kupon.config import AcmeSettings
from acme_kupon.rounding import Preview, PreviewAnswer, parse, preview
from kupon.hooks import hookimpl
from kupon.hooks.types import (
    CodeGenerator,
    Commands,
    DiscountKind,
    EventEnvelope,
    RedemptionFacts,
    Refusal,
    Route,
)

_log = logging.getLogger("acme")


@hookimpl
def register_discount_kinds() -> Mapping[str, DiscountKind]:
    """`ROUND_DOWN` brings the total down to a round number."""
    return {"ROUND_DOWN": parse}


@hookimpl
def register_code_generators() -> Mapping[str, CodeGenerator]:
    """`speakable` makes letters into syllables."""
    return {"speakable": speakable}


@hookimpl
def register_routes() -> Sequence[Route]:
    """The till asks what a total would be rounded to."""
    return [
        Route(
            method="POST",
            path="/v1/rounding",
            answer=preview,
            summary="What a total is rounded down to",
            body=Preview,
            returns=PreviewAnswer,
        )
    ]


@hookimpl
def register_commands() -> Commands:
    """`kupon acme-codes`."""
    return [acme_codes]


@hookimpl
def register_settings() -> type[Schema]:
    """What a shop may set."""
    return AcmeSettings


@hookimpl
def decide_redemption(redemption: RedemptionFacts) -> Refusal | None:
    """Refuse what would leave less to pay than the shop allows."""
    lowest, total = redemption.settings["lowest_total"], redemption.order.total_amount
    if total is None or total >= lowest:
        return None
    return Refusal("order_rules_violated", custom=redemption.settings["message"])


@hookimpl
def on_events(events: Sequence[EventEnvelope], settings: Mapping[str, Any]) -> None:
    """Note what happened where the shop's own people look: in the log."""
    for event in events:
        _log.warning("acme heard", extra={"event_type": event.type, "event_id": event.id})

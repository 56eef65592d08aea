"""Writes the events of a project into the log of the workers, a line each, and reads them back.

The log is JSON, so whatever collects logs can count and search the events; `kupon event-log` picks
them out of a file. Data of customers stays out of the log unless a project asks for it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import Schema

from kupon.hooks import hookimpl
from kupon.hooks.types import Commands, EventEnvelope
from kupon_event_log.command import event_log
from kupon_event_log.config import EventLogSettings
from kupon_event_log.lines import MESSAGE, line_of

_log = logging.getLogger("kupon.events")


@hookimpl
def register_settings() -> type[Schema]:
    """What is written."""
    return EventLogSettings


@hookimpl
def on_events(events: Sequence[EventEnvelope], settings: Mapping[str, Any]) -> None:
    """Write the events that the project wants in its log."""
    for event in events:
        if not settings["types"] or event.type in settings["types"]:
            # Not by the level of other messages: a project has asked for these.
            _log.warning(MESSAGE, extra={"event": line_of(event, has_data=settings["has_data"])})


@hookimpl
def register_commands() -> Commands:
    """`kupon event-log`."""
    return [event_log]

"""Segment's capabilities, bound to its calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

import orjson

from kupon.hooks.adapter import (
    OK,
    Adapter,
    Checked,
    Delivery,
    EventItem,
    InboundRequest,
    Item,
    MergeItem,
    Outcome,
    Page,
    Pending,
    ProfileItem,
    Verdict,
    checked,
)
from kupon.hooks.commands import Command, UpsertCustomer
from kupon.hooks.errors import Rejected, Retry, Skip
from kupon_segment import mapping, webhooks
from kupon_segment.client import SegmentClient
from kupon_segment.config import MOST_BYTES, SegmentSettings

_BEGINNING = "0"


class SegmentAdapter(Adapter):
    """One Segment workspace: a source of calls, and a receiver of Kupon's events."""

    settings = SegmentSettings

    @cached_property
    def client(self) -> SegmentClient:
        """Calls with the connection's credentials."""
        return SegmentClient(self.config, self.http)

    def check(self) -> Checked:
        """Ask for the first profile where profiles are read, else send an empty batch."""
        return checked(self._look)

    def _look(self) -> None:
        if self.config["profile_token"]:
            self.client.list_profiles(_BEGINNING)
        elif self.config["write_key"]:
            self.client.track([])

    def verify(self, request: InboundRequest) -> None:
        """Raise Refused unless the request is Segment's."""
        webhooks.verify(request, self.config)

    def receive(self, request: InboundRequest) -> Sequence[Delivery]:
        """The calls in a request; none in the destination's test."""
        if request.path.strip("/") == webhooks.TEST:
            return ()
        return webhooks.deliveries_of(request, self.config)

    def process(self, deliveries: Sequence[Delivery]) -> Sequence[Command]:
        """What some calls of one user mean."""
        how = {name: self.config[name] for name in ("merges_aliases", "identifier")}
        return [
            command
            for each in deliveries
            for command in mapping.commands_of(each.payload, each.occurred_at, **how)
        ]

    def push(self, kind: str, items: Sequence[Item]) -> Sequence[Outcome]:
        """Send events as track calls, profiles as identify calls, and merges as alias calls."""
        if not self.config["write_key"]:
            # A workspace that only sends is well, and has nothing to be told.
            return [_NO_KEY] * len(items)
        calls = [_CALLS[type(item)](item) for item in items]
        sent = [call for call in calls if call is not None and _fits(call)]
        outcome = self._send(sent) if sent else OK
        return [
            _NO_USER if call is None else outcome if _fits(call) else _TOO_LARGE for call in calls
        ]

    def _send(self, calls: Sequence[Mapping[str, Any]]) -> Outcome:
        try:
            complaint = self.client.track(calls)
        except Retry as error:
            return Outcome(Verdict.RETRY, str(error), error.retry_after_s)
        # Where nothing was taken a batch is halved by the caller, a single call given up.
        return Outcome(Verdict.REJECTED, complaint) if complaint else OK

    def pull(self, resource: str, cursor: str | None, since: datetime | None) -> Page:
        """A page of profiles, each with its traits and identifiers."""
        ids, after = self.client.list_profiles(cursor or _BEGINNING)
        customers: list[UpsertCustomer] = []
        skipped: list[tuple[str, str]] = []
        for id in ids:
            try:
                customers.append(self._profile(id))
            except Skip as error:
                # It may also be gone since the list was made.
                skipped.append((id, error.reason))
        return Page(commands=customers, cursor=after, skipped=skipped)

    def _profile(self, segment_id: str) -> UpsertCustomer:
        ids = self.client.get_external_ids(segment_id)
        traits = self.client.get_traits(segment_id)
        return mapping.customer_of_profile(segment_id, ids, traits, self.config["identifier"])

    def erase(self, customer: Mapping[str, Any]) -> str | Pending:
        """Have a user's data deleted everywhere behind Segment."""
        if not customer.get("source_id"):
            return "Nothing to erase: the customer has no source id"
        regulation = self.client.regulate(customer["source_id"])
        return Pending(regulation, f"Regulation {regulation} was requested")

    def erase_status(self, ref: str) -> str | None:
        """How a regulation has ended; None while Segment works on it.

        Raises:  Rejected where something was kept: in Segment itself, or behind it.
        """
        status = self.client.get_regulation(ref)
        if status in _WORKING:
            return None
        if status != _ENDED:
            raise Rejected(ref, f"Regulation {ref} ended as {status}: some destination kept it")
        return f"Regulation {ref} is finished"


def _fits(call: Mapping[str, Any]) -> bool:
    """Whether Segment takes a call of that size, and with it those that are sent with it."""
    return len(orjson.dumps(call)) <= MOST_BYTES


_WORKING = ("INITIALIZED", "RUNNING")
_ENDED = "FINISHED"
_NO_KEY = Outcome(Verdict.REJECTED, "setting write_key is missing")
_NO_USER = Outcome(Verdict.REJECTED, "the customer has no source id")
_TOO_LARGE = Outcome(
    Verdict.REJECTED, f"the call is larger than the {MOST_BYTES} bytes that Segment takes"
)
_CALLS: Mapping[type, Callable[[Any], dict[str, Any] | None]] = {
    EventItem: mapping.track_call,
    MergeItem: mapping.alias_call,
    ProfileItem: mapping.identify_call,
}

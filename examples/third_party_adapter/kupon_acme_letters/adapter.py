"""The capabilities, bound to calls and translations."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from kupon.hooks.adapter import (
    OK,
    Adapter,
    Checked,
    Delivery,
    EventItem,
    Health,
    InboundRequest,
    Item,
    Outcome,
    Verdict,
    checked,
)
from kupon.hooks.commands import Command
from kupon.hooks.errors import Skip
from kupon_acme_letters import mapping, webhooks
from kupon_acme_letters.client import LettersClient
from kupon_acme_letters.config import AcmeLettersSettings

_NOBODY = Outcome(Verdict.REJECTED, "the customer has no source id")
_ADDRESS_CHANGED = "address.changed"


class AcmeLettersAdapter(Adapter):
    """One account of the print shop."""

    settings = AcmeLettersSettings

    @cached_property
    def client(self) -> LettersClient:
        """Calls with the connection's token."""
        return LettersClient(self.config, self.http)

    def check(self) -> Checked:
        """Look at the account."""
        return checked(self._look)

    def _look(self) -> Checked | None:
        try:
            self.client.get_account()
        except Skip as error:
            return Checked(Health.MISCONFIGURED, error.reason)
        return None

    def verify(self, request: InboundRequest) -> None:
        """Raise Refused unless the request is the print shop's."""
        webhooks.verify(request, self.config)

    def receive(self, request: InboundRequest) -> Sequence[Delivery]:
        """The notice in a request."""
        return webhooks.deliveries_of(request)

    def process(self, deliveries: Sequence[Delivery]) -> Sequence[Command]:
        """The addresses that notices tell; notices of other kinds mean nothing."""
        return [
            mapping.customer_of(each.payload, each.occurred_at)
            for each in deliveries
            if each.event == _ADDRESS_CHANGED
        ]

    def push(self, kind: str, items: Sequence[Item]) -> Sequence[Outcome]:
        """Order a letter for each event of somebody with a source id."""
        letters = [mapping.letter_of(item) for item in items if isinstance(item, EventItem)]
        ordered = [letter for letter in letters if letter is not None]
        problems = self.client.order(ordered) if ordered else {}
        return [
            _outcome(letter["reference"], problems) if letter else _NOBODY for letter in letters
        ]


def _outcome(reference: str, problems: dict[str, str]) -> Outcome:
    problem = problems.get(reference)
    return OK if problem is None else Outcome(Verdict.REJECTED, problem)

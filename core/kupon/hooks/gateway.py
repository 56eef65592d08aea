"""How a process of a plugin hands over what it has read elsewhere than in requests.

Commands of plugins get a way to open it as their context's object:
`@click.pass_obj def command(open_gateway): with open_gateway() as gateway: ...`
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from kupon.hooks.adapter import Delivery
from kupon.hooks.addresses import AddressGuard
from kupon.hooks.errors import Skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Tap:
    """A connection that is read for; settings are what the adapter's schema loaded."""

    id: str
    project_id: str
    settings: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of a delivery.

    Shapes: state is DONE, IGNORED or PARKED; error says why it is not DONE, or what is worth
        knowing. A delivery that is replayed may have another result later.
    """

    id: str
    event: str
    payload: Mapping[str, Any]
    state: str
    error: str | None
    processed_at: datetime


class Gateway(Protocol):
    """The way into the inboxes of connections."""

    @property
    def guard(self) -> AddressGuard:
        """Where outgoing connections may go."""

    def open(self, project_id: str, reference: str, adapter: str | None) -> Tap:
        """A connection of a project by id or name, which is one of the adapter, or of any.

        Raises:  Misconfigured; Retry while there is no database.
        """

    def read(
        self, tap: Tap, letters: Sequence[tuple[Mapping[str, str], bytes]]
    ) -> Sequence[Sequence[Delivery] | Skip]:
        """What a connection's adapter finds in what its platform has sent by other ways.

        Shapes:  letters are headers and bodies, as requests would have them; nobody asks whether
            they are the platform's. For each its deliveries, or why it can't be taken.
        Raises:  Misconfigured; Retry while there is no database.
        """

    def take(
        self, tap: Tap, deliveries: Sequence[Delivery], *, wants_results: bool = False
    ) -> None:
        """Store deliveries, those that came before excepted; they are safe once this returns.

        Shapes:  what a connection gets that is paused or broken waits in it. Results that are
            wanted are had from `results` once there are any.
        Raises:  Misconfigured where the connection is gone; Retry where nothing could be stored.
        """

    def results(self, tap: Tap, most: int) -> AbstractContextManager[Sequence[Result]]:
        """What became of deliveries since this was last asked, the oldest first.

        Shapes:  they count as told once the block has ended, unless it raises; no other process
            gets them meanwhile.
        Raises:  Retry where there is no database.
        """


OpenGateway = Callable[[], AbstractContextManager[Gateway]]

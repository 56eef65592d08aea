"""How a process of a plugin hands over what it has read elsewhere than in requests.

Commands of plugins get a way to open it as their context's object:
`@click.pass_obj def command(open_gateway): with open_gateway() as gateway: ...`
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from kupon.hooks.adapter import Delivery
from kupon.hooks.addresses import AddressGuard


@dataclass(frozen=True, slots=True, kw_only=True)
class Tap:
    """A connection that is read for; settings are what the adapter's schema loaded."""

    id: str
    project_id: str
    settings: Mapping[str, Any] = field(repr=False)


class Gateway(Protocol):
    """The way into the inboxes of connections."""

    @property
    def guard(self) -> AddressGuard:
        """Where outgoing connections may go."""

    def open(self, project_id: str, reference: str, adapter: str) -> Tap:
        """A connection of a project by id or name, which is one of the adapter.

        Raises:  Misconfigured; Retry while there is no database.
        """

    def take(self, tap: Tap, deliveries: Sequence[Delivery]) -> None:
        """Store deliveries, those that came before excepted; they are safe once this returns.

        Shapes:  what a connection gets that is paused or broken waits in it.
        Raises:  Misconfigured where the connection is gone; Retry where nothing could be stored.
        """


OpenGateway = Callable[[], AbstractContextManager[Gateway]]

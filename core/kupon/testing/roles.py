"""What a contract asks of a played platform, by the capabilities of its adapter.

A platform for tests is a `FakePlatform` with the methods of the roles that its adapter's manifest
calls for; there is nothing to inherit:

=====================================  ===================
any `*.receive`                        `Sender`
`orders.receive`, `cart.redeem`        `OrderSender`
any `*.pull`                           `Source`
any `*.push`                           `Target`
`cart.price`                           `Till`
`content.serve`                        `Board`
`account.provision`                    `Host`
=====================================  ===================
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from kupon.hooks.adapter import InboundRequest, InboundResponse
    from kupon.hooks.manifest import Manifest
    from kupon.testing.carts import CartTotals, GoldenCart


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """A line of a platform's order.

    Shapes: sku is the source id that the variant (or product) has in Kupon.
    Units:  price of one, in minor units.
    """

    sku: str
    quantity: int = 1
    price: int = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformOrder:
    """An order as a platform has it, in no platform's words.

    Shapes: status is PLACED, PAID, FULFILLED or CANCELED; codes are those that Kupon discounted it
        by; checkout_key is the session that Kupon's answer to the cart named, None where the
        platform keeps none; number is the order's source id in Kupon.
    Units:  discount in minor units.
    """

    number: str
    status: str = "PAID"
    currency: str = "EUR"
    lines: Sequence[OrderLine] = (OrderLine(sku="sku-1"),)
    codes: Sequence[str] = ()
    discount: int = 0
    checkout_key: str | None = None
    customer: str = "customer-1"
    placed_at: datetime
    changed_at: datetime
    version: int = 1
    extra: Mapping[str, Any] = field(default_factory=dict)


@runtime_checkable
class Sender(Protocol):
    """Sends events to Kupon."""

    def event(self, name: str, body: bytes, *, id: str, at: datetime) -> InboundRequest:
        """The request by which the platform tells of an event, signed with `self.settings`.

        Shapes:  name is the platform's, one of the manifest's `events` or one that isn't; body is a
            fixture's content; id names the delivery, the same in each repetition; at is when it
            was sent. What the adapter then fetches is there.
        """


@runtime_checkable
class OrderSender(Protocol):
    """Sends events of orders."""

    def order_event(self, order: PlatformOrder, *, id: str) -> InboundRequest:
        """The signed request that tells that an order is in this state now; id as in `event`.

        Shapes:  what the adapter then fetches is there, in this state.
        """


@runtime_checkable
class Source(Protocol):
    """Has records that are pulled."""

    def put(self, resource: str, count: int, *, changed_at: datetime) -> Sequence[str]:
        """Have so many further records of a resource, the noun of the `*.pull` capability.

        Returns the source ids that they will have in Kupon, in no certain order.
        """

    def add(self, resource: str, content: bytes) -> None:
        """Have the record of a fixture, `pull.<resource>.<case>.json`."""

    def remove(self, resource: str, source_id: str, *, at: datetime) -> bool:
        """Delete a record; False where the platform tells nobody that one is gone."""


@runtime_checkable
class Target(Protocol):
    """Takes what is pushed.

    Shapes: keys are the `source_id` of an item's customer, for profiles and events, a code, or, of
        merges, the `source_id` of who is gone, of orders their own. batches has the keys of each
        request that brought items, in their order. refused are the keys that the platform does not
        take.
        takes_all_or_none says that it refuses a whole request for one of them: of all kinds, or of
        those that are named.
    """

    batches: list[list[str]]
    refused: set[str]
    takes_all_or_none: bool | Collection[str]

    def held(self, kind: str) -> Mapping[str, Any]:
        """What the platform has of a kind (`profiles`, `codes`, `orders` and so on) now, by key."""


@runtime_checkable
class Till(Protocol):
    """Asks Kupon what a cart costs."""

    def cart_request(self, cart: GoldenCart) -> InboundRequest:
        """What the platform asks when a shopper changes a cart, signed.

        Shapes:  a cart with a `key` that is known is that cart with other lines or codes, and still
            has what an earlier answer did to it.
        """

    def cart_answered(self, cart: GoldenCart, answer: InboundResponse) -> CartTotals:
        """Do to the cart what the answer says, and calculate as the platform does."""


@runtime_checkable
class Board(Protocol):
    """Asks for content when it shows or sends something to somebody."""

    def content_request(self, source_id: str, campaign: str) -> InboundRequest:
        """What the platform asks for a customer, about a campaign (by its name), signed."""

    def content_codes(self, answer: InboundResponse) -> Sequence[str]:
        """The codes that the reader of the content would see."""


@runtime_checkable
class Host(Protocol):
    """Has things installed for Kupon."""

    def installed(self) -> Mapping[str, Any]:
        """What is installed on the account now, Kupon's and others', by its name."""


def roles_of(manifest: Manifest) -> list[type]:
    """What a platform must be able to do for an adapter's contract."""
    wanted: list[tuple[bool, type]] = [
        (manifest.can("*.receive"), Sender),
        (manifest.can("orders.receive") or manifest.can("cart.redeem"), OrderSender),
        (manifest.can("*.pull"), Source),
        (manifest.can("*.push"), Target),
        (manifest.can("cart.price"), Till),
        (manifest.can("content.serve"), Board),
        (manifest.can("account.provision"), Host),
    ]
    return [role for is_wanted, role in wanted if is_wanted]

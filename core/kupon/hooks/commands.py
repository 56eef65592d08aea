"""What adapters tell Kupon: the canonical commands, into which every platform's words translate.

Members named `fields` are bodies as the reference's API takes them, so that whoever knows the API
knows the commands; absent members stay as they are, None clears.

Source: spec adapters-marketing, section 1.3; adapters-commerce, sections 1.4 and 1.9.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

Fields: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """When a platform's object had this state.

    Shapes: version is the platform's own counter where it has one; of two states the one with the
        higher version counts, else the later one; a state without either always counts. part names
        a part of the object whose state comes by itself: only states of one part are compared.
    """

    at: datetime | None = None
    version: int | None = None
    part: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpsertCustomer:
    """Create a customer or change it."""

    source_id: str
    fields: Fields
    stamp: Stamp = Stamp()


@dataclass(frozen=True, slots=True, kw_only=True)
class UpsertProduct:
    """Create a product or change it, with its SKUs.

    Shapes: each SKU is a body with its own source_id; SKUs that are not named stay.
    """

    source_id: str
    fields: Fields
    skus: Sequence[Fields] = ()
    stamp: Stamp = Stamp()


@dataclass(frozen=True, slots=True, kw_only=True)
class UpsertOrder:
    """Create an order or move it on, and count or give back its incentives.

    Shapes: fields are an order's body with `status`, `items` and `customer`; redeemables are those
        of the redemption API, in the order in which the platform applied them; checkout_key is the
        session under which they were validated, None where they were not. placed_at is the
        platform's date of the order. Orders older than the connection are imported only.
    Units:  minor units.
    """

    source_id: str
    fields: Fields
    redeemables: Sequence[Fields] = ()
    checkout_key: str | None = None
    placed_at: datetime | None = None
    stamp: Stamp = Stamp()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteRecord:
    """A record is gone on the platform.

    Shapes: kind is `customer`, `product`, `sku` or `order`. Kupon keeps what is counted: an order
        is cancelled, a product and a customer are marked as deleted in their metadata.
    """

    kind: str
    source_id: str
    stamp: Stamp = Stamp()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseCheckout:
    """A cart is gone: what its session held is free again."""

    checkout_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackEvent:
    """A custom event of a customer, who is created where unknown."""

    source_id: str
    event: str
    customer: Fields = field(default_factory=dict)
    metadata: Fields = field(default_factory=dict)
    referral: Fields | None = None
    loyalty: Fields | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAudienceMembership:
    """Put an audience into a list in the customer's metadata, or take it out."""

    source_id: str
    audience_id: str
    is_member: bool
    list_key: str
    customer: Fields = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishVoucher:
    """Give a customer a code: a certain one, or one of a campaign."""

    customer_source_id: str
    campaign: str | None = None
    voucher: str | None = None
    source_id: str | None = None
    metadata: Fields = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeCustomers:
    """Two profiles are one: whatever the first has becomes the second's."""

    from_source_id: str
    into_source_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseCustomer:
    """Forget a customer for good."""

    source_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CodesConsumed:
    """The platform has given away a code of a pool that was mirrored there."""

    code: str
    customer_source_id: str | None = None


Command: TypeAlias = (
    UpsertCustomer
    | UpsertProduct
    | UpsertOrder
    | DeleteRecord
    | ReleaseCheckout
    | TrackEvent
    | SetAudienceMembership
    | PublishVoucher
    | MergeCustomers
    | EraseCustomer
    | CodesConsumed
)

"""Batches for a platform: what waits, made into the adapter's items, within its limits.

Profiles and codes are looked up when they are told, so that a platform never gets an older state
after a newer one, and nothing of what is gone or has not changed.

Source: spec adapters-marketing, sections 1.4, 1.5 and 1.8.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from kupon.features.assets.schemas import links_below
from kupon.features.customers import service as customers
from kupon.features.integrations.service.outbound.flattening import properties_of
from kupon.features.integrations.service.outbound.hearing import (
    HOPS,
    Receiver,
    hops_of,
    metadata_of,
)
from kupon.features.integrations.service.outbound.projecting import Backdrop, digest_of, project
from kupon.features.vouchers import service as vouchers
from kupon.hooks.adapter import CodeItem, EventItem, Item, MergeItem, OrderItem, ProfileItem
from kupon.kit.timestamps import parse_moment
from kupon.storage import snapshots
from kupon.storage.queries import (
    outbound_items,
    platform_checkouts,
    projections,
    pushed_profiles,
)
from kupon.storage.queries.outbound_items import (
    CODES,
    EVENTS,
    MERGES,
    ORDERS,
    PROFILES,
    ItemRow,
)
from kupon.storage.queries.validation_rules import load_rules
from kupon.storage.tables.projects import Project
from kupon.storage.uow import UnitOfWork

# More than that at once would only make transactions long.
_MOST = 1000
# What an adapter wraps each item in.
_WRAPPING_BYTES = 512


@dataclass(slots=True)
class Batch:
    """What goes to the adapter in one piece.

    Shapes: rows and items belong together; needless are rows that need not be told; digests are
        those of profiles, by place.
    """

    rows: list[ItemRow] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    needless: list[ItemRow] = field(default_factory=list)

    def add(self, row: ItemRow, item: Item, digest: str = "") -> None:
        """Append an item."""
        self.rows.append(row)
        self.items.append(item)
        self.digests.append(digest)

    def cut(self, most_bytes: int) -> None:
        """Leave out what would make it too large; one item goes in any case."""
        size = 0
        for place, item in enumerate(self.items):
            size += _size(item)
            if place and size > most_bytes:
                del self.rows[place:], self.items[place:], self.digests[place:]
                return


def _size(item: Item) -> int:
    """About what an item takes on the way, whichever of its forms the adapter sends.

    Units:  bytes.
    """
    parts: tuple[Any, ...]
    match item:
        case EventItem():
            forms = (orjson.dumps(dict(item.data)), orjson.dumps(dict(item.properties)))
            return _WRAPPING_BYTES + len(orjson.dumps(dict(item.customer))) + max(map(len, forms))
        case ProfileItem():
            parts = (item.customer, item.attributes)
        case CodeItem():
            parts = (item.voucher, item.customer or {})
        case MergeItem():
            parts = (item.customer, item.gone)
        case OrderItem():
            parts = (dict(item.passed_over), dict.fromkeys([*item.codes, *item.redemption_ids]))
    return _WRAPPING_BYTES + sum(len(orjson.dumps(dict(part))) for part in parts)


@dataclass(frozen=True, slots=True)
class Packing:
    """A connection's items on their way into batches.

    Shapes: public_url is this server's, if set; is_filling says that the platform gets customers'
        own data too.
    """

    uow: UnitOfWork
    project: Project
    receiver: Receiver
    public_url: str = ""
    is_filling: bool = False

    def pack(self, kind: str) -> Batch:
        """The oldest items of a kind that are due, as many as the platform takes at once."""
        manifest = self.receiver.manifest
        most = min(manifest.batch_limit, _MOST)
        rows = outbound_items.find_due(self.uow, self.receiver.id, kind, most)
        batch = Batch()
        if rows:
            _FILL[kind](self, rows, batch)
            batch.cut(manifest.batch_bytes)
        return batch

    def add_events(self, rows: Sequence[ItemRow], batch: Batch) -> None:
        """Events as they happened."""
        for row in rows:
            batch.add(row, self._event(row))

    def _event(self, row: ItemRow) -> EventItem:
        told = row.payload
        data: Mapping[str, Any] = told["data"]
        properties = properties_of(
            data,
            event_id=row.item_id,
            occurred_at=told["occurred_at"],
            project_id=self.project.id,
            currency=self.project.currency,
        )
        if "event" in data:
            # Whoever sends it back may send the metadata only.
            hops = {HOPS: hops_of(metadata_of(data)) + 1}
            properties |= hops | {"metadata": properties.get("metadata", {}) | hops}
        return EventItem(
            id=row.item_id,
            type=told["type"],
            name=self.receiver.name_of(told["type"]),
            customer=data.get("customer") or {"id": row.customer_id, "object": "customer"},
            occurred_at=parse_moment(told["occurred_at"]),
            data=data,
            properties=properties,
        )

    def add_profiles(self, rows: Sequence[ItemRow], batch: Batch) -> None:
        """Profiles as they are now, where the platform does not have them so already."""
        ids = [row.item_id for row in rows]
        known = customers.describe_customers(self.uow, ids)
        held = projections.find_holdings(self.uow, ids)
        digests = pushed_profiles.find_digests(self.uow, self.receiver.id, ids)
        attributes = self.receiver.attributes
        for row in rows:
            customer, old = known[row.item_id], digests.get(row.item_id)
            projected = project(attributes, held.get(row.item_id, ()), self._backdrop)
            news = {name: value for name, value in projected.items() if value is not None}
            digest = digest_of(customer, projected, is_filling=self.is_filling)
            # Erased ones have no date; who never had anything need not be known as having nothing.
            if "created_at" not in customer or digest == old or (old is None and not news):
                batch.needless.append(row)
                continue
            # Another one for each state that is told, also where it came before its event did.
            id = f"{row.item_id}.{row.seq}.{digest[:16]}"
            told = news if old is None else projected
            batch.add(row, ProfileItem(id=id, customer=customer, attributes=told), digest)

    @property
    def _backdrop(self) -> Backdrop:
        def links(code: str) -> Mapping[str, Any] | None:
            if not self.public_url:
                return None
            return links_below(
                self.public_url, self.project.id, bytes(self.project.tracking_key)
            ).dump(code)

        return Backdrop(self.project.name, self.project.currency, links)

    def add_merges(self, rows: Sequence[ItemRow], batch: Batch) -> None:
        """Customers who became one."""
        for row in rows:
            pair = row.payload
            item = MergeItem(id=row.item_id, customer=pair["customer"], gone=pair["gone"])
            batch.add(row, item)

    def add_orders(self, rows: Sequence[ItemRow], batch: Batch) -> None:
        """Orders with what their incentives have come to by now."""
        names = [row.item_id for row in rows]
        found = platform_checkouts.find_checkouts(self.uow, self.receiver.id, names)
        for row in rows:
            checkout = found.get(row.item_id)
            if checkout is None:
                batch.needless.append(row)
                continue
            passed_over = {str(each["id"]): str(each["reason"]) for each in checkout.passed_over}
            counts = checkout.state == platform_checkouts.REDEEMED
            wanted = [str(each["id"]) for each in checkout.redeemables] if counts else []
            item = OrderItem(
                id=f"{row.item_id}.{row.seq}",
                source_id=row.item_id,
                state=checkout.state,
                codes=[id for id in wanted if id not in passed_over],
                redemption_ids=list(checkout.redemption_ids) if counts else [],
                passed_over=list(passed_over.items()),
            )
            batch.add(row, item)

    def add_codes(self, rows: Sequence[ItemRow], batch: Batch) -> None:
        """Codes as they are now; those that can't be used any more are to go."""
        found = snapshots.find_vouchers(self.uow, [row.item_id for row in rows])
        holders = [facts.holder_id for facts in found.values() if facts.holder_id is not None]
        known = customers.describe_customers(self.uow, holders)
        # A platform must see what it can't do, such as rules and times of day.
        whole = {each["id"]: each for each in vouchers.dump_whole(self.uow, [*found.values()])}
        assigned = {id: _rule_ids(each) for id, each in whole.items()}
        rules = load_rules(self.uow, sorted({id for ids in assigned.values() for id in ids}))
        for row in rows:
            facts = found.get(row.item_id)
            id = f"{row.item_id}.{row.seq}"
            if facts is None:
                gone = {"id": row.item_id, "code": row.payload["code"], "object": "voucher"}
                batch.add(row, CodeItem(id=id, voucher=gone, is_retired=True))
                continue
            item = CodeItem(
                id=id,
                voucher=whole[row.item_id],
                customer=known.get(facts.holder_id or ""),
                is_retired=self._is_retired(facts),
                rules=[rules[id] for id in assigned[row.item_id] if id in rules],
            )
            batch.add(row, item)

    def _is_retired(self, facts: snapshots.VoucherFacts) -> bool:
        is_used_up = (
            facts.redemption_quantity is not None
            and facts.redeemed_quantity >= facts.redemption_quantity
        )
        ends = facts.expiration_date
        is_active = facts.is_active and facts.is_campaign_active
        return not is_active or is_used_up or (ends is not None and ends < self.uow.now)


def _rule_ids(voucher: Mapping[str, Any]) -> list[str]:
    """The rules that a voucher or its campaign has."""
    listed = (voucher.get("validation_rules_assignments") or {}).get("data") or ()
    return [str(each["rule_id"]) for each in listed]


_FILL: Mapping[str, Callable[[Packing, Sequence[ItemRow], Batch], None]] = {
    PROFILES: Packing.add_profiles,
    EVENTS: Packing.add_events,
    CODES: Packing.add_codes,
    MERGES: Packing.add_merges,
    ORDERS: Packing.add_orders,
}

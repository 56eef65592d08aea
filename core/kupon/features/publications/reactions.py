"""What others are told of publications: who was given which code, or failed to get one.

Source: spec events-webhooks-data, section 4.3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kupon.features.customers.schemas import dump_simple_customer
from kupon.features.publications import service
from kupon.features.vouchers.schemas import (
    dump_campaign_summary,
    dump_simple_voucher,
    dump_voucher,
)
from kupon.jobs.described import ACTION, EFFECT, Described
from kupon.kit.timestamps import format_moment
from kupon.storage import snapshots
from kupon.storage.queries import publications
from kupon.storage.queries.campaigns import find_campaigns
from kupon.storage.queries.customers import find_customers
from kupon.storage.queries.outbox import EventRow
from kupon.storage.snapshots import VoucherFacts
from kupon.storage.tables.campaigns import Campaign
from kupon.storage.uow import UnitOfWork

EVENTS = ("publication.succeeded", "publication.failed")
CODES = ("voucher.published",)

Row = Mapping[str, Any]
Wire = dict[str, Any]


def describe(uow: UnitOfWork, events: Sequence[EventRow], is_public: bool) -> Iterator[Described]:
    """What customers were given, once for each code, or failed to get."""
    scene = _look_up(uow, events)
    for event in events:
        row = scene.rows.get(event.payload["publication_id"])
        if row is None or row["customer_id"] not in scene.people:
            continue
        outcome = "succeeded" if row["result"] == "SUCCESS" else "failed"
        for voucher_id in row["voucher_ids"] if row["result"] == "SUCCESS" else (None,):
            data = scene.describe(row, voucher_id)
            if is_public and outcome == "succeeded":
                yield _describe(scene, event, row, "publication.succeeded", row["id"], data)
            customer_id = row["customer_id"]
            type = f"customer.publication.{outcome}"
            yield _describe(scene, event, row, type, customer_id, data)


def describe_codes(uow: UnitOfWork, events: Sequence[EventRow], _: bool) -> Iterator[Described]:
    """That codes were published, which only projects are told."""
    scene = _look_up(uow, events)
    for event in events:
        row = scene.rows.get(event.payload["publication_id"])
        if row is not None and row["customer_id"] in scene.people:
            data = scene.describe(row, event.payload["voucher_id"])
            data["created_at"] = format_moment(row["created_at"])
            yield _describe(
                scene, event, row, event.name, event.payload["voucher_id"], data, category=EFFECT
            )


@dataclass(frozen=True, slots=True)
class _Scene:
    """What some events are about, by id; publications are as the wire lists them."""

    rows: Mapping[str, Row]
    people: Mapping[str, Row]
    campaigns: Mapping[str, Campaign]
    vouchers: Mapping[str, VoucherFacts]
    publications: Mapping[str, Wire]

    def describe(self, row: Row, voucher_id: str | None) -> Wire:
        """What the wire tells of a publication and one of its codes."""
        campaign = self.campaigns.get(row["campaign_id"] or "")
        data = {
            "customer": dump_simple_customer(self.people[row["customer_id"]]),
            "campaign": None if campaign is None else dump_campaign_summary(campaign),
            "publication": self.publications[row["id"]],
            "voucher": self._dump_code(voucher_id),
        }
        return {name: value for name, value in data.items() if value is not None}

    def _dump_code(self, voucher_id: str | None) -> Wire | None:
        facts = self.vouchers.get(voucher_id or "")
        if facts is None:
            return None
        whole = dump_voucher(facts, facts.campaign_name, None, campaign_type=facts.campaign_type)
        return dump_simple_voucher(whole)


def _look_up(uow: UnitOfWork, events: Sequence[EventRow]) -> _Scene:
    found = publications.find_publications(
        uow, [event.payload["publication_id"] for event in events]
    )
    rows = list(found.values())
    campaigns = {row["campaign_id"] for row in rows if row["campaign_id"] is not None}
    wire = service.dump_rows(uow, rows)
    return _Scene(
        rows=found,
        people=find_customers(uow, [row["customer_id"] for row in rows]),
        campaigns=find_campaigns(uow, sorted(campaigns)),
        vouchers=snapshots.find_vouchers(uow, [id for row in rows for id in row["voucher_ids"]]),
        publications={body["id"]: body for body in wire},
    )


def _describe(
    scene: _Scene,
    event: EventRow,
    row: Row,
    type: str,
    entity_id: str,
    data: Wire,
    *,
    category: str = ACTION,
) -> Described:
    campaign = scene.campaigns.get(row["campaign_id"] or "")
    return Described(
        event=event,
        type=type,
        data=data,
        entity_id=entity_id,
        category=category,
        customer_id=row["customer_id"],
        campaign_id=row["campaign_id"],
        campaign_type=None if campaign is None else campaign.campaign_type,
    )

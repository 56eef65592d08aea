"""The activity feeds of customers as far as publications fill them.

Source: spec events-webhooks-data, section 4.3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kupon.features.customers import service as customers
from kupon.features.customers.schemas import dump_simple_customer
from kupon.features.publications import service
from kupon.features.vouchers.schemas import (
    dump_campaign_summary,
    dump_simple_voucher,
    dump_voucher,
)
from kupon.storage import snapshots
from kupon.storage.queries import publications
from kupon.storage.queries.activities import Entry, Told
from kupon.storage.queries.campaigns import find_campaigns
from kupon.storage.queries.customers import find_customers
from kupon.storage.queries.outbox import EventRow
from kupon.storage.snapshots import VoucherFacts
from kupon.storage.tables.campaigns import Campaign
from kupon.storage.uow import UnitOfWork

EVENTS = ("publication.succeeded", "publication.failed")

Row = Mapping[str, Any]


def record_activity(uow: UnitOfWork, events: Sequence[EventRow]) -> None:
    """Write what customers were given, or failed to get; one entry for each code."""
    rows = publications.find_publications(
        uow, [event.payload["publication_id"] for event in events]
    )
    scene = _look_up(uow, list(rows.values()))
    mine = [(event, rows.get(event.payload["publication_id"])) for event in events]
    customers.record_activities(
        uow,
        [
            Told(row["customer_id"], event, _entries(scene, row))
            for event, row in mine
            if row is not None and row["customer_id"] in scene.people
        ],
    )


@dataclass(frozen=True, slots=True)
class _Scene:
    """What some publications refer to, by id; publications are as the wire lists them."""

    people: Mapping[str, Row]
    campaigns: Mapping[str, Campaign]
    vouchers: Mapping[str, VoucherFacts]
    publications: Mapping[str, dict[str, Any]]


def _look_up(uow: UnitOfWork, rows: Sequence[Row]) -> _Scene:
    campaigns = {row["campaign_id"] for row in rows if row["campaign_id"] is not None}
    wire = service.dump_rows(uow, rows)
    return _Scene(
        people=find_customers(uow, [row["customer_id"] for row in rows]),
        campaigns=find_campaigns(uow, sorted(campaigns)),
        vouchers=snapshots.find_vouchers(uow, [id for row in rows for id in row["voucher_ids"]]),
        publications={body["id"]: body for body in wire},
    )


def _entries(scene: _Scene, row: Row) -> list[Entry]:
    """One entry for each code, or one for the failure."""
    campaign = scene.campaigns.get(row["campaign_id"] or "")
    data = {
        "customer": dump_simple_customer(scene.people[row["customer_id"]]),
        "campaign": None if campaign is None else dump_campaign_summary(campaign),
        "publication": scene.publications[row["id"]],
    }
    told = [data]
    if row["result"] == "SUCCESS":
        told = [data | {"voucher": _dump_code(scene, id)} for id in row["voucher_ids"]]
    outcome = "succeeded" if row["result"] == "SUCCESS" else "failed"
    return [
        Entry(
            type=f"customer.publication.{outcome}",
            category="ACTION",
            data={name: value for name, value in each.items() if value is not None},
            campaign_id=row["campaign_id"],
            campaign_type=None if campaign is None else campaign.campaign_type,
        )
        for each in told
    ]


def _dump_code(scene: _Scene, voucher_id: str) -> dict[str, Any] | None:
    facts = scene.vouchers.get(voucher_id)
    if facts is None:
        return None
    return dump_simple_voucher(dump_voucher(facts, facts.campaign_name, None))

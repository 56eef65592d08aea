"""What others are told of redemptions and rollbacks: the wire's SimpleRedemption and more.

Source: spec events-webhooks-data, sections 4.1 and 4.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kupon.features.customers.schemas import dump_simple_customer
from kupon.features.orders.schemas import dump_simple_order
from kupon.features.redemptions.schemas import dump_redemption
from kupon.features.redemptions.service.listing import find_rewards
from kupon.features.vouchers.schemas import (
    dump_campaign_summary,
    dump_simple_voucher,
    dump_voucher,
)
from kupon.storage import snapshots
from kupon.storage.queries import promotion_tiers, redemptions
from kupon.storage.queries.campaigns import find_campaigns
from kupon.storage.queries.customers import find_customers
from kupon.storage.snapshots import VoucherFacts
from kupon.storage.tables.campaigns import Campaign
from kupon.storage.tables.promotions import PromotionTier
from kupon.storage.uow import UnitOfWork

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Scene:
    """What some rows refer to, by id."""

    customers: Mapping[str, Row]
    vouchers: Mapping[str, VoucherFacts]
    campaigns: Mapping[str, Campaign]
    tiers: Mapping[str, PromotionTier]
    undone: Mapping[str, Row]
    rewards: Mapping[str, Row]

    def customer(self, customer_id: str | None) -> dict[str, Any] | None:
        """The wire's SimpleCustomer; None for one that is gone."""
        found = None if customer_id is None else self.customers.get(customer_id)
        return None if found is None else dump_simple_customer(found)

    def redemption(self, row: Row) -> dict[str, Any]:
        """The wire's SimpleRedemption."""
        voucher = self.vouchers.get(row["voucher_id"])
        body = dump_redemption(
            row,
            customer=self.customer(row["customer_id"]),
            voucher=None if voucher is None else _simple_voucher(voucher),
            promotion_tier=self.tier(row),
            reward=self.rewards.get(row["redemption_id"] or row["id"]),
        )
        if body["order"] is not None:
            body["order"] = dump_simple_order(body["order"])
        # Reference: with a blank here, with an underscore elsewhere.
        body["status"] = body["status"].replace("_", " ")
        return {name: body[name] for name in _REDEMPTION if body.get(name) is not None}

    def tier(self, row: Row) -> dict[str, Any] | None:
        """The wire's SimplePromotionTier of what was redeemed."""
        tier = self.tiers.get(row["related_object_id"])
        return None if tier is None else _dump_tier(tier)

    def describe(self, row: Row) -> dict[str, Any]:
        """What events of a redemption or a rollback tell."""
        voucher = self.vouchers.get(row["voucher_id"])
        campaign = self.campaigns.get(row["campaign_id"])
        undone = self.undone.get(row["redemption_id"])
        redemption = self.redemption(row)
        data = {
            "customer": redemption.get("customer"),
            "order": redemption.get("order"),
            "campaign": None if campaign is None else dump_campaign_summary(campaign),
            "voucher": redemption.get("voucher"),
            "holder": None if voucher is None else self.customer(voucher.holder_id),
            "promotion_tier": redemption.get("promotion_tier"),
            "redemption": redemption if undone is None else self.redemption(undone),
            "redemption_rollback": None if undone is None else redemption,
        }
        return {name: value for name, value in data.items() if value is not None}


def look_up(uow: UnitOfWork, rows: Sequence[Row], people: Iterable[str | None] = ()) -> Scene:
    """What rows refer to; people are further customers that are told of."""
    vouchers = snapshots.find_vouchers(uow, _named(rows, "voucher_id"))
    holders = {voucher.holder_id for voucher in vouchers.values()}
    known = {row["customer_id"] for row in rows} | holders | set(people)
    undone = redemptions.find_redemptions(uow, _named(rows, "redemption_id"))
    tiers = {row["related_object_id"] for row in rows if _is_of_tier(row)}
    return Scene(
        customers=find_customers(uow, [id for id in known if id is not None]),
        vouchers=vouchers,
        campaigns=find_campaigns(uow, _named(rows, "campaign_id")),
        tiers=promotion_tiers.find_tiers(uow, sorted(tiers)) if tiers else {},
        undone={row["id"]: row for row in undone},
        rewards=find_rewards(uow, rows, vouchers),
    )


def describe_redemptions(uow: UnitOfWork, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The wire's SimpleRedemptions of redemptions and rollbacks, by id."""
    rows = redemptions.find_redemptions(uow, ids)
    scene = look_up(uow, rows)
    return {row["id"]: scene.redemption(row) for row in rows}


def as_made(row: Row) -> Row:
    """A redemption as it was when it happened: what is rolled back by now had succeeded."""
    return row if row["result"] == "FAILURE" else {**row, "status": "SUCCEEDED"}


def _is_of_tier(row: Row) -> bool:
    return bool(row["related_object_type"] == "promotion_tier")


def _named(rows: Iterable[Row], column: str) -> list[str]:
    return sorted({row[column] for row in rows if row[column] is not None})


def _simple_voucher(voucher: VoucherFacts) -> dict[str, Any]:
    whole = dump_voucher(voucher, voucher.campaign_name, None, campaign_type=voucher.campaign_type)
    return dump_simple_voucher(whole)


def _dump_tier(tier: PromotionTier) -> dict[str, Any]:
    return {
        "id": tier.id,
        "name": tier.name,
        "banner": tier.banner,
        "campaign": {"id": tier.campaign_id},
        "metadata": tier.tier_metadata,
    }


_REDEMPTION = (
    "id",
    "customer_id",
    "tracking_id",
    "date",
    "amount",
    "order",
    "reward",
    "customer",
    "result",
    "status",
    "voucher",
    "promotion_tier",
    "redemption",
    "metadata",
    "failure_code",
    "failure_message",
    "reason",
    "channel",
    "object",
)

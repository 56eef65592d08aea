"""Reading redemptions and rollbacks: one, a page, or all of a code."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Any

from kupon.engine.points import LOYALTY_CARD
from kupon.features.customers.schemas import dump_simple_customer
from kupon.features.promotions.schemas import dump_redeemed_tier
from kupon.features.redemptions import schemas
from kupon.features.rewards import service as rewards
from kupon.features.validations.service.loading import read_definitions
from kupon.features.vouchers.schemas import dump_voucher
from kupon.features.vouchers.service import code_key
from kupon.kit.errors import not_found
from kupon.kit.pages import PageRequest, list_body
from kupon.kit.timestamps import format_moment
from kupon.storage import snapshots
from kupon.storage.definitions import Definitions
from kupon.storage.queries import customers, redemptions, reward_redemptions
from kupon.storage.queries.campaign_access import check_access
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.queries.promotions import TierFacts
from kupon.storage.snapshots import VoucherFacts
from kupon.storage.uow import UnitOfWork


def get_redemption(uow: UnitOfWork, redemption_id: str) -> dict[str, Any]:
    """One redemption or rollback."""
    return dump_rows(uow, [redemptions.get_redemption(uow, redemption_id)])[0]


def list_redemptions(uow: UnitOfWork, request: PageRequest, tz: tzinfo) -> dict[str, Any]:
    """A page of redemptions and rollbacks, children and parents alike."""
    page = redemptions.list_redemptions(uow, request, tz)
    return list_body("redemptions", dump_rows(uow, page.rows), total=page.total)


def list_voucher_redemptions(uow: UnitOfWork, project: ProjectFacts, code: str) -> dict[str, Any]:
    """Everything that was redeemed and rolled back with one code, the newest first."""
    key = code_key(code, is_case_sensitive=project.case_sensitive_codes)
    voucher = snapshots.find_voucher(uow, key, code)
    if voucher is None:
        raise not_found("voucher", code)
    check_access(uow, voucher.campaign_id, otherwise=("voucher", voucher.id))
    entries = dump_rows(uow, redemptions.list_of_voucher(uow, voucher.id))
    body = list_body("redemption_entries", entries, total=len(entries))
    return body | {
        "quantity": voucher.redemption_quantity,
        "redeemed_quantity": voucher.redeemed_quantity,
        "url": f"/v1/vouchers/{voucher.id}/redemptions?page=1&limit=10",
    }


def dump_rows(uow: UnitOfWork, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The wire's forms, with what they refer to read in one statement for each kind."""
    found_customers = customers.find_customers(uow, _named(rows, "customer_id"))
    vouchers = snapshots.find_vouchers(uow, _named(rows, "voucher_id"))
    definitions = read_definitions(uow)
    related = _related(uow, rows)
    given = find_rewards(uow, rows, vouchers)
    dumped = []
    for row in rows:
        customer = found_customers.get(row["customer_id"])
        voucher = vouchers.get(row["voucher_id"])
        tier = _tier_of(row, definitions)
        dumped.append(
            schemas.dump_redemption(
                row,
                customer=None if customer is None else dump_simple_customer(customer),
                voucher=None if voucher is None else _dump_voucher(voucher, definitions),
                promotion_tier=None if tier is None else _dump_tier(tier, definitions),
                related=related.get(row["id"]),
                reward=given.get(row["redemption_id"] or row["id"]),
            )
        )
    return dumped


def find_rewards(
    uow: UnitOfWork, rows: Sequence[Mapping[str, Any]], vouchers: Mapping[str, VoucherFacts]
) -> dict[str, dict[str, Any]]:
    """What redemptions have bought, by the redemption's id; only loyalty cards buy anything."""
    cards = {id for id, facts in vouchers.items() if facts.type == LOYALTY_CARD}
    sources = {row["redemption_id"] or row["id"] for row in rows if row["voucher_id"] in cards}
    found = reward_redemptions.find_of_sources(uow, sorted(sources))
    return rewards.dump_given_rewards(uow, list(found.values())) if found else {}


def _dump_voucher(voucher: VoucherFacts, definitions: Definitions) -> dict[str, Any]:
    category = definitions.category(voucher.effective_category_id)
    kind = voucher.campaign_type
    return dump_voucher(voucher, voucher.campaign_name, category, campaign_type=kind)


def _tier_of(row: Mapping[str, Any], definitions: Definitions) -> TierFacts | None:
    if row["related_object_type"] != "promotion_tier":
        return None
    return definitions.programmes.tiers.get(row["related_object_id"])


def _dump_tier(tier: TierFacts, definitions: Definitions) -> dict[str, Any]:
    return dump_redeemed_tier(tier, definitions.category(tier.effective_category_id))


def _named(rows: Sequence[Mapping[str, Any]], column: str) -> list[str]:
    return list({row[column] for row in rows if row[column] is not None})


def _related(
    uow: UnitOfWork, rows: Sequence[Mapping[str, Any]]
) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """By redemption: its children where it is a parent, and the rollbacks that undid it."""
    parents = [row["id"] for row in rows if row["related_object_type"] == "redemption"]
    undone = [row["id"] for row in rows if row["status"] == "ROLLED_BACK"]
    related: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(dict)
    for child in redemptions.list_children(uow, parents) if parents else []:
        entry = {"id": child["id"], "date": format_moment(child["created_at"])}
        related[child["parent_id"]].setdefault("redemptions", []).append(entry)
    for rollback in redemptions.list_rollbacks(uow, undone) if undone else []:
        entry = {
            "id": rollback["id"],
            "date": format_moment(rollback["created_at"]),
            "rollback_order_mode": rollback["rollback_order_mode"],
        }
        related[rollback["redemption_id"]].setdefault("rollbacks", []).append(entry)
    return related

"""What is kept of a reward that was given, and what is told of it.

Source: spec campaigns-loyalty-referral-gift, section 8.4; events-webhooks-data, section 4.4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kupon.features.customers import service as customers
from kupon.features.rewards import schemas
from kupon.features.rewards.service.granting import Given
from kupon.features.vouchers import service as vouchers
from kupon.runtime import ids
from kupon.storage.queries import holders, reward_redemptions
from kupon.storage.queries.customers import find_customers
from kupon.storage.queries.reward_redemptions import PENDING
from kupon.storage.tables.rewards import RewardAssignment
from kupon.storage.uow import UnitOfWork

Row = Mapping[str, Any]


def record(
    uow: UnitOfWork,
    given: Given,
    *,
    source_type: str,
    source_id: str,
    customer_id: str,
    card_id: str | None = None,
    campaign_id: str | None = None,
    assignment: RewardAssignment | None = None,
    tier_id: str | None = None,
) -> Row:
    """Keep what was given for a redemption or a referral, so that it can be taken back.

    Shapes:  source_type is `redemption` or `referral`; card_id is what paid, or the code by which
        somebody was referred, campaign_id its campaign.
    """
    shown = schemas.dump_given(given.reward, product=given.product, sku=given.sku) | {
        "assignment_id": None if assignment is None else assignment.id,
        "loyalty_tier_id": tier_id,
    }
    row = {
        "id": ids.new_id("rewr_"),
        "state": given.state,
        "source_type": source_type,
        "source_id": source_id,
        "reward_id": given.reward.id,
        "reward_assignment_id": None if assignment is None else assignment.id,
        "voucher_id": card_id,
        "campaign_id": campaign_id,
        "customer_id": customer_id,
        "issued": {
            "voucher_ids": list(given.voucher_ids),
            "quantity": given.quantity,
            "reward": shown,
            **given.added,
        },
        "created_at": uow.now,
        "updated_at": None,
    }
    reward_redemptions.insert_reward_redemption(uow, row)
    return row


def dump_given_rewards(uow: UnitOfWork, rows: Sequence[Row]) -> dict[str, dict[str, Any]]:
    """What was given as redemptions print it, by what it was given for."""
    first = {row["id"]: row["issued"]["voucher_ids"][0] for row in rows if _has_code(row)}
    codes = holders.find_codes(uow, sorted(set(first.values()))) if first else []
    wire = {body["id"]: body for body in vouchers.dump_all(uow, codes)} if codes else {}
    named = {row["customer_id"] for row in rows if row["customer_id"] is not None}
    people = find_customers(uow, sorted(named))
    shown = {}
    for row in rows:
        person = people.get(row["customer_id"])
        shown[row["source_id"]] = row["issued"]["reward"] | {
            "customer": None if person is None else customers.dump_simple_customer(person),
            "voucher": wire.get(first.get(row["id"], "")),
            # The reference requires a member of this name, and says nothing of it.
            "reward": None,
        }
    return shown


def _has_code(row: Row) -> bool:
    return bool(row["issued"]["voucher_ids"])


def stage_given(
    uow: UnitOfWork,
    row: Row,
    shown: Row,
    *,
    assignment: RewardAssignment | None = None,
    redemption: Row | None = None,
    balance: Row | None = None,
    referral_tier: Row | None = None,
) -> None:
    """Tell that a reward was given: that it was bought, how far it is, and that somebody has it.

    Shapes:  row is what `record` kept, shown how redemptions print it; redemption, balance (what
        was paid) and referral_tier are the wire's.
    """
    facts = _facts(uow, row, shown, balance)
    told = facts | {"reward_assignment": assignment and schemas.dump_assignment(assignment)}
    reached = "pending" if row["state"] == PENDING else "completed"
    for verb in ("created", reached):
        _stage(uow, f"customer.reward_redemptions.{verb}", row, told)
    rewarded = facts | {"redemption": redemption, "referral_tier": referral_tier}
    del rewarded["reward_redemption"]
    _stage(uow, "customer.rewarded", row, rewarded)


def stage_taken_back(
    uow: UnitOfWork,
    row: Row,
    shown: Row,
    assignment: RewardAssignment | None,
    balance: Row | None,
) -> None:
    """Tell that a reward was taken back; balance is what its card got back, as the wire has it."""
    told = _facts(uow, row, shown, balance)
    told["reward_assignment"] = assignment and schemas.dump_assignment(assignment)
    _stage(uow, "customer.reward_redemptions.rolledback", row, told)


def _facts(uow: UnitOfWork, row: Row, shown: Row, balance: Row | None) -> dict[str, Any]:
    about: Row = {}
    if row["voucher_id"] is not None:
        about = vouchers.describe_cards(uow, [row["voucher_id"]]).get(row["voucher_id"], {})
    return {
        **about,
        "holder": shown["customer"],
        "reward_redemption": schemas.dump_reward_redemption(row),
        "reward": shown,
        "source": {"id": row["source_id"], "type": row["source_type"]},
        "balance": balance,
    }


def _stage(uow: UnitOfWork, event: str, row: Row, payload: Row) -> None:
    told = {name: value for name, value in payload.items() if value is not None}
    customer_id = row["customer_id"]
    # Who was erased is nobody any more.
    uow.stage(event, customer_id or row["id"], {"customer_id": customer_id, **told})

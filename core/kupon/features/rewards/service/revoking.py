"""Taking rewards back, as far as they are still there; it never keeps a rollback from happening.

Source: spec campaigns-loyalty-referral-gift, section 8.4 (UNCERTAIN there: what becomes of the
issued thing).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from kupon.features.rewards.service.recording import dump_given_rewards, stage_taken_back
from kupon.features.vouchers import service as vouchers
from kupon.storage.ledger import POINTS_REMOVAL
from kupon.storage.locks import lock_vouchers
from kupon.storage.points import Posting, lock_cards
from kupon.storage.queries import reward_assignments, reward_redemptions, rewards
from kupon.storage.queries.reward_redemptions import ROLLED_BACK
from kupon.storage.uow import UnitOfWork

Row = Mapping[str, Any]


def hold_given(uow: UnitOfWork, source_ids: Sequence[str], paying: Iterable[str]) -> Sequence[Row]:
    """What was given for some redemptions or referrals, with all that taking it back will touch.

    Shapes:  paying are the cards that get back what it cost.
    Locks:   the stocks of rewards by id, then what was given and what paid by id.
    """
    found = reward_redemptions.find_of_sources(uow, source_ids)
    rows = [row for row in found.values() if row["state"] != ROLLED_BACK]
    for reward_id in sorted({row["reward_id"] for row in rows if _is_counted(row)}):
        if rewards.find_rewards(uow, [reward_id]):
            rewards.lock_reward(uow, reward_id)
    if rows:
        given = {id for row in rows for id in row["issued"]["voucher_ids"]}
        lock_vouchers(uow, given.union(paying))
    return rows


def _is_counted(row: Row) -> bool:
    return bool(row["issued"]["reward"]["type"] == "MATERIAL")


def take_back(
    uow: UnitOfWork,
    rows: Sequence[Row],
    *,
    today: date,
    balances: Mapping[str, Row | None] | None = None,
) -> None:
    """Take back what was given: unused codes, credits and points as far as they are there, stock.

    Shapes:  balances are what the redemptions' cards got back, as events tell of it, by the
        redemption's id.
    Units:   today is the project's day.
    Locks:   everything must be held, as by hold_given.
    """
    for row in rows:
        _take(uow, row, today)
    reward_redemptions.mark_rolled_back(uow, [row["id"] for row in rows])
    shown = dump_given_rewards(uow, rows)
    for row in rows:
        gone = {**row, "state": ROLLED_BACK, "updated_at": uow.now}
        assignment = reward_assignments.find_assignment(uow, row["reward_assignment_id"])
        balance = (balances or {}).get(row["source_id"])
        stage_taken_back(uow, gone, shown[row["source_id"]], assignment, balance)


def _take(uow: UnitOfWork, row: Row, today: date) -> None:
    issued = row["issued"]
    codes: list[str] = issued["voucher_ids"]
    if "credits" in issued:
        _take_credits(uow, codes[0], issued["credits"])
    elif "points" in issued:
        _take_points(uow, codes[0], issued["points"], today)
    elif codes:
        vouchers.disable_unused(uow, codes)
    elif _is_counted(row):
        reward = rewards.find_rewards(uow, [row["reward_id"]]).get(row["reward_id"])
        if reward is not None:
            rewards.count_redeemed(uow, reward, -issued["quantity"])


def _take_credits(uow: UnitOfWork, voucher_id: str, credits: int) -> None:
    available = vouchers.available_credits(uow, voucher_id)
    if available:
        vouchers.move_credits(uow, voucher_id, -min(credits, available))


def _take_points(uow: UnitOfWork, voucher_id: str, points: int, today: date) -> None:
    cards = lock_cards(uow, [voucher_id])
    card = cards.get(voucher_id)
    amount = 0 if card is None else min(points, card.available)
    if card is None or not amount:
        return
    movement = vouchers.points_movement(uow, card, POINTS_REMOVAL, -amount, source="Automation")
    lines = vouchers.post_points(uow, cards, [Posting(movement)], today=today)
    vouchers.stage_points_added(uow, lines)
    vouchers.stage_points_changed(uow, [card])

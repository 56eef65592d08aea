"""Statements on rewards.

Source: spec campaigns-loyalty-referral-gift, section 8.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from kupon.kit.errors import not_found
from kupon.kit.pages import PageRequest
from kupon.storage.criteria import MomentField, Test, among
from kupon.storage.listing import Listing, Page, fetch_page
from kupon.storage.tables.referrals import ReferralTier
from kupon.storage.tables.rewards import Reward, RewardAssignment
from kupon.storage.uow import UnitOfWork


def insert_reward(uow: UnitOfWork, reward: Reward) -> None:
    """Store a reward."""
    uow.session.add(reward)
    uow.session.flush()


def get_reward(uow: UnitOfWork, reward_id: str) -> Reward:
    """A reward by id.

    Raises:  not_found.
    """
    reward = uow.session.get(Reward, (uow.project_id, reward_id))
    if reward is None:
        raise not_found("reward", reward_id)
    return reward


def lock_reward(uow: UnitOfWork, reward_id: str) -> Reward:
    """A reward by id, for a change, a new assignment of it, or to take one out of its stock.

    Raises:  not_found.
    Locks:   the reward's row, before its assignments and before all codes.
    """
    reward = uow.session.scalar(
        select(Reward)
        .where(Reward.project_id == uow.project_id, Reward.id == reward_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if reward is None:
        raise not_found("reward", reward_id)
    return reward


def find_rewards(uow: UnitOfWork, ids: Sequence[str]) -> dict[str, Reward]:
    """Those of the given rewards that exist, by id."""
    if not ids:
        return {}
    found = uow.session.scalars(
        select(Reward).where(Reward.project_id == uow.project_id, among(Reward.id, [*ids]))
    )
    return {reward.id: reward for reward in found}


def save_reward(uow: UnitOfWork, reward: Reward) -> None:
    """Write what its caller changed of a reward."""
    reward.updated_at = uow.now
    uow.session.flush()


def count_redeemed(uow: UnitOfWork, reward: Reward, quantity: int) -> None:
    """Take so many out of the stock of a reward, or put them back (negative).

    Locks:  the reward must be locked.
    """
    reward.redeemed = max(reward.redeemed + quantity, 0)
    uow.session.flush()


def delete_reward(uow: UnitOfWork, reward: Reward) -> None:
    """Remove a reward that nothing offers any more."""
    uow.session.delete(reward)
    uow.session.flush()


def list_referral_tiers(uow: UnitOfWork, reward_id: str) -> Sequence[str]:
    """The ids of the referral tiers that give a reward."""
    return uow.session.scalars(
        select(ReferralTier.id)
        .where(ReferralTier.project_id == uow.project_id, ReferralTier.reward_id == reward_id)
        .order_by(ReferralTier.id)
    ).all()


def _assigned_by(assignment_id: str) -> Test:
    assigned = select(RewardAssignment.reward_id).where(
        RewardAssignment.project_id == Reward.project_id, RewardAssignment.id == assignment_id
    )
    test: Test = Reward.id.in_(assigned.correlate(Reward))
    return test


_REWARDS = Listing(
    Reward,
    fields={"created_at": MomentField(Reward.created_at)},
    shortcuts={"assignment_id": _assigned_by},
)


def list_rewards(uow: UnitOfWork, request: PageRequest) -> Page[Reward]:
    """One page of the project's rewards."""
    return fetch_page(uow, _REWARDS, request)

"""Statements on what programmes offer: rewards with their prices.

Source: spec campaigns-loyalty-referral-gift, section 8.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from sqlalchemy import delete, select

from kupon.kit.errors import duplicate_found, not_found
from kupon.kit.pages import PageRequest
from kupon.storage.criteria import MomentField, TextField
from kupon.storage.listing import Listing, Page, fetch_page
from kupon.storage.queries.campaign_access import check_access, narrowed
from kupon.storage.refusing import refusing
from kupon.storage.tables.loyalties import AutoRedemption
from kupon.storage.tables.rewards import RewardAssignment
from kupon.storage.uow import UnitOfWork


def insert_assignment(uow: UnitOfWork, assignment: RewardAssignment) -> None:
    """Store an assignment.

    Raises:  duplicate_found when the programme has the reward, or redeems another by itself.
    Locks:   the reward must be locked.
    """
    uow.session.add(assignment)
    _flush(uow, assignment)


def save_assignment(uow: UnitOfWork, assignment: RewardAssignment) -> None:
    """Write what its caller changed of an assignment.

    Raises:  duplicate_found when its programme redeems another reward by itself.
    """
    assignment.updated_at = uow.now
    _flush(uow, assignment)


def _flush(uow: UnitOfWork, assignment: RewardAssignment) -> None:
    taken = duplicate_found("reward_assignment", "reward", assignment.reward_id)
    second = duplicate_found("reward_assignment", "auto_redeem in campaign", assignment.campaign_id)
    with ExitStack() as stack:
        name = "uq_reward_assignments_project_id_campaign_id_reward_id"
        stack.enter_context(refusing(name, taken))
        stack.enter_context(refusing("uq_reward_assignments_auto_redeem", second))
        uow.session.flush()


def get_assignment(
    uow: UnitOfWork,
    assignment_id: str,
    *,
    reward_id: str | None = None,
    campaign_id: str | None = None,
    is_locked: bool = False,
) -> RewardAssignment:
    """An assignment by id; of any reward and programme, or of the given ones.

    Raises:  not_found; forbidden for a restricted key that may not use its programme.
    Locks:   the assignment's row, where asked to.
    """
    statement = select(RewardAssignment).where(
        RewardAssignment.project_id == uow.project_id, RewardAssignment.id == assignment_id
    )
    if reward_id is not None:
        statement = statement.where(RewardAssignment.reward_id == reward_id)
    if campaign_id is not None:
        statement = statement.where(RewardAssignment.campaign_id == campaign_id)
    if is_locked:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    assignment = uow.session.scalar(statement)
    if assignment is None:
        raise not_found("reward_assignment", assignment_id)
    check_access(uow, assignment.campaign_id, otherwise=("reward_assignment", assignment_id))
    return assignment


def find_assignment(uow: UnitOfWork, assignment_id: str | None) -> RewardAssignment | None:
    """An assignment by id; None where it is gone, or was none."""
    if assignment_id is None:
        return None
    return uow.session.get(RewardAssignment, (uow.project_id, assignment_id))


def list_of_reward(uow: UnitOfWork, reward_id: str) -> Sequence[RewardAssignment]:
    """All assignments of a reward, the oldest first."""
    return uow.session.scalars(
        select(RewardAssignment)
        .where(RewardAssignment.project_id == uow.project_id)
        .where(RewardAssignment.reward_id == reward_id)
        .order_by(RewardAssignment.created_at, RewardAssignment.id)
    ).all()


def list_of_campaign(uow: UnitOfWork, campaign_id: str) -> Sequence[RewardAssignment]:
    """All that a programme offers, the newest first."""
    return uow.session.scalars(
        select(RewardAssignment)
        .where(RewardAssignment.project_id == uow.project_id)
        .where(RewardAssignment.campaign_id == campaign_id)
        .order_by(RewardAssignment.created_at.desc(), RewardAssignment.id.desc())
    ).all()


def delete_assignment(uow: UnitOfWork, assignment: RewardAssignment) -> None:
    """Take a reward from a programme; nobody is counted for it any more."""
    uow.session.execute(
        delete(AutoRedemption).where(
            AutoRedemption.project_id == uow.project_id,
            AutoRedemption.assignment_id == assignment.id,
        )
    )
    uow.session.delete(assignment)
    uow.session.flush()


_ASSIGNMENTS = Listing(
    RewardAssignment,
    fields={
        "created_at": MomentField(RewardAssignment.created_at),
        "assignment_id": TextField(RewardAssignment.id),
        "reward_id": TextField(RewardAssignment.reward_id),
        "campaign_id": TextField(RewardAssignment.campaign_id),
    },
)


def list_assignments(uow: UnitOfWork, request: PageRequest) -> Page[RewardAssignment]:
    """One page of assignments."""
    return fetch_page(uow, narrowed(uow, _ASSIGNMENTS, RewardAssignment.campaign_id), request)

"""What programmes offer: assigning rewards, pricing them, taking them away.

Source: spec campaigns-loyalty-referral-gift, section 8.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from kupon.features.rewards import schemas
from kupon.features.rewards.service.definitions import COIN, PROGRAMME, refuse_own_programme
from kupon.features.validation_rules import service as rules
from kupon.features.vouchers.schemas import dump_campaign_summary
from kupon.kit.errors import KuponError, invalid_payload, not_found
from kupon.kit.pages import PageRequest, list_body
from kupon.runtime import ids
from kupon.storage.queries import campaigns, reward_assignments, rewards
from kupon.storage.queries.rule_assignments import Related
from kupon.storage.tables.campaigns import Campaign
from kupon.storage.tables.rewards import Reward, RewardAssignment
from kupon.storage.uow import UnitOfWork

Body = Mapping[str, Any]


def list_assignments(uow: UnitOfWork, reward_id: str, request: PageRequest) -> dict[str, Any]:
    """One page of the assignments of a reward.

    Raises:  not_found.
    """
    reward = rewards.get_reward(uow, reward_id)
    return _list(uow, request, reward_id=reward.id)


def list_of_programme(uow: UnitOfWork, name: str, request: PageRequest) -> dict[str, Any]:
    """One page of what a programme offers.

    Raises:  not_found.
    """
    return _list(uow, request, campaign_id=programme_of(uow, name).id)


def _list(uow: UnitOfWork, request: PageRequest, **owner: str) -> dict[str, Any]:
    request = replace(request, shortcuts={**request.shortcuts, **owner})
    page = reward_assignments.list_assignments(uow, request)
    rows = [schemas.dump_assignment(row) for row in page.rows]
    return list_body("data", rows, total=page.total)


def programme_of(uow: UnitOfWork, name: str) -> Campaign:
    """A loyalty programme by id or name.

    Raises:  not_found, also for a campaign of another type.
    """
    campaign = campaigns.get_campaign(uow, name).campaign
    if campaign.campaign_type != PROGRAMME:
        raise not_found("campaign", name)
    return campaign


def get_assignment(uow: UnitOfWork, reward_id: str, assignment_id: str) -> dict[str, Any]:
    """One assignment of a reward."""
    rewards.get_reward(uow, reward_id)
    row = reward_assignments.get_assignment(uow, assignment_id, reward_id=reward_id)
    return schemas.dump_assignment(row)


def get_of_programme(uow: UnitOfWork, name: str, assignment_id: str) -> dict[str, Any]:
    """One assignment to a programme."""
    return schemas.dump_assignment(_of_programme(uow, name, assignment_id))


def get_assigned_reward(uow: UnitOfWork, name: str, assignment_id: str) -> dict[str, Any]:
    """The reward of an assignment to a programme."""
    row = _of_programme(uow, name, assignment_id)
    return schemas.dump_reward(rewards.get_reward(uow, row.reward_id))


def _of_programme(uow: UnitOfWork, name: str, assignment_id: str) -> RewardAssignment:
    campaign = programme_of(uow, name)
    return reward_assignments.get_assignment(uow, assignment_id, campaign_id=campaign.id)


def create_assignment(uow: UnitOfWork, reward_id: str, name: str, body: Body) -> dict[str, Any]:
    """Offer a reward in a programme.

    Raises:  not_found for the reward, the programme or a rule; missing_param for no price;
        duplicate_found for a reward that is offered there, or a second one redeemed by itself;
        invalid_campaign for points of the programme itself; invalid_payload.
    """
    reward = rewards.lock_reward(uow, reward_id)
    campaign = campaigns.lock_campaign(uow, name).campaign
    if campaign.campaign_type != PROGRAMME:
        raise not_found("campaign", name)
    refuse_own_programme(reward.parameters, campaign.id)
    row = RewardAssignment(
        project_id=uow.project_id,
        id=ids.new_id("rewa_"),
        reward_id=reward.id,
        campaign_id=campaign.id,
        points=None,
        auto_redeem=False,
        created_at=uow.now,
    )
    _price(row, reward, body)
    reward_assignments.insert_assignment(uow, row)
    rules.attach(uow, Related("reward_assignment", row.id), body.get("validation_rules"))
    return _announce(uow, "created", campaign, reward, row)


def _price(row: RewardAssignment, reward: Reward, body: Body) -> None:
    """Write what a body says of the price.

    Raises:  missing_param for a reward that needs one; invalid_payload for one that has none.
    """
    price = (body.get("parameters") or {}).get("loyalty") or {}
    if reward.type == COIN:
        if price.get("auto_redeem"):
            raise invalid_payload(
                "Property .parameters.loyalty.auto_redeem is not for rewards of type COIN"
            )
        return
    row.points = price.get("points", row.points)
    if row.points is None:
        raise KuponError("missing_param", "Missing required parameter: 'parameters.loyalty'")
    if price.get("auto_redeem") is not None:
        row.auto_redeem = price["auto_redeem"]


def update_assignment(
    uow: UnitOfWork, reward_id: str, assignment_id: str, body: Body
) -> dict[str, Any]:
    """Change the price of a reward in a programme.

    Raises:  not_found; duplicate_found for a second reward redeemed by itself; invalid_payload.
    """
    return _update(uow, reward_id, assignment_id, body)


def update_of_programme(
    uow: UnitOfWork, name: str, assignment_id: str, body: Body
) -> dict[str, Any]:
    """Change what a programme asks for a reward; see update_assignment."""
    known = _of_programme(uow, name, assignment_id)
    return _update(uow, known.reward_id, assignment_id, body)


def _update(uow: UnitOfWork, reward_id: str, assignment_id: str, body: Body) -> dict[str, Any]:
    reward, campaign, row = _lock(uow, reward_id, assignment_id)
    _price(row, reward, body)
    reward_assignments.save_assignment(uow, row)
    return _announce(uow, "updated", campaign, reward, row)


def _lock(
    uow: UnitOfWork, reward_id: str, assignment_id: str
) -> tuple[Reward, Campaign, RewardAssignment]:
    """An assignment of a reward, with what it joins, for a change.

    Locks:   the reward, then the programme, then the assignment.
    """
    reward = rewards.lock_reward(uow, reward_id)
    known = reward_assignments.get_assignment(uow, assignment_id, reward_id=reward_id)
    campaign = campaigns.lock_campaign(uow, known.campaign_id).campaign
    row = reward_assignments.get_assignment(uow, assignment_id, reward_id=reward_id, is_locked=True)
    return reward, campaign, row


def delete_assignment(uow: UnitOfWork, reward_id: str, assignment_id: str) -> None:
    """Take a reward from a programme.

    Raises:  not_found.
    """
    _delete(uow, reward_id, assignment_id)


def delete_of_programme(uow: UnitOfWork, name: str, assignment_id: str) -> None:
    """Take a reward from a programme; see delete_assignment."""
    known = _of_programme(uow, name, assignment_id)
    _delete(uow, known.reward_id, assignment_id)


def _delete(uow: UnitOfWork, reward_id: str, assignment_id: str) -> None:
    reward, campaign, row = _lock(uow, reward_id, assignment_id)
    rules.detach(uow, [Related("reward_assignment", row.id)])
    reward_assignments.delete_assignment(uow, row)
    _announce(uow, "deleted", campaign, reward, row)


def _announce(
    uow: UnitOfWork, verb: str, campaign: Campaign, reward: Reward, row: RewardAssignment
) -> dict[str, Any]:
    """Tell that something happened to an assignment; the wire's form of it."""
    assignment = schemas.dump_assignment(row)
    payload = {
        "campaign": dump_campaign_summary(campaign),
        "reward": schemas.dump_reward(reward),
        "reward_assignment": assignment,
    }
    uow.stage(f"campaign.reward.assignment.{verb}", row.id, payload)
    return assignment

"""Wire shapes of what programmes offer."""

from __future__ import annotations

from typing import Any

from marshmallow import validate

from kupon.features.rewards.schemas.reward import Reward
from kupon.kit.timestamps import format_moment
from kupon.storage.tables.rewards import RewardAssignment as AssignmentRow
from kupon.web.fields import CountedList, Flag, Many, Moment, Part, Text, Whole, WireSchema, between
from kupon.web.query import ListQuery


class LoyaltyPrice(WireSchema):
    """What a reward costs in a programme."""

    points = Whole(validate=between(1))
    auto_redeem = Flag(allow_none=True)


class AssignmentParameters(WireSchema):
    """What a programme says of a reward."""

    loyalty = Part(LoyaltyPrice)


class RewardAssignmentUpdate(WireSchema):
    """Body of an update; what is absent stays."""

    parameters = Part(AssignmentParameters)


class OfferBody(RewardAssignmentUpdate):
    """What every new assignment says; pay-with-points rewards have rules instead of a price."""

    validation_rules = Many(
        Text(), validate=validate.Length(max=1, error="must NOT have more than 1 items")
    )


class RewardAssignmentCreate(OfferBody):
    """Body of an assignment to a programme."""

    campaign = Text(required=True)


class AssignedReward(OfferBody):
    """One of the rewards that a programme is to offer."""

    reward = Text(required=True)


class RewardAssignmentsQuery(ListQuery):
    """Which assignments of a reward to list."""

    class Meta(ListQuery.Meta):
        fields = ("limit", "page")


class RewardAssignment(WireSchema):
    """A reward in a programme."""

    id = Text(required=True)
    reward_id = Text(required=True)
    related_object_id = Text(required=True)
    related_object_type = Text(required=True)
    parameters = Part(AssignmentParameters)
    created_at = Moment(required=True)
    updated_at = Moment(required=True, allow_none=True)
    object = Text(required=True)


class RewardAssignmentList(CountedList):
    """One page of assignments."""

    data = Many(Part(RewardAssignment), required=True)


class LoyaltyReward(WireSchema):
    """A reward with what it costs a member."""

    reward = Part(Reward)
    assignment = Part(RewardAssignment)
    object = Text()


class LoyaltyRewardList(CountedList):
    """All rewards that a member can choose from."""

    data = Many(Part(LoyaltyReward), required=True)


def dump_assignment(row: AssignmentRow, points: int | None = None) -> dict[str, Any]:
    """The wire's assignment; points are another price than its own."""
    body: dict[str, Any] = {
        "id": row.id,
        "reward_id": row.reward_id,
        "related_object_id": row.campaign_id,
        "related_object_type": "campaign",
    }
    if row.points is not None:
        price = {"points": row.points if points is None else points, "auto_redeem": row.auto_redeem}
        body["parameters"] = {"loyalty": price}
    return body | {
        "created_at": format_moment(row.created_at),
        "updated_at": None if row.updated_at is None else format_moment(row.updated_at),
        "object": "reward_assignment",
    }

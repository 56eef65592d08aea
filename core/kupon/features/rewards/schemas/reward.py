"""Wire shapes of rewards."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import ValidationError

from kupon.kit.timestamps import format_moment
from kupon.storage.tables.rewards import Reward as RewardRow
from kupon.web.fields import (
    CountedList,
    Json,
    Many,
    Moment,
    Number,
    Part,
    Text,
    Whole,
    WireSchema,
    at_most,
    between,
)
from kupon.web.query import ListQuery

LONGEST_NAME = 500
LARGEST_RATIO = 10**9
_DECIMAL = re.compile(r"[0-9]{1,10}(\.[0-9]{1,9})?", re.ASCII)


class Ratio(Number):
    """A number above 0; the reference declares text here and sends numbers as well."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> int | float:
        if isinstance(value, str):
            if not _DECIMAL.fullmatch(value):
                raise ValidationError("must be number")
            value = float(value)
        number: int | float = super()._deserialize(value, *args, **kwargs)
        if not 0 < number <= LARGEST_RATIO:
            raise ValidationError(f"must be > 0 and <= {LARGEST_RATIO}")
        return int(number) if number == int(number) else number


class CampaignParameters(WireSchema):
    """A code of a campaign, credits on a gift card of it, or points on a card of it."""

    id = Text(required=True)
    balance = Whole()
    type = Text()


class ProductParameters(WireSchema):
    """A product that is handed over."""

    id = Text(required=True)
    sku_id = Text(allow_none=True)


class CoinParameters(WireSchema):
    """What points are worth: exchange_ratio in major units for points_ratio points."""

    exchange_ratio = Ratio(required=True)
    points_ratio = Whole(load_default=1, validate=between(1))


class RewardParameters(WireSchema):
    """What a reward is: one of these."""

    campaign = Part(CampaignParameters)
    product = Part(ProductParameters)
    coin = Part(CoinParameters)


class RewardAttributes(WireSchema):
    """How a material reward is shown."""

    image_url = Text()
    description = Text()


class RewardUpdate(WireSchema):
    """Body of an update; what is absent stays."""

    name = Text(validate=at_most(LONGEST_NAME))
    stock = Whole(allow_none=True, validate=between(0))
    attributes = Part(RewardAttributes, allow_none=True)
    parameters = Part(RewardParameters)
    metadata = Json(allow_none=True)


class RewardCreate(RewardUpdate):
    """Body of creation."""

    parameters = Part(RewardParameters, required=True)


class RewardsQuery(ListQuery):
    """Which rewards to list."""

    class Meta(ListQuery.Meta):
        fields = ("limit", "page", "assignment_id")

    assignment_id = Text()


class Reward(WireSchema):
    """A reward."""

    id = Text(required=True)
    name = Text(required=True)
    stock = Whole(required=True, allow_none=True)
    redeemed = Whole(required=True, allow_none=True)
    attributes = Part(RewardAttributes)
    metadata = Json(required=True)
    type = Text(required=True)
    parameters = Part(RewardParameters)
    created_at = Moment(required=True)
    updated_at = Moment(required=True, allow_none=True)
    object = Text(required=True)


class RewardList(CountedList):
    """One page of rewards."""

    data = Many(Part(Reward), required=True)


def dump_reward(row: RewardRow) -> dict[str, Any]:
    """The wire's reward; only of what is handed over is it counted how many were."""
    body: dict[str, Any] = {
        "id": row.id,
        "name": row.name,
        "stock": row.stock,
        "redeemed": row.redeemed if row.type == "MATERIAL" else None,
    }
    if row.attributes is not None:
        body["attributes"] = row.attributes
    return body | {
        "metadata": row.reward_metadata,
        "type": row.type,
        "parameters": row.parameters,
        "created_at": format_moment(row.created_at),
        "updated_at": None if row.updated_at is None else format_moment(row.updated_at),
        "object": "reward",
    }

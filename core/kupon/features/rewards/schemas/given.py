"""Wire shapes of rewards that were given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kupon.features.products.schemas import Product, Sku
from kupon.features.rewards.schemas.reward import RewardParameters, dump_reward
from kupon.features.vouchers.schemas import Voucher
from kupon.kit.timestamps import format_moment
from kupon.storage.tables.rewards import Reward
from kupon.web.fields import Json, Moment, Part, Text, WireSchema


class GivenReward(WireSchema):
    """A reward as the redemption that paid for it tells of it."""

    id = Text()
    name = Text()
    type = Text()
    parameters = Part(RewardParameters)
    metadata = Json()
    created_at = Moment()
    updated_at = Moment()
    object = Text()
    assignment_id = Text(required=True, allow_none=True)
    loyalty_tier_id = Text(required=True, allow_none=True)
    reward = Json(required=True, allow_none=True)
    customer = Json(required=True, allow_none=True)
    voucher = Part(Voucher, required=True, allow_none=True)
    product = Part(Product, required=True, allow_none=True)
    sku = Part(Sku, required=True, allow_none=True)


_KEPT = ("id", "name", "type", "parameters", "metadata", "created_at", "updated_at", "object")


def dump_given(
    reward: Reward, *, product: dict[str, Any] | None, sku: dict[str, Any] | None
) -> dict[str, Any]:
    """What a redemption tells of a reward, as far as it stays so."""
    whole = dump_reward(reward)
    kept = {name: whole[name] for name in _KEPT if whole[name] is not None}
    return kept | {"product": product, "sku": sku}


def dump_reward_redemption(row: Mapping[str, Any]) -> dict[str, Any]:
    """The wire's reward redemption."""
    updated_at = row["updated_at"]
    return {
        "id": row["id"],
        "state": row["state"],
        "created_at": format_moment(row["created_at"]),
        "updated_at": None if updated_at is None else format_moment(updated_at),
        "voucher_id": row["voucher_id"],
        "campaign_id": row["campaign_id"],
        "customer_id": row["customer_id"],
        "reward_assignment_id": row["reward_assignment_id"],
        "source_id": row["source_id"],
        "source_type": row["source_type"],
    }

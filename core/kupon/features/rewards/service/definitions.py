"""Making, changing and deleting rewards.

Source: spec campaigns-loyalty-referral-gift, section 8.1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from kupon.engine.definitions import LARGEST_WHOLE
from kupon.features.metadata_schemas.service import check_metadata
from kupon.features.rewards import schemas
from kupon.features.vouchers import service as vouchers
from kupon.kit.errors import KuponError, invalid_payload
from kupon.kit.pages import PageRequest, list_body
from kupon.runtime import ids
from kupon.storage.queries import campaigns, products, reward_assignments, rewards, skus
from kupon.storage.tables.rewards import Reward
from kupon.storage.uow import UnitOfWork

Body = Mapping[str, Any]

CAMPAIGN, MATERIAL, COIN = "CAMPAIGN", "MATERIAL", "COIN"
COUPONS, GIFTS, PROGRAMME = "DISCOUNT_COUPONS", "GIFT_VOUCHERS", "LOYALTY_PROGRAM"

_TYPES = {"campaign": CAMPAIGN, "product": MATERIAL, "coin": COIN}


def get_reward(uow: UnitOfWork, reward_id: str) -> dict[str, Any]:
    """One reward."""
    return schemas.dump_reward(rewards.get_reward(uow, reward_id))


def list_rewards(uow: UnitOfWork, request: PageRequest) -> dict[str, Any]:
    """One page of rewards."""
    page = rewards.list_rewards(uow, request)
    return list_body("data", [schemas.dump_reward(row) for row in page.rows], total=page.total)


def create_reward(uow: UnitOfWork, body: Body) -> dict[str, Any]:
    """Store a reward; one without a name is called after what it gives.

    Raises:  not_found for the campaign, product or SKU; invalid_campaign, invalid_balance,
        invalid_payload, metadata_validation_failed.
    """
    check_metadata(uow, "reward", body, is_creation=True)
    meant = _read_parameters(uow, body["parameters"])
    is_material = meant.type == MATERIAL
    row = Reward(
        project_id=uow.project_id,
        id=ids.new_id("rew_"),
        name=body.get("name") or meant.title,
        type=meant.type,
        parameters=meant.parameters,
        attributes=(body.get("attributes") or {}) if is_material else None,
        stock=body.get("stock") if is_material else None,
        redeemed=0,
        reward_metadata=body.get("metadata") or {},
        created_at=uow.now,
    )
    rewards.insert_reward(uow, row)
    return schemas.dump_reward(row)


def update_reward(uow: UnitOfWork, reward_id: str, body: Body) -> dict[str, Any]:
    """Change a reward; what the body doesn't name stays, and so does its type.

    Raises:  as create_reward; invalid_payload for less stock than was given already.
    """
    check_metadata(uow, "reward", body, is_creation=False)
    row = rewards.lock_reward(uow, reward_id)
    if "parameters" in body:
        row.parameters = _changed_parameters(uow, row, body["parameters"])
    if row.type == MATERIAL:
        _change_material(row, body)
    row.name = body.get("name") or row.name
    row.reward_metadata = vouchers.merge_metadata(row.reward_metadata, body)
    rewards.save_reward(uow, row)
    return schemas.dump_reward(row)


def _changed_parameters(uow: UnitOfWork, row: Reward, sent: Body) -> dict[str, Any]:
    meant = _read_parameters(uow, sent)
    if meant.type != row.type:
        raise invalid_payload(f"Property .parameters must be those of a reward of type {row.type}")
    for assignment in reward_assignments.list_of_reward(uow, row.id):
        refuse_own_programme(meant.parameters, assignment.campaign_id)
    return meant.parameters


def _change_material(row: Reward, body: Body) -> None:
    if "stock" in body:
        if body["stock"] is not None and body["stock"] < row.redeemed:
            raise invalid_payload(f"Property .stock must be >= {row.redeemed}")
        row.stock = body["stock"]
    if "attributes" in body:
        sent = body["attributes"]
        row.attributes = {} if sent is None else {**(row.attributes or {}), **sent}


def refuse_own_programme(parameters: Body, campaign_id: str) -> None:
    """Refuse a reward that gives points of the programme in which it costs points.

    Raises:  invalid_campaign.
    """
    if parameters.get("campaign", {}).get("id") == campaign_id:
        raise KuponError("invalid_campaign", "A programme can't give its own points as a reward")


def delete_reward(uow: UnitOfWork, reward_id: str) -> None:
    """Remove a reward that no programme and no referral tier offers.

    Raises:  not_found; resource_in_use.
    """
    row = rewards.lock_reward(uow, reward_id)
    assigned = reward_assignments.list_of_reward(uow, reward_id)
    _refuse_used(reward_id, "reward_assignment", [each.id for each in assigned])
    _refuse_used(reward_id, "referral_tier", rewards.list_referral_tiers(uow, reward_id))
    rewards.delete_reward(uow, row)


def _refuse_used(reward_id: str, kind: str, ids: Sequence[str]) -> None:
    if not ids:
        return
    raise KuponError(
        "resource_in_use",
        f"Resource reward with id {reward_id} is in use by {kind} with ids [{', '.join(ids)}]",
        resource_id=reward_id,
        resource_type="reward",
        related_object_ids=ids,
        related_object_type=kind,
        related_object_total=len(ids),
    )


class _Meant(NamedTuple):
    """What parameters say; title is what they name."""

    type: str
    parameters: dict[str, Any]
    title: str


def _read_parameters(uow: UnitOfWork, sent: Body) -> _Meant:
    if len(sent) != 1:
        raise invalid_payload("Property .parameters must have one of campaign, product, coin")
    [(name, value)] = sent.items()
    if name == "campaign":
        return _read_campaign(uow, value)
    if name == "product":
        return _read_product(uow, value)
    return _Meant(COIN, {"coin": dict(value)}, "Pay with points")


def _read_campaign(uow: UnitOfWork, sent: Body) -> _Meant:
    campaign = campaigns.get_campaign(uow, sent["id"]).campaign
    kind = campaign.campaign_type
    if kind not in (COUPONS, GIFTS, PROGRAMME):
        raise KuponError("invalid_campaign", f"A campaign of type {kind} can't be a reward")
    meant: dict[str, Any] = {"id": campaign.id, "type": kind}
    if kind != COUPONS:
        if not 0 < (sent.get("balance") or 0) <= LARGEST_WHOLE:
            raise KuponError("invalid_balance", "Property .parameters.campaign.balance must be > 0")
        meant["balance"] = sent["balance"]
    return _Meant(CAMPAIGN, {"campaign": meant}, campaign.name)


def _read_product(uow: UnitOfWork, sent: Body) -> _Meant:
    product = products.get_product(uow, sent["id"])
    sku_id = sent.get("sku_id")
    if sku_id is not None:
        sku_id = skus.get_sku(uow, sku_id, product_id=product.id).id
    title = product.name or product.source_id or product.id
    return _Meant(MATERIAL, {"product": {"id": product.id, "sku_id": sku_id}}, title)

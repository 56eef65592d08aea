"""Members redeeming rewards.

Source: spec campaigns-loyalty-referral-gift, section 8.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kupon.features.customers.schemas import dump_simple_customer
from kupon.features.loyalties.service.members import find_member
from kupon.features.loyalties.service.settling import settle
from kupon.features.redemptions import service as redemptions
from kupon.features.redemptions.service import Caller, Failed
from kupon.features.rewards import service as rewards
from kupon.features.rewards.service import COIN
from kupon.features.vouchers import service as vouchers
from kupon.kit.errors import KuponError, not_found
from kupon.storage.queries.customers import find_customers
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.queries.vouchers import FoundVoucher
from kupon.storage.uow import UnitOfWork

Body = Mapping[str, Any]


def redeem_reward(
    uow: UnitOfWork,
    project: ProjectFacts,
    caller_id: str,
    programme: str | None,
    member: str,
    body: Body,
) -> dict[str, Any] | Failed:
    """Spend the points of a member on a reward; an order that comes along is placed as paid.

    Refuses: loyalty_card_points_exceeded, reward_out_of_stock, whatever keeps a code from being
        used, and what keeps the reward from being given; nothing is charged then, but the attempt
        is recorded.
    Raises:  missing_reward, missing_order, campaign_not_active; not_found for the programme, the
        member, or a reward that the member can't have; RaceLost.
    """
    caller = Caller(caller_id, is_settling=True)
    return uow.attempt(lambda: _redeem(uow, project, caller, programme, member, body))


def _redeem(
    uow: UnitOfWork,
    project: ProjectFacts,
    caller: Caller,
    programme: str | None,
    member: str,
    body: Body,
) -> dict[str, Any] | Failed:
    card = find_member(uow, project, programme, member)
    _check(uow, project, card, body)
    request = {
        **body,
        "redeemables": [{"object": "voucher", "id": card.voucher.id, "reward": body["reward"]}],
        "customer": {"id": card.voucher.holder_id},
    }
    outcome = redemptions.redeem(uow, project, caller, request)
    if isinstance(outcome, Failed):
        return outcome
    settle(uow, project, [card.voucher.id])
    return _answer(uow, card, outcome)


def _check(uow: UnitOfWork, project: ProjectFacts, card: FoundVoucher, body: Body) -> None:
    reward_id = (body.get("reward") or {}).get("id")
    if not reward_id:
        raise KuponError("missing_reward", "Payload must name a reward by .reward.id")
    voucher, campaign = card.voucher, card.campaign
    if campaign is not None and not campaign.is_active:
        raise KuponError("campaign_not_active", f"Campaign {campaign.name} is not active")
    if voucher.holder_id is None:
        raise KuponError("invalid_customer", f"Nobody holds card {voucher.code}")
    today = vouchers.today_of(uow, project)
    offer = rewards.find_offer(
        uow, voucher.campaign_id or "", voucher.id, today, reward_id=reward_id
    )
    if offer is None:
        raise not_found("reward", reward_id)
    if offer.reward.type == COIN and not body.get("order"):
        raise KuponError("missing_order", "A reward of type COIN pays for an order")


def _answer(uow: UnitOfWork, card: FoundVoucher, outcome: Body) -> dict[str, Any]:
    """The one redemption, with the order as it was stored and the card's holder."""
    redemption = outcome["redemptions"][0] | {"order": outcome.get("order")}
    holder_id = card.voucher.holder_id or ""
    holder = find_customers(uow, [holder_id]).get(holder_id)
    if holder is not None:
        redemption["voucher"] |= {"holder": dump_simple_customer(holder)}
    return redemption

"""Giving rewards: what is given is secured first, whatever it costs is taken afterwards.

Source: spec campaigns-loyalty-referral-gift, sections 5.5, 8.1 and 8.3.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from kupon.features.products import service as products
from kupon.features.publications import service as publications
from kupon.features.rewards.service.definitions import COUPONS, GIFTS, MATERIAL
from kupon.features.vouchers import service as vouchers
from kupon.kit.errors import KuponError
from kupon.storage.ledger import POINTS_ADDITION
from kupon.storage.locks import lock_vouchers
from kupon.storage.points import Posting, lock_cards
from kupon.storage.queries import campaigns, customers, holders, rewards
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.queries.reward_redemptions import COMPLETED, PENDING
from kupon.storage.tables.campaigns import Campaign
from kupon.storage.tables.rewards import Reward
from kupon.storage.uow import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What was given.

    Shapes:  state is that of what is recorded of it. voucher_ids are the codes that were given, or
        the card that credits or points were added to; added is how much. product and sku are the
        wire's.
    """

    reward: Reward
    quantity: int = 1
    state: str = COMPLETED
    voucher_ids: Sequence[str] = ()
    added: dict[str, int] = field(default_factory=dict)
    product: dict[str, Any] | None = None
    sku: dict[str, Any] | None = None


def grant(
    uow: UnitOfWork,
    project: ProjectFacts,
    reward: Reward,
    customer_id: str,
    *,
    quantity: int = 1,
    paying_id: str | None = None,
) -> Given | KuponError:
    """Give a reward to a customer, or refuse to; nothing has been given where it is refused.

    Shapes:  paying_id is the card that will be written afterwards, to pay for it. An error is the
        refusal; that nothing was left to publish has been recorded.
    Refuses: reward_out_of_stock, no_voucher_suitable_for_publication, voucher_cannot_be_published.
    Raises:  not_found for the customer, or the reward if it was deleted meanwhile; RaceLost.
    Locks:   the reward's stock, then codes, what is added to and what pays together; before them
        the customer, where the customer joins a programme or gets a first card of a campaign.
    """
    if "campaign" in reward.parameters:
        return _Issue(uow, project, reward, customer_id, quantity, paying_id).carry_out()
    if reward.type == MATERIAL:
        return _hand_over(uow, reward.id, quantity)
    return Given(reward=reward, quantity=quantity)


def _hand_over(uow: UnitOfWork, reward_id: str, quantity: int) -> Given | KuponError:
    """Set a product aside; somebody hands it over later."""
    reward = rewards.lock_reward(uow, reward_id)
    if reward.stock is not None and reward.redeemed + quantity > reward.stock:
        return KuponError(
            "reward_out_of_stock",
            f"Of {reward.stock} units {reward.redeemed} are given",
            resource_id=reward.id,
            resource_type="reward",
        )
    rewards.count_redeemed(uow, reward, quantity)
    meant = reward.parameters["product"]
    return Given(
        reward=reward,
        quantity=quantity,
        state=PENDING,
        product=_find(products.get_product, uow, meant["id"]),
        sku=None if meant["sku_id"] is None else _find(products.get_sku, uow, meant["sku_id"]),
    )


def _find(
    get: Callable[[UnitOfWork, str], dict[str, Any]], uow: UnitOfWork, article_id: str
) -> dict[str, Any] | None:
    """The wire's article, None where it is gone by now."""
    try:
        return get(uow, article_id)
    except KuponError:
        return None


@dataclass(frozen=True, slots=True)
class _Issue:
    """A reward that comes out of a campaign: codes, credits or points."""

    uow: UnitOfWork
    project: ProjectFacts
    reward: Reward
    customer_id: str
    quantity: int
    paying_id: str | None

    def carry_out(self) -> Given | KuponError:
        """Give it, or refuse to."""
        meant = self.reward.parameters["campaign"]
        campaign = campaigns.find_campaigns(self.uow, [meant["id"]]).get(meant["id"])
        if campaign is None or campaign.binned_at is not None:
            return KuponError(
                "no_voucher_suitable_for_publication", "The campaign of the reward is gone"
            )
        if meant["type"] == COUPONS:
            return self._give_codes(campaign)
        amount = meant["balance"] * self.quantity
        if meant["type"] == GIFTS:
            return self._add_credits(campaign, amount)
        return self._add_points(campaign, amount)

    def _give_codes(self, campaign: Campaign) -> Given | KuponError:
        codes = publications.give_more(
            self.uow, self.project, campaign, self.customer_id, self.quantity
        )
        if isinstance(codes, KuponError):
            return codes
        return self._given([code.id for code in codes])

    def _add_credits(self, campaign: Campaign, amount: int) -> Given | KuponError:
        """Add to the oldest card that the customer has, else to a new one."""
        card_id = holders.find_usable(self.uow, self.customer_id, campaign.id)
        if card_id is None:
            # Two that are given something at once get one card.
            customers.get_customer(self.uow, self.customer_id, is_locked=True)
            card_id = holders.find_usable(self.uow, self.customer_id, campaign.id)
        if card_id is None:
            codes = publications.give_more(self.uow, self.project, campaign, self.customer_id, 1)
            if isinstance(codes, KuponError):
                return codes
            card_id = codes[0].id
        lock_vouchers(self.uow, {card_id, self.paying_id or card_id})
        vouchers.move_credits(self.uow, card_id, amount)
        return self._given([card_id], credits=amount)

    def _add_points(self, campaign: Campaign, amount: int) -> Given | KuponError:
        joined = publications.join(self.uow, self.project, campaign, self.customer_id)
        if isinstance(joined, KuponError):
            return joined
        cards = lock_cards(self.uow, {joined.id, self.paying_id or joined.id})
        card, today = cards[joined.id], vouchers.today_of(self.uow, self.project)
        movement = vouchers.points_movement(
            self.uow, card, POINTS_ADDITION, amount, source="Automation"
        )
        posting = Posting(movement, expires_on=card.expires_on(today))
        lines = vouchers.post_points(self.uow, cards, [posting], today=today)
        vouchers.stage_points_added(self.uow, lines)
        vouchers.stage_points_changed(self.uow, [card])
        return self._given([card.id], points=amount)

    def _given(self, voucher_ids: Sequence[str], **added: int) -> Given:
        return Given(
            reward=self.reward, quantity=self.quantity, voucher_ids=voucher_ids, added=added
        )

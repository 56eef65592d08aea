"""Points, tiers and rewards, a gift card, and a customer who brings another one.

Reads the server's address and keys from the file that KUPON_CREDENTIALS names.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests
import shop
import voucherify as sdk


def expect(what: str, got: Any, expected: Any) -> None:
    """Go on only if a figure is the one worked out by hand."""
    if got != expected:
        sys.exit(f"{what}: {got!r} instead of {expected!r}")
    print(f"  {what}: {got}")


def wait_for(what: str, look: Callable[[], Any], expected: Any) -> None:
    """Earning, tiers and referrals happen shortly after the request that causes them."""
    for _ in range(150):
        if look() == expected:
            break
        time.sleep(0.2)
    expect(what, look(), expected)


class Shop:
    """What a shop does, call by call; every answer is parsed by the SDK's own models."""

    def __init__(self, credentials: dict[str, str]) -> None:
        self.address = credentials["base_url"]
        self.keys = {"X-App-Id": credentials["app_id"], "X-App-Token": credentials["app_token"]}
        client = sdk.ApiClient(sdk.Configuration(host=self.address, api_key=self.keys))
        self.campaigns = sdk.CampaignsApi(client)
        self.customers = sdk.CustomersApi(client)
        self.loyalties = sdk.LoyaltiesApi(client)
        self.orders = sdk.OrdersApi(client)
        self.publications = sdk.PublicationsApi(client)
        self.redemptions = sdk.RedemptionsApi(client)
        self.rewards = sdk.RewardsApi(client)
        self.vouchers = sdk.VouchersApi(client)
        self.run = time.time_ns()
        self.ada = f"ada-{self.run}"
        self.bob = f"bob-{self.run}"

    def create_campaign(self, name: str, **members: Any) -> str:
        """A campaign that makes codes as they are given away; its id."""
        body = {"name": f"{name} {self.run}", "type": "AUTO_UPDATE", **members}
        made = self.campaigns.create_campaign(sdk.CampaignsCreateRequestBody.from_dict(body))
        return str(made.id)

    def create_programme(self) -> str:
        """A programme whose members earn by their orders, twice as much in Silver; its id."""
        body = {
            "name": f"Coffee club {self.run}",
            "type": "AUTO_UPDATE",
            "voucher": {"type": "LOYALTY_CARD", "loyalty_card": {"points": 0}},
        }
        made = self.loyalties.create_loyalty_program(
            sdk.LoyaltiesCreateCampaignRequestBody.from_dict(body)
        )
        rule = sdk.LoyaltiesEarningRulesCreateRequestBodyItem.from_dict(shop.EARNING)
        (earning,) = self.loyalties.create_earning_rule(made.id, [rule])
        silver = {
            "name": "Silver",
            "points": {"from": shop.SILVER_FROM},
            "earning_rules": {earning.id: {"type": "MULTIPLY", "multiplier": 2}},
        }
        tier = sdk.LoyaltiesTiersCreateInBulkRequestBodyItem.from_dict(silver)
        self.loyalties.create_in_bulk_loyalty_tiers(made.id, [tier])
        return str(made.id)

    def create_reward(self, name: str, parameters: dict[str, Any]) -> str:
        """A reward; its id."""
        body = {"name": f"{name} {self.run}", "parameters": parameters}
        made = self.rewards.create_reward(sdk.RewardsCreateRequestBody.from_dict(body))
        return str(made.actual_instance.id if hasattr(made, "actual_instance") else made.id)

    def offer(self, programme: str, reward: str, points: int | None = None) -> None:
        """Let members spend points on a reward."""
        body: dict[str, Any] = {"campaign": programme}
        if points is not None:
            body["parameters"] = {"loyalty": {"points": points}}
        self.rewards.create_reward_assignment(
            reward, sdk.RewardsAssignmentsCreateRequestBody.from_dict(body)
        )

    def publish(self, campaign: str, customer: str) -> str:
        """Give a customer a code of a campaign; the code."""
        body = {"campaign": {"name": campaign}, "customer": {"source_id": customer}}
        made = self.publications.create_publication(
            publications_create_request_body=sdk.PublicationsCreateRequestBody.from_dict(body)
        )
        found = made.actual_instance if hasattr(made, "actual_instance") else made
        return str(found.voucher.code)

    def pay(self, customer: str) -> None:
        """A paid order."""
        body = {"customer": {"source_id": customer}, "amount": shop.ORDER, "status": "PAID"}
        self.orders.create_order(sdk.OrdersCreateRequestBody.from_dict(body))

    def redeem(self, customer: str, redeemable: dict[str, Any]) -> Any:
        """Use something for an order."""
        body = {
            "redeemables": [redeemable],
            "customer": {"source_id": customer},
            "order": {"amount": shop.ORDER},
        }
        return self.redemptions.redeem_stacked_discounts(
            sdk.RedemptionsRedeemRequestBody.from_dict(body)
        )

    def points(self, card: str) -> int:
        """What a member can spend."""
        return int(self.loyalties.get_member(card).loyalty_card.balance)

    def tiers(self, card: str) -> list[str]:
        """The names of the tiers that a member is in."""
        return [str(tier.name) for tier in self.loyalties.list_member_loyalty_tier(card).data]

    def reward_referrers(self, campaign: str, reward: str) -> None:
        """Give the referrer a reward for each new customer; Kupon's own call, not the SDK's."""
        answer = requests.post(
            f"{self.address}/v1/referrals/{campaign}/tiers",
            json={"criterion": "EACH", "reward_id": reward},
            headers=self.keys,
            timeout=10,
        )
        answer.raise_for_status()


def earn(run: Shop, programme: str) -> str:
    """Ada joins, pays twice, and rises; her card."""
    print("\nAda joins the club and pays for coffee")
    card = run.publish(programme, run.ada)
    run.pay(run.ada)
    wait_for("points", lambda: run.points(card), shop.FIRST_POINTS)
    wait_for("tiers", lambda: run.tiers(card), ["Silver"])
    print("\nIn Silver points count twice")
    run.pay(run.ada)
    wait_for("points", lambda: run.points(card), shop.SECOND_POINTS)
    return card


def spend(run: Shop, programme: str, card: str) -> None:
    """Points become a coupon, and then money."""
    coupons = run.create_campaign(
        "Five off",
        campaign_type="DISCOUNT_COUPONS",
        voucher={"type": "DISCOUNT_VOUCHER", "discount": shop.FIVE_OFF},
    )
    coupon = run.create_reward("A coupon", {"campaign": {"id": coupons}})
    coin = run.create_reward("Money off", {"coin": shop.COIN})
    run.offer(programme, coupon, shop.COUPON_PRICE)
    run.offer(programme, coin)

    print("\nA coupon for points")
    body = sdk.LoyaltiesMembersRedemptionRedeemRequestBody.from_dict({"reward": {"id": coupon}})
    bought = run.loyalties.redeem_reward(card, body)
    print(f"  coupon: {bought.reward.voucher.code}")
    expect("points left", run.points(card), shop.AFTER_COUPON)

    print("\nAn order paid with points, which itself earns some")
    redeemable = {"object": "voucher", "id": card}
    redeemable["reward"] = {"id": coin, "points": shop.PAID_WITH_POINTS}
    done = run.redeem(run.ada, redeemable)
    expect("taken off", done.order.total_discount_amount, shop.WORTH_OF_POINTS)
    wait_for("points", lambda: run.points(card), shop.AFTER_COIN)


def give(run: Shop) -> None:
    """A gift card pays an order, and gets its credits back."""
    print("\nA gift card")
    gifts = run.create_campaign(
        "Gift cards",
        campaign_type="GIFT_VOUCHERS",
        voucher={"type": "GIFT_VOUCHER", "gift": {"amount": shop.GIFT}},
    )
    code = run.publish(gifts, run.ada)
    done = run.redeem(run.ada, {"object": "voucher", "id": code})
    expect("left on the card", run.vouchers.get_voucher(code).gift.balance, shop.GIFT_LEFT)
    run.redemptions.rollback_redemption(done.redemptions[0].id)
    expect("after the rollback", run.vouchers.get_voucher(code).gift.balance, shop.GIFT)


def refer(run: Shop, programme: str, card: str) -> None:
    """Ada's code brings Bob."""
    print("\nAda gives Bob her code")
    referrals = run.create_campaign(
        "Bring a friend",
        campaign_type="REFERRAL_PROGRAM",
        referral_program={"conversion_event_type": "redemption"},
        voucher={"type": "DISCOUNT_VOUCHER", "discount": shop.FIVE_OFF},
    )
    points = {"campaign": {"id": programme, "balance": shop.REFERRER_GETS}}
    run.reward_referrers(referrals, run.create_reward("Points for friends", points))
    code = run.publish(referrals, run.ada)
    before = run.points(card)
    done = run.redeem(run.bob, {"object": "voucher", "id": code})
    expect("Bob pays", done.order.total_amount, shop.REFEREE_PAYS)
    expect("before", before, shop.AFTER_REFERRAL - shop.REFERRER_GETS)
    wait_for("Ada's points", lambda: run.points(card), shop.AFTER_REFERRAL)
    referred = run.customers.get_customer(run.bob).referrals
    expect("Bob was referred", referred.total, 1)


def main() -> None:
    """Run the example; it ends at the first figure that is wrong."""
    run = Shop(json.loads(Path(os.environ["KUPON_CREDENTIALS"]).read_text()))
    programme = run.create_programme()
    card = earn(run, programme)
    spend(run, programme, card)
    refer(run, programme, card)
    give(run)
    print("\nAll figures are as worked out by hand.")


if __name__ == "__main__":
    main()

"""Promotions and coupons on one cart, and the rules of how they go together.

Reads the server's address and keys from the file that KUPON_CREDENTIALS names.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import shop
import voucherify as sdk


def money(minor: int) -> str:
    """Minor units as one writes a price."""
    return f"{minor // 100}.{minor % 100:02}"


def expect(what: str, got: Any, expected: Any) -> None:
    """Go on only if a figure is the one worked out by hand."""
    if got != expected:
        sys.exit(f"{what}: {got!r} instead of {expected!r}")


class Shop:
    """What a shop does, call by call; every answer is parsed by the SDK's own models."""

    def __init__(self, credentials: dict[str, str]) -> None:
        address = credentials["base_url"]
        server = {"X-App-Id": credentials["app_id"], "X-App-Token": credentials["app_token"]}
        client = sdk.ApiClient(sdk.Configuration(host=address, api_key=server))
        manager = {
            "X-Management-Id": credentials["management_id"],
            "X-Management-Token": credentials["management_token"],
        }
        self.management = sdk.ManagementApi(
            sdk.ApiClient(sdk.Configuration(host=address, api_key=manager))
        )
        self.campaigns = sdk.CampaignsApi(client)
        self.categories = sdk.CategoriesApi(client)
        self.products = sdk.ProductsApi(client)
        self.promotions = sdk.PromotionsApi(client)
        self.redemptions = sdk.RedemptionsApi(client)
        self.rules = sdk.ValidationRulesApi(client)
        self.validations = sdk.ValidationsApi(client)
        self.vouchers = sdk.VouchersApi(client)
        self.project_id = credentials["project_id"]
        self.run = time.time_ns()

    def store(self, product: dict[str, Any]) -> str:
        """A product, found again by source_id when the example runs twice; its id."""
        body = sdk.ProductsCreateRequestBody.from_dict(product)
        return str(self.products.create_product(body).id)

    def set_up_category(self, name: str) -> str:
        """A category of coupons; its id."""
        body = {"name": f"{name} {self.run}", "hierarchy": 1}
        made = self.categories.create_category(sdk.CategoriesCreateRequestBody.from_dict(body))
        return str(made.id)

    def set_up_coupon(self, pattern: str, discount: dict[str, Any], **members: Any) -> str:
        """A coupon; its code."""
        body = {
            "type": "DISCOUNT_VOUCHER",
            "discount": discount,
            "code_config": {"pattern": pattern},
            **members,
        }
        made = self.vouchers.generate_random_code(sdk.VouchersCreateRequestBody.from_dict(body))
        return str(made.code)

    def set_up_promotion(self, mug_id: str) -> tuple[str, list[str]]:
        """A stack of two tiers, a free mug and 10 % off from 100.00; its id and theirs."""
        mug = {"type": "UNIT", "effect": "ADD_NEW_ITEMS", "unit_off": 1, "unit_type": mug_id}
        rule = self.rules.create_validation_rules(
            sdk.ValidationRulesCreateRequestBody.from_dict(
                {"name": f"From a hundred {self.run}", "rules": shop.FROM_A_HUNDRED}
            )
        )
        tiers = [
            {"name": "A mug for free", "action": {"discount": mug}},
            {
                "name": "10 % off",
                "action": {"discount": shop.TEN_PERCENT},
                "validation_rules": [rule.id],
            },
        ]
        body = {"name": f"Autumn {self.run}", "campaign_type": "PROMOTION"}
        campaign = self.campaigns.create_campaign(
            sdk.CampaignsCreateRequestBody.from_dict(body | {"promotion": {"tiers": tiers}})
        )
        tier_ids = [tier.id for tier in campaign.promotion.tiers]
        stack = self.promotions.create_promotion_stack(
            campaign.id,
            sdk.PromotionsStacksCreateRequestBody.from_dict(
                {"name": "Mug and 10 %", "tiers": {"ids": tier_ids}}
            ),
        )
        return stack.id, tier_ids

    @contextmanager
    def stacking_rules(self, **rules: Any) -> Iterator[None]:
        """Rules of the project for a while; without any the defaults hold."""
        body = sdk.ManagementProjectsStackingRulesCreateRequestBody.from_dict(rules)
        made = self.management.create_stacking_rules(self.project_id, body)
        try:
            yield
        finally:
            self.management.delete_stacking_rules(self.project_id, made.id)

    def validate(self, *redeemables: dict[str, str], order: dict[str, Any]) -> Any:
        """Ask what these would take off, and print it step by step."""
        request = {"redeemables": list(redeemables), "order": order}
        request["options"] = {"expand": ["order", "redeemable"]}
        body = sdk.ValidationsValidateRequestBody.from_dict(request)
        answer = self.validations.validate_stacked_discounts(body)
        for each in answer.redeemables:
            taken = each.order.total_applied_discount_amount
            print(f"  {each.name or each.id:<24}{'-' + money(taken):>12}")
        for each in answer.skipped_redeemables or []:
            print(f"  {each.id:<24}     {each.result.details.message}")
        for each in answer.inapplicable_redeemables or []:
            print(f"  {each.id:<24}     {each.result.details.message}")
        print(f"  {'to pay':<24}{money(answer.order.total_amount):>12}")
        return answer

    def redeem(self, *redeemables: dict[str, str], order: dict[str, Any]) -> Any:
        """Use them up."""
        request = {"redeemables": list(redeemables), "order": order}
        body = sdk.RedemptionsRedeemRequestBody.from_dict(request)
        return self.redemptions.redeem_stacked_discounts(body)


def voucher(code: str) -> dict[str, str]:
    """A coupon as a member of a request."""
    return {"object": "voucher", "id": code}


def tier(tier_id: str) -> dict[str, str]:
    """A promotion tier as a member of a request."""
    return {"object": "promotion_tier", "id": tier_id}


def promote(run: Shop, stack_id: str, tier_ids: list[str], order: dict[str, Any]) -> None:
    """The stack of promotions: promised, redeemed, taken back."""
    stack = {"object": "promotion_stack", "id": stack_id}
    print("\nThe promotion stack: first the mug, then 10 % of what is left")
    answer = run.validate(stack, order=order)
    expect("tiers", [each.id for each in answer.redeemables], tier_ids)
    expect("amount with the mug", answer.order.amount, shop.WITH_MUG)
    expect("the mug's price", answer.order.items_discount_amount, shop.MUG_OFF)
    expect("10 %", answer.order.discount_amount, shop.TEN_OFF)
    expect("to pay", answer.order.total_amount, shop.AFTER_STACK)

    print("\nRedeemed")
    done = run.redeem(stack, order=order)
    expect("redeemed", done.order.total_amount, shop.AFTER_STACK)
    added = done.order.items[-1]
    expect("free mugs", (added.quantity, added.discount_quantity), (1, 1))
    print(f"  order {done.order.id}: {money(done.order.total_amount)}")
    print(f"  besides the cart: {added.quantity} x {added.product.name}")
    used = run.promotions.get_promotion_tier(tier_ids[1]).summary.redemptions.total_redeemed
    expect("uses of the second tier", used, 1)

    print("\nTaken back")
    undone = run.redemptions.rollback_stacked_redemptions(done.parent_redemption.id).order
    expect("amount without the mug", (undone.amount, undone.total_amount), (shop.CART, shop.CART))
    expect("lines", len(undone.items), 2)
    print(f"  order {undone.id} is {undone.status}: {money(undone.total_amount)}, no mug")


def combine(run: Shop, ten: str, order: dict[str, Any]) -> None:
    """A promotion, a coupon, a coupon that ran out and one that goes with nothing else."""
    members = run.set_up_category("Members")
    five = run.set_up_coupon("FIVE-######", shop.FIVE_OFF)
    over = run.set_up_coupon("OLD-######", shop.FIVE_OFF, expiration_date="2020-01-01")
    half = run.set_up_coupon("MEMBER-######", shop.HALF, category_id=members)

    print("\nA promotion and a coupon together")
    answer = run.validate(tier(ten), voucher(five), order=order)
    expect("to pay", answer.order.total_amount, shop.AFTER_COUPON)

    print("\nWhat applies is applied, what does not is told: application mode PARTIAL")
    with run.stacking_rules(redeemables_application_mode="PARTIAL"):
        answer = run.validate(voucher(over), tier(ten), voucher(five), order=order)
    expect("to pay", answer.order.total_amount, shop.AFTER_COUPON)
    (refused,) = answer.inapplicable_redeemables
    expect("refused", (refused.id, refused.result.error.key), (over, "voucher_expired"))

    print("\nThe members' coupon is of an exclusive category")
    with run.stacking_rules(exclusive_categories=[members]):
        answer = run.validate(tier(ten), voucher(five), voucher(half), order=order)
    expect("to pay", answer.order.total_amount, shop.FOR_MEMBERS)
    skipped = [(each.id, each.result.details.key) for each in answer.skipped_redeemables]
    reason = "exclusion_rules_not_met"
    expect("passed over", skipped, [(ten, reason), (five, reason)])


def main() -> None:
    """Run the example; it ends at the first figure that is wrong."""
    run = Shop(json.loads(Path(os.environ["KUPON_CREDENTIALS"]).read_text()))
    coffee, grinder, mug = (run.store(each) for each in (shop.COFFEE, shop.GRINDER, shop.MUG))
    items = [{"product_id": coffee, "quantity": 2}, {"product_id": grinder, "quantity": 1}]
    stack_id, tier_ids = run.set_up_promotion(mug)
    print(f"The cart: {money(shop.CART)}")
    promote(run, stack_id, tier_ids, {"items": items})
    combine(run, tier_ids[1], {"items": items})
    print("\nAll figures are as worked out by hand.")


if __name__ == "__main__":
    main()

"""A coupon from campaign to rolled-back redemption, through the official Python SDK.

Reads the server's address and keys from the file that KUPON_CREDENTIALS names.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import shop
import voucherify as sdk
from account import Account, money

GENERATED_WITHIN_S = 60


class Shop:
    """What a shop does, call by call; every answer is parsed by the SDK's own models."""

    def __init__(self, credentials: dict[str, str], account: Account) -> None:
        keys = {"X-App-Id": credentials["app_id"], "X-App-Token": credentials["app_token"]}
        client = sdk.ApiClient(sdk.Configuration(host=credentials["base_url"], api_key=keys))
        self.campaigns = sdk.CampaignsApi(client)
        self.vouchers = sdk.VouchersApi(client)
        self.customers = sdk.CustomersApi(client)
        self.products = sdk.ProductsApi(client)
        self.validations = sdk.ValidationsApi(client)
        self.redemptions = sdk.RedemptionsApi(client)
        self.account = account

    def set_up_campaign(self) -> str:
        """Ten percent off every line, on codes that are good for one redemption; one of them."""
        campaign = self.campaigns.create_campaign(
            sdk.CampaignsCreateRequestBody.from_dict(
                {
                    "name": f"Spring sale {time.time_ns()}",
                    "campaign_type": "DISCOUNT_COUPONS",
                    "type": "STATIC",
                    "vouchers_count": shop.CODES,
                    "voucher": {
                        "type": "DISCOUNT_VOUCHER",
                        "discount": shop.TEN_PERCENT,
                        "redemption": {"quantity": 1},
                        "code_config": {"pattern": "SPRING-####-####"},
                    },
                }
            )
        )
        self._wait_for_codes(campaign.id)
        listed = self.vouchers.list_vouchers(campaign=campaign.name, limit=100)
        self.account.compare("codes generated", listed.total, shop.CODES)
        self.account.compare(
            "codes that differ", len({v.code for v in listed.vouchers}), shop.CODES
        )
        self.account.say(f"{campaign.name}: {listed.total} codes, 10 % off every line, once each")
        return listed.vouchers[0].code

    def _wait_for_codes(self, campaign_id: str) -> None:
        deadline = time.monotonic() + GENERATED_WITHIN_S
        while self.campaigns.get_campaign(campaign_id).creation_status != "DONE":
            if time.monotonic() > deadline:
                raise TimeoutError("the campaign's codes were not generated in time")
            time.sleep(0.1)

    def set_up_voucher(self) -> str:
        """Five off the order, on one code."""
        voucher = self.vouchers.generate_random_code(
            sdk.VouchersCreateRequestBody.from_dict(
                {
                    "type": "DISCOUNT_VOUCHER",
                    "discount": shop.FIVE_OFF,
                    "code_config": {"pattern": "WELCOME-######"},
                }
            )
        )
        self.account.say(f"{voucher.code}: 5.00 off the order")
        return voucher.code

    def set_up_customer(self) -> str:
        """A customer, found again by source_id when the example runs twice; the id."""
        customer = self.customers.create_customer(
            sdk.CustomersCreateRequestBody.from_dict(shop.CUSTOMER)
        )
        self.account.say(f"customer {customer.name} ({customer.id})")
        return customer.id

    def fill_cart(self) -> list[dict[str, Any]]:
        """Store the products and put them into a cart."""
        items = []
        for product, quantity in zip(shop.PRODUCTS, shop.QUANTITIES, strict=True):
            body = sdk.ProductsCreateRequestBody.from_dict(product)
            stored = self.products.create_product(body)
            items.append({"product_id": stored.id, "quantity": quantity, "price": stored.price})
            cells = (f"{quantity} x {stored.name}", money(stored.price))
            self.account.row(*cells, money(stored.price * quantity))
        self.account.row("together", "", money(shop.AMOUNT))
        return items

    def validate(self, request: dict[str, Any]) -> None:
        """Ask what the codes would take off, and print the answer line by line."""
        body = sdk.ValidationsValidateRequestBody.from_dict(request)
        answer = self.validations.validate_stacked_discounts(body)
        account = self.account
        account.compare("valid", answer.valid, True)
        account.say(f"valid: {answer.valid}, order of application: as asked")
        account.row("line", "amount", "discount", "to pay")
        names = [product["name"] for product in shop.PRODUCTS]
        by_hand = zip(shop.LINE_AMOUNTS, shop.LINE_DISCOUNTS, shop.LINE_SUBTOTALS, strict=True)
        for name, item, expected in zip(names, answer.order.items, by_hand, strict=True):
            got = (item.amount, item.discount_amount, item.subtotal_amount)
            account.row(name, money(got[0]), money(-got[1]), money(got[2]))
            account.compare(name, got, expected)
        for redeemable in answer.redeemables:
            taken = redeemable.order.total_applied_discount_amount
            account.row(redeemable.id, "", money(-taken))
        self.compare_order(answer.order)
        account.row("total", money(answer.order.amount), "", money(answer.order.total_amount))
        account.compare(
            "taken off by each code",
            [r.order.total_applied_discount_amount for r in answer.redeemables],
            [shop.ITEMS_DISCOUNT, shop.ORDER_DISCOUNT],
        )

    def compare_order(self, order: Any) -> None:
        """The totals of an order with both discounts."""
        self.account.compare("amount", order.amount, shop.AMOUNT)
        self.account.compare("lines' discount", order.items_discount_amount, shop.ITEMS_DISCOUNT)
        self.account.compare("order's discount", order.discount_amount, shop.ORDER_DISCOUNT)
        self.account.compare("all discounts", order.total_discount_amount, shop.TOTAL_DISCOUNT)
        self.account.compare("to pay", order.total_amount, shop.TO_PAY)

    def redeem(self, request: dict[str, Any]) -> str:
        """Use the codes up; the id of the redemption that holds both together."""
        body = sdk.RedemptionsRedeemRequestBody.from_dict(request)
        answer = self.redemptions.redeem_stacked_discounts(body)
        self.compare_order(answer.order)
        for redemption in answer.redemptions:
            taken = money(redemption.order.total_applied_discount_amount)
            self.account.row(redemption.voucher.code, redemption.result, f"-{taken}")
            self.account.compare("result", redemption.result, "SUCCESS")
        self.account.compare("order", answer.order.status, "PAID")
        paid = money(answer.order.total_amount)
        self.account.say(f"order {answer.order.id} is {answer.order.status}: {paid}")
        self.account.say(f"both belong to {answer.parent_redemption.id}")
        return answer.parent_redemption.id

    def redeem_again(self, request: dict[str, Any]) -> None:
        """A code that was good for one redemption must be refused now."""
        try:
            self.redemptions.redeem_stacked_discounts(
                sdk.RedemptionsRedeemRequestBody.from_dict(request)
            )
        except sdk.ApiException as refusal:
            key = json.loads(refusal.body)["key"]
            self.account.say(f"a second redemption is refused: {refusal.status} {key}")
            self.account.compare("refusal", (refusal.status, key), (400, "quantity_exceeded"))
        else:
            self.account.compare("a second redemption", "accepted", "refused")

    def list_redemptions(self, customer_id: str, parent_id: str, status: str) -> None:
        """What the customer has redeemed in this run, and what became of it."""
        listed = self.redemptions.list_redemptions(customer=customer_id, limit=100)
        redemptions = [r for r in listed.redemptions if r.object == "redemption"]
        children = [r for r in redemptions if r.redemption == parent_id]
        for redemption in children:
            self.account.row(redemption.voucher.code, redemption.result, redemption.status)
            self.account.compare("status", redemption.status, status)
        self.account.compare("redemptions of the stack", len(children), 2)

    def roll_back(self, parent_id: str) -> None:
        """Give everything back."""
        answer = self.redemptions.rollback_stacked_redemptions(parent_id, reason="changed my mind")
        for rollback in answer.rollbacks:
            self.account.compare("rollback", rollback.result, "SUCCESS")
        self.account.compare("rollbacks", len(answer.rollbacks), 2)
        order = answer.order
        self.account.compare("order", order.status, "CANCELED")
        self.account.compare("amounts", (order.amount, order.total_amount), (shop.AMOUNT,) * 2)
        total = money(order.total_amount)
        self.account.say(f"order {order.id} is {order.status}, without discounts: {total}")

    def compare_quantities(self, codes: list[str], expected: int) -> None:
        """How often each code counts as redeemed."""
        for code in codes:
            used = self.vouchers.get_voucher(code).redemption.redeemed_quantity
            self.account.compare(f"redemptions of {code}", used, expected)
            self.account.say(f"{code}: redeemed quantity {used}")


def main() -> int:
    """Run the example; 0 when every figure is right."""
    account = Account()
    credentials = json.loads(Path(os.environ["KUPON_CREDENTIALS"]).read_text())
    run = Shop(credentials, account)
    account.chapter("Coupons and customer")
    codes = [run.set_up_campaign(), run.set_up_voucher()]
    customer_id = run.set_up_customer()
    account.chapter("The cart")
    items = run.fill_cart()
    request = {
        "redeemables": [{"object": "voucher", "id": code} for code in codes],
        "customer": {"id": customer_id},
        "order": {"items": items},
    }
    account.chapter("Validation")
    run.validate(request)
    account.chapter("Redemption")
    parent_id = run.redeem(request)
    run.redeem_again(request)
    run.compare_quantities(codes, 1)
    account.chapter("Listing")
    run.list_redemptions(customer_id, parent_id, "SUCCEEDED")
    account.chapter("Rollback")
    run.roll_back(parent_id)
    run.list_redemptions(customer_id, parent_id, "ROLLED_BACK")
    run.compare_quantities(codes, 0)
    return account.close()


if __name__ == "__main__":
    sys.exit(main())

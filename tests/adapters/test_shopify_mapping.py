"""What Shopify's orders, customers and products mean in Kupon."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from tests.adapters import shopify_records as records
from tests.adapters.shopify_cases import CONFIG, pulled, webhook
from tests.adapters.shopify_platform import ShopifyPlatform

from kupon.hooks.commands import (
    Stamp,
    UpsertCustomer,
    UpsertOrder,
)
from kupon.hooks.errors import (
    Unmappable,
)
from kupon.testing.contract.checks import Case
from kupon.testing.items import make_items
from kupon_shopify.adapter import ShopifyAdapter
from kupon_shopify.mapping.orders import status_of


@pytest.fixture
def case():
    with ShopifyPlatform(CONFIG) as platform:
        yield Case(ShopifyAdapter, platform)


class TestOrders:
    def test_are_as_the_golden_sample(self, case):
        """Source: spec adapters-commerce, section 15."""
        command = pulled(case, "orders", "paid")
        sku = {"source_id": "401", "sku": "TEA-200", "override": True}
        assert command == UpsertOrder(
            source_id="820001",
            fields={
                "status": "PAID",
                "amount": 3000,
                "items": [
                    {
                        "source_id": "401",
                        "related_object": "sku",
                        "quantity": 3,
                        "price": 1000,
                        "amount": 3000,
                        "product": {"source_id": "301", "name": "Tea", "override": True},
                        "sku": sku,
                    }
                ],
                "customer": {"source_id": "7001"},
                "metadata": {
                    "platform_discount": 500,
                    "coupon_codes": ["MUG10"],
                    "currency": "EUR",
                    "order_name": "#1001",
                    "placed_at": "2026-06-15T10:00:00Z",
                },
            },
            redeemables=[{"object": "voucher", "id": "MUG10"}],
            checkout_key="c1-55",
            placed_at=datetime(2026, 6, 15, 10, tzinfo=UTC),
            stamp=Stamp(at=datetime(2026, 6, 15, 10, 1, tzinfo=UTC)),
        )

    def test_are_the_same_by_webhook_but_for_the_session_that_the_cart_names(self, case):
        (command,) = case.commands(webhook(case, "orders/paid"))
        assert command.checkout_key == "shopify:main:c1-55"
        first = replace(command, checkout_key="c1-55", fields={}, placed_at=None, stamp=Stamp())
        again = replace(pulled(case, "orders", "paid"), fields={}, placed_at=None, stamp=Stamp())
        assert first == again

    def test_keep_what_is_left_after_a_part_was_refunded(self, case):
        command = pulled(case, "orders", "partially-refunded")
        assert command.fields["status"] == "FULFILLED"
        assert [(i["quantity"], i["amount"]) for i in command.fields["items"]] == [(1, 1000)]
        assert command.fields["amount"] == 1000

    def test_keep_their_lines_when_they_are_cancelled(self, case):
        (command,) = case.commands(webhook(case, "orders/cancelled"))
        assert command.fields["status"] == "CANCELED"
        assert [each["quantity"] for each in command.fields["items"]] == [3]

    def test_have_own_lines_but_no_gift_cards(self, case):
        (command,) = case.commands(webhook(case, "orders/updated"))
        tea, engraving = command.fields["items"]
        assert (tea["source_id"], tea["amount"]) == ("401", 3000)
        assert engraving == {
            "quantity": 1,
            "price": 450,
            "amount": 450,
            "product": {"name": "Engraving"},
        }
        assert command.fields["amount"] == 3450

    def test_may_count_in_the_buyers_currency(self, case):
        shop = pulled(case, "orders", "two-currencies")
        assert (shop.fields["amount"], shop.fields["metadata"]["currency"]) == (3000, "EUR")
        buyer = pulled(case, "orders", "two-currencies", money="PRESENTMENT")
        assert (buyer.fields["amount"], buyer.fields["metadata"]["currency"]) == (4800, "JPY")
        assert buyer.fields["metadata"]["platform_discount"] == 800

    def test_of_guests_are_their_e_mails_or_nobodys(self, case):
        guest = "receive.orders-paid.guest"
        (command,) = case.commands(webhook(case, "orders/paid", guest))
        email = "Jan@example.org"
        assert command.fields["customer"] == {"source_id": email, "email": email}
        deliveries = case.receive(webhook(case, "orders/paid", guest))
        (command,) = case.make(settings={"guests": "NONE"}).process(deliveries)
        assert "customer" not in command.fields
        assert "customer" not in pulled(case, "orders", "point-of-sale").fields

    def test_for_tests_count_only_where_that_is_wanted(self, case):
        request = webhook(case, "orders/paid", "receive.orders-paid.test-order")
        with pytest.raises(Unmappable, match="it is a test order"):
            case.commands(request)
        deliveries = case.receive(request)
        assert case.make(settings={"include_test": True}).process(deliveries)
        page = case.make().pull("orders", None, None)
        assert (page.commands, page.skipped) == ([], [("820004", "it is a test order")])

    def test_redeem_only_codes_that_can_be_kupons(self, case):
        order = records.make_order(1, "2026-01-02T00:00:00Z", discountCodes=["KU-1", "SUMMER"])
        case.platform.records["orders"]["1"] = order
        adapter = case.make(settings={"code_pattern": "KU-.*"})
        (command,) = adapter.pull("orders", None, None).commands
        assert command.redeemables == [{"object": "voucher", "id": "KU-1"}]
        assert command.fields["metadata"]["coupon_codes"] == ["KU-1", "SUMMER"]

    def test_name_codes_in_kupons_letters_and_leave_the_shops_own_out(self, case):
        items = make_items("codes", 2)
        case.make().push("codes", items)
        case.platform.add_foreign("SUMMER")
        used = ["spring-1", "summer", "OLD-1", "SPRING-2"]
        order = records.make_order(1, "2026-01-02T00:00:00Z", discountCodes=used)
        case.platform.records["orders"]["1"] = order
        (command,) = case.make().pull("orders", None, None).commands
        named = [each["id"] for each in command.redeemables]
        assert named == ["SPRING-1", "OLD-1", "SPRING-2"]
        assert command.fields["metadata"]["coupon_codes"] == used
        case.platform.shows_discounts = False
        (command,) = case.make().pull("orders", None, None).commands
        assert [each["id"] for each in command.redeemables] == used

    @pytest.mark.parametrize(
        ("source", "codes"), [("shopify_draft_order", ["MUG10", "TEA5"]), ("web", ["MUG10"])]
    )
    def test_of_agents_name_the_codes_that_were_put_on_the_draft(self, case, source, codes):
        """Buyers can write attributes of a cart, of a draft only those who work for the shop."""
        noted = [{"key": "_kupon_codes", "value": "TEA5, MUG10"}]
        case.platform.records["orders"]["1"] = records.make_order(
            1,
            "2026-01-02T00:00:00Z",
            sourceName=source,
            discountCodes=["MUG10"],
            customAttributes=noted,
        )
        (command,) = case.make().pull("orders", None, None).commands
        assert [each["id"] for each in command.redeemables] == codes

    def test_of_more_lines_than_kupon_takes_have_equal_ones_as_one(self, case):
        lines = [records.make_line(number % 100, 1, "1.00", "EUR") for number in range(501)]
        order = records.make_order(1, "2026-01-02T00:00:00Z", lineItems=lines)
        case.platform.records["orders"]["1"] = order
        (command,) = case.make().pull("orders", None, None).commands
        assert len(command.fields["items"]) == 100
        assert command.fields["items"][0]["quantity"] == 6
        assert command.fields["amount"] == sum(i["amount"] for i in command.fields["items"])
        assert command.fields["amount"] == 50_100

    def test_come_with_all_of_their_lines(self, case):
        case.platform.inner_page = 100
        lines = [records.make_line(number, 1, "1.00", "EUR") for number in range(1, 352)]
        order = records.make_order(1, "2026-01-02T00:00:00Z", lineItems=lines)
        case.platform.records["orders"]["1"] = order
        (command,) = case.make().pull("orders", None, None).commands
        names = [each["source_id"] for each in command.fields["items"]]
        assert names == [str(number) for number in range(1, 352)]

    @pytest.mark.parametrize(
        ("financial", "fulfillment", "status"),
        [
            ("PENDING", "UNFULFILLED", "CREATED"),
            ("AUTHORIZED", "UNFULFILLED", "CREATED"),
            ("PARTIALLY_PAID", "FULFILLED", "CREATED"),
            ("PAID", "UNFULFILLED", "PAID"),
            ("PAID", "PARTIALLY_FULFILLED", "PAID"),
            ("PAID", "FULFILLED", "FULFILLED"),
            ("PARTIALLY_REFUNDED", "UNFULFILLED", "PAID"),
            ("PARTIALLY_REFUNDED", "FULFILLED", "FULFILLED"),
            ("REFUNDED", "FULFILLED", "CANCELED"),
            ("VOIDED", "UNFULFILLED", "CANCELED"),
            ("EXPIRED", "UNFULFILLED", "CANCELED"),
            (None, "UNFULFILLED", "CREATED"),
            ("SOMETHING_NEW", "SOMETHING_NEW", "CREATED"),
        ],
    )
    def test_have_one_of_four_states(self, financial, fulfillment, status):
        states = {"displayFinancialStatus": financial, "displayFulfillmentStatus": fulfillment}
        assert status_of({"cancelledAt": None, **states}) == status
        assert status_of({"cancelledAt": "2026-01-01T00:00:00Z", **states}) == "CANCELED"

    def test_may_be_paid_once_the_payment_is_authorized(self):
        node = {
            "cancelledAt": None,
            "displayFinancialStatus": "AUTHORIZED",
            "displayFulfillmentStatus": "UNFULFILLED",
        }
        assert status_of(node, authorized_is_paid=True) == "PAID"


class TestCustomers:
    def test_are_as_the_golden_sample(self, case):
        """Source: spec adapters-commerce, section 15."""
        assert pulled(case, "customers", "complete") == UpsertCustomer(
            source_id="7001",
            fields={
                "name": "Ada Nowak",
                "email": "ada@example.com",
                "phone": "+48500100200",
                "address": {
                    "line_1": "Rynek 1",
                    "city": "Krakow",
                    "postal_code": "30-001",
                    "country": "PL",
                },
            },
            stamp=Stamp(at=datetime(2026, 1, 2, tzinfo=UTC)),
        )

    def test_without_a_name_are_their_company_or_have_none(self, case):
        assert pulled(case, "customers", "company").fields["name"] == "Herbata Sp. z o.o."
        assert pulled(case, "customers", "unnamed").fields == {"email": "jan@example.org"}

    def test_bring_the_metadata_that_is_chosen(self, case):
        wanted = ["amount_spent", "locale", "number_of_orders", "tags"]
        command = pulled(case, "customers", "complete", customer_metadata=wanted)
        assert command.fields["metadata"] == {
            "amount_spent": 12950,
            "locale": "pl",
            "number_of_orders": 4,
            "tags": ["vip"],
        }

    def test_of_shops_that_share_a_project_have_names_of_their_own(self, case):
        command = pulled(case, "customers", "complete", source_id_prefix="eu-")
        assert command.source_id == "eu-7001"


class TestProducts:
    def test_come_with_their_variants(self, case):
        command = pulled(case, "catalog", "options")
        assert (command.source_id, command.fields["attributes"]) == ("301", ["Weight"])
        assert command.fields["metadata"]["collections"] == ["hot-drinks"]
        first, second = command.skus
        assert first == {
            "source_id": "401",
            "sku": "TEA-200",
            "price": 1000,
            "currency": "EUR",
            "attributes": {"Weight": "200 g"},
            "image_url": "https://img.example.com/tea-200.jpg",
        }
        assert (second["sku"], second["price"]) == ("500 g", 2150)

    def test_without_options_are_one_sku(self, case):
        command = pulled(case, "catalog", "plain")
        (sku,) = command.skus
        assert command.fields["attributes"] == []
        assert (sku["sku"], sku["attributes"]) == ("Mug", {})

    def test_come_with_all_of_their_variants(self, case):
        case.platform.inner_page = 250
        variants = [records.make_variant(number) for number in range(1, 602)]
        product = records.make_product(1, "2026-01-02T00:00:00Z", variants=variants)
        case.platform.records["products"]["1"] = product
        (command,) = case.make().pull("catalog", None, None).commands
        assert len({each["source_id"] for each in command.skus}) == 601

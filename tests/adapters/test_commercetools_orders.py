"""commercetools' orders: their status, their lines, and who has placed them."""

from __future__ import annotations

import pytest
from tests.adapters.commercetools_carts import line_item, money
from tests.adapters.commercetools_platform import CommercetoolsPlatform
from tests.adapters.test_commercetools import CONFIG

from kupon.hooks.errors import Skip
from kupon.testing.contract.checks import Case
from kupon.testing.fixtures import read_fixture
from kupon_commercetools.adapter import CommercetoolsAdapter
from kupon_commercetools.mapping.orders import order_command


@pytest.fixture
def case():
    with CommercetoolsPlatform(CONFIG) as platform:
        yield Case(CommercetoolsAdapter, platform)


def settings_of(case, **changes):
    """The connection's settings with some others."""
    return case.make(settings=changes).config


def mapped(case, name, changes=None, **settings):
    """What the order of a fixture means, with some members changed."""
    raw = read_fixture("kupon_commercetools", f"pull.orders.{name}").json | (changes or {})
    return order_command(raw, settings_of(case, **settings), "con_1", {})


class TestOrders:
    @pytest.mark.parametrize(
        ("members", "status"),
        [
            ({"paymentState": None}, "CREATED"),
            ({"paymentState": "BalanceDue"}, "CREATED"),
            ({"paymentState": "Pending"}, "CREATED"),
            ({"paymentState": "Failed"}, "CREATED"),
            ({"paymentState": "CreditOwed"}, "CREATED"),
            ({"paymentState": "Paid"}, "PAID"),
            ({"paymentState": "Paid", "orderState": "Confirmed"}, "PAID"),
            ({"paymentState": "Paid", "orderState": "Complete"}, "FULFILLED"),
            ({"paymentState": "Paid", "shipmentState": "Shipped"}, "FULFILLED"),
            ({"paymentState": "Paid", "shipmentState": "Delivered"}, "FULFILLED"),
            ({"paymentState": "Paid", "shipmentState": "Partial"}, "PAID"),
            ({"paymentState": "Pending", "shipmentState": "Shipped"}, "CREATED"),
            ({"paymentState": "Paid", "orderState": "Cancelled"}, "CANCELED"),
            ({"paymentState": "News", "orderState": "News", "shipmentState": "News"}, "CREATED"),
        ],
    )
    def test_status(self, case, members, status):
        assert mapped(case, "paid", members).fields["status"] == status

    def test_credit_counts_as_payment_if_the_shop_says_so(self, case):
        command = mapped(case, "paid", {"paymentState": "CreditOwed"}, credit_is_paid=True)
        assert command.fields["status"] == "PAID"

    @pytest.mark.parametrize(("charged", "status"), [(2500, "PAID"), (2499, "CREATED")])
    def test_a_charge_pays(self, case, charged, status):
        paid_at = "2026-06-15T12:00:00.000Z"
        charge = {"type": "Charge", "state": "Success", "amount": money(charged, "EUR")}
        refused = charge | {"state": "Failure"}
        payment = {"obj": {"transactions": [charge, refused], "lastModifiedAt": paid_at}}
        members = {"paymentState": None, "paymentInfo": {"payments": [payment]}}
        command = mapped(case, "paid", members, paid_when="CHARGE_TRANSACTION")
        assert command.fields["status"] == status
        assert (command.stamp.version, command.stamp.at.hour) == (None, 12)

    @pytest.mark.parametrize("paid_when", ["PAYMENT_STATE", "CHARGE_TRANSACTION"])
    def test_what_costs_nothing_is_paid(self, case, paid_when):
        """No payment will ever tell of it, and a gift card that covers it would stay full."""
        members = {"paymentState": None, "totalPrice": money(0, "EUR")}
        command = mapped(case, "paid", members, paid_when=paid_when)
        assert command.fields["status"] == "PAID"
        taxed = members | {"taxedPrice": {"totalGross": money(7, "EUR")}}
        command = mapped(case, "paid", taxed, paid_when=paid_when)
        assert command.fields["status"] == "CREATED"

    def test_a_workflow_state_pays(self, case):
        members = {"paymentState": None, "state": {"id": "st-1", "obj": {"key": "paid"}}}
        changes = {"paid_when": "ORDER_STATE", "paid_state_key": "paid"}
        assert mapped(case, "paid", members, **changes).fields["status"] == "PAID"

    def test_a_full_return_cancels_and_a_partial_one_does_not(self, case):
        assert mapped(case, "refunded").fields["status"] == "CANCELED"
        whole = read_fixture("kupon_commercetools", "pull.orders.refunded").json["returnInfo"]
        part = [{"items": [whole[0]["items"][0] | {"quantity": 2}]}]
        assert mapped(case, "refunded", {"returnInfo": part}).fields["status"] == "PAID"

    def test_a_full_refund_cancels(self, case):
        amount = money(2500, "EUR")
        made = [
            {"type": kind, "state": "Success", "amount": amount} for kind in ("Charge", "Refund")
        ]
        members = {"paymentInfo": {"payments": [{"obj": {"transactions": made}}]}}
        assert mapped(case, "paid", members).fields["status"] == "CANCELED"

    def test_the_order_of_the_documents(self, case):
        command = mapped(case, "paid")
        (item,) = command.fields["items"]
        assert (item["source_id"], item["quantity"], item["price"], item["amount"]) == (
            "TEA-200", 3, 1000, 3000,
        )  # fmt: skip
        assert command.fields["metadata"] == {
            "orderNumber": "A-1",
            "currency": "EUR",
            "coupon_codes": ["MUG10"],
            "platform_discount": 500,
            "placed_at": "2026-06-15T10:00:00.000Z",
        }
        assert command.redeemables == [{"object": "voucher", "id": "MUG10"}]
        assert command.checkout_key == "commercetools:main:c-7f31"

    def test_gifts_exact_prices_and_product_discounts(self, case):
        command = mapped(case, "guest-with-gift")
        found = {
            each["source_id"]: (each["price"], each["amount"]) for each in command.fields["items"]
        }
        # 7 at 0.12345 are 0.86; the gift comes back with its code.
        assert found == {"p-56:1": (12, 86), "TEA-900": (3000, 3000)}
        assert command.fields["metadata"]["platform_discount"] == 2400
        full = mapped(case, "guest-with-gift", use_discounted_price=False)
        assert full.fields["items"][1]["price"] == 4000

    def test_guests(self, case):
        by_email = mapped(case, "guest-with-gift").fields["customer"]
        assert by_email["email"] == "Guest@example.com"
        assert by_email["source_id"].startswith("guest:")
        assert "example" not in by_email["source_id"]
        anonymous = mapped(case, "guest-with-gift", guest_strategy="ANONYMOUS_ID").fields[
            "customer"
        ]
        assert anonymous["source_id"] == "anon-1"
        assert "customer" not in mapped(case, "guest-with-gift", guest_strategy="NONE").fields

    def test_more_lines_than_an_order_may_have(self, case):
        lines = [line_item(f"l-{n}", "p", f"sku-{n % 501}", 1, 100, "EUR") for n in range(600)]
        with pytest.raises(Skip):
            mapped(case, "paid", {"lineItems": lines})
        equal = [line_item(f"l-{n}", "p", f"sku-{n % 500}", 1, 100, "EUR") for n in range(600)]
        assert len(mapped(case, "paid", {"lineItems": equal}).fields["items"]) == 500

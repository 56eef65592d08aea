"""What Shopify's orders cost in Kupon, and by which codes they are cheaper."""

from __future__ import annotations

import pytest
from tests.adapters import shopify_records as records
from tests.adapters.shopify_cases import CONFIG
from tests.adapters.shopify_platform import ShopifyPlatform

from kupon.testing.contract.checks import Case
from kupon.testing.items import make_items
from kupon_shopify.adapter import ShopifyAdapter


@pytest.fixture
def case():
    with ShopifyPlatform(CONFIG) as platform:
        yield Case(ShopifyAdapter, platform)


def only(case, **members):
    """What the shop's only order means."""
    order = records.make_order(1, "2026-01-02T00:00:00Z", **members)
    case.platform.records["orders"] |= {"1": order}
    (command,) = case.make().pull("orders", None, None).commands
    return command


def test_orders_have_no_lines_where_all_was_sent_back_and_only_the_shipping_kept(case):
    line = records.make_line(401, 3, "10.00", "EUR", currentQuantity=0)
    command = only(case, lineItems=[line], displayFinancialStatus="PARTIALLY_REFUNDED")
    fields = command.fields
    assert (fields["status"], fields["items"], fields["amount"]) == ("PAID", [], 0)


@pytest.mark.parametrize(
    ("total", "left", "amount"),
    # Three of 12.00 USD are 31.30 EUR, and one of them 10.43.
    [("31.30", 3, 3130), ("31.30", 2, 2086), ("20.86", 3, 3129), ("31.29", 3, 3129)],
)
def test_orders_cost_what_their_lines_do_to_the_cent(case, total, left, amount):
    line = records.make_line(401, 3, "10.43", "EUR", currentQuantity=left)
    line["originalTotalSet"] = records.money(total, "EUR")
    fields = only(case, lineItems=[line]).fields
    (item,) = fields["items"]
    assert (item["quantity"], item["price"], item["amount"]) == (left, 1043, amount)
    assert fields["amount"] == amount


def test_orders_tell_what_kupons_codes_gave_and_not_what_else_did(case):
    case.make().push("codes", make_items("codes", 1))
    case.platform.add_foreign("SUMMER")
    given = [
        records.by_code("spring-1", "5.00", "EUR"),
        records.by_code("SUMMER", "1.00", "EUR"),
        records.by_hand("2.00", "EUR"),
        records.by_hand("3.00", "EUR", "AutomaticDiscountApplication"),
    ]
    lines = [
        records.make_line(401, 3, "10.00", "EUR", discountAllocations=given),
        records.make_line(402, 1, "3.00", "EUR", discountAllocations=given[:1]),
    ]
    used = {"lineItems": lines, "discountCodes": ["Spring-1", "SUMMER"]}
    assert only(case, **used).fields["metadata"]["platform_discount"] == 1000
    noted = [{"key": "_kupon_codes", "value": "TEA5"}]
    drafted = used | {"sourceName": "shopify_draft_order", "customAttributes": noted}
    assert only(case, **drafted).fields["metadata"]["platform_discount"] == 1200
    bare = {"lineItems": lines, "discountCodes": ["SUMMER"]}
    assert "platform_discount" not in only(case, **bare).fields["metadata"]


@pytest.mark.parametrize("written", ["", "x" * 256, "a\0b", "two words", None])
def test_orders_take_no_nonsense_of_buyers_for_a_session(case, written):
    noted = [{"key": "_kupon_session", "value": written}]
    members = {"customAttributes": noted, "discountCodes": ["MUG10"]}
    assert only(case, **members, cartToken="c1-55").checkout_key == "c1-55"
    assert only(case, **members).checkout_key == "gid://shopify/Order/1"

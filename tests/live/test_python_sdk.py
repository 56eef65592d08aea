"""The official Python SDK walks the main job against a running installation.

Its pydantic models parse every answer; the figures are worked out here.
"""

from __future__ import annotations

import json
import time
from itertools import count

import pytest
import voucherify as sdk
from voucherify.exceptions import BadRequestException, NotFoundException, UnauthorizedException

pytestmark = pytest.mark.slow

GENERATED_WITHIN_S = 60
PERCENT = {"type": "PERCENT", "percent_off": 12.5, "effect": "APPLY_TO_ITEMS", "amount_limit": 900}
AMOUNT = {"type": "AMOUNT", "amount_off": 750, "effect": "APPLY_TO_ORDER"}
FIXED = {"type": "FIXED", "fixed_amount": 5000, "effect": "APPLY_TO_ORDER"}

_numbers = count(time.time_ns())


def name(kind: str) -> str:
    return f"{kind}-{next(_numbers)}"


@pytest.fixture(scope="module")
def client(live_server):
    """The SDK, told the server's address and keys."""
    keys = live_server.credentials
    api_key = {"X-App-Id": keys["app_id"], "X-App-Token": keys["app_token"]}
    return sdk.ApiClient(sdk.Configuration(host=live_server.base_url, api_key=api_key))


@pytest.fixture(scope="module")
def vouchers(client):
    return sdk.VouchersApi(client)


@pytest.fixture(scope="module")
def redemptions(client):
    return sdk.RedemptionsApi(client)


@pytest.fixture(scope="module")
def validations(client):
    return sdk.ValidationsApi(client)


def make_voucher(
    vouchers, discount: dict, **members
) -> sdk.VouchersCreateWithSpecificCodeResponseBody:
    body = {"type": "DISCOUNT_VOUCHER", "discount": discount, **members}
    return vouchers.create_voucher(
        name("CODE"), sdk.VouchersCreateWithSpecificCodeRequestBody.from_dict(body)
    )


def validate(validations, request: dict):
    body = sdk.ValidationsValidateRequestBody.from_dict(request)
    return validations.validate_stacked_discounts(body)


def redeem(redemptions, request: dict):
    body = sdk.RedemptionsRedeemRequestBody.from_dict(request)
    return redemptions.redeem_stacked_discounts(body)


def cart() -> dict:
    """2 x 29.99 and 1 x 80.00: 139.98."""
    return {
        "items": [
            {"product_id": "prod-a", "quantity": 2, "price": 2999},
            {"product_id": "prod-b", "quantity": 1, "price": 8000},
        ]
    }


def refusal(problem: sdk.ApiException) -> tuple[int, str]:
    return problem.status, json.loads(problem.body)["key"]


def figures(order) -> tuple:
    return (
        order.amount,
        order.items_discount_amount,
        order.discount_amount,
        order.total_discount_amount,
        order.total_amount,
    )


def test_a_campaign_brings_forth_its_codes(client, vouchers):
    campaigns = sdk.CampaignsApi(client)
    body = {
        "name": name("Campaign"),
        "campaign_type": "DISCOUNT_COUPONS",
        "vouchers_count": 150,
        "voucher": {
            "type": "DISCOUNT_VOUCHER",
            "discount": PERCENT,
            "redemption": {"quantity": 1},
            "code_config": {"prefix": "LIVE-", "length": 10, "charset": "ABCDEFGH"},
        },
        "metadata": {"season": "spring"},
    }
    made = campaigns.create_campaign(sdk.CampaignsCreateRequestBody.from_dict(body))
    deadline = time.monotonic() + GENERATED_WITHIN_S
    while (campaign := campaigns.get_campaign(made.id)).creation_status != "DONE":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert (campaign.name, campaign.vouchers_count) == (body["name"], 150)
    assert campaign.metadata == {"season": "spring"}
    pages = [vouchers.list_vouchers(campaign=made.name, limit=100, page=page) for page in (1, 2)]
    assert [(page.total, len(page.vouchers)) for page in pages] == [(150, 100), (150, 50)]
    codes = {voucher.code for page in pages for voucher in page.vouchers}
    assert len(codes) == 150
    assert all(code.startswith("LIVE-") and len(code) == 15 for code in codes)
    added = campaigns.add_voucher_with_specific_code_to_campaign(
        made.id,
        name("ADDED"),
        sdk.CampaignsVouchersCreateRequestBody.from_dict({"metadata": {"by": "hand"}}),
    )
    assert (added.campaign, added.metadata) == (made.name, {"by": "hand"})
    listed = campaigns.list_campaigns(limit=100, campaign_type="DISCOUNT_COUPONS").campaigns
    assert made.id in [each.id for each in listed]
    campaigns.disable_campaign(made.id)
    assert campaigns.get_campaign(made.id).active is False
    campaigns.enable_campaign(made.id)
    assert campaigns.get_campaign(made.id).active is True


def test_customers_products_and_orders_are_kept(client):
    customers, products, orders = (
        sdk.CustomersApi(client),
        sdk.ProductsApi(client),
        sdk.OrdersApi(client),
    )
    body = {"source_id": name("customer"), "name": "Ada Example", "metadata": {"level": 3}}
    customer = customers.create_customer(sdk.CustomersCreateRequestBody.from_dict(body))
    assert (customer.source_id, customer.metadata) == (body["source_id"], {"level": 3})
    update = sdk.CustomersUpdateRequestBody(email="ada@example.com")
    assert customers.update_customer(customer.id, update).email == "ada@example.com"
    assert customers.get_customer(body["source_id"]).id == customer.id
    assert customers.list_customers(limit=100).customers
    body = {"source_id": name("product"), "name": "Lamp", "price": 4999, "attributes": ["color"]}
    product = products.create_product(sdk.ProductsCreateRequestBody.from_dict(body))
    body = {"source_id": name("sku"), "sku": "Red lamp", "price": 5499}
    sku = products.create_sku(product.id, sdk.ProductsSkusCreateRequestBody.from_dict(body))
    assert (sku.sku, sku.price, products.get_sku(sku.id).product_id) == (
        "Red lamp",
        5499,
        product.id,
    )
    assert products.list_skus_in_product(product.id).total == 1
    assert products.get_product(product.id).price == 4999
    body = {
        "source_id": name("order"),
        "customer": {"id": customer.id},
        "items": [{"sku_id": sku.id, "product_id": product.id, "quantity": 2}],
    }
    order = orders.create_order(sdk.OrdersCreateRequestBody.from_dict(body))
    assert (order.status, order.customer_id, order.amount) == ("CREATED", customer.id, 10998)
    assert orders.get_order(order.id).items[0].quantity == 2
    assert orders.list_orders(limit=1).total >= 1
    products.delete_sku(product.id, sku.id, force=True)
    products.delete_product(product.id, force=True)
    customers.delete_customer(customer.id)
    with pytest.raises(NotFoundException):
        customers.get_customer(customer.id)


def test_one_coupon_is_validated_redeemed_and_rolled_back(vouchers, validations, redemptions):
    voucher = make_voucher(vouchers, PERCENT, redemption={"quantity": 1})
    request = {"redeemables": [{"object": "voucher", "id": voucher.code}], "order": cart()}
    # 12.5 % of 59.98 is 7.4975; of 80.00 it is 10.00, which the limit cuts to 9.00.
    expected = (13998, 1650, None, 1650, 12348)
    validated = validate(validations, request)
    assert validated.valid is True
    assert figures(validated.order) == expected
    assert [item.discount_amount for item in validated.order.items] == [750, 900]
    redeemed = redeem(redemptions, request)
    assert figures(redeemed.order) == expected
    assert (redeemed.order.status, redeemed.parent_redemption) == ("PAID", None)
    redemption = redeemed.redemptions[0]
    assert (redemption.result, redemption.voucher.code) == ("SUCCESS", voucher.code)
    assert redemptions.get_redemption(redemption.id).id == redemption.id
    assert vouchers.get_voucher(voucher.code).redemption.redeemed_quantity == 1
    with pytest.raises(BadRequestException) as refused:
        redeem(redemptions, request)
    assert refusal(refused.value) == (400, "quantity_exceeded")
    entries = redemptions.get_voucher_redemptions(voucher.code)
    assert (entries.quantity, entries.redeemed_quantity) == (1, 1)
    rollback = redemptions.rollback_redemption(redemption.id, reason="wrong size")
    assert (rollback.result, rollback.redemption, rollback.reason) == (
        "SUCCESS",
        redemption.id,
        "wrong size",
    )
    assert vouchers.get_voucher(voucher.code).redemption.redeemed_quantity == 0
    with pytest.raises(BadRequestException) as refused:
        redemptions.rollback_redemption(redemption.id)
    assert refusal(refused.value) == (400, "already_rolled_back")


def test_a_stack_is_redeemed_and_rolled_back_together(vouchers, validations, redemptions):
    codes = [make_voucher(vouchers, each).code for each in (PERCENT, AMOUNT, FIXED)]
    request = {
        "redeemables": [{"object": "voucher", "id": code} for code in codes],
        "customer": {"source_id": name("customer")},
        "order": cart(),
    }
    # 139.98 - 16.50 - 7.50 leaves 115.98, which the third cuts down to 50.00.
    expected = (13998, 1650, 750 + 6598, 8998, 5000)
    validated = validate(validations, request)
    assert figures(validated.order) == expected
    steps = [each.order.total_applied_discount_amount for each in validated.redeemables]
    assert steps == [1650, 750, 6598]
    redeemed = redeem(redemptions, request)
    parent = redeemed.parent_redemption
    assert figures(redeemed.order) == expected
    assert figures(parent.order) == expected
    assert [each.redemption for each in redeemed.redemptions] == [parent.id] * 3
    listed = redemptions.list_redemptions(customer=request["customer"]["source_id"], limit=100)
    assert {r.id for r in redeemed.redemptions} <= {r.id for r in listed.redemptions}
    with pytest.raises(BadRequestException) as refused:
        redemptions.rollback_redemption(redeemed.redemptions[0].id)
    assert refusal(refused.value) == (400, "invalid_redemption_parent")
    rolled_back = redemptions.rollback_stacked_redemptions(parent.id, reason="changed my mind")
    assert [each.result for each in rolled_back.rollbacks] == ["SUCCESS"] * 3
    assert rolled_back.order.status == "CANCELED"
    assert (rolled_back.order.amount, rolled_back.order.total_amount) == (13998, 13998)
    assert [vouchers.get_voucher(code).redemption.redeemed_quantity for code in codes] == [0, 0, 0]
    assert redemptions.get_redemption(parent.id).id == parent.id


@pytest.fixture(scope="module")
def promotions(client):
    return sdk.PromotionsApi(client)


def make_promotion(client) -> str:
    body = {"name": name("Promotion"), "campaign_type": "PROMOTION", "promotion": {"tiers": []}}
    campaigns = sdk.CampaignsApi(client)
    return campaigns.create_campaign(sdk.CampaignsCreateRequestBody.from_dict(body)).id


def make_tier(promotions, campaign_id: str, discount: dict, **members):
    body = {"name": name("Tier"), "action": {"discount": discount}, **members}
    return promotions.add_promotion_tier_to_campaign(
        campaign_id, sdk.PromotionsTiersCreateRequestBody.from_dict(body)
    )


def make_product(client, price: int, title: str):
    body = {"source_id": name("product"), "name": title, "price": price}
    products = sdk.ProductsApi(client)
    return products.create_product(sdk.ProductsCreateRequestBody.from_dict(body))


def test_a_promotion_stack_gives_units_and_a_discount(client, promotions, validations, redemptions):
    mug, pen = make_product(client, 1250, "Mug"), make_product(client, 300, "Pen")
    campaign_id = make_promotion(client)
    free = {"type": "UNIT", "unit_off": 2, "unit_type": pen.id, "effect": "ADD_NEW_ITEMS"}
    percent = {"type": "PERCENT", "percent_off": 10, "effect": "APPLY_TO_ORDER"}
    tiers = [make_tier(promotions, campaign_id, discount) for discount in (free, percent)]
    body = {"name": name("Stack"), "tiers": {"ids": [tier.id for tier in tiers]}}
    stack = promotions.create_promotion_stack(
        campaign_id, sdk.PromotionsStacksCreateRequestBody.from_dict(body)
    )
    request = {
        "redeemables": [{"object": "promotion_stack", "id": stack.id}],
        "order": {"items": [{"product_id": mug.id, "quantity": 2}]},
    }
    # 25.00 with two pens at 3.00, which are free; 10 % of the 25.00 that are left.
    expected = (3100, 600, 250, 850, 2250)
    validated = validate(validations, request)
    assert figures(validated.order) == expected
    assert [each.id for each in validated.redeemables] == [tier.id for tier in tiers]
    told = validated.redeemables[0].result.discount
    assert (told.unit_off, told.product.id, told.product.name) == (2, pen.id, "Pen")
    added = validated.order.items[1]
    assert (added.quantity, added.initial_quantity, added.discount_quantity) == (2, 0, 2)
    redeemed = redeem(redemptions, request)
    assert figures(redeemed.order) == expected
    assert figures(redeemed.parent_redemption.order) == expected
    assert [each.promotion_tier.id for each in redeemed.redemptions] == [t.id for t in tiers]
    summary = promotions.get_promotion_tier(tiers[1].id).summary
    assert (summary.redemptions.total_redeemed, summary.orders.total_discount_amount) == (1, 250)
    parent = redeemed.parent_redemption.id
    rolled_back = redemptions.rollback_stacked_redemptions(parent)
    assert [item.product_id for item in rolled_back.order.items] == [mug.id]
    assert (rolled_back.order.amount, rolled_back.order.total_amount) == (2500, 2500)
    assert promotions.get_promotion_tier(tiers[1].id).summary.redemptions.total_redeemed == 0


def test_units_of_several_articles_and_free_shipping(client, vouchers, validations):
    mug = make_product(client, 1250, "Mug")
    units = [
        {"unit_off": 1, "unit_type": mug.id, "effect": "ADD_NEW_ITEMS"},
        {"unit_off": 1, "unit_type": "prod_5h1pp1ng", "effect": "ADD_MISSING_ITEMS"},
    ]
    many = make_voucher(vouchers, {"type": "UNIT", "effect": "ADD_MANY_ITEMS", "units": units})
    request = {"redeemables": [{"object": "voucher", "id": many.code}], "order": cart()}
    validated = validate(validations, request)
    assert figures(validated.order) == (13998 + 1250, 1250, None, 1250, 13998)
    assert [item.discount_quantity for item in validated.order.items[2:]] == [1, 1]
    told = validated.redeemables[0].result.discount.units
    assert [unit.product.name for unit in told] == ["Mug", "Shipping"]


def test_product_lists_bundles_and_formulas_are_told(client, vouchers, validations):
    mug = make_product(client, 1000, "Mug")
    rules = sdk.ValidationRulesApi(client)
    wanted = {"id": mug.id, "type": "product_or_sku", "object": "product"}
    quantity = {"name": "order.items.aggregated_quantity", "conditions": {"$is": [2]}}
    rule = rules.create_validation_rules(
        sdk.ValidationRulesCreateRequestBody.from_dict(
            {
                "name": name("Rule"),
                "rules": {"logic": ""},
                "applicable_to": {
                    "included": [{"object": "product", "id": mug.id, "effect": "APPLY_TO_EVERY"}],
                    "excluded": [],
                    "included_all": False,
                },
                "bundle_rules": {
                    "limit": 2,
                    "1": {
                        "name": "order.items.any",
                        "conditions": {"$is": [wanted]},
                        "rules": {"1": quantity, "logic": "1"},
                    },
                },
            }
        )
    )
    formula = {
        "type": "AMOUNT",
        "amount_off": 0,
        "amount_off_formula": "ORDER_AMOUNT * 0.01",
        "effect": "APPLY_TO_ITEMS",
    }
    voucher = make_voucher(vouchers, formula, validation_rules=[rule.id])
    request = {
        "redeemables": [{"object": "voucher", "id": voucher.code}],
        "order": {"items": [{"product_id": mug.id, "quantity": 5}]},
    }
    validated = validate(validations, request)
    # 1 % of 50.00 for each of two bundles.
    assert figures(validated.order) == (5000, 100, None, 100, 4900)
    result = validated.redeemables[0]
    assert (result.result.discount.amount_off, result.result.discount.is_dynamic) == (50, True)
    assert result.result.bundle.quantity == 2
    assert [each.id for each in result.applicable_to.data] == [mug.id]
    assert result.applicable_to.data[0].order_item_units[0].units == [1, 2, 3, 4, 5]
    request["order"]["items"][0]["quantity"] = 1
    refused = validate(validations, request)
    assert refused.valid is False
    assert refused.redeemables[0].result.bundle.missing[0].item_quantity == 1


def test_skipped_and_refused_ones_are_listed_apart(live_server, client, vouchers, validations):
    keys = live_server.credentials
    api_key = {
        "X-Management-Id": keys["management_id"],
        "X-Management-Token": keys["management_token"],
    }
    manager = sdk.ApiClient(sdk.Configuration(host=live_server.base_url, api_key=api_key))
    management = sdk.ManagementApi(manager)
    body = {"redeemables_application_mode": "PARTIAL", "applicable_redeemables_limit": 1}
    rules = management.create_stacking_rules(
        keys["project_id"],
        sdk.ManagementProjectsStackingRulesCreateRequestBody.from_dict(body),
    )
    try:
        codes = [make_voucher(vouchers, AMOUNT, active=on).code for on in (False, True, True)]
        request = {
            "redeemables": [{"object": "voucher", "id": code} for code in codes],
            "order": cart(),
            "options": {"expand": ["order", "redeemable", "category"]},
        }
        validated = validate(validations, request)
    finally:
        management.delete_stacking_rules(keys["project_id"], rules.id)
    assert [each.id for each in validated.redeemables] == codes[1:2]
    assert [each.id for each in validated.inapplicable_redeemables] == codes[:1]
    (skipped,) = validated.skipped_redeemables
    assert (skipped.id, skipped.result.details.key) == (
        codes[2],
        "applicable_redeemables_limit_exceeded",
    )
    assert validated.stacking_rules.applicable_redeemables_limit == 1


def test_a_refused_validation_says_why(vouchers, validations):
    voucher = make_voucher(vouchers, AMOUNT, active=False)
    request = {"redeemables": [{"object": "voucher", "id": voucher.code}], "order": cart()}
    validated = validate(validations, request)
    assert validated.valid is False
    result = validated.redeemables[0]
    assert (result.status, result.result.error.key) == ("INAPPLICABLE", "voucher_disabled")


def test_a_validation_session_holds_the_last_redemption(vouchers, validations, redemptions):
    voucher = make_voucher(vouchers, AMOUNT, redemption={"quantity": 1})
    request = {"redeemables": [{"object": "voucher", "id": voucher.code}], "order": cart()}
    key = name("session")
    locked = validate(validations, request | {"session": {"type": "LOCK", "key": key}})
    assert (locked.session.key, locked.session.type) == (key, "LOCK")
    assert validate(validations, request).valid is False
    assert validate(validations, request | {"session": {"type": "LOCK", "key": key}}).valid is True
    with pytest.raises(BadRequestException) as refused:
        redeem(redemptions, request)
    assert refusal(refused.value) == (400, "quantity_exceeded")
    vouchers.release_validation_session(voucher.code, key)
    assert redeem(redemptions, request).order.total_amount == 13248


def test_vouchers_are_changed_listed_and_deleted(vouchers):
    made = make_voucher(vouchers, AMOUNT, metadata={"a": 1})
    update = sdk.VouchersUpdateRequestBody(additional_info="spring", metadata={"b": 2})
    changed = vouchers.update_voucher(made.code, update)
    assert (changed.additional_info, changed.metadata) == ("spring", {"a": 1, "b": 2})
    assert vouchers.disable_voucher(made.code).active is False
    assert vouchers.enable_voucher(made.code).active is True
    assert [v.id for v in vouchers.list_vouchers(code=made.code).vouchers] == [made.id]
    generated = vouchers.generate_random_code(
        sdk.VouchersCreateRequestBody.from_dict(
            {
                "type": "DISCOUNT_VOUCHER",
                "discount": FIXED,
                "code_config": {"pattern": "RANDOM-######"},
            }
        )
    )
    assert generated.code.startswith("RANDOM-")
    vouchers.delete_voucher(made.code, force=True)
    with pytest.raises(NotFoundException) as missing:
        vouchers.get_voucher(made.code)
    assert refusal(missing.value) == (404, "not_found")


def test_codes_are_given_to_customers(client, vouchers):
    publications, customers = sdk.PublicationsApi(client), sdk.CustomersApi(client)
    code, shopper = make_voucher(vouchers, AMOUNT).code, {"source_id": name("shopper")}

    def publish(**members):
        body = {"voucher": code, "customer": shopper, **members}
        return publications.create_publication(
            publications_create_request_body=sdk.PublicationsCreateRequestBody.from_dict(body)
        )

    published = publish(metadata={"why": "birthday"})
    assert (published.voucher.code, published.result) == (code, "SUCCESS")
    assert published.voucher.holder_id == published.customer_id == published.customer.id
    (held,) = customers.list_customer_redeemables(published.customer_id).data
    assert (held.redeemable.voucher.code, held.holder_role) == (code, "OWNER")
    with pytest.raises(BadRequestException, match="voucher_already_published"):
        publish(customer={"source_id": name("shopper")})
    listed = publications.list_publications(voucher=code, order="created_at").publications
    assert [row.result for row in listed] == ["SUCCESS", "FAILURE"]


def test_wrong_keys_are_told_apart(live_server):
    api_key = {"X-App-Id": live_server.credentials["app_id"], "X-App-Token": "wrong"}
    stranger = sdk.ApiClient(sdk.Configuration(host=live_server.base_url, api_key=api_key))
    with pytest.raises(UnauthorizedException):
        sdk.CustomersApi(stranger).list_customers()

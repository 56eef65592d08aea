"""What a validation promises, the redemption that follows does; and rollback undoes it."""

from __future__ import annotations

import pytest

from kupon.testing.builders import (
    amount_off,
    bundle_of,
    entry,
    fixed_amount,
    free_units,
    included,
    line,
    make_product,
    make_promotion,
    make_rule,
    make_tier,
    make_voucher,
    percent_off,
    promotion_tier,
)

FIGURES = (
    "amount",
    "initial_amount",
    "discount_amount",
    "items_discount_amount",
    "total_discount_amount",
    "applied_discount_amount",
    "items_applied_discount_amount",
    "total_applied_discount_amount",
    "total_amount",
)
OF_LINES = (
    "product_id",
    "quantity",
    "initial_quantity",
    "discount_quantity",
    "applied_quantity",
    "applied_discount_quantity",
    "applied_quantity_amount",
    "amount",
    "initial_amount",
    "discount_amount",
    "applied_discount_amount",
    "subtotal_amount",
    "application_details",
)


@pytest.fixture
def shop(api):
    """A mug at 10.00, a lamp at 49.99 and a pen at 3.33."""
    prices = {"mug": 1000, "lamp": 4999, "pen": 333}
    return {name: make_product(api, name=name, price=price) for name, price in prices.items()}


@pytest.fixture
def stack(api, shop):
    """One incentive of every sort, one after the other."""

    def coded(code, discount, **rule):
        rules = [make_rule(api, **rule)["id"]] if rule else []
        make_voucher(api, code, discount=discount, validation_rules=rules)
        return code

    mug, lamp, pen = shop["mug"], shop["lamp"], shop["pen"]
    campaign = make_promotion(api)
    tier = make_tier(api, campaign["id"], discount=percent_off(7.5, effect="APPLY_TO_ORDER"))
    formula = amount_off(0, effect="APPLY_TO_ITEMS", amount_off_formula="ORDER_ITEM_PRICE * 0.03")
    return [
        coded("UNITS", free_units(pen["id"], 2, effect="ADD_MISSING_ITEMS")),
        coded(
            "LISTED",
            percent_off(12.5, effect="APPLY_TO_ITEMS", amount_limit=300),
            applicable_to=included(entry(mug, quantity_limit=2), entry(lamp)),
        ),
        coded("FORMULA", formula),
        promotion_tier(tier["id"]),
        coded(
            "BUNDLE",
            amount_off(111, effect="APPLY_TO_ITEMS_PROPORTIONALLY"),
            bundle_rules=bundle_of((mug, 1), (lamp, 1), limit=5),
        ),
        coded(
            "UP",
            free_units(lamp["id"], 1, effect="REPLACE_ITEMS"),
            applicable_to=included(entry(mug, quantity_limit=1)),
        ),
        coded("FIXED", fixed_amount(4321)),
    ]


def numbers(order):
    lines = [tuple(item.get(name) for name in OF_LINES) for item in order["items"]]
    return tuple(order.get(name) for name in FIGURES), lines


@pytest.mark.parametrize(
    "rules",
    [
        {},
        {"discount_calculation_mode": "INITIAL_AMOUNT"},
        {"redeemables_products_application_mode": "ONCE"},
        {"redeemables_application_mode": "PARTIAL", "redeemables_no_effect_rule": "SKIP"},
        {"applicable_redeemables_limit": 4},
    ],
    ids=str,
)
def test_every_number_is_the_same(api, validate, redeem, set_stacking_rules, shop, stack, rules):
    set_stacking_rules(**{"applicable_redeemables_limit": 30, **rules})
    items = [line(shop["mug"], 3), line(shop["lamp"], 2), line(shop["pen"], 1)]
    order = {"items": items, "source_id": "cart"}
    promised = validate(*stack, order=order)
    done = redeem(*stack, order=order)
    assert promised["valid"] is True
    assert numbers(promised["order"]) == numbers(done["order"])
    assert numbers(promised["order"]) == numbers(done["parent_redemption"]["order"])
    steps = [numbers(step["order"]) for step in promised["redeemables"]]
    assert steps == [numbers(child["order"]) for child in done["redemptions"]]
    skipped = [each["id"] for each in promised.get("skipped_redeemables", ())]
    assert skipped == [each["id"] for each in done["skipped_redeemables"]]
    stored = api.get("/v1/orders/cart").expect()
    assert stored["items"] == done["order"]["items"]
    sums = ("applied_discount_amount", "items_applied_discount_amount")
    for name in sums:
        assert sum(child["order"].get(name, 0) for child in done["redemptions"]) == (
            stored.get(name, 0)
        )

    path = f"/v1/redemptions/{done['parent_redemption']['id']}/rollbacks"
    undone = api.post(path).expect()["order"]
    assert (undone["amount"], undone["total_amount"]) == (3000 + 9998 + 333,) * 2
    assert [(item["quantity"], item["subtotal_amount"]) for item in undone["items"]] == [
        (3, 3000),
        (2, 9998),
        (1, 333),
    ]
    assert not {name for name in FIGURES if "discount" in name} & set(undone)
    assert not any("discount_quantity" in item for item in undone["items"])


def test_an_order_with_earlier_discounts_goes_on_from_there(api, validate, redeem, shop):
    make_voucher(api, "UNITS", discount=free_units(shop["pen"]["id"], 2, effect="ADD_NEW_ITEMS"))
    make_voucher(api, "ITEMS", discount=percent_off(10, effect="APPLY_TO_ITEMS"))
    make_voucher(api, "TEN", discount=percent_off(10, effect="APPLY_TO_ORDER"))
    named = {"source_id": "cart"}
    first = redeem("UNITS", "TEN", order={**named, "items": [line(shop["mug"], 2)]})
    assert numbers(first["order"])[0][:5] == (2666, 2000, 200, 666, 866)
    promised = validate("ITEMS", "TEN", order=named)
    order = promised["order"]
    # 10 % of the mugs' 20.00 and nothing of the free pens; then 10 % of what was left.
    assert (order["items_discount_amount"], order["items_applied_discount_amount"]) == (866, 200)
    assert (order["discount_amount"], order["applied_discount_amount"]) == (360, 160)
    assert order["total_amount"] == 1440
    mugs, pens = order["items"]
    assert (pens["discount_quantity"], pens["applied_discount_quantity"]) == (2, 0)
    assert "applied_quantity" not in pens
    assert (mugs["discount_amount"], mugs["subtotal_amount"]) == (200, 1800)
    second = redeem("ITEMS", "TEN", order=named)
    assert numbers(second["order"]) == numbers(order)
    assert [item["id"] for item in second["order"]["items"]] == (
        [item["id"] for item in first["order"]["items"]]
    )
    assert len(second["order"]["redemptions"]) == 2

    path = f"/v1/redemptions/{first['parent_redemption']['id']}/rollbacks"
    left = api.post(path).expect()["order"]
    assert [item["quantity"] for item in left["items"]] == [2]
    assert (left["amount"], left["items_discount_amount"], left["discount_amount"]) == (
        2000,
        200,
        160,
    )
    path = f"/v1/redemptions/{second['parent_redemption']['id']}/rollbacks"
    left = api.post(path).expect()["order"]
    assert (left["amount"], left["total_amount"]) == (2000, 2000)


class TestAddedUnits:
    @pytest.fixture
    def done(self, api, redeem, shop):
        """Two free pens for an order of one mug and one pen."""
        make_voucher(api, "PENS", discount=free_units(shop["pen"]["id"], 2, effect="ADD_NEW_ITEMS"))
        items = [line(shop["mug"]), line(shop["pen"])]
        return redeem("PENS", order={"source_id": "c", "items": items})

    def test_leave_with_the_rollback(self, api, done):
        assert done["order"]["amount"] == 1000 + 999
        path = f"/v1/redemptions/{done['redemptions'][0]['id']}/rollback"
        order = api.post(path).expect()["order"]
        assert (order["amount"], order["total_amount"], order["status"]) == (1333, 1333, "CANCELED")
        assert [item["quantity"] for item in order["items"]] == [1, 1]
        assert api.get("/v1/orders/c").expect()["items"] == order["items"]

    def test_stay_where_rollbacks_leave_orders_alone(self, api, done, set_stacking_rules):
        set_stacking_rules(redeemables_rollback_order_mode="WITHOUT_ORDER")
        path = f"/v1/redemptions/{done['redemptions'][0]['id']}/rollback"
        order = api.post(path).expect()["order"]
        assert (order["amount"], order["total_amount"], order["status"]) == (1999, 1333, "PAID")
        assert [item["quantity"] for item in order["items"]] == [1, 3]
        voucher = api.get("/v1/vouchers/PENS").expect()
        assert voucher["redemption"]["redeemed_quantity"] == 0

    def test_appended_lines_leave_with_them(self, api, redeem, shop):
        make_voucher(api, "PENS", discount=free_units(shop["pen"]["id"], 2, effect="ADD_NEW_ITEMS"))
        done = redeem("PENS", order={"items": [line(shop["mug"])]})
        assert len(done["order"]["items"]) == 2
        path = f"/v1/redemptions/{done['redemptions'][0]['id']}/rollback"
        order = api.post(path).expect()["order"]
        assert [item["product_id"] for item in order["items"]] == [shop["mug"]["id"]]

    def test_replaced_units_come_back(self, api, redeem, shop):
        rule = make_rule(api, applicable_to=included(entry(shop["mug"])))
        discount = free_units(shop["lamp"]["id"], 1, effect="REPLACE_ITEMS")
        make_voucher(api, "UP", discount=discount, validation_rules=[rule["id"]])
        done = redeem("UP", order={"items": [line(shop["mug"], 2)]})
        assert [item["quantity"] for item in done["order"]["items"]] == [0, 2]
        path = f"/v1/redemptions/{done['redemptions'][0]['id']}/rollback"
        order = api.post(path).expect()["order"]
        assert [(item["product_id"], item["quantity"]) for item in order["items"]] == [
            (shop["mug"]["id"], 2)
        ]
        assert (order["amount"], order["total_amount"]) == (2000, 2000)


@pytest.mark.parametrize("expand", [None, [], ["redemption"], ["order", "redeemable", "category"]])
def test_expand_changes_the_refused_ones(api, set_stacking_rules, redeem, expand):
    set_stacking_rules(redeemables_application_mode="PARTIAL")
    make_voucher(api, "GOOD")
    make_voucher(api, "BAD", active=False, metadata={"a": 1})
    options = {} if expand is None else {"options": {"expand": expand}}
    answer = redeem("BAD", "GOOD", order={"amount": 1000}, **options)
    (refused,) = answer["inapplicable_redeemables"]
    is_expanded = "redeemable" in (expand or ())
    assert ("metadata" in refused) is is_expanded
    assert ("categories" in refused) is is_expanded
    assert answer["redemptions"][0]["order"]["total_amount"] == 900

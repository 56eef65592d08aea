"""Free units: what comes into the cart, what of it is free, and what takes its place."""

from __future__ import annotations

import pytest

from kupon.testing.builders import (
    cart,
    entry,
    free_units,
    included,
    line,
    make_product,
    make_rule,
    make_sku,
    make_voucher,
    percent_off,
)

QUANTITIES = (
    "quantity",
    "initial_quantity",
    "discount_quantity",
    "applied_quantity",
    "applied_discount_quantity",
)
AMOUNTS = (
    "amount",
    "initial_amount",
    "applied_quantity_amount",
    "discount_amount",
    "applied_discount_amount",
    "subtotal_amount",
)


@pytest.fixture
def mug(api):
    return make_product(api, name="Mug", price=1000)


@pytest.fixture
def pen(api):
    return make_product(api, name="Pen", price=300)


def of(item, names):
    return tuple(item.get(name) for name in names)


def totals(order):
    names = ("amount", "initial_amount", "items_discount_amount", "total_amount")
    return tuple(order.get(name) for name in names)


def test_a_new_article_is_appended(api, validate, mug, pen):
    make_voucher(api, "PENS", discount=free_units(pen["id"], 2, effect="ADD_NEW_ITEMS"))
    answer = validate("PENS", order={"items": [line(mug)]})
    (step,) = answer["redeemables"]
    for order in (step["order"], answer["order"]):
        assert totals(order) == (1600, 1000, 600, 1000)
        first, added = order["items"]
        assert of(first, QUANTITIES) == (1, 1, None, None, None)
        assert of(added, QUANTITIES) == (2, 0, 2, 2, 2)
        assert of(added, AMOUNTS) == (600, 0, 600, 600, 600, 0)
        assert (added["product_id"], added["price"]) == (pen["id"], 300)
        assert (added["source_id"], added["related_object"]) == (pen["source_id"], "product")
    assert added["id"].startswith("ordli_")
    assert added["id"] == step["order"]["items"][1]["id"]
    assert added["product"] == {
        "id": pen["id"],
        "source_id": pen["source_id"],
        "name": "Pen",
        "price": 300,
    }
    assert step["result"]["discount"] == {
        "type": "UNIT",
        "effect": "ADD_NEW_ITEMS",
        "unit_off": 2,
        "unit_type": pen["id"],
        "is_dynamic": False,
        "product": {"id": pen["id"], "source_id": pen["source_id"], "name": "Pen"},
    }


def test_the_line_of_the_article_grows(api, validate, mug):
    make_voucher(api, "MUGS", discount=free_units(mug["id"], 2, effect="ADD_NEW_ITEMS"))
    order = validate("MUGS", order={"items": [line(mug, 3)]})["order"]
    assert totals(order) == (5000, 3000, 2000, 3000)
    (item,) = order["items"]
    assert of(item, QUANTITIES) == (5, 3, 2, 2, 2)
    assert of(item, AMOUNTS) == (5000, 3000, 2000, 2000, 2000, 3000)


def test_only_missing_units_are_added(api, validate, mug):
    make_voucher(api, "MUGS", discount=free_units(mug["id"], 3, effect="ADD_MISSING_ITEMS"))
    order = validate("MUGS", order={"items": [line(mug, 2)]})["order"]
    assert totals(order) == (3000, 2000, 3000, 0)
    (item,) = order["items"]
    assert of(item, QUANTITIES) == (3, 2, 3, 1, 3)
    enough = validate("MUGS", order={"items": [line(mug, 5)]})["order"]
    assert totals(enough) == (5000, None, 3000, 2000)
    assert of(enough["items"][0], QUANTITIES) == (5, 5, 3, None, 3)


def test_what_one_code_made_free_the_next_one_does_not_reuse(api, validate, mug):
    for code in ("A", "B"):
        make_voucher(api, code, discount=free_units(mug["id"], 2, effect="ADD_MISSING_ITEMS"))
    answer = validate("A", "B", order={"items": [line(mug, 1)]})
    first, second = (step["order"]["items"][0] for step in answer["redeemables"])
    assert of(first, QUANTITIES) == (2, 1, 2, 1, 2)
    assert of(second, QUANTITIES) == (4, 1, 4, 2, 2)
    assert totals(answer["order"]) == (4000, 1000, 4000, 0)


def test_skus_are_told_with_their_product(api, validate, mug):
    sku = make_sku(api, mug["id"], sku="Large mug", price=1500)
    make_voucher(api, "LARGE", discount=free_units(sku["source_id"], effect="ADD_NEW_ITEMS"))
    answer = validate("LARGE", order={"items": [line(mug)]})
    _, added = answer["order"]["items"]
    assert (added["sku_id"], added["product_id"]) == (sku["id"], mug["id"])
    assert (added["related_object"], added["amount"]) == ("sku", 1500)
    discount = answer["redeemables"][0]["result"]["discount"]
    assert discount["product"]["id"] == mug["id"]
    assert discount["sku"] == {
        "id": sku["id"],
        "source_id": sku["source_id"],
        "sku": "Large mug",
        "name": "Large mug",
    }


def test_many_articles_come_one_after_the_other(api, validate, mug, pen):
    units = [
        {"unit_off": 1, "unit_type": mug["id"], "effect": "ADD_MISSING_ITEMS"},
        {"unit_off": 2, "unit_type": pen["id"], "effect": "ADD_NEW_ITEMS"},
        {"unit_off_formula": "1 + 2", "unit_off": 9, "unit_type": pen["id"]},
    ]
    discount = {"type": "UNIT", "effect": "ADD_MANY_ITEMS", "units": units}
    made = make_voucher(api, "MANY", discount=discount)
    assert [unit["effect"] for unit in made["discount"]["units"]] == [
        "ADD_MISSING_ITEMS",
        "ADD_NEW_ITEMS",
        "ADD_NEW_ITEMS",
    ]
    answer = validate("MANY", order={"items": [line(mug, 1)]})
    first, added = answer["order"]["items"]
    assert of(first, QUANTITIES) == (1, 1, 1, None, 1)
    assert of(added, QUANTITIES) == (5, 0, 5, 5, 5)
    told = answer["redeemables"][0]["result"]["discount"]
    assert (told["effect"], told["is_dynamic"]) == ("ADD_MANY_ITEMS", True)
    assert [unit["unit_off"] for unit in told["units"]] == [1, 2, 3]
    assert [unit["product"]["name"] for unit in told["units"]] == ["Mug", "Pen", "Pen"]


@pytest.mark.uncertain
def test_every_line_of_a_collection_gets_more_of_its_own(api, validate, mug, pen):
    body = {"name": "All", "type": "STATIC", "products": [{"object": "product", "id": mug["id"]}]}
    mugs = api.post("/v1/product-collections", json=body).expect()
    make_voucher(api, "SAME", discount=free_units(mugs["id"], 1, effect="ADD_SAME_ITEMS"))
    large = make_sku(api, mug["id"], price=1500)
    items = [line(mug, 1), line(pen, 1), line(large, 2)]
    order = validate("SAME", order={"items": items})["order"]
    assert [of(item, QUANTITIES[:3]) for item in order["items"]] == [
        (2, 1, 1),
        (1, 1, None),
        (3, 2, 1),
    ]
    assert totals(order) == (6800, 4300, 2500, 4300)


@pytest.mark.parametrize("has_product", [True, False], ids=["unpriced", "unknown"])
def test_without_a_price_only_quantities_are_told(api, validate, mug, has_product):
    unit_type = make_product(api, name="Gift", price=None)["id"] if has_product else "prod_none"
    make_voucher(api, "GIFT", discount=free_units(unit_type, effect="ADD_MISSING_ITEMS"))
    answer = validate("GIFT", order={"items": [line(mug)]})
    order = answer["order"]
    assert (order["amount"], order["total_amount"]) == (1000, 1000)
    _, added = order["items"]
    assert of(added, QUANTITIES) == (1, 0, 1, 1, 1)
    assert of(added, AMOUNTS) == (None,) * 6
    assert (added["product_id"], added["id"][:6]) == (unit_type, "ordli_")
    assert ("product" in answer["redeemables"][0]["result"]["discount"]) is has_product


@pytest.mark.uncertain
class TestReplacement:
    @pytest.fixture
    def replace(self, api, mug):
        """Makes the code UP, by which other articles take the place of mugs."""

        def make(target, count=1, **settings):
            rule = make_rule(api, applicable_to=included(entry(mug, **settings)))
            discount = free_units(target["id"], count, effect="REPLACE_ITEMS")
            return make_voucher(api, "UP", discount=discount, validation_rules=[rule["id"]])

        return make

    def test_a_dearer_article_costs_nothing_more(self, api, validate, replace, mug):
        vase = make_product(api, name="Vase", price=2500)
        replace(vase)
        answer = validate("UP", order={"items": [line(mug, 2)]})
        order = answer["order"]
        assert totals(order) == (5000, 2000, 3000, 2000)
        gone, come = order["items"]
        assert of(gone, QUANTITIES) == (0, 2, None, -2, None)
        assert (gone["amount"], gone["applied_quantity_amount"]) == (0, -2000)
        assert of(come, QUANTITIES) == (2, 0, None, 2, None)
        assert of(come, AMOUNTS) == (5000, 0, 5000, 3000, 3000, 2000)
        assert come["application_details"] == [
            {
                "source_index": 0,
                "source_applied_quantity": -2,
                "source_applied_quantity_amount": -2000,
                "target_index": 1,
                "target_applied_quantity": 2,
                "target_applied_quantity_amount": 5000,
                "target_applied_discount_amount": 3000,
            }
        ]
        assert "application_details" not in gone

    def test_a_cheaper_article_lowers_the_total(self, validate, replace, pen, mug):
        replace(pen, quantity_limit=1)
        order = validate("UP", order={"items": [line(mug, 2)]})["order"]
        assert (order["amount"], order["total_amount"]) == (1300, 1300)
        gone, come = order["items"]
        assert (gone["quantity"], come["quantity"]) == (1, 1)
        assert come["application_details"][0]["target_applied_discount_amount"] == 0

    def test_several_units_come_for_each(self, validate, replace, pen, mug):
        replace(pen, count=4)
        order = validate("UP", order={"items": [line(mug, 1), line(pen, 1)]})["order"]
        assert [item["quantity"] for item in order["items"]] == [0, 5]
        assert (order["items_discount_amount"], order["total_amount"]) == (200, 1300)

    def test_a_redemption_stores_it(self, api, redeem, replace, mug):
        vase = make_product(api, name="Vase", price=2500)
        replace(vase)
        done = redeem("UP", order={"source_id": "c", "items": [line(mug, 2)]})
        stored = api.get("/v1/orders/c").expect()
        assert [item["quantity"] for item in stored["items"]] == [0, 2]
        assert stored["items"] == done["order"]["items"]


class TestFreeShipping:
    FREE = {
        "type": "UNIT",
        "effect": "ADD_MISSING_ITEMS",
        "unit_off": 1,
        "unit_type": "prod_5h1pp1ng",
    }

    def test_every_project_has_the_product(self, api, connect_api, new_project):
        for client in (api, connect_api(new_project())):
            for key in ("prod_5h1pp1ng", "5h1pp1ng"):
                product = client.get(f"/v1/products/{key}").expect()
                assert (product["id"], product["source_id"]) == ("prod_5h1pp1ng", "5h1pp1ng")
                assert (product["name"], product["price"]) == ("Shipping", None)

    @pytest.mark.parametrize("query", [None, {"force": True}])
    def test_it_cannot_be_deleted(self, api, query):
        path = "/v1/products/prod_5h1pp1ng"
        api.delete(path, query=query).refused(400, "resource_protected")
        assert api.get(path).expect()["name"] == "Shipping"

    @pytest.mark.parametrize("name", [{"id": "prod_5h1pp1ng"}, {"source_id": "5h1pp1ng"}])
    def test_it_is_listed_once_something_was_said_of_it(self, api, name):
        assert api.get("/v1/products").expect()["total"] == 0
        made = api.post("/v1/products", json={**name, "price": 500}).expect()
        assert (made["id"], made["source_id"]) == ("prod_5h1pp1ng", "5h1pp1ng")
        assert (made["name"], made["price"]) == ("Shipping", 500)
        assert api.get("/v1/products").expect()["products"] == [made]
        renamed = api.put("/v1/products/5h1pp1ng", json={"name": "Delivery"}).expect()
        assert (renamed["name"], renamed["price"]) == ("Delivery", 500)

    def test_without_a_price_a_line_tells_of_it(self, api, validate, mug):
        make_voucher(api, "SHIP", discount=self.FREE)
        answer = validate("SHIP", order={"items": [line(mug)]})
        _, shipping = answer["order"]["items"]
        assert (shipping["product_id"], shipping["source_id"]) == ("prod_5h1pp1ng", "5h1pp1ng")
        assert of(shipping, QUANTITIES) == (1, 0, 1, 1, 1)
        assert answer["order"]["total_amount"] == 1000
        told = answer["redeemables"][0]["result"]["discount"]
        assert told["product"] == {
            "id": "prod_5h1pp1ng",
            "source_id": "5h1pp1ng",
            "name": "Shipping",
        }

    def test_the_effect_may_be_left_out(self, api):
        discount = {name: value for name, value in self.FREE.items() if name != "effect"}
        assert make_voucher(api, "SHIP", discount=discount)["discount"]["effect"] == (
            "ADD_MISSING_ITEMS"
        )

    def test_with_a_price_it_is_added_and_taken_off(self, api, redeem, mug):
        api.put("/v1/products/prod_5h1pp1ng", json={"price": 1900}).expect()
        make_voucher(api, "SHIP", discount=self.FREE)
        order = redeem("SHIP", order={"items": [line(mug)]})["order"]
        assert totals(order) == (2900, 1000, 1900, 1000)

    def test_shipping_in_the_cart_becomes_free(self, api, validate, mug):
        make_voucher(api, "SHIP", discount=self.FREE)
        items = [line(mug), {"product_id": "prod_5h1pp1ng", "quantity": 1, "price": 700}]
        order = validate("SHIP", order={"items": items})["order"]
        assert totals(order) == (1700, None, 700, 1000)
        assert of(order["items"][1], QUANTITIES) == (1, 1, 1, None, 1)


def test_later_discounts_count_from_what_was_added(api, validate, mug):
    make_voucher(api, "MUGS", discount=free_units(mug["id"], 2, effect="ADD_NEW_ITEMS"))
    make_voucher(api, "TEN", discount=percent_off(10))
    answer = validate("MUGS", "TEN", order={"items": [line(mug, 1)]})
    second = answer["redeemables"][1]["order"]
    assert (second["initial_amount"], second["amount"]) == (1000, 3000)
    assert (second["discount_amount"], second["total_amount"]) == (100, 900)
    assert of(second["items"][0], QUANTITIES) == (3, 1, 2, None, 0)


def test_without_an_order_units_come_all_the_same(api, validate, redeem, mug):
    make_voucher(api, "MUGS", discount=free_units(mug["id"], 2))
    assert validate("MUGS")["order"]["items"][0]["quantity"] == 2
    assert validate("MUGS", order=cart())["order"]["total_amount"] == 0

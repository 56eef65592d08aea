"""Discounts for some articles only: which lines they cover, and how answers spell that out."""

from __future__ import annotations

import pytest

from kupon.testing.builders import (
    amount_off,
    cart,
    entry,
    fixed_amount,
    included,
    line,
    make_campaign,
    make_product,
    make_rule,
    make_sku,
    make_voucher,
    percent_off,
)

TEN_OFF_ITEMS = percent_off(10, effect="APPLY_TO_ITEMS")
EVERY_ARTICLE = {"object": "products_collection", "id": "pc_a11pr0dUc75"}


@pytest.fixture
def mug(api):
    return make_product(api, name="Mug", price=1000)


@pytest.fixture
def lamp(api):
    return make_product(api, name="Lamp", price=5000)


@pytest.fixture
def large_mug(api, mug):
    return make_sku(api, mug["id"], sku="Large mug", price=1500)


@pytest.fixture
def make_listed(api):
    """A voucher with product lists: `make_listed("CODE", included(entry(mug)))`."""

    def make(code, lists, *, discount=TEN_OFF_ITEMS, **members):
        rule = make_rule(api, applicable_to=lists)
        return make_voucher(api, code, discount=discount, validation_rules=[rule["id"]], **members)

    return make


def discounts(answer):
    return [item.get("discount_amount", 0) for item in answer["order"]["items"]]


def echo(answer, name="applicable_to"):
    lists = answer["redeemables"][0][name]
    assert (lists["object"], lists["data_ref"]) == ("list", "data")
    assert lists["total"] == len(lists["data"])
    return lists["data"]


def test_no_lists_cover_every_line_and_echo_nothing(api, validate):
    make_voucher(api, "ALL", discount=TEN_OFF_ITEMS)
    answer = validate("ALL", order=cart((1, 1000), (1, 300)))
    assert discounts(answer) == [100, 30]
    assert echo(answer) == echo(answer, "inapplicable_to") == []


def test_a_product_covers_its_lines_and_those_of_its_skus(
    validate, make_listed, mug, lamp, large_mug
):
    make_listed("MUGS", included(entry(mug)))
    items = [line(lamp), line(mug, 2), line(large_mug, 3)]
    answer = validate("MUGS", order={"items": items})
    assert discounts(answer) == [0, 200, 450]
    assert echo(answer) == [
        {
            "object": "product",
            "id": mug["id"],
            "strict": False,
            "effect": "APPLY_TO_EVERY",
            "order_item_indices": [1, 2],
            "order_item_units": [
                {"index": 1, "units": [1, 2]},
                {"index": 2, "units": [1, 2, 3]},
            ],
        }
    ]
    assert echo(answer, "inapplicable_to") == []


def test_a_strict_product_does_not_cover_its_skus(validate, make_listed, mug, large_mug):
    make_listed("MUGS", included(entry(mug, strict=True)))
    answer = validate("MUGS", order={"items": [line(mug), line(large_mug)]})
    assert discounts(answer) == [100, 0]
    assert [each["strict"] for each in echo(answer)] == [True]


def test_a_sku_covers_only_itself(validate, make_listed, mug, large_mug):
    make_listed("LARGE", included(entry(large_mug)))
    answer = validate("LARGE", order={"items": [line(mug), line(large_mug)]})
    assert discounts(answer) == [0, 150]
    (listed,) = echo(answer)
    assert (listed["object"], listed["id"], listed["strict"]) == ("sku", large_mug["id"], True)
    assert listed["order_item_indices"] == [1]


def test_articles_are_found_by_their_source_ids(validate, make_listed, mug):
    make_listed("MUGS", included({"object": "product", "source_id": mug["source_id"]}))
    order = {"items": [{"source_id": mug["source_id"], "related_object": "product", "quantity": 1}]}
    assert discounts(validate("MUGS", order=order)) == [100]


def test_unsaved_products_are_found_by_what_the_cart_calls_them(validate, make_listed):
    make_listed("P2", included({"object": "product", "id": "p2"}))
    assert discounts(validate("P2", order=cart((1, 1000), (1, 500)))) == [0, 50]


def test_a_collection_is_spelled_out_for_the_cart(api, validate, make_listed, mug, lamp, large_mug):
    products = [{"object": "product", "id": mug["id"]}]
    body = {"name": "Cups", "type": "STATIC", "products": products}
    collection = api.post("/v1/product-collections", json=body).expect()
    make_listed(
        "CUPS", included({"object": "products_collection", "id": collection["id"]}, entry(lamp))
    )
    items = [line(large_mug), line(lamp), line(mug)]
    answer = validate("CUPS", order={"items": items})
    assert discounts(answer) == [150, 500, 100]
    listed = echo(answer)
    assert [(each["object"], each["id"], each["strict"]) for each in listed] == [
        ("products_collection", collection["id"], False),
        ("product", lamp["id"], False),
        ("sku", large_mug["id"], True),
        ("product", mug["id"], True),
    ]
    assert [each["order_item_indices"] for each in listed] == [[0, 2], [1], [0], [2]]
    sku = listed[2]
    assert (sku["source_id"], sku["product_id"]) == (large_mug["source_id"], mug["id"])
    assert sku["product_source_id"] == mug["source_id"]


def test_all_but_the_excluded_ones(validate, make_listed, mug, lamp, large_mug):
    lists = included(excluded=(entry(mug),), included_all=True)
    make_listed("NOT-MUGS", lists)
    items = [line(mug), line(lamp), line(large_mug)]
    answer = validate("NOT-MUGS", order={"items": items})
    assert discounts(answer) == [0, 500, 0]
    assert echo(answer) == []
    (excluded,) = echo(answer, "inapplicable_to")
    assert (excluded["object"], excluded["id"]) == ("product", mug["id"])


def test_exclusion_beats_inclusion_by_a_collection(validate, make_listed, mug, lamp):
    make_listed("REST", included(EVERY_ARTICLE, excluded=(entry(mug),)))
    answer = validate("REST", order={"items": [line(mug), line(lamp)]})
    assert discounts(answer) == [0, 500]
    collection, listed = echo(answer)
    assert collection["order_item_indices"] == listed["order_item_indices"] == [1]
    assert listed["id"] == lamp["id"]


def test_an_order_effect_only_echoes_the_lists(validate, make_listed, mug, lamp):
    make_listed("TEN", included(entry(mug)), discount=percent_off(10, effect="APPLY_TO_ORDER"))
    answer = validate("TEN", order={"items": [line(mug), line(lamp)]})
    assert answer["order"]["discount_amount"] == 600
    assert [each["order_item_indices"] for each in echo(answer)] == [[0]]


def test_what_covers_no_line_applies_without_effect(validate, make_listed, mug, lamp):
    make_listed("MUGS", included(entry(mug)))
    answer = validate("MUGS", order={"items": [line(lamp)]})
    assert answer["valid"] is True
    assert answer["redeemables"][0]["status"] == "APPLICABLE"
    assert answer["order"]["total_amount"] == 5000
    assert "items_discount_amount" not in answer["order"]
    (listed,) = echo(answer)
    assert "order_item_indices" not in listed


@pytest.mark.parametrize(
    ("member", "off", "units"),
    [
        pytest.param({"quantity_limit": 2}, [200, 100], None, id="units of a line"),
        pytest.param({"aggregated_quantity_limit": 3}, [300, 0], None, id="units of all lines"),
        pytest.param({"amount_limit": 150}, [150, 150], None, id="money of a line"),
        pytest.param({"aggregated_amount_limit": 400}, [300, 100], None, id="money of all"),
        pytest.param({"effect": "APPLY_TO_MOST_EXPENSIVE"}, [300, 0], [(0, 3)], id="dearest"),
        pytest.param({"effect": "APPLY_TO_CHEAPEST"}, [0, 200], [(1, 4)], id="cheapest"),
        pytest.param(
            {"effect": "APPLY_FROM_CHEAPEST", "skip_initially": 1}, [300, 0], [(0, 3)], id="ranked"
        ),
        pytest.param(
            {"target": "UNIT", "effect": "APPLY_TO_MOST_EXPENSIVE"}, [100, 0], [(0, 1)], id="unit"
        ),
        pytest.param(
            {"target": "UNIT", "skip_initially": 1, "repeat": 3}, [100, 50], None, id="each third"
        ),
    ],
)
def test_settings_of_a_member(api, validate, make_listed, member, off, units):
    dear, cheap = make_product(api, price=1000), make_product(api, price=500)
    make_listed("ALL", included({**EVERY_ARTICLE, **member}))
    answer = validate("ALL", order={"items": [line(dear, 3), line(cheap, 4)]})
    assert discounts(answer) == off
    collection = echo(answer)[0]
    assert {name: collection[name] for name in member} == member
    if units is not None:
        expected = [{"index": at, "units": list(range(1, 1 + count))} for at, count in units]
        assert collection["order_item_units"] == expected


def test_units_beyond_a_thousand_are_not_listed(validate, make_listed, mug):
    make_listed("MUGS", included(entry(mug)))
    answer = validate("MUGS", order={"items": [line(mug, 1001)]})
    assert discounts(answer) == [100_100]
    (listed,) = echo(answer)
    assert listed["order_item_indices"] == [0]
    assert listed["order_item_units"] == [{"index": 0, "units_limit_exceeded": True}]


def test_a_member_has_a_price_of_its_own(validate, make_listed, mug, lamp):
    lists = included(entry(mug, price=800), entry(lamp))
    make_listed("PRICES", lists, discount=fixed_amount(4500, effect="APPLY_TO_ITEMS"))
    answer = validate("PRICES", order={"items": [line(mug, 2), line(lamp)]})
    assert discounts(answer) == [400, 500]
    assert echo(answer)[0]["price"] == 800


def test_the_lists_of_campaign_and_code_are_joined(api, validate, mug, lamp):
    of_campaign = make_rule(api, applicable_to=included(entry(mug)))
    own = make_rule(api, applicable_to=included(entry(lamp)))
    campaign = make_campaign(
        api,
        discount=amount_off(50, effect="APPLY_TO_ITEMS"),
        validation_rules=[of_campaign["id"]],
    )
    api.post(f"/v1/campaigns/{campaign['id']}/vouchers/CODE").expect()
    items = [line(mug), line(lamp), *cart((1, 100))["items"]]
    assert discounts(validate("CODE", order={"items": items})) == [50, 0, 0]
    api.put("/v1/vouchers/CODE", json={"validation_rules": [own["id"]]}).expect()
    assert discounts(validate("CODE", order={"items": items})) == [50, 50, 0]


def test_a_changed_rule_counts_at_once(api, validate, make_listed, mug, lamp):
    voucher = make_listed("CODE", included(entry(mug)))
    order = {"items": [line(mug), line(lamp)]}
    assert discounts(validate("CODE", order=order)) == [100, 0]
    rule_id = voucher["validation_rules_assignments"]["data"][0]["rule_id"]
    path = f"/v1/validation-rules/{rule_id}"
    api.put(path, json={"applicable_to": included(entry(lamp))}).expect()
    assert discounts(validate("CODE", order=order)) == [0, 500]
    api.put("/v1/vouchers/CODE", json={"validation_rules": []}).expect()
    assert discounts(validate("CODE", order=order)) == [100, 500]


def test_redemptions_cover_the_same_lines(redeem, make_listed, mug, lamp):
    make_listed("MUGS", included(entry(mug)))
    answer = redeem("MUGS", order={"items": [line(mug), line(lamp)]})
    assert discounts(answer) == [100, 0]

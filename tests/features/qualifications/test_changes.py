"""A change of any definition counts from the next request on, in every process."""

from __future__ import annotations

import pytest

from kupon.features.validations.service import loading
from kupon.runtime import clock
from kupon.storage.definitions import DefinitionCache
from kupon.storage.queries.projects import get_revision
from kupon.storage.uow import UnitOfWork
from kupon.testing.builders import (
    amount_off,
    cart,
    entry,
    included,
    line,
    make_campaign,
    make_customer,
    make_product,
    make_promotion,
    make_stack,
    make_tier,
    make_voucher,
    percent_off,
    tier,
)

TEN = {"order": {"amount": 1000}}


@pytest.fixture(params=["the same process", "another process"])
def asking(request, monkeypatch, ask):
    """Asks, from the process that saw the last request too, or from one that saw the one before.

    Shapes: ids of what qualifies, and what each takes off.
    """
    caches = [DefinitionCache(), DefinitionCache()]
    turns = iter(range(10**6))

    def ids(scenario="ALL", **words):
        place = next(turns) % 2 if request.param == "another process" else 0
        monkeypatch.setattr(loading, "_definitions", caches[place])
        return {
            row["id"]: row["order"].get("total_discount_amount")
            for row in ask(scenario, **words)["data"]
        }

    def both(scenario="ALL", **words):
        first, second = ids(scenario, **words), ids(scenario, **words)
        assert first == second
        return first

    return both


def only(promotion):
    return promotion["promotion"]["tiers"][0]["id"]


def test_tiers(api, asking):
    assert asking(**TEN) == {}
    promotion = make_promotion(api, tier(discount=amount_off(100)))
    first = only(promotion)
    assert asking(**TEN) == {first: 100}
    api.put(
        f"/v1/promotions/tiers/{first}", json={"action": {"discount": amount_off(200)}}
    ).expect()
    assert asking(**TEN) == {first: 200}
    second = make_tier(api, promotion["id"], discount=amount_off(50))["id"]
    assert asking(**TEN) == {first: 200, second: 50}
    api.post(f"/v1/promotions/tiers/{first}/disable").expect()
    assert asking(**TEN) == {second: 50}
    api.post(f"/v1/promotions/tiers/{first}/enable").expect()
    assert asking(**TEN) == {first: 200, second: 50}
    api.delete(f"/v1/promotions/tiers/{second}").expect(204)
    assert asking(**TEN) == {first: 200}


def test_dates_of_tiers(api, asking, move_time):
    move_time.freeze("2026-03-02T12:00:00+00:00")
    tier_id = only(make_promotion(api, tier()))
    assert asking(**TEN) == {tier_id: 100}
    for dates, found in (
        ({"start_date": "2026-03-02T13:00:00Z"}, {}),
        ({"start_date": "2026-03-02T11:00:00Z"}, {tier_id: 100}),
        ({"expiration_date": "2026-03-02T11:30:00Z"}, {}),
        ({"expiration_date": None}, {tier_id: 100}),
    ):
        api.put(f"/v1/promotions/tiers/{tier_id}", json=dates).expect()
        assert asking(**TEN) == found


def test_campaigns_of_tiers(api, asking):
    promotion = make_promotion(api, tier(), name="Promo")
    tier_id = only(promotion)
    assert asking(**TEN) == {tier_id: 100}
    api.post("/v1/campaigns/Promo/disable").expect()
    assert asking(**TEN) == {}
    api.post("/v1/campaigns/Promo/enable").expect()
    assert asking(**TEN) == {tier_id: 100}
    api.put("/v1/campaigns/Promo", json={"expiration_date": "2020-01-01T00:00:00Z"}).expect()
    assert asking(**TEN) == {}
    api.put("/v1/campaigns/Promo", json={"expiration_date": None}).expect()
    assert asking(**TEN) == {tier_id: 100}
    api.delete("/v1/campaigns/Promo").expect(202)
    assert asking(**TEN) == {}


def test_campaigns_of_codes(api, asking):
    made = make_campaign(api, name="Pool", type="AUTO_UPDATE", discount=amount_off(100))["id"]
    assert asking(**TEN) == {made: 100}
    api.put("/v1/campaigns/Pool", json={"discount": amount_off(300)}).expect()
    assert asking(**TEN) == {made: 300}
    api.delete("/v1/campaigns/Pool").expect(202)
    assert asking(**TEN) == {}


def test_codes(api, asking):
    make_voucher(api, "CODE", discount=amount_off(100))
    assert asking(**TEN) == {"CODE": 100}
    api.put("/v1/vouchers/CODE", json={"discount": amount_off(300)}).expect()
    assert asking(**TEN) == {"CODE": 300}
    api.post("/v1/vouchers/CODE/disable").expect()
    assert asking(**TEN) == {}
    api.post("/v1/vouchers/CODE/enable").expect()
    assert asking(**TEN) == {"CODE": 300}
    api.delete("/v1/vouchers/CODE").expect(204)
    assert asking(**TEN) == {}


def initial(amount):
    return {"name": "order.initial_amount", "conditions": {"$more_than": [amount]}}


def assigned(rule_id, kind, object_id):
    body = {"related_object_type": kind, "related_object_id": object_id}
    return f"/v1/validation-rules/{rule_id}/assignments", body


@pytest.mark.parametrize("kind", ["promotion_tier", "campaign", "voucher", "campaign of codes"])
def test_rules_and_assignments(api, asking, rule, kind):
    rich, poor = rule(initial(5000)), rule(initial(5))
    if kind == "voucher":
        voucher = make_voucher(api, "CODE")
        name, object_id = "CODE", voucher["id"]
    elif kind == "campaign of codes":
        name = object_id = make_campaign(api, type="AUTO_UPDATE")["id"]
    else:
        promotion = make_promotion(api, tier())
        name = only(promotion)
        object_id = name if kind == "promotion_tier" else promotion["id"]
    kind = kind.partition(" ")[0]
    found = {name: 100}
    assert asking(**TEN) == found
    path, body = assigned(rich, kind, object_id)
    assignment = api.post(path, json=body).expect()["id"]
    assert asking(**TEN) == {}
    easy = {"1": initial(500), "logic": "1"}
    api.put(f"/v1/validation-rules/{rich}", json={"rules": easy}).expect()
    assert asking(**TEN) == found
    hard = {"1": initial(5000), "logic": "1"}
    api.put(f"/v1/validation-rules/{rich}", json={"rules": hard}).expect()
    assert asking(**TEN) == {}
    other, body = assigned(poor, kind, object_id)
    assignment = api.post(other, json=body, query={"force": True}).expect()["id"]
    assert asking(**TEN) == found
    api.put(f"/v1/validation-rules/{poor}", json={"rules": hard}).expect()
    assert asking(**TEN) == {}
    api.delete(f"{other}/{assignment}").expect(204)
    assert asking(**TEN) == found
    api.post(path, json=body).expect()
    assert asking(**TEN) == {}
    api.delete(f"/v1/validation-rules/{rich}").expect(204)
    assert asking(**TEN) == found


def test_product_lists_of_rules(api, asking, rule):
    mug, cup = make_product(api, source_id="mug"), make_product(api, source_id="cup")
    made = rule(applicable_to=included(entry(mug)))
    discount = percent_off(50, effect="APPLY_TO_ITEMS")
    tier_id = only(make_promotion(api, tier(discount=discount, validation_rules=[made])))
    order = {"items": [line(mug), line(cup, 3)]}
    assert asking(order=order) == {tier_id: 500}
    lists = {"applicable_to": included(entry(cup))}
    api.put(f"/v1/validation-rules/{made}", json=lists).expect()
    assert asking(order=order) == {tier_id: 1500}


def test_categories(api, asking):
    body = {"name": "Common", "hierarchy": 1}
    category = api.post("/v1/categories", json=body).expect()["id"]
    promotion = make_promotion(api, tier(category_id=category))
    tier_id = only(promotion)
    chosen = {"filters": {"category_id": {"conditions": {"$is": [category]}}}}
    assert asking(**TEN, **chosen) == {tier_id: 100}
    api.put(f"/v1/promotions/tiers/{tier_id}", json={"category_id": None}).expect()
    assert asking(**TEN, **chosen) == {}
    api.put(f"/v1/campaigns/{promotion['id']}", json={"category_id": category}).expect()
    assert asking(**TEN, **chosen) == {tier_id: 100}


def test_names_of_categories(api, ask):
    body = {"name": "Common", "hierarchy": 1}
    category = api.post("/v1/categories", json=body).expect()["id"]
    make_promotion(api, tier(category_id=category))
    for name in ("Common", "Rare"):
        api.put(f"/v1/categories/{category}", json={"name": name}).expect()
        (row,) = ask(**TEN, expand=["category"])["data"]
        assert [each["name"] for each in row["categories"]] == [name]


def test_collections(api, asking, rule):
    mug, cup = make_product(api, source_id="mug"), make_product(api, source_id="cup", price=500)
    body = {"name": "Some", "type": "AUTO_UPDATE", "filter": dearer(5000)}
    some = api.post("/v1/product-collections", json=body).expect()
    wanted = {"id": some["id"], "object": "products_collection"}
    any_of = {"name": "order.items.any", "conditions": {"$is": [wanted]}}
    tier_id = only(make_promotion(api, tier(validation_rules=[rule(any_of)])))
    in_cart = {"items": [line(mug)]}
    assert asking(order=in_cart) == {}
    path = f"/v1/product-collections/{some['id']}"
    api.put(path, json={"filter": dearer(700)}).expect()
    assert asking(order=in_cart) == {tier_id: 100}
    assert asking(order={"items": [line(cup)]}) == {}
    api.put("/v1/products/cup", json={"price": 800}).expect()
    assert asking(order={"items": [line(cup)]}) == {tier_id: 80}


def dearer(price):
    return {"junction": "and", "price": {"conditions": {"$more_than": [price]}}}


def test_segments(api, asking, rule):
    make_customer(api, source_id="ada", metadata={"plan": "pro"})
    who = {"customer": {"source_id": "ada"}}

    def plan(name):
        conditions = {"conditions": {"$is": [name]}}
        return {"filter": {"junction": "and", "metadata.plan": conditions}}

    body = {"name": "Pros", "type": "passive"} | plan("max")
    segment = api.post("/v1/segments", json=body).expect()["id"]
    is_in = {"name": "customer.segment", "conditions": {"$is": [segment]}}
    tier_id = only(make_promotion(api, tier(validation_rules=[rule(is_in)])))
    assert asking(**TEN, **who) == {}
    api.put(f"/v1/segments/{segment}", json=plan("pro")).expect()
    assert asking(**TEN, **who) == {tier_id: 100}
    api.put("/v1/customers/ada", json={"metadata": {"plan": "none"}}).expect()
    assert asking(**TEN, **who) == {}
    asked = {"customer": {"source_id": "ada", "metadata": {"plan": "pro"}}}
    assert asking(**TEN, **asked) == {tier_id: 100}
    api.delete(f"/v1/segments/{segment}").expect(204)
    assert asking(**TEN, **asked) == {}


def test_what_customers_have_ordered(api, asking, rule):
    make_customer(api, source_id="ada")
    who = {"customer": {"source_id": "ada"}}
    loyal = {"summary.orders.total_amount": {"conditions": {"$more_than": [500]}}}
    body = {"name": "Loyal", "type": "passive", "filter": {"junction": "and"} | loyal}
    segment = api.post("/v1/segments", json=body).expect()["id"]
    is_in = {"name": "customer.segment", "conditions": {"$is": [segment]}}
    tier_id = only(make_promotion(api, tier(validation_rules=[rule(is_in)])))
    assert asking(**TEN, **who) == {}
    paid = {"status": "PAID", "amount": 600, "customer": {"source_id": "ada"}}
    api.post("/v1/orders", json=paid).expect()
    assert asking(**TEN, **who) == {tier_id: 100}
    assert asking(**TEN) == {}


def test_metadata_schemas(api, management_api, project, asking, rule):
    """A stored text compares as a number once a schema says so."""
    make_customer(api, source_id="ada", metadata={"size": "12"})
    dozen = {"name": "customer.metadata", "property": "size", "conditions": {"$is": ["12.0"]}}
    tier_id = only(make_promotion(api, tier(validation_rules=[rule(dozen)])))
    who = {"customer": {"source_id": "ada"}}
    assert asking(**TEN, **who) == {}
    size = {"type": "number", "optional": True, "array": False}
    path = f"/management/v1/projects/{project.id}/metadata-schemas"
    body = {"related_object": "customer", "properties": {"size": size}}
    made = management_api.post(path, json=body).expect()
    assert asking(**TEN, **who) == {tier_id: 100}
    management_api.delete(f"{path}/{made['id']}").expect(204)
    assert asking(**TEN, **who) == {}


def test_stacks(api, asking):
    promotion = make_promotion(api, tier(discount=amount_off(100)), tier(discount=amount_off(50)))
    first, second = (each["id"] for each in promotion["promotion"]["tiers"])
    assert asking("PROMOTION_STACKS", **TEN) == {}
    stack = make_stack(api, promotion["id"], first)["id"]
    assert asking("PROMOTION_STACKS", **TEN) == {stack: 100}
    path = f"/v1/promotions/{promotion['id']}/stacks/{stack}"
    api.put(path, json={"tiers": {"ids": [first, second]}}).expect()
    assert asking("PROMOTION_STACKS", **TEN) == {stack: 150}
    api.delete(f"/v1/promotions/tiers/{second}").expect(204)
    assert asking("PROMOTION_STACKS", **TEN) == {stack: 100}
    api.delete(path).expect(204)
    assert asking("PROMOTION_STACKS", **TEN) == {}


def test_time_zones(engine, project, api, asking, move_time):
    """20:30 in UTC is half past five on the next day in Tokyo."""
    move_time.freeze("2026-03-02T20:30:00+00:00")
    tier_id = only(make_promotion(api, tier(validity_day_of_week=[2])))
    assert asking(**TEN) == {}
    with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
        uow.driver.execute(
            "UPDATE projects SET timezone = 'Asia/Tokyo', revision = revision + 1 WHERE id = %s",
            (project.id,),
        )
        uow.commit()
    assert asking(**TEN) == {tier_id: 100}


def test_what_failed_changes_nothing(api, asking, engine, project):
    tier_id = only(make_promotion(api, tier()))
    assert asking(**TEN) == {tier_id: 100}

    def revision():
        with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
            return get_revision(uow)

    before = revision()
    bad = {"action": {"discount": {"type": "NONE"}}}
    assert api.put(f"/v1/promotions/tiers/{tier_id}", json=bad).status == 400
    assert asking(**TEN) == {tier_id: 100}
    # To ask is no change either.
    assert revision() == before


def test_units_of_the_catalogue(api, asking):
    mug = make_product(api, source_id="mug", price=700)
    discount = {"type": "UNIT", "unit_off": 1, "unit_type": mug["id"], "effect": "ADD_NEW_ITEMS"}
    tier_id = only(make_promotion(api, tier(discount=discount)))
    assert asking(order=cart((1, 100))) == {tier_id: 700}
    api.put("/v1/products/mug", json={"price": 900}).expect()
    assert asking(order=cart((1, 100))) == {tier_id: 900}

"""Every rule name on the cases of rules.toml, definitions that are refused, and what rules need."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kupon.engine.collections import Collection, Collections
from kupon.engine.conditions import Moment
from kupon.engine.customer import Customer
from kupon.engine.definitions import DefinitionError
from kupon.engine.filters import Surroundings
from kupon.engine.locations import Location, Locations, parse_shape
from kupon.engine.order import Item, Order
from kupon.engine.rules import (
    STANDARD_RULES,
    Counter,
    Subject,
    omitted_by,
    parse_rule,
    parse_stored_rule,
    violation_details,
    window_start,
)
from kupon.engine.rules.omissions import EVERYTHING, IGNORED, STRICTLY_IGNORED
from kupon.engine.segments import Segment, Segments, parse_segment_filter

CASES: list[dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("rules.toml").read_text(encoding="utf-8")
)["cases"]

WARSAW = ZoneInfo("Europe/Warsaw")
MOMENT = Moment(datetime(2026, 3, 2, 12, tzinfo=UTC), WARSAW)
CIRCLE = {
    "type": "circle",
    "format": "distance",
    "distance": {"center": "geo:52.23,21.01", "radius": "10 km"},
}
SURROUNDINGS = Surroundings(
    MOMENT, Locations({"loc_1": Location(id="loc_1", shape=parse_shape(CIRCLE, ".shape"))})
)
NEAR = {"junction": "and", "metadata.home": {"conditions": {"$in_location": ["loc_1"]}}}
SEGMENTS = Segments(
    {
        "seg_fans": Segment(id="seg_fans", type="static"),
        "seg_near": Segment(
            id="seg_near",
            type="auto-update",
            filter=parse_segment_filter(NEAR, kinds={"home": "geopoint"}),
        ),
    }
)
COLLECTIONS = Collections(
    {
        "pc_books": Collection(id="pc_books", products=frozenset(("book1", "book2"))),
        "pc_toys": Collection(id="pc_toys", products=frozenset(("toy1", "toy2"))),
    }
)


def line(facts: Mapping[str, Any]) -> Item:
    quantity, price = facts.get("quantity"), facts.get("price")
    amount = price * quantity if price is not None and quantity is not None else None
    return Item(
        product_id=facts.get("product"),
        sku_id=facts.get("sku"),
        source_id=facts.get("source"),
        related_object="product" if "source" in facts else None,
        quantity=quantity,
        price=price,
        amount=facts.get("amount", amount),
        discount_amount=facts.get("taken", 0),
        metadata=facts.get("metadata", {}),
        product_facts={"id": facts.get("product"), "metadata": facts.get("product_metadata")},
        sku_facts={"id": facts.get("sku"), "metadata": facts.get("sku_metadata")},
    )


def order_of(facts: Mapping[str, Any]) -> Order:
    items = tuple(map(line, facts.get("lines", ())))
    amounts = [item.amount for item in items if item.amount is not None]
    amount = facts.get("amount", sum(amounts) if amounts else None)
    return Order(
        amount=amount,
        initial_amount=amount,
        discount_amount=facts.get("taken", 0),
        items=items,
        metadata=facts.get("metadata", {}),
    )


def customer_of(facts: Mapping[str, Any]) -> Customer:
    return Customer(
        id=facts.get("id"),
        profile={"metadata": facts["metadata"]} if "metadata" in facts else {},
        static_segments=frozenset(facts.get("segments", ())),
        loyalty_tiers=frozenset(facts.get("tiers", ())),
    )


def counter_of(name: str) -> Counter:
    head, _, period = name.rpartition(".")
    is_period = period in ("daily", "weekly", "monthly")
    return Counter(head, period) if is_period else Counter(name)


def subject_of(facts: Mapping[str, Any]) -> Subject:
    order = order_of(facts.get("order", {}))
    return Subject(
        moment=MOMENT,
        surroundings=SURROUNDINGS,
        object=facts.get("object", "voucher"),
        customer=customer_of(facts["customer"]) if "customer" in facts else None,
        order=order,
        projected=Order(amount=facts["projected"]) if "projected" in facts else None,
        initial_amount=order.initial_amount,
        holder_ids=frozenset(facts.get("holders", ())),
        metadata=facts.get("metadata", {}),
        api_keys=frozenset(facts.get("keys", ())),
        user=facts.get("user"),
        counters={counter_of(name): count for name, count in facts.get("counters", {}).items()},
        discounted=facts.get("discounted"),
        points_used=facts.get("points"),
        event=facts.get("event"),
        segments=SEGMENTS,
        collections=COLLECTIONS,
    )


def parameter(case: dict[str, Any]) -> Any:
    marks = [pytest.mark.uncertain] if "UNCERTAIN" in case["case"] else []
    return pytest.param(case, id=case["case"], marks=marks)


def node(name: str, **members: Any) -> dict[str, Any]:
    return {"rules": {"1": {"name": name, **members}}}


@pytest.mark.parametrize("case", [parameter(case) for case in CASES])
def test_case(case: dict[str, Any]) -> None:
    judgement = parse_rule("val_1", {"rules": case["rules"]}).judge(subject_of(case))

    if "key" in case:
        assert judgement.failure is not None
        assert (judgement.truth, judgement.failure.key) == (False, case["key"])
        assert judgement.failure.message == case.get("message", judgement.failure.message)
        assert judgement.failure.custom == case.get("custom")
    else:
        assert judgement.truth is (None if case.get("unknown") else True)
        assert judgement.failure is None


def test_every_rule_name_has_a_case() -> None:
    def named(rules: Mapping[str, Any]) -> set[str]:
        nodes = [part for part in rules.values() if isinstance(part, dict)]
        nested = [named(part.get("rules", {})) for part in nodes]
        return {part["name"] for part in nodes}.union(*nested)

    seen = set().union(*(named(case["rules"]) for case in CASES))
    twins = {"sku.price", "sku.quantity", "sku.discount_applicable"}
    marks = {"product.metadata.discount_applicable"}
    counters = {name for name in STANDARD_RULES if counter_of(name).period is not None}
    counters |= {"campaign.redemptions.count"}
    assert set(STANDARD_RULES) - seen - twins - marks - counters == set()


@pytest.mark.parametrize(
    ("definition", "details"),
    [
        (5, "Payload must be object"),
        ({"rules": []}, "Property .rules must be object"),
        ({"rules": {"1": None}}, "Property .rules.1 must be object"),
        ({"rules": {"1": {}}}, "Rule with key '1' must have a 'name'"),
        (node(""), "Rule with key '1' must have a 'name'"),
        (node("order.colour"), "Rule 'order.colour' is not supported"),
        (node("custom_event.metadata"), "Rule 'custom_event.metadata' must have a 'property'"),
        (node("order.metadata", property=5), "Property .rules.1.property must be string"),
        (node("order.amount", conditions=[]), "Property .rules.1.conditions must be object"),
        (
            node("order.amount", conditions={"$about": [5]}),
            "Property .rules.1.conditions.$about is not supported",
        ),
        (
            node("order.amount", conditions={"$is": {}}),
            "Property .rules.1.conditions.$is must be array",
        ),
        (node("order.amount", error="no"), "Property .rules.1.error must be object"),
        (
            node("order.items.price"),
            "Rule 'order.items.price' must be inside the 'rules' of a rule on order items",
        ),
        (
            node("order.items.none", rules={"1": {"name": "order.items.price"}}),
            "Rule 'order.items.none' cannot have 'rules'",
        ),
        (
            node("customer.segment", conditions={"$contains": ["seg_1"]}),
            "Rule 'customer.segment' does not support condition '$contains'",
        ),
        (
            node("customer.segment", conditions={"$is": [5]}),
            "Rule 'customer.segment' must have ids in its conditions",
        ),
        (
            node("order.items.any", conditions={"$less_than": [5]}),
            "Rule 'order.items.any' does not support condition '$less_than'",
        ),
        (
            node("order.items.any", conditions={"$is": [{}]}),
            "Property .rules.1.conditions.$is[0] should have required property 'id'",
        ),
        (
            node("order.items.any", conditions={"$is": {"id": "p1"}}),
            "Property .rules.1.conditions.$is must be array",
        ),
        (
            {"rules": {"logic": 5}},
            "Rules must have a 'logic' of type string",
        ),
        (
            {"rules": {"logic": "1 and", "1": {"name": "order.amount"}}},
            "The 'logic' of the rules cannot be read: it ends too early",
        ),
        (
            {"rules": {"logic": "1 and 2", "1": {"name": "order.amount"}}},
            "The 'logic' of the rules mentions '2', which is no rule",
        ),
        (
            {"rules": {"logic": "logic"}},
            "The 'logic' of the rules mentions 'logic', which is no rule",
        ),
        ({"error": {"message": 5}}, "Property .error.message must be string"),
    ],
)
def test_broken_definitions_are_told(definition: object, details: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse_rule("val_1", definition)

    assert (caught.value.key, caught.value.details) == ("invalid_validation_rules", details)


def nested(levels: int) -> dict[str, Any]:
    rules: dict[str, Any] = {}
    for _ in range(levels):
        rules = {"1": {"name": "order.items.any", "rules": rules}}
    return {"rules": rules}


def test_nesting_has_an_end() -> None:
    rule = parse_rule("val_1", nested(64))

    assert rule.judge(subject_of({"order": {"lines": [{}]}})).truth is True
    with pytest.raises(DefinitionError) as caught:
        parse_rule("val_1", nested(65))
    assert caught.value.details == "Rules are nested too deep"


def test_a_stored_rule_outlives_its_plugin() -> None:
    definition = {
        "rules": {
            "logic": "1 or 2",
            "1": {"name": "other.rule"},
            "2": {"name": "order.amount", "conditions": {"$more_than": [100]}},
        }
    }
    rule = parse_stored_rule("val_1", definition)

    assert rule.faults == ("Rule 'other.rule' is not supported",)
    assert rule.judge(subject_of({"order": {"amount": 101}})).truth is True
    failure = rule.judge(subject_of({"order": {"amount": 100}})).failure
    assert failure is not None
    assert failure.key == "redemption_rules_violated"


def test_a_stored_rule_that_nobody_can_read_lets_nobody_through() -> None:
    rule = parse_stored_rule("val_1", node("order.amount", conditions={"$about": [5]}))

    assert rule.faults == ("Property .rules.1.conditions.$about is not supported",)
    assert rule.judge(subject_of({"order": {"amount": 100}}), EVERYTHING).truth is False
    assert rule.names == frozenset()


def test_a_rule_says_what_it_looks_at() -> None:
    rule = parse_rule(
        "val_1",
        {
            "rules": {
                "logic": "1 and 2 and 3 and 1",
                "1": {"name": "redemption.count.daily"},
                "2": {"name": "campaign.redemptions.count"},
                "3": {"name": "order.items.any", "rules": {"1": {"name": "order.items.price"}}},
                "4": {"name": "redemption.count.per_customer"},
                "5": {"name": "order.total_amount"},
            }
        },
    )

    assert rule.counters == (
        Counter("redemption.count", "daily"),
        Counter("campaign.redemptions.count"),
    )
    assert rule.names == {
        "redemption.count.daily",
        "campaign.redemptions.count",
        "order.items.any",
        "order.items.price",
    }
    assert (rule.needs_customer, rule.needs_projection) == (False, False)


def test_a_rule_says_what_it_has_to_wait_for() -> None:
    rule = parse_rule(
        "val_1",
        {"rules": {"1": {"name": "customer.segment"}, "2": {"name": "order.total_amount"}}},
    )

    assert (rule.needs_customer, rule.needs_projection) == (True, True)


def test_a_rule_is_judged_again_when_the_discount_is_known() -> None:
    rule = parse_rule("val_1", node("order.total_amount", conditions={"$more_than": [500]}))
    first = subject_of({"order": {"amount": 900}})

    assert rule.judge(first).truth is None
    assert rule.judge(first.changed(projected=Order(amount=900))).truth is True
    assert rule.judge(first.changed(projected=Order(amount=450))).truth is False


def test_the_rule_speaks_where_no_node_does() -> None:
    definition = {**node("order.amount", error={"message": ""}), "error": {"message": "Sorry"}}

    failure = parse_rule("val_1", definition).judge(subject_of({})).failure
    assert failure is not None
    assert (failure.key, failure.custom) == ("missing_amount", "Sorry")


def test_rules_are_named_in_details() -> None:
    assert (
        violation_details("Gift Card", ["val_1", "val_2"])
        == "Gift Card cannot be redeemed because of violated validation rules: val_1, val_2"
    )


def test_schemas_type_metadata() -> None:
    definition = node("customer.metadata", property="since", conditions={"$is": ["2020-01-01"]})
    subject = subject_of({"customer": {"metadata": {"since": "2020-01-01T08:00:00Z"}}})
    types = {("customer", "since"): "date"}

    typed = parse_rule("val_1", definition, types=lambda *place: types.get(place))

    assert parse_rule("val_1", definition).judge(subject).truth is False
    assert typed.judge(subject).truth is True


@pytest.mark.parametrize(
    ("week_start", "began"),
    [
        pytest.param(0, datetime(2026, 1, 4, 23, tzinfo=UTC), id="13, weeks from Monday"),
        pytest.param(6, datetime(2026, 1, 3, 23, tzinfo=UTC), id="13, weeks from Sunday"),
        pytest.param(5, datetime(2026, 1, 2, 23, tzinfo=UTC), id="13, weeks from Saturday"),
    ],
)
def test_weeks_begin_where_the_project_has_them_begin(week_start: int, began: datetime) -> None:
    monday = datetime(2026, 1, 5, 12, tzinfo=UTC)

    assert window_start("weekly", monday, WARSAW, week_start) == began


def test_days_and_months_are_those_of_the_project() -> None:
    now = datetime(2026, 3, 31, 22, 30, tzinfo=UTC)

    assert window_start("daily", now, WARSAW, 0) == datetime(2026, 3, 31, 22, tzinfo=UTC)
    assert window_start("monthly", now, WARSAW, 0) == datetime(2026, 3, 31, 22, tzinfo=UTC)
    assert window_start("monthly", now, UTC, 0) == datetime(2026, 3, 1, tzinfo=UTC)


def marked(name: str, mark: str, flag: object = True, **members: Any) -> dict[str, Any]:
    marking = {"name": mark, "property": "brand", "conditions": {"$is": [flag]}}
    return node(name, rules={"1": marking}, **members)


def test_older_rules_mark_articles_as_targets() -> None:
    conditions = {"$is": [{"id": "p1", "source_id": "src1", "type": "x"}, "p2"]}
    definition = marked("product.id", "product.discount_applicable", conditions=conditions)
    definition["applicable_to"] = {"included": [{"object": "sku", "id": "s9"}]}

    rule = parse_rule("val_1", definition)

    included = [(entry.object, entry.names) for entry in rule.applicable_to.listed]
    assert included == [
        ("sku", {"s9"}),
        ("product", {"p1", "src1"}),
        ("product", {"p2"}),
    ]
    assert rule.marked_lines(subject_of({"order": {"lines": [{"product": "p1"}]}})) == set()


@pytest.mark.parametrize("flag", [False, "false"])
def test_older_rules_need_not_mark(flag: object) -> None:
    conditions = {"$is": ["s1"]}
    definition = marked("sku.id", "sku.discount_applicable", flag, conditions=conditions)

    assert not parse_rule("val_1", definition).applicable_to.has_lists


def test_older_rules_mark_lines_by_metadata() -> None:
    rule = parse_rule(
        "val_1",
        marked(
            "product.metadata",
            "product.metadata.discount_applicable",
            property="brand",
            conditions={"$is": ["Acme"]},
        ),
    )
    lines = [{"product": "p1"}, {"product": "p2", "product_metadata": {"brand": "Acme"}}]

    assert rule.marked_lines(subject_of({"order": {"lines": lines}})) == {1}
    assert rule.marked_lines(subject_of({})) == set()


def test_a_rule_names_lines_by_item_nodes_and_bundles() -> None:
    subject = subject_of({"order": {"lines": [{"product": "p1"}]}})
    conditions = {"$is": [{"id": "p1", "object": "product", "type": "product_or_sku"}]}
    item = {"name": "order.items.any", "conditions": conditions}
    other = {"name": "order.items.any", "conditions": {"$is": ["p9"]}}

    assert parse_rule("val_1", {"rules": {"1": item}}).names_lines(subject)
    assert parse_rule("val_1", {"bundle_rules": {"1": item}}).names_lines(subject)
    assert not parse_rule("val_1", {"rules": {"1": other}}).names_lines(subject)
    assert not parse_rule("val_1", {"bundle_rules": {"1": other}}).names_lines(subject)
    assert not parse_rule("val_1", node("order.amount")).names_lines(subject)


MIXED = {
    "rules": {
        "logic": "1 and 2 and 3",
        "1": {"name": "customer.segment", "conditions": {"$is": ["seg_fans"]}},
        "2": {
            "name": "order.items.any",
            "conditions": {"$is": ["p1"]},
            "rules": {"1": {"name": "order.items.quantity", "conditions": {"$more_than": [5]}}},
        },
        "3": {"name": "order.amount", "conditions": {"$more_than": [500]}},
    }
}


@pytest.mark.parametrize(
    ("scenario", "truth", "omitted"),
    [
        ("ALL", False, ()),
        ("AUDIENCE_ONLY", None, ("2", "3")),
        ("PRODUCTS", None, ("1", "2", "3")),
        ("PRODUCTS_BY_CUSTOMER", None, ("2", "3")),
        ("PRODUCTS_DISCOUNT", None, ("1", "2", "3")),
        ("PRODUCTS_DISCOUNT_BY_CUSTOMER", None, ("2", "3")),
    ],
)
def test_scenarios_leave_rules_out(
    scenario: str, truth: bool | None, omitted: tuple[str, ...]
) -> None:
    facts = {
        "customer": {"segments": ["seg_fans"]},
        "order": {"lines": [{"product": "p1", "quantity": 1, "price": 100}]},
    }

    judgement = parse_rule("val_1", MIXED).judge(subject_of(facts), omitted_by(scenario))

    assert (judgement.truth, judgement.omitted) == (truth, omitted)


def test_scenarios_still_ask_what_they_ask() -> None:
    rule = parse_rule("val_1", MIXED)
    elsewhere = subject_of({"customer": {}, "order": {"lines": [{"product": "p2"}]}})

    assert rule.judge(elsewhere, omitted_by("AUDIENCE_ONLY")).truth is False
    assert rule.judge(elsewhere, omitted_by("PRODUCTS")).truth is False
    assert rule.judge(elsewhere, omitted_by("PRODUCTS_DISCOUNT")).truth is None


@pytest.mark.uncertain
def test_projects_may_keep_minimum_amounts() -> None:
    assert omitted_by("ALL") == IGNORED
    assert STRICTLY_IGNORED | {"order.amount"} == IGNORED
    assert omitted_by("CUSTOMER_WALLET", STRICTLY_IGNORED) == STRICTLY_IGNORED
    assert set(STANDARD_RULES) >= IGNORED

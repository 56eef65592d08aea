"""The facts to look rules up by, and what holds for every rule and subject, tried at random.

`pytest tests/engine -m fuzz` tries rules 10,000 times instead of 300.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kupon.engine.collections import Collection, Collections
from kupon.engine.conditions import Moment
from kupon.engine.customer import Customer
from kupon.engine.definitions import DefinitionError
from kupon.engine.filters import Surroundings
from kupon.engine.order import Item, Order
from kupon.engine.references import References
from kupon.engine.rules import (
    STANDARD_RULES,
    Necessary,
    Subject,
    necessary,
    omitted_by,
    parse_rule,
    parse_stored_rule,
)
from kupon.engine.rules.necessary import SAYS_NOTHING, texts_of
from kupon.engine.rules.omissions import EVERYTHING, IGNORED, NOTHING
from kupon.engine.segments import Segment, Segments

SURROUNDINGS = Surroundings(Moment(datetime(2026, 3, 2, 12, tzinfo=UTC), UTC))
SEGMENTS = Segments({"seg_fans": Segment(id="seg_fans", type="static")})
COLLECTIONS = Collections(
    {
        "pc_books": Collection(id="pc_books", products=frozenset(("book1", "book2"))),
        "pc_toys": Collection(id="pc_toys", products=frozenset(("toy1", "toy2"))),
    }
)

MIXED = {
    "rules": {
        "logic": "1 and 2 and 3",
        "1": {"name": "customer.segment", "conditions": {"$is": ["seg_fans"]}},
        "2": {
            "name": "order.items.any",
            "conditions": {"$is": ["p1"]},
            "rules": {"1": {"name": "order.items.price", "conditions": {"$more_than": [5]}}},
        },
        "3": {"name": "order.amount", "conditions": {"$more_than": [500]}},
    }
}


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({}, SAYS_NOTHING),
        (
            {"1": {"name": "customer.segment", "conditions": {"$is": ["a", "b"], "$in": ["c"]}}},
            Necessary(needs_customer=True, segments=frozenset("c")),
        ),
        (
            {"1": {"name": "customer.segment", "conditions": {"$is_not": ["a"]}}},
            Necessary(needs_customer=True),
        ),
        (
            {"1": {"name": "customer.loyalty.tier", "conditions": {"$is": ["a"]}}},
            Necessary(needs_customer=True, loyalty_tiers=frozenset("a")),
        ),
        ({"1": {"name": "order.amount", "conditions": {"$more_than": ["9.5"]}}}, 10),
        ({"1": {"name": "order.amount", "conditions": {"$greater_than_or_equal": 9.5}}}, 10),
        ({"1": {"name": "order.amount", "conditions": {"$in": [9, 7], "$more_than": 2}}}, 7),
        ({"1": {"name": "order.amount", "conditions": {"$less_than": [9]}}}, None),
        ({"1": {"name": "order.amount", "conditions": {"$is": ["x", 5]}}}, None),
        (
            {"1": {"name": "order.items.any", "conditions": {"$is": ["s1", "pc_1"]}}},
            Necessary(
                items=References(frozenset(("s1",)), frozenset(("s1",)), frozenset(("pc_1",)))
            ),
        ),
        (
            {"1": {"name": "order.items.every", "conditions": {"$from": ["pc_1"]}}},
            Necessary(items=References(collections=frozenset(("pc_1",)))),
        ),
        (
            {
                "1": {"name": "product.id", "conditions": {"$is": ["p1"]}},
                "2": {"name": "order.items.any", "conditions": {"$is": ["pc_1"]}},
            },
            Necessary(items=References(frozenset(("p1",)))),
        ),
        ({"1": {"name": "order.items.none", "conditions": {"$is": ["p1"]}}}, None),
        (
            {
                "1": {
                    "name": "customer.metadata",
                    "property": "plan",
                    "conditions": {"$is": "pro", "$in": ["pro", "max"], "$starts_with": ["p"]},
                }
            },
            Necessary(needs_customer=True, customer_metadata=("plan", frozenset(("pro",)))),
        ),
        (
            {
                "1": {
                    "name": "customer.metadata",
                    "property": "plan",
                    "conditions": {"$is": ["5", "pro"]},
                }
            },
            Necessary(needs_customer=True),
        ),
    ],
)
def test_necessary_facts(rules: dict[str, Any], expected: Necessary | int | None) -> None:
    if not isinstance(expected, Necessary):
        expected = Necessary(min_amount=expected)

    assert necessary(parse_rule("val_1", {"rules": rules})) == expected


def test_necessary_facts_of_alternatives() -> None:
    def either(one: dict[str, Any], other: dict[str, Any]) -> Necessary:
        return necessary(parse_rule("val_1", {"rules": {"logic": "1 or 2", "1": one, "2": other}}))

    def plan(name: str, value: str) -> dict[str, Any]:
        return {"name": "customer.metadata", "property": name, "conditions": {"$is": [value]}}

    poor = {"name": "order.amount", "conditions": {"$more_than": [5]}}
    rich = {"name": "order.amount", "conditions": {"$more_than": [9]}}
    assert either(rich, poor) == Necessary(min_amount=6)
    assert either(rich, plan("plan", "pro")) == SAYS_NOTHING
    assert either(plan("plan", "pro"), plan("plan", "max")).customer_metadata == (
        "plan",
        {"pro", "max"},
    )
    book = {"name": "order.items.any", "conditions": {"$is": ["pc_books"]}}
    toy = {"name": "sku.id", "conditions": {"$is": ["toy1"]}}
    assert either(book, toy).items == References(
        skus=frozenset(("toy1",)), collections=frozenset(("pc_books",))
    )
    assert either(plan("plan", "pro"), plan("age", "old")) == Necessary(needs_customer=True)


def test_necessary_facts_of_what_is_left_out() -> None:
    rule = parse_rule("val_1", MIXED)

    assert necessary(rule) == Necessary(
        needs_customer=True,
        segments=frozenset(("seg_fans",)),
        items=References(frozenset(("p1",)), frozenset(("p1",))),
        min_amount=501,
    )
    assert necessary(rule, IGNORED).min_amount is None
    assert necessary(rule, EVERYTHING) == SAYS_NOTHING


def test_necessary_facts_of_nested_rules() -> None:
    nested = {"1": {"name": "order.amount", "conditions": {"$more_than": [5]}}}
    around = {"name": "customer.segment", "conditions": {"$is": ["a"]}, "rules": nested}

    assert necessary(parse_rule("val_1", {"rules": {"1": around}})) == Necessary(
        needs_customer=True, segments=frozenset("a"), min_amount=6
    )


def test_what_cannot_be_read_says_nothing() -> None:
    assert necessary(parse_stored_rule("val_1", 5)) == SAYS_NOTHING


def test_metadata_values_are_found_by_their_texts() -> None:
    assert texts_of(["a", True, 5, {}]) == {"a", "true", "5"}
    assert texts_of(None) == frozenset()


words = st.sampled_from(["a", "b", "1", "true", "pro"])
ids = st.lists(st.sampled_from(["p1", "s1", "book1", "toy1", "pc_books", "pc_toys"]), max_size=3)
numbers = st.integers(-1, 5)


def conditions(operators: list[str], values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.dictionaries(st.sampled_from(operators), values, max_size=2)


compared = conditions(
    ["$is", "$more_than", "$more_than_equal", "$less_than", "$in", "$is_not"],
    numbers | st.lists(numbers | numbers.map(str), max_size=2),
)
articles = conditions(["$is", "$in", "$is_not", "$from"], ids)
memberships = conditions(
    ["$is", "$in", "$not_in"], st.lists(st.sampled_from(["seg_fans", "seg_other", "x"]), max_size=2)
)
worded = conditions(["$is", "$in", "$is_not", "$contains"], words | st.lists(words, max_size=2))


def nodes_of(names: list[str], asked: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {"name": st.sampled_from(names), "property": st.just("m"), "conditions": asked}
    )


leaves = st.one_of(
    nodes_of(["order.amount", "order.initial_amount", "order.total_amount"], compared),
    nodes_of(["redemption.count.per_customer", "campaign.orders.amount_discounted"], compared),
    nodes_of(["customer.segment", "customer.loyalty.tier"], memberships),
    nodes_of(["customer.metadata", "order.metadata", "redemption.metadata"], worded),
)
subrules = st.one_of(
    nodes_of(["order.items.aggregated_quantity", "order.items.price"], compared),
    nodes_of(["order.items.metadata"], worded),
    leaves,
)


def maps_of(nodes: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.tuples(
        st.lists(nodes, max_size=3),
        st.sampled_from(["", "0", "0 or 1", "0 and 1", "0 and (1 or 2)", "(0 or 1) and 2"]),
    ).map(lambda drawn: with_logic(*drawn))


def with_logic(listed: list[Any], logic: str) -> dict[str, Any]:
    mentioned = {int(word) for word in logic if word.isdigit()}
    fits = all(place < len(listed) for place in mentioned)
    return {**{str(place): part for place, part in enumerate(listed)}, "logic": logic * fits}


item_nodes = st.builds(
    lambda part, rules: {**part, "rules": rules},
    nodes_of(
        ["order.items.any", "order.items.every", "order.items.cheapest", "product.id"], articles
    ),
    maps_of(subrules),
)
plain_items = nodes_of(["order.items.none"], articles)
rules = maps_of(st.one_of(leaves, item_nodes, plain_items))
values = words | st.booleans() | numbers
lines = st.builds(
    Item,
    product_id=st.sampled_from(["p1", "book1", "toy1"]),
    sku_id=st.none() | st.just("s1"),
    quantity=st.none() | st.integers(0, 5),
    price=st.none() | st.integers(0, 5),
    amount=st.none() | st.integers(0, 5),
    metadata=st.fixed_dictionaries({}, optional={"m": words}),
)
orders = st.builds(
    Order,
    amount=st.none() | st.integers(0, 9),
    items=st.lists(lines, max_size=3).map(tuple),
    metadata=st.fixed_dictionaries({}, optional={"m": words}),
)
customers = st.builds(
    Customer,
    profile=st.fixed_dictionaries(
        {},
        optional={"metadata": st.fixed_dictionaries({"m": values | st.lists(values, max_size=2)})},
    ),
    static_segments=st.sampled_from([frozenset(), frozenset(("seg_fans",))]),
    loyalty_tiers=st.sampled_from([frozenset(), frozenset("x")]),
)
subjects = st.builds(
    Subject,
    moment=st.just(SURROUNDINGS.moment),
    surroundings=st.just(SURROUNDINGS),
    object=st.just("voucher"),
    customer=st.none() | customers,
    order=orders,
    projected=st.none() | orders,
    initial_amount=st.none() | st.integers(0, 9),
    discounted=st.none() | numbers,
    segments=st.just(SEGMENTS),
    collections=st.just(COLLECTIONS),
)
left_out = st.sampled_from(
    [NOTHING, IGNORED, *map(omitted_by, ("AUDIENCE_ONLY", "PRODUCTS", "PRODUCTS_DISCOUNT"))]
)


def is_met(facts: Necessary, subject: Subject) -> bool:
    customer = subject.customer
    if customer is None:
        if facts.needs_customer or facts.segments or facts.loyalty_tiers:
            return False
    else:
        if facts.segments is not None and not any(
            SEGMENTS.contains(segment, customer, SURROUNDINGS) for segment in facts.segments
        ):
            return False
        if facts.loyalty_tiers is not None and not customer.loyalty_tiers & facts.loyalty_tiers:
            return False
        if facts.customer_metadata is not None:
            name, texts = facts.customer_metadata
            if not texts & texts_of(customer.profile.get("metadata", {}).get(name)):
                return False
    if facts.items is not None and not any(
        facts.items.matches(item, COLLECTIONS, SURROUNDINGS) for item in subject.order.items
    ):
        return False
    remaining = subject.order.total_amount
    return facts.min_amount is None or (remaining is not None and remaining >= facts.min_amount)


quick = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
long = settings(quick, max_examples=10_000)


def holds_only_with_its_facts(rules: dict[str, Any], subject: Subject, omitted: Any) -> None:
    rule = parse_rule("val_1", {"rules": rules})

    judgement = rule.judge(subject, omitted)

    assert judgement.truth is False or is_met(necessary(rule, omitted), subject)
    assert (judgement.truth is False) == (judgement.failure is not None)


@quick
@given(rules=rules, subject=subjects, omitted=left_out)
def test_without_its_necessary_facts_no_rule_holds(
    rules: dict[str, Any], subject: Subject, omitted: Any
) -> None:
    holds_only_with_its_facts(rules, subject, omitted)


@pytest.mark.fuzz
@long
@given(rules=rules, subject=subjects, omitted=left_out)
def test_without_its_necessary_facts_no_rule_holds_long(
    rules: dict[str, Any], subject: Subject, omitted: Any
) -> None:
    holds_only_with_its_facts(rules, subject, omitted)


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
operators = st.sampled_from(["$is", "$in", "$is_not", "$from", "$more_than", "$count", "$dow"])
anything = st.dictionaries(
    st.sampled_from(["1", "2", "logic"]),
    json
    | st.sampled_from(["1 and 2", "(1)", "1 2"])
    | st.fixed_dictionaries(
        {"name": st.sampled_from(sorted(STANDARD_RULES))},
        optional={
            "property": json,
            "conditions": json | st.dictionaries(operators, json, max_size=2),
            "rules": json,
            "error": json,
        },
    ),
    max_size=3,
)


definitions = json | st.fixed_dictionaries(
    {}, optional={"rules": anything | rules, "bundle_rules": anything, "error": json}
)


def is_read_or_refused(definition: Any, subject: Subject) -> None:
    stored = parse_stored_rule("val_1", definition)
    try:
        rule = parse_rule("val_1", definition)
    except DefinitionError as error:
        key = error.key
    else:
        assert not stored.faults
        assert rule.judge(subject) == stored.judge(subject)
        return
    assert (key, bool(stored.faults)) == ("invalid_validation_rules", True)


@settings(quick, max_examples=100)
@given(definition=definitions, subject=subjects)
def test_any_definition_is_read_or_refused(definition: Any, subject: Subject) -> None:
    is_read_or_refused(definition, subject)


@pytest.mark.fuzz
@long
@given(definition=definitions, subject=subjects)
def test_any_definition_is_read_or_refused_long(definition: Any, subject: Subject) -> None:
    is_read_or_refused(definition, subject)

"""The index over promotions: it names every tier that may qualify, once, the newest first.

`pytest tests/engine -m fuzz` tries projects 1,500 times instead of 150.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.engine.asking import NOW, asked, cart, line, rule, tier

from kupon.engine.candidates import Candidate, Index, Key, keys_of, promising
from kupon.engine.collections import ALL_PRODUCTS, Collection, Collections, parse_collection_filter
from kupon.engine.customer import Customer
from kupon.engine.judging import base_subject
from kupon.engine.model import PromotionTier, Redeemable, Snapshot
from kupon.engine.qualify import SCENARIOS, first_look, scenario_of
from kupon.engine.rules import NOTHING, Rule
from kupon.engine.rules.omissions import IGNORED, STRICTLY_IGNORED
from kupon.engine.segments import Segment, Segments, parse_segment_filter

HOUR = timedelta(hours=1)
SEGMENTS = Segments(
    {
        "seg_listed": Segment(id="seg_listed", type="static"),
        "seg_pros": Segment(
            id="seg_pros",
            type="passive",
            filter=parse_segment_filter({"metadata.plan": {"conditions": {"$is": ["pro"]}}}),
        ),
    }
)
COLLECTIONS = Collections(
    {
        "pc_ab": Collection(id="pc_ab", products=frozenset("ab")),
        "pc_sku": Collection(id="pc_sku", skus=frozenset({"s1"})),
        "pc_dear": Collection(
            id="pc_dear",
            filter=parse_collection_filter(
                {"junction": "and", "price": {"conditions": {"$more_than": [500]}}}
            ),
        ),
    }
)


def node(name: str, **conditions: Any) -> dict[str, Any]:
    property = conditions.pop("property", None)
    asked = {f"${operator}": values for operator, values in conditions.items()}
    return {"name": name, "property": property, "conditions": asked}


def candidate(name: str, *rules: Rule, created_at: datetime = NOW, **facts: Any) -> Candidate:
    source = tier(name, rules=rules, **facts).source
    assert isinstance(source, PromotionTier)
    return Candidate(tier=source, created_at=created_at)


def index_of(*candidates: Candidate, now: datetime = NOW) -> Index:
    return Index(NOTHING).renewed((), candidates, now)


def names(found: Sequence[Candidate]) -> list[str]:
    return [each.tier.id for each in found]


def request(now: datetime = NOW, **facts: Any) -> Snapshot:
    order = facts.pop("order", cart())
    known = {"segments": SEGMENTS, "collections": COLLECTIONS}
    return replace(asked(order=order, facts=known | facts), now=now)


SEGMENT = node("customer.segment", **{"is": ["seg_pros", "seg_x"]})
PLAN = node("customer.metadata", property="plan", **{"is": ["pro", "max"]})
TIER = node("customer.loyalty.tier", **{"in": ["ltr_1"]})
ANY_A = node("order.items.any", **{"is": ["a", {"id": "s1", "object": "sku"}]})
ANY_AB = node("order.items.any", **{"is": ["a", "pc_ab"]})
RICH = node("order.amount", more_than_or_equal=[1000])
OWNER = node("publication.redeemable_by_linked_customer", **{"is": [True]})
CHANNEL = node("order.metadata", property="channel", **{"is": ["web"]})


@pytest.mark.parametrize(
    ("nodes", "keys"),
    [
        ((), {Key("always")}),
        ((CHANNEL,), {Key("always")}),
        ((OWNER,), {Key("customer")}),
        ((RICH,), {Key("amount", 1000)}),
        ((RICH, OWNER), {Key("amount", 1000)}),
        ((TIER, RICH), {Key("loyalty_tier", "ltr_1")}),
        ((SEGMENT, TIER), {Key("segment", "seg_pros"), Key("segment", "seg_x")}),
        ((SEGMENT, PLAN), {Key("metadata", ("plan", "pro")), Key("metadata", ("plan", "max"))}),
        ((ANY_A, PLAN), {Key("article", "a"), Key("article", "s1")}),
        ((ANY_AB, PLAN), {Key("metadata", ("plan", "pro")), Key("metadata", ("plan", "max"))}),
        ((ANY_AB, TIER), {Key("loyalty_tier", "ltr_1")}),
        ((ANY_AB, RICH), {Key("article", "a"), Key("collection", "pc_ab")}),
    ],
)
def test_a_tier_stands_where_its_conditions_narrow_best(
    nodes: Sequence[Any], keys: set[Key]
) -> None:
    of_one_rule = rule({str(number): each for number, each in enumerate(nodes)})
    of_many = [rule({"1": each}) for each in nodes]
    for rules in ([of_one_rule], of_many):
        found = keys_of(candidate("t", *rules).tier, NOTHING)
        assert (set(found), len(found)) == (keys, len(keys))


def test_what_is_not_asked_narrows_nothing() -> None:
    found = candidate("t", rule({"1": RICH, "2": OWNER})).tier
    assert keys_of(found, IGNORED) == (Key("customer"),)
    assert keys_of(found, STRICTLY_IGNORED) == (Key("amount", 1000),)
    assert keys_of(found, scenario_of("PRODUCTS_DISCOUNT").omitted) == (Key("always"),)


@pytest.mark.parametrize(
    ("nodes", "meets", "misses"),
    [
        ((), {}, None),
        ((RICH,), {"order": cart(amount=1000)}, {"order": cart(amount=999)}),
        ((RICH,), {"order": cart(amount=5000)}, {"order": cart()}),
        ((OWNER,), {"customer": Customer()}, {}),
        (
            (TIER,),
            {"customer": Customer(loyalty_tiers=frozenset({"ltr_1"}))},
            {"customer": Customer(loyalty_tiers=frozenset({"ltr_2"}))},
        ),
        (
            (SEGMENT,),
            {"customer": Customer(profile={"metadata": {"plan": "pro"}})},
            {"customer": Customer(profile={"metadata": {"plan": "max"}})},
        ),
        (
            (PLAN,),
            {"customer": Customer(profile={"metadata": {"plan": ["none", "max"]}})},
            {"customer": Customer(profile={"metadata": {"plan": "none"}})},
        ),
        ((ANY_A,), {"order": cart(line("a"))}, {"order": cart(line("b"))}),
        ((ANY_A,), {"order": cart(line("z", sku_id="s1"))}, {"order": cart(line("z"))}),
        ((ANY_AB,), {"order": cart(line("b"))}, {"order": cart(line("z"))}),
    ],
)
def test_who_meets_the_condition_hears_of_the_tier(
    nodes: Sequence[Any], meets: dict[str, Any], misses: dict[str, Any] | None
) -> None:
    rules = [rule({str(number): each for number, each in enumerate(nodes)})]
    index = index_of(candidate("t", *rules))
    assert names(index.find(request(**meets))) == ["t"]
    if misses is not None:
        assert index.find(request(**misses)) == []


def test_the_newest_come_first_whatever_they_stand_under() -> None:
    alternatives = [node("order.items.any", **{"is": ["a", "b"]}), RICH, OWNER]
    found = [
        candidate(f"t{number}", rule({"1": each}), created_at=NOW - HOUR * number)
        for number, each in enumerate([*alternatives, CHANNEL, alternatives[0]])
    ]
    index = index_of(*found[::-1])
    snapshot = request(order=cart(line("a", 5), line("b")), customer=Customer())
    assert names(index.find(snapshot)) == ["t0", "t1", "t2", "t3", "t4"]


def test_tiers_of_one_moment_have_an_order_too() -> None:
    index = index_of(*(candidate(name) for name in "cab"))
    assert names(index.find(request())) == ["a", "b", "c"]


@pytest.mark.parametrize("whose", ["limits", "campaign_limits"])
def test_what_has_not_begun_is_found_when_it_does(whose: str) -> None:
    starts = {whose: {"start_date": NOW + HOUR}}
    soon = candidate("soon", rule({"1": OWNER}), created_at=NOW, **starts)
    always = candidate("always", created_at=NOW - HOUR)
    index = index_of(always, soon)
    assert names(index.find(request())) == ["always"]
    # Its conditions are not looked at until the index is renewed.
    assert names(index.find(request(NOW + HOUR))) == ["soon", "always"]
    renewed = index.renewed([soon], [soon], NOW + HOUR)
    assert names(renewed.find(request(NOW + HOUR))) == ["always"]
    assert names(index.renewed([soon], [], NOW).find(request(NOW + HOUR))) == ["always"]


def test_the_later_start_counts() -> None:
    soon = candidate(
        "t", limits={"start_date": NOW - HOUR}, campaign_limits={"start_date": NOW + HOUR}
    )
    index = index_of(soon)
    assert (index.find(request()), names(index.find(request(NOW + HOUR)))) == ([], ["t"])


@pytest.mark.parametrize(
    "facts",
    [
        {"is_active": False},
        {"is_campaign_active": False},
        {"limits": {"expiration_date": NOW - HOUR}},
        {"campaign_limits": {"expiration_date": NOW - HOUR}},
    ],
)
def test_what_is_off_or_over_is_left_out(facts: dict[str, Any]) -> None:
    assert index_of(candidate("t", **facts)).find(request()) == []


def test_what_ends_now_is_still_there() -> None:
    assert index_of(candidate("t", limits={"expiration_date": NOW})).find(request())


def test_an_index_does_not_change_when_it_is_renewed() -> None:
    one, two = candidate("one", rule({"1": RICH})), candidate("two")
    empty = Index(NOTHING)
    first = empty.renewed((), [one], NOW)
    second = first.renewed([one], [two], NOW)
    third = second.renewed([two], (), NOW)
    snapshot = request(order=cart(amount=1000))
    assert [names(each.find(snapshot)) for each in (empty, first, second, third)] == [
        [],
        ["one"],
        ["two"],
        [],
    ]


def test_to_take_out_what_is_not_there_does_no_harm() -> None:
    one = candidate("one")
    stranger = candidate("one")
    assert names(index_of(one).renewed([stranger], (), NOW).find(request())) == ["one"]


def test_only_rules_of_this_moment_are_asked_ahead() -> None:
    """What counts past uses is left to the look at each; what is unknown stands in nobody's way."""
    counted = node("redemption.count.daily", less_than=[1])
    snapshot = request(order=cart(amount=10))
    subject = base_subject(snapshot, snapshot.order, "promotion_tier")
    found = [
        candidate("plain"),
        candidate("counted", rule({"1": counted})),
        candidate("listed", rule(applicable_to={"included_all": True})),
        candidate("rich", rule({"1": RICH})),
        candidate("rich too", rule({"1": CHANNEL, "2": RICH, "logic": "1 or 2"}), rule({})),
        candidate("both", rule({"1": RICH}), rule({"1": CHANNEL})),
        candidate("left", rule({"1": node("order.total_amount", more_than=[10**6])})),
    ]
    assert names(list(promising(found, subject, NOTHING))) == ["plain", "counted", "listed", "left"]
    assert names(list(promising(found, subject, IGNORED))) == [
        "plain",
        "counted",
        "listed",
        "rich",
        "rich too",
        "left",
    ]


# ---- projects at random ------------------------------------------------------------------
few = st.lists(
    st.sampled_from(["a", "b", "s1", "pc_ab", "pc_sku", "pc_dear", ALL_PRODUCTS]), max_size=2
)
amounts = st.sampled_from([0, 500, "500.5", 1000, "1000", 2000, "x"])
segment_ids = st.lists(st.sampled_from(["seg_listed", "seg_pros", "seg_x"]), max_size=2)
words = st.sampled_from(["pro", "max", "5", "5.0", "true", ""])
comparisons = st.sampled_from(
    ["is", "in", "is_not", "more_than", "more_than_or_equal", "less_than", "greater_than"]
)


def nodes(
    names: Sequence[str], operators: st.SearchStrategy[str], values: st.SearchStrategy[Any]
) -> st.SearchStrategy[Any]:
    asked = st.dictionaries(operators, values, max_size=2)
    properties = st.sampled_from(["plan", "address.city"])
    return st.builds(
        lambda name, property, conditions: node(name, property=property, **conditions),
        st.sampled_from(names),
        properties,
        asked,
    )


is_or_not = st.sampled_from(["is", "in", "is_not", "not_in"])
leaves = st.one_of(
    nodes(["order.items.any", "order.items.every", "product.id"], is_or_not, few),
    nodes(["order.items.none", "sku.id"], is_or_not, few),
    nodes(
        ["order.amount", "order.initial_amount", "order.total_amount"],
        comparisons,
        amounts | st.lists(amounts, max_size=2),
    ),
    nodes(["customer.segment"], is_or_not, segment_ids),
    nodes(["customer.loyalty.tier"], is_or_not, st.lists(st.sampled_from(["ltr_1", "ltr_2"]))),
    nodes(
        ["customer.metadata", "order.metadata"],
        st.sampled_from(["is", "in", "is_not", "contains", "count"]),
        st.lists(words, min_size=1, max_size=2),
    ),
    nodes(["redemption.count.daily"], comparisons, st.just([1])),
    st.just(OWNER),
)


def is_readable(definition: Any) -> bool:
    try:
        rule(definition)
    except ValueError:
        return False
    return True


logics = st.sampled_from(["0", "0 and 1", "0 or 1", "(0 or 1) and 2", "0 or (1 and 2)", ""])
maps = (
    st.tuples(st.lists(leaves, min_size=3, max_size=3), logics)
    .map(lambda drawn: {str(n): each for n, each in enumerate(drawn[0])} | {"logic": drawn[1]})
    .filter(is_readable)
)
moments = st.sampled_from([None, None, None, NOW - HOUR, NOW, NOW + HOUR, NOW + 2 * HOUR])
dates = st.fixed_dictionaries({"start_date": moments, "expiration_date": moments})
tiers = st.fixed_dictionaries(
    {
        "rules": st.lists(maps, max_size=2),
        "created_at": st.integers(0, 3).map(lambda hours: NOW - HOUR * hours),
        "limits": dates,
        "campaign_limits": dates,
        "is_active": st.sampled_from([True, True, True, False]),
        "is_campaign_active": st.sampled_from([True, True, True, False]),
    }
)
articles = st.sampled_from(
    [
        {"product_id": "a"},
        {"product_id": "b", "price": 100},
        {"product_id": "z", "price": 900},
        {"product_id": "z", "sku_id": "s1"},
        {"source_id": "a", "related_object": "product"},
        {"source_id": "s1", "related_object": "sku", "price": 600},
    ]
)
orders = st.builds(
    lambda items, more: cart(*items, **more),
    st.lists(articles, max_size=2),
    st.fixed_dictionaries(
        {},
        optional={
            "amount": st.sampled_from([0, 500, 501, 1000, 2000]),
            "discount_amount": st.sampled_from([0, 1, 600]),
            "metadata": st.fixed_dictionaries({"plan": words}),
        },
    ),
)
values = words | st.sampled_from([5, 5.0, True, None, ["pro", "x"], [], {"city": "pro"}])
customers = st.builds(
    Customer,
    id=st.none() | st.just("cust_1"),
    profile=st.fixed_dictionaries(
        {},
        optional={
            "metadata": st.fixed_dictionaries(
                {}, optional={"plan": values, "address": values, "address.city": values}
            )
        },
    ),
    static_segments=st.sampled_from([frozenset(), frozenset({"seg_listed"})]),
    loyalty_tiers=st.sampled_from([frozenset(), frozenset({"ltr_1"})]),
)
scenarios = st.sampled_from([*map(scenario_of, SCENARIOS), scenario_of("ALL", STRICTLY_IGNORED)])


@dataclass
class Turn:
    """What goes, by its place among what there is, and what comes, so much later than before."""

    gone: list[int]
    come: list[dict[str, Any]]
    passed: timedelta


turns = st.lists(
    st.builds(
        Turn,
        st.lists(st.integers(0, 20), max_size=3),
        st.lists(tiers, max_size=4),
        st.sampled_from([timedelta(0), HOUR]),
    ),
    min_size=1,
    max_size=4,
)


def made(number: int, facts: dict[str, Any]) -> Candidate:
    facts = dict(facts)
    rules = [rule(each, f"val_{number}_{place}") for place, each in enumerate(facts.pop("rules"))]
    return candidate(f"promo_{number}", *rules, **facts)


def finds_what_may_qualify(turns: list[Turn], snapshot: Snapshot, scenario: Any) -> None:
    live: list[Candidate] = []
    index = Index(scenario.omitted)
    now = NOW - HOUR
    count = 0
    for turn in turns:
        gone = [live[place % len(live)] for place in dict.fromkeys(turn.gone)] if live else []
        gone = list(dict.fromkeys(gone))
        come = [made(count + number, facts) for number, facts in enumerate(turn.come)]
        count += len(come)
        now += turn.passed
        live = [each for each in live if each not in gone] + come
        index = index.renewed(gone, come, now)
        for later in (timedelta(0), HOUR):
            _check(index, live, replace(snapshot, now=now + later), scenario)


def _check(index: Index, live: list[Candidate], snapshot: Snapshot, scenario: Any) -> None:
    found = index.find(snapshot)
    assert len(found) == len(set(found))
    assert set(found) <= set(live)
    assert found == sorted(found, key=lambda each: each.rank)
    subject = base_subject(snapshot, snapshot.order, "promotion_tier")
    ahead = set(promising(found, subject, scenario.omitted))
    for each in live:
        redeemable = Redeemable(object="promotion_tier", id=each.tier.id, source=each.tier)
        if first_look(redeemable, snapshot, scenario, subject) is not None:
            assert each in ahead, each.tier.id


quick = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
snapshots = st.builds(
    lambda order, customer: request(order=order, customer=customer), orders, st.none() | customers
)


@quick
@given(turns=turns, snapshot=snapshots, scenario=scenarios)
def test_whatever_may_qualify_is_found(
    turns: list[Turn], snapshot: Snapshot, scenario: Any
) -> None:
    finds_what_may_qualify(turns, snapshot, scenario)


@pytest.mark.fuzz
@settings(quick, max_examples=1500)
@given(turns=turns, snapshot=snapshots, scenario=scenarios)
def test_whatever_may_qualify_is_found_long(
    turns: list[Turn], snapshot: Snapshot, scenario: Any
) -> None:
    finds_what_may_qualify(turns, snapshot, scenario)

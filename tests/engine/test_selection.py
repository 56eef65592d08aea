"""Which units of which lines are covered, and in which order."""

from __future__ import annotations

from typing import Any

import pytest
from tests.engine.asking import (
    EVERY_PRODUCT,
    cart,
    collection,
    collections,
    line,
    listed,
    product,
)

from kupon.engine.order import Order
from kupon.engine.selection import limited, select
from kupon.engine.situation import PLAIN, Situation

# Ten units: 2 for 9.00 each, 3 for 5.00, 5 for 7.00.
TEN = cart(line("a", 2, 900), line("b", 3, 500), line("c", 5, 700))
ALL_OF_THEM = [(0, [1, 2]), (1, [1, 2, 3]), (2, [1, 2, 3, 4, 5])]


def situation(*included: Any, excluded: Any = (), all: bool = False, **facts: Any) -> Situation:
    lists = listed(*included, excluded=excluded, all=all).applicable_to
    return Situation(
        applicability=lists,
        collections=collections(bc=["b", "c"], ab=["a", "b"]),
        **facts,
    )


def units(picks: Any) -> list[tuple[int, list[int]]]:
    """Line and unit numbers as answers print them: lines from 0, units from 1."""
    return [(pick.place, [unit + 1 for unit in pick.units]) for pick in picks]


def every(**settings: Any) -> dict[str, Any]:
    return {**EVERY_PRODUCT, **settings}


@pytest.mark.parametrize(
    ("settings", "covered"),
    [
        pytest.param({}, ALL_OF_THEM, id="everything"),
        pytest.param({"skip_initially": 1}, ALL_OF_THEM[1:], id="all lines but the first"),
        pytest.param({"repeat": 2}, [ALL_OF_THEM[0], ALL_OF_THEM[2]], id="every second line"),
        pytest.param({"skip_initially": 3}, [], id="no line is left"),
        pytest.param(
            {"target": "UNIT", "skip_initially": 1, "repeat": 3},
            [(0, [2]), (1, [3]), (2, [3])],
            id="skip 1, repeat 3: units 2, 5, 8",
        ),
        pytest.param(
            {"target": "UNIT", "repeat": 3},
            [(0, [1]), (1, [2]), (2, [2, 5])],
            id="skip 0, repeat 3: units 1, 4, 7, 10",
        ),
        pytest.param(
            {"target": "UNIT", "skip_initially": 6},
            [(2, [2, 3, 4, 5])],
            id="all units but the first six",
        ),
        pytest.param({"effect": "APPLY_TO_CHEAPEST"}, [(1, [1, 2, 3])], id="the cheapest line"),
        pytest.param(
            {"effect": "APPLY_TO_CHEAPEST", "target": "UNIT"}, [(1, [1])], id="the cheapest unit"
        ),
        pytest.param({"effect": "APPLY_TO_MOST_EXPENSIVE"}, [(0, [1, 2])], id="the dearest line"),
        pytest.param(
            {"effect": "APPLY_FROM_CHEAPEST"},
            [ALL_OF_THEM[1], ALL_OF_THEM[2], ALL_OF_THEM[0]],
            id="cheapest first",
        ),
        pytest.param(
            {"effect": "APPLY_FROM_MOST_EXPENSIVE", "skip_initially": 1},
            [ALL_OF_THEM[2], ALL_OF_THEM[1]],
            id="dearest first, but not the dearest",
        ),
        pytest.param(
            {"effect": "APPLY_FROM_CHEAPEST", "target": "UNIT", "skip_initially": 2, "repeat": 2},
            [(1, [3]), (2, [2, 4]), (0, [1])],
            id="units 3, 5, 7, 9 of the ranked ones",
        ),
    ],
)
def test_covered(settings: Any, covered: Any) -> None:
    assert units(select(TEN, situation(every(**settings)))) == covered


def test_without_lists_every_priced_line_is_covered() -> None:
    order = cart(line("a", 2), line("b", 1, None), line("c", None, None, amount=500))
    picks = select(order, PLAIN)
    assert units(picks) == [(0, [1, 2]), (2, [1])]
    assert [pick.entry for pick in picks] == [None, None]
    assert all(pick.is_whole for pick in picks)


@pytest.mark.parametrize(
    ("order", "effect", "places"),
    [
        pytest.param(
            cart(line("a", 3, 2000), line("b", 5, 1500)), "CHEAPEST", [1, 0], id="unit price"
        ),
        pytest.param(
            cart(line("a", 2, 500), line("b", 1, 500), line("c", 3, 500)),
            "MOST_EXPENSIVE",
            [1, 0, 2],
            id="then the lower subtotal",
        ),
        pytest.param(
            cart(line("a", 1, 500), line("b", 2, 500, discount_amount=600)),
            "CHEAPEST",
            [1, 0],
            id="the subtotal lacks what is off",
        ),
        pytest.param(
            cart(line("a", 1, 500), line("b", 1, 500)), "MOST_EXPENSIVE", [0, 1], id="then order"
        ),
        pytest.param(
            cart(line("a", 2, None, amount=900), line("b", 1, 440)),
            "MOST_EXPENSIVE",
            [0, 1],
            id="price of a unit from the amount",
        ),
        pytest.param(
            cart(line("a", 0, None, amount=900), line("b", 1, 1)),
            "CHEAPEST",
            [0, 1],
            id="no unit, no price",
        ),
    ],
)
def test_ranking(order: Order, effect: str, places: list[int]) -> None:
    picks = select(order, situation(every(effect=f"APPLY_FROM_{effect}")))
    assert [pick.place for pick in picks] == places


def test_a_line_that_is_gone_is_not_the_cheapest() -> None:
    replaced = cart(line("a", 0, 100), line("b", 1, 500), line("c", 2, 700))
    cheapest = situation(every(effect="APPLY_TO_CHEAPEST"))
    assert units(select(replaced, cheapest)) == [(1, [1])]
    assert units(select(replaced, PLAIN)) == [(1, [1]), (2, [1, 2])]
    # A client's own amount counts, even for no units.
    sent = cart(line("a", 0, 100, amount=900), line("b", 1, 500))
    assert units(select(sent, cheapest)) == [(0, [])]


def test_the_cheapest_unit_is_on_a_line_that_has_units() -> None:
    one_unit = situation(every(effect="APPLY_TO_CHEAPEST", target="UNIT"))
    sent = cart(line("a", 0, 100, amount=900), line("b", 2, 500))
    assert units(select(sent, one_unit)) == [(1, [1])]
    assert select(cart(line("a", 0, 100, amount=900)), one_unit) == []


def test_excluded_beats_included() -> None:
    lists = situation(product("b"), collection("ab"), excluded=[product("b")])
    assert units(select(TEN, lists)) == [(0, [1, 2])]
    assert units(select(TEN, situation(excluded=[collection("bc")]))) == [(0, [1, 2])]


def test_what_is_not_included_is_not_covered() -> None:
    assert select(TEN, situation(product("z"))) == []


def test_included_all_keeps_the_settings_of_entries() -> None:
    picks = select(TEN, situation(product("b", quantity_limit=1), all=True))
    assert units(picks) == ALL_OF_THEM
    assert [pick.entry.id if pick.entry else None for pick in picks] == [None, "b", None]


def test_a_line_belongs_to_the_first_entry_that_names_it() -> None:
    picks = select(TEN, situation(collection("ab"), collection("bc"), product("b")))
    assert [(pick.place, pick.entry.id) for pick in picks if pick.entry] == [
        (0, "ab"),
        (1, "b"),
        (2, "bc"),
    ]


def test_entries_that_rank_are_visited_one_after_the_other() -> None:
    ranking = collection("ab", effect="APPLY_FROM_CHEAPEST")
    order = cart(line("a"), line("c"), line("b", 1, 400))
    picks = select(order, situation(ranking, product("c")))
    assert [pick.place for pick in picks] == [2, 0, 1]


def test_only_marked_places_are_covered() -> None:
    marked = situation(every(), places=frozenset((0, 2)))
    assert [pick.place for pick in select(TEN, marked)] == [0, 2]


@pytest.mark.uncertain
def test_once_leaves_discounted_articles_alone() -> None:
    order = cart(
        line("a", discount_amount=1),
        line("b"),
        line("a"),
        line("c", 2, discount_quantity=1),
        line("d", sku_id="s", discount_amount=5),
        line("d", sku_id="t"),
    )
    assert [pick.place for pick in select(order, situation(every(), is_once=True))] == [1, 5]
    assert [pick.place for pick in select(order, Situation(is_once=True))] == [1, 5]


@pytest.mark.parametrize(
    ("settings", "factor", "counts"),
    [
        pytest.param({}, 1, [2, 3, 5], id="no limit"),
        pytest.param({"quantity_limit": 2}, 1, [2, 2, 2], id="per line"),
        pytest.param({"quantity_limit": 2}, 2, [2, 3, 4], id="per line, twice"),
        pytest.param({"quantity_limit": 0}, 1, [], id="none at all"),
        pytest.param({"aggregated_quantity_limit": 4}, 1, [2, 2], id="over all lines"),
        pytest.param({"aggregated_quantity_limit": 3}, 3, [2, 3, 4], id="over all lines, thrice"),
        pytest.param(
            {"quantity_limit": 1, "aggregated_quantity_limit": 2}, 1, [1, 1], id="the lower one"
        ),
        pytest.param(
            {"quantity_limit_formula": "ORDER_ITEM_UNITS_QUANTITY - 1"}, 1, [1, 2, 4], id="formula"
        ),
        pytest.param(
            {"quantity_limit_formula": 'ORDER_METADATA("x")'}, 1, [2, 3, 5], id="formula in vain"
        ),
        pytest.param(
            {"aggregated_quantity_limit_formula": "ORDER_UNITS_QUANTITY / 2"},
            1,
            [2, 3],
            id="formula over all lines",
        ),
        pytest.param(
            {"aggregated_quantity_limit_formula": 'ORDER_METADATA("x")'},
            1,
            [2, 3, 5],
            id="formula over all lines in vain",
        ),
    ],
)
def test_quantity_limits(settings: Any, factor: int, counts: list[int]) -> None:
    surroundings = situation(every(**settings))
    picks = limited(select(TEN, surroundings), TEN, surroundings, factor)
    assert [len(pick.units) for pick in picks] == counts
    assert [list(pick.units) for pick in picks] == [list(range(count)) for count in counts]


def test_quantity_limits_cut_from_the_start_of_what_is_covered() -> None:
    surroundings = situation(every(target="UNIT", skip_initially=1, repeat=3, quantity_limit=1))
    order = cart(line("a", 10))
    assert units(select(order, surroundings)) == [(0, [2, 5, 8])]
    assert units(limited(select(order, surroundings), order, surroundings)) == [(0, [2])]


def test_limits_belong_to_their_entry() -> None:
    surroundings = situation(product("a", quantity_limit=1), all=True)
    picks = limited(select(TEN, surroundings), TEN, surroundings)
    assert [len(pick.units) for pick in picks] == [1, 3, 5]
    each = situation(
        product("a", aggregated_quantity_limit=1), collection("bc", aggregated_quantity_limit=4)
    )
    assert [len(pick.units) for pick in limited(select(TEN, each), TEN, each)] == [1, 3, 1]

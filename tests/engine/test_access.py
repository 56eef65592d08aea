"""Who may use and edit a campaign, by the table of the specification and pair by pair."""

from __future__ import annotations

import pytest

from kupon.engine.access import Level, Place, covers, may_edit, may_use

STORES = {
    "Lyon": "France",
    "Hamburg": "Germany",
    "Munich": "Germany",
    "Katowice": "Poland",
    "Krakow": "Poland",
    "Warsaw": "Poland",
    "Gdynia": "Poland",
}


def area(name):
    return Place(Level.AREA, name)


def all_stores(name):
    return Place(Level.ALL_STORES, name)


def store(name):
    return Place(Level.STORE, STORES[name], name)


SCOPE = frozenset(
    [area("France"), all_stores("Germany"), *map(store, ("Katowice", "Krakow", "Warsaw"))]
)


# Source: spec rules-and-qualification, section 20, table.
@pytest.mark.parametrize(
    ("places", "is_used", "is_edited"),
    [
        ([store("Lyon")], False, False),
        ([store("Hamburg"), store("Munich")], True, True),
        ([area("Germany")], False, False),
        ([area("France"), store("Lyon")], True, False),
        ([all_stores("Poland")], True, False),
        ([], False, False),
        ([store("Gdynia")], False, False),
        ([all_stores("Germany"), store("Warsaw"), area("France")], True, True),
        ([all_stores("France")], False, False),
    ],
)
def test_a_scope_uses_what_it_meets_and_edits_what_it_has_whole(places, is_used, is_edited):
    assert may_use(SCOPE, places) is is_used
    assert may_edit(SCOPE, places) is is_edited


@pytest.mark.parametrize(
    ("one", "others"),
    [
        (area("Germany"), {area("Germany")}),
        (all_stores("Germany"), {all_stores("Germany"), store("Hamburg"), store("Munich")}),
        (store("Hamburg"), {store("Hamburg")}),
    ],
)
def test_a_place_covers_itself_and_all_stores_each_of_them(one, others):
    every = {*map(store, STORES), *map(area, STORES.values()), *map(all_stores, STORES.values())}
    assert {other for other in every if covers(one, other)} == others


def test_an_empty_scope_reaches_nothing():
    assert not may_use(frozenset(), [area("France")])
    assert not may_edit(frozenset(), [area("France")])

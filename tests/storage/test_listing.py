from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from kupon.kit.errors import KuponError
from kupon.kit.filters import parse_filters
from kupon.kit.pages import Between, PageRequest, order_terms

if TYPE_CHECKING:
    from tests.storage.conftest import Things


def numbered(count: int) -> list[dict[str, Any]]:
    return [{"size": number} for number in range(count)]


def refuses(things: Things, request: PageRequest, details: str) -> None:
    with pytest.raises(KuponError) as refused:
        things.page(request)
    assert (refused.value.key, refused.value.details) == ("invalid_query_params", details)


def test_pages_and_totals(things: Things) -> None:
    things.put(*numbered(25))
    told = []
    for number in (1, 2, 3, 4):
        page = things.page(PageRequest(limit=10, page=number))
        told.append(([row.size for row in page.rows], page.total, page.has_more))
    assert told == [
        (list(range(10)), 25, True),
        (list(range(10, 20)), 25, True),
        (list(range(20, 25)), 25, False),
        ([], 25, False),
    ]


def test_a_page_that_ends_exactly_with_the_rows(things: Things) -> None:
    things.put(*numbered(20))
    page = things.page(PageRequest(limit=10, page=2))
    assert (len(page.rows), page.total, page.has_more) == (10, 20, False)


def test_nothing_to_list(things: Things) -> None:
    page = things.page(PageRequest())
    assert (page.rows, page.total, page.has_more) == ([], 0, False)


def test_no_total_unless_counted(things: Things) -> None:
    things.put(*numbered(3))
    page = things.page(PageRequest(limit=2), is_counted=False)
    assert ([row.size for row in page.rows], page.total, page.has_more) == ([0, 1], None, True)


def test_other_projects_stay_unseen(things: Things) -> None:
    things.put({"id": "t_mine", "name": "A"})
    things.put({"id": "t_other", "name": "B"}, project_id="proj_other")
    everything = {
        "junction": "or",
        "name": {"conditions": {"$is_not": "x"}},
        "id": {"conditions": {"$has_value": ""}},
    }
    assert things.find() == ["t_mine"]
    assert things.find(everything) == ["t_mine"]


@pytest.mark.parametrize(
    ("order", "ids"),
    [
        ("name", ["t_1", "t_3", "t_0", "t_2", "t_4"]),
        ("-name", ["t_0", "t_3", "t_1", "t_4", "t_2"]),
        ("created_at", ["t_4", "t_3", "t_2", "t_1", "t_0"]),
        ("-id", ["t_4", "t_3", "t_2", "t_1", "t_0"]),
        ("category", ["t_0", "t_1", "t_2", "t_3", "t_4"]),
    ],
    ids=["no value last", "no value last downwards", "created", "id", "unknown to the rows"],
)
def test_order(things: Things, order: str, ids: list[str]) -> None:
    names = ["b", "a", None, "a", None]
    things.put(*({"id": f"t_{number}", "name": name} for number, name in enumerate(names)))
    assert things.find(order=order_terms(order)) == ids


def test_equal_rows_keep_one_order_over_pages(things: Things) -> None:
    things.put(*({"id": f"t_{n:02}", "created_at": things.uow.now} for n in (3, 1, 4, 0, 5, 2)))
    seen = []
    for number in (1, 2, 3):
        seen += [row.id for row in things.page(PageRequest(limit=2, page=number)).rows]
    assert seen == ["t_05", "t_04", "t_03", "t_02", "t_01", "t_00"]


@pytest.mark.parametrize(
    ("order", "first", "second"),
    [("-id", [4, 3], [2, 1]), ("id", [0, 1], [2, 3]), ("-created_at", [4, 3], [2, 1])],
)
def test_walking_by_id(things: Things, order: str, first: list[int], second: list[int]) -> None:
    # As if the clock had gone back between the rows: only the ids tell in which order they came.
    moments = [things.uow.now - timedelta(seconds=n) for n in (3, 9, 1, 0, 5)]
    things.put(*({"size": n, "created_at": moments[n]} for n in range(5)))
    walked = replace(things.listing, is_walked=True)
    request = PageRequest(limit=2, order=order_terms(order))
    page = things.page(request, listing=walked, is_counted=False)
    assert [row.size for row in page.rows] == first
    follows = replace(request, starting_after_id=page.rows[-1].id)
    page = things.page(follows, listing=walked, is_counted=False)
    assert ([row.size for row in page.rows], page.has_more) == (second, True)


def test_walking_needs_the_order_of_creation(things: Things) -> None:
    request = PageRequest(starting_after_id="t_1", order=order_terms("name"))
    refuses(things, request, "Property .starting_after_id can't be combined with order by name")


def test_bounds_of_dates(things: Things) -> None:
    midnight = datetime(2026, 11, 20, 23, tzinfo=UTC)
    hours = (-2, -1, 0, 1)
    things.put(*({"size": h, "created_at": midnight + timedelta(hours=h)} for h in hours))
    warsaw = ZoneInfo("Europe/Warsaw")
    day = date(2026, 11, 21)

    def sizes(**request: Any) -> list[int]:
        page = things.page(PageRequest(order=order_terms("created_at"), **request), tz=warsaw)
        return [row.size for row in page.rows]

    assert sizes(created_at=Between(after=day)) == [1]
    assert sizes(created_at=Between(before=day)) == [-2, -1]
    assert sizes(created_at=Between(after=midnight - timedelta(hours=2), before=midnight)) == [-1]
    assert sizes(start_date=day) == [0, 1]
    assert sizes(end_date=day) == [-2, -1, 0]
    # The rows have no updated_at: what is asked about it means nothing to them.
    assert sizes(updated_at=Between(after=day)) == [-2, -1, 0, 1]


def test_bounds_at_the_edge_of_time_are_refused(things: Things) -> None:
    with pytest.raises(KuponError) as refused:
        things.page(
            PageRequest(created_at=Between(before=date(1, 1, 1))), tz=ZoneInfo("Asia/Tokyo")
        )
    assert refused.value.details == "Query must name dates between the years 1 and 9999"


def test_shortcuts_narrow(things: Things) -> None:
    things.put({"name": "A", "size": 1}, {"name": "B", "size": 2}, {"name": "C", "size": 3})
    assert things.find(shortcuts={"name": "B"}) == ["t_0001"]
    assert things.find(shortcuts={"name": ["A", "B"], "expand": "all"}) == ["t_0000", "t_0001"]
    assert things.find(shortcuts={"name": ["A", "B"], "longer_than": 1}) == ["t_0001"]


def test_a_shortcut_that_means_nothing_is_a_bug(things: Things) -> None:
    with pytest.raises(KeyError, match="holder"):
        things.find(shortcuts={"holder": "x"})


def test_what_holds_for_every_row_joins_with_and(things: Things) -> None:
    things.put({"name": "A", "size": 1}, {"name": "B", "size": 2})
    size = things.listing.entity.size
    narrow = replace(things.listing, where=(size > 1,))
    filters = parse_filters({"junction": "or", "name": {"$is": "A"}, "size": {"$is": 2}})
    page = things.page(PageRequest(filters=filters), listing=narrow)
    assert [row.name for row in page.rows] == ["B"]


def test_junctions(things: Things) -> None:
    things.put({"name": "A", "size": 1}, {"name": "B", "size": 2}, {"name": "C", "size": 3})
    fields = {"name": {"$in": ["A", "B"]}, "size": {"$more_than": 1, "$less_than": 3}}
    assert things.find(fields) == ["t_0001"]
    assert things.find(fields | {"junction": "or"}) == ["t_0000", "t_0001"]
    assert things.find({"junction": "or"}) == ["t_0000", "t_0001", "t_0002"]


def test_patterns_are_taken_literally(things: Things) -> None:
    things.put(*({"name": name} for name in ("50%", "50 percent", "a_b", "axb", "c\\d")))
    assert things.find({"name": {"$ends_with": "0%"}}) == ["t_0000"]
    assert things.find({"name": {"$contains": "_"}}) == ["t_0002"]
    assert things.find({"name": {"$starts_with": "c\\"}}) == ["t_0004"]
    assert things.find({"name": {"$not_contain": ["50", "b"]}}) == ["t_0004"]


def test_tens_of_thousands_of_values(things: Things) -> None:
    things.put({"name": "A7", "notes": {"k": "A9"}}, {"name": "B"})
    many = [f"A{number}" for number in range(50_000)]
    assert things.find({"name": {"$in": many}}) == ["t_0000"]
    assert things.find({"name": {"$not_in": many}}) == ["t_0001"]
    assert things.find({"metadata.k": {"$in": many}}) == ["t_0000"]


def test_metadata(things: Things) -> None:
    things.put(
        {"notes": {"color": "red", "a.b": 1}},
        {"notes": {"color": ["blue", "red"], "a": {"b": 1}}},
        {"notes": {"color": None}},
        {"notes": {}},
    )
    assert things.find({"metadata.color": {"$is": "red"}}) == ["t_0000", "t_0001"]
    assert things.find({"metadata.color": {"$is_not": "blue"}}) == ["t_0000", "t_0002", "t_0003"]
    assert things.find({"metadata.color": {"$is_unknown": ""}}) == ["t_0002", "t_0003"]
    assert things.find({"metadata.color": {"$count": 2}}) == ["t_0001"]
    assert things.find({"metadata.a.b": {"$is": "1"}}) == ["t_0000", "t_0001"]
    assert things.find({"metadata.' OR 1=1 --": {"$has_value": ""}}) == []


def test_states(things: Things) -> None:
    things.put({}, {"seen_at": things.uow.now + timedelta(days=1)})
    assert things.find({"state": {"$unseen": {}}}) == ["t_0001"]
    refuses(
        things,
        PageRequest(filters=parse_filters({"state": {"$gone": {}}})),
        "Property .filters.state.conditions.$gone is not supported",
    )


def test_anniversaries_of_next_month(things: Things) -> None:
    december = things.uow.now.replace(month=12, day=3)
    things.uow.now = december
    things.put({"born_on": date(1990, 1, 31)}, {"born_on": date(2027, 2, 1)}, {})
    assert things.find({"born_on": {"$next_month": True}}) == ["t_0000"]


@pytest.mark.parametrize(
    ("filters", "complaint"),
    [
        ({"color": {"$is": "red"}}, ".filters.color is not supported"),
        ({"metadata": {"$is": "red"}}, ".filters.metadata is not supported"),
        ({"metadata.": {"$is": "red"}}, ".filters.metadata. is not supported"),
        ({"project_id": {"$is": "p"}}, ".filters.project_id is not supported"),
        ({"name": {"$like": "x"}}, ".filters.name.conditions.$like is not supported"),
        ({"name": {"$more_than": 1}}, ".filters.name.conditions.$more_than is not supported"),
        ({"size": {"$starts_with": 1}}, ".filters.size.conditions.$starts_with is not supported"),
        ({"is_active": {"$after": 1}}, ".filters.is_active.conditions.$after is not supported"),
        ({"seen_at": {"$contains": 1}}, ".filters.seen_at.conditions.$contains is not supported"),
        ({"born_on": {"$count": 1}}, ".filters.born_on.conditions.$count is not supported"),
        ({"metadata.a": {"$active": 1}}, ".filters.metadata.a.conditions.$active is not supported"),
        ({"size": {"$is": "big"}}, ".filters.size.conditions.$is must be number"),
        ({"size": {"$is_not": "big"}}, ".filters.size.conditions.$is_not must be number"),
        ({"tags": {"$count": "many"}}, ".filters.tags.conditions.$count must be number"),
        ({"is_active": {"$is": "yes"}}, ".filters.is_active.conditions.$is must be boolean"),
    ],
)
def test_what_a_listing_does_not_know_is_refused(
    things: Things, filters: dict[str, Any], complaint: str
) -> None:
    refuses(things, PageRequest(filters=parse_filters(filters)), f"Property {complaint}")


def test_a_listing_without_metadata(things: Things) -> None:
    filters = parse_filters({"metadata.a": {"$is": "red"}})
    with pytest.raises(KuponError, match=r"\.filters\.metadata\.a is not supported"):
        things.page(PageRequest(filters=filters), listing=replace(things.listing, metadata=None))

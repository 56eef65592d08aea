"""Pages by the moment of creation: no row is lost and none comes twice."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest

from kupon.features.qualifications.service import search
from kupon.testing.builders import (
    amount_off,
    make_campaign,
    make_customer,
    make_promotion,
    make_publication,
    make_stack,
    make_voucher,
    tier,
)

MORNING = datetime.fromisoformat("2026-03-02T08:00:00+00:00")
TEN = {"order": {"amount": 1000}}
ADA = {"customer": {"source_id": "ada"}}


@pytest.fixture
def walk(ask):
    """Walks all pages: `walk(3, "ALL", order=...)`; the ids page by page."""

    def turn(limit, scenario=None, **words):
        pages, after = [], None
        while True:
            size = limit() if callable(limit) else limit
            page = ask(scenario, limit=size, starting_after=after, **words)
            pages.append([row["id"] for row in page["data"]])
            assert page["total"] == len(page["data"]) <= size
            assert page["has_more"] == ("more_starting_after" in page)
            if not page["has_more"]:
                return pages
            assert pages[-1]
            after = page["more_starting_after"]

    return turn


def flat(pages):
    return [id for page in pages for id in page]


@pytest.fixture
def many(api, uow):
    """Makes codes for everybody by copying one: `many(120, [moment, ...])`; the moments in turn."""

    def copy(count, moments):
        make_voucher(api, "A0")
        columns = "project_id, type, discount, metadata"
        uow.driver.execute(
            f"INSERT INTO vouchers ({columns}, id, code, code_key, created_at)"
            f" SELECT {columns}, 'v_copy' || n, 'A' || n, 'A' || n, moment"
            " FROM vouchers, unnest(%s::timestamptz[]) WITH ORDINALITY AS m(moment, n)"
            " WHERE project_id = %s",
            ([moments[place % len(moments)] for place in range(count)], uow.project_id),
        )
        uow.commit()
        return {f"A{number}" for number in range(count + 1)}

    return copy


def test_pages_go_on_where_the_last_one_ended(api, ask, walk):
    for name in "ABCDEFG":
        make_voucher(api, name)
    assert walk(3, **TEN) == [["G", "F", "E"], ["D", "C", "B"], ["A"]]
    assert walk(7, **TEN) == [list("GFEDCBA")]
    assert walk(50, **TEN) == [list("GFEDCBA")]
    assert walk(1, **TEN) == [[name] for name in "GFEDCBA"]


def test_five_are_told_if_no_limit_is_named(api):
    for name in "ABCDEF":
        make_voucher(api, name)
    page = api.post("/v1/qualifications", json=TEN).expect()["redeemables"]
    assert [row["id"] for row in page["data"]] == list("FEDCB")
    assert (page["total"], page["has_more"]) == (5, True)


def test_what_does_not_qualify_takes_no_room(api, walk, rule):
    never = rule({"name": "order.initial_amount", "conditions": {"$more_than": [10**9]}})
    for number in range(60):
        members = {"validation_rules": [never]} if number % 7 else {}
        make_voucher(api, f"C{number:02}", **members)
    found = [f"C{number:02}" for number in range(56, -1, -7)]
    assert walk(4, **TEN) == [found[:4], found[4:8], found[8:]]


@pytest.mark.parametrize("seed", range(4))
def test_mass_created_codes_come_once_each(walk, many, seed):
    """Hundreds of codes with few moments, some a microsecond or a millisecond apart."""
    chance = random.Random(seed)
    steps = [timedelta(microseconds=chance.choice((0, 1, 999, 1000, 1001))) for _ in range(5)]
    moments = [MORNING + step * place for place, step in enumerate(steps)]
    codes = many(150, moments)
    first = flat(walk(50, **TEN))
    assert len(first) == len(codes)
    assert set(first) == codes
    assert flat(walk(lambda: chance.randint(1, 50), **TEN)) == first


def test_neighbouring_milliseconds_are_kept_apart(walk, many):
    codes = many(40, [MORNING + timedelta(milliseconds=step) for step in range(4)])
    for limit in (1, 3, 7, 10, 11, 20):
        found = flat(walk(limit, **TEN))
        assert (len(found), set(found)) == (len(codes), codes)


@pytest.mark.slow
def test_more_than_a_thousand_of_one_moment(ask, many):
    """A moment of so many cannot be told in parts to the end: the last page has the rest."""
    codes = many(1010, [MORNING])
    sizes, found, after = [], [], None
    while True:
        page = ask(limit=50, starting_after=after, **TEN)
        sizes.append(page["total"])
        found += [row["id"] for row in page["data"]]
        if not page["has_more"]:
            break
        after = page["more_starting_after"]
    assert (len(found), set(found)) == (len(codes), codes)
    assert sizes[:-1] == [50] * (len(sizes) - 1)


def test_all_kinds_with_one_moment_come_once_each(api, walk, age):
    """What a customer holds of what is for everybody is one offer, in whatever order it comes."""
    ada = make_customer(api, source_id="ada")
    pool = make_campaign(api, type="AUTO_UPDATE")["id"]
    expected = {pool}
    for name in "ABCDEFGHIJ":
        make_voucher(api, name)
        expected.add(name)
    for name in "JCFA":
        make_publication(api, ada, voucher=name)
    for name in ("P1", "P2", "P3"):
        api.post(f"/v1/campaigns/{pool}/vouchers/{name}").expect()
        make_publication(api, ada, voucher=name)
        expected.add(name)
    promotion = make_promotion(api, *(tier() for _ in range(4)))
    expected |= {each["id"] for each in promotion["promotion"]["tiers"]}
    for table in ("vouchers", "campaigns", "promotion_tiers"):
        age(table, MORNING)
    for limit in (1, 2, 3, 5, 8, 50):
        found = flat(walk(limit, **TEN, **ADA))
        assert sorted(found) == sorted(expected)
    held = flat(walk(2, "CUSTOMER_WALLET", **TEN, **ADA))
    assert sorted(held) == ["A", "C", "F", "J", "P1", "P2", "P3"]


def test_stacks_have_pages(api, walk, age):
    promotion = make_promotion(api, tier(), name="Promo")
    tier_id = promotion["promotion"]["tiers"][0]["id"]
    stacks = [make_stack(api, promotion["id"], tier_id)["id"] for _ in range(5)]
    assert walk(2, "PROMOTION_STACKS", **TEN) == [
        [stacks[4], stacks[3]],
        [stacks[2], stacks[1]],
        [stacks[0]],
    ]
    age("promotion_stacks", MORNING)
    assert sorted(flat(walk(2, "PROMOTION_STACKS", **TEN))) == sorted(stacks)


def test_any_moment_is_a_place_to_go_on(api, qualifying, move_time):
    for hour, name in enumerate("ABC", 8):
        move_time.freeze(f"2026-03-02T{hour:02}:00:00+00:00")
        make_voucher(api, name)
    for after, found in {
        "2026-03-02T10:00:00.000Z": ["B", "A"],
        "2026-03-02T10:00:00.001Z": ["C", "B", "A"],
        "2026-03-02T10:30:00+01:00": ["B", "A"],
        "2026-03-02T09:00:00": ["A"],
        "2026-03-02": [],
        "2026-03-03": ["C", "B", "A"],
        "null": ["C", "B", "A"],
        "": ["C", "B", "A"],
        None: ["C", "B", "A"],
    }.items():
        assert qualifying(starting_after=after, **TEN) == found, after


@pytest.mark.parametrize(
    "after",
    [
        *("yesterday", "2026-13-01", "2026-03-02T25:00:00Z", "0", "NULL"),
        *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59-14:00"),
        *(5, [], {}, True),
    ],
)
def test_bad_cursors_are_refused(api, after):
    body = {"options": {"starting_after": after}}
    details = api.post("/v1/qualifications", json=body).refused(400, "invalid_payload")["details"]
    assert ".options.starting_after" in details


def test_the_best_deal_of_a_page_comes_first(api, ask, walk):
    for name, amount in {"A": 100, "B": 300, "C": 200, "D": 400, "E": 200}.items():
        make_voucher(api, name, discount=amount_off(amount))
    assert walk(3, **TEN, sorting_rule="DEFAULT") == [["E", "D", "C"], ["B", "A"]]
    assert walk(3, **TEN, sorting_rule="BEST_DEAL") == [["D", "E", "C"], ["B", "A"]]
    assert walk(3, **TEN, sorting_rule="LEAST_DEAL") == [["E", "C", "D"], ["A", "B"]]


def test_a_request_looks_at_so_many_and_the_next_goes_on(api, ask, many, rule, monkeypatch):
    """A page may then be shorter than asked for, even empty; moments are not split."""
    monkeypatch.setattr(search, "MOST_LOOKED_AT", 10)
    codes = many(49, [MORNING - timedelta(minutes=step) for step in range(12)])
    never = rule({"name": "order.initial_amount", "conditions": {"$more_than": [10**9]}})
    off = sorted(codes)[::2]
    for code in off:
        api.put(f"/v1/vouchers/{code}", json={"validation_rules": [never]}).expect()
    found, after, pages = [], None, 0
    while True:
        page = ask(limit=50, starting_after=after, **TEN)
        found += [row["id"] for row in page["data"]]
        assert page["total"] <= 14
        pages += 1
        if not page["has_more"]:
            break
        after = page["more_starting_after"]
    assert (len(found), set(found)) == (25, codes - set(off))
    assert pages >= 4

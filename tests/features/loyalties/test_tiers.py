"""Tiers of programmes: making them, and who is in them as points move."""

from __future__ import annotations

from typing import Any

import pytest

from kupon.testing.builders import make_customer, make_member, make_programme
from kupon.testing.client import ApiClient

Body = dict[str, Any]

QUARTERS = {
    "qualification_type": "POINTS_IN_PERIOD",
    "qualification_period": "QUARTER",
    "start_date": {"type": "IMMEDIATE"},
    "expiration_date": {"type": "END_OF_NEXT_PERIOD"},
}


def make_tiers(api: ApiClient, programme: Body, **ranges: tuple[int, int | None]) -> dict[str, str]:
    """Tiers by their names, each from and to so many points; their ids."""
    body = [
        {"name": name, "points": {"from": first} | ({} if last is None else {"to": last})}
        for name, (first, last) in ranges.items()
    ]
    made = api.post(f"/v1/loyalties/{programme['id']}/tiers", json=body).expect()
    return {tier["name"]: tier["id"] for tier in made}


def add_points(api: ApiClient, card: Body, points: int, **members: Any) -> None:
    path = f"/v1/loyalties/members/{card['id']}/balance"
    api.post(path, json={"points": points} | members).expect()


def tier_of(api: ApiClient, card: Body) -> Body | None:
    body = api.get(f"/v1/loyalties/members/{card['id']}/tiers").expect()
    assert body["total"] == len(body["data"]) <= 1
    return body["data"][0] if body["data"] else None


def name_of(api: ApiClient, card: Body) -> str | None:
    held = tier_of(api, card)
    return None if held is None else held["name"]


@pytest.fixture
def told(events):
    """Call it for what became of tiers so far, and their names."""

    def read() -> list[tuple[str, ...]]:
        told = []
        for name, payload in events():
            kind = name.removeprefix("customer.loyalty.tier.")
            if kind != name:
                tiers = [payload.get(f"loyalty_tier{end}") for end in ("", "_from", "_to")]
                told.append((kind, *(tier["name"] for tier in tiers if tier is not None)))
        return told

    return read


@pytest.fixture
def programme(api):
    return make_programme(api)


def test_a_tier_is_stored_and_answered_whole(api, programme, events):
    path = f"/v1/loyalties/{programme['id']}/tiers"
    body = {
        "name": "Gold",
        "points": {"from": 500, "to": 999},
        "earning_rules": {"ern_x": {"type": "MULTIPLY", "multiplier": 1.5}},
        "rewards": {"rewa_x": {"type": "CUSTOM", "points": 5}},
        "metadata": {"colour": "yellow"},
    }
    [made] = api.post(path, json=[body]).expect()
    assert made == {
        **body,
        "id": made["id"],
        "campaign_id": programme["id"],
        "config": {"points": {"from": 500, "to": 999}},
        "created_at": made["created_at"],
        "updated_at": None,
        "object": "loyalty_tier",
    }
    assert made["id"].startswith("ltr_")
    assert api.get(f"{path}/{made['id']}").expect() == made
    assert api.get(f"/v1/loyalties/{programme['name']}/tiers").expect() == {
        "object": "list",
        "data_ref": "data",
        "data": [made],
        "total": 1,
    }
    payloads = [payload for name, payload in events() if name == "campaign.loyalty_tier.created"]
    assert payloads[0]["loyalty_tier"] == made
    assert payloads[0]["campaign"]["id"] == programme["id"]


def test_an_open_end_has_no_to(api, programme):
    path = f"/v1/loyalties/{programme['id']}/tiers"
    [made] = api.post(path, json=[{"name": "Top", "points": {"from": 10}}]).expect()
    assert made["points"] == {"from": 10}
    assert (made["earning_rules"], made["rewards"], made["metadata"]) == ({}, {}, {})


def test_numbers_may_be_sent_as_text(api, programme):
    path = f"/v1/loyalties/{programme['id']}/tiers"
    body = {
        "name": "A",
        "points": {"from": "1"},
        "earning_rules": {"ern_1": {"type": "MULTIPLY", "multiplier": "2.50", "points": 3}},
        "rewards": {"rewa_1": {"type": "CUSTOM", "points": "4"}},
    }
    [made] = api.post(path, json=[body]).expect()
    assert made["points"] == {"from": 1}
    assert made["earning_rules"] == {"ern_1": {"type": "MULTIPLY", "multiplier": 2.5}}
    assert made["rewards"] == {"rewa_1": {"type": "CUSTOM", "points": 4}}


def test_tiers_are_listed_in_order_and_limited(api, programme):
    make_tiers(api, programme, A=(0, 9))
    make_tiers(api, programme, B=(10, None))
    path = f"/v1/loyalties/{programme['id']}/tiers"
    listed = api.get(path, query={"order": "created_at"}).expect()
    assert [tier["name"] for tier in listed["data"]] == ["A", "B"]
    listed = api.get(path, query={"order": "-created_at", "limit": 1}).expect()
    assert ([tier["name"] for tier in listed["data"]], listed["total"]) == (["B"], 2)
    assert api.get(path, query={"order": "name"}).status == 400


@pytest.mark.parametrize(
    "body",
    [
        {},
        [{}],
        [{"name": "A"}],
        [{"name": "", "points": {"from": 1}}],
        [{"name": 1, "points": {"from": 1}}],
        [{"name": "A", "points": None}],
        [{"name": "A", "points": {"from": "x"}}],
        [{"name": "A", "points": {"from": -1}}],
        [{"name": "A", "points": {"from": 2, "to": 1}}],
        [{"name": "A", "points": {"from": 2**63}}],
        [{"name": "A", "points": {"from": 0}, "earning_rules": []}],
        [{"name": "A", "points": {"from": 0}, "earning_rules": {"ern_1": 5}}],
        [{"name": "A", "points": {"from": 0}, "earning_rules": {"ern_1": {"type": "MULTIPLY"}}}],
        [{"name": "A", "points": {"from": 0}, "earning_rules": {"ern_1": {"type": "DISABLED"}}}],
        [{"name": "A", "points": {"from": 0}, "rewards": {"rewa_1": {"type": "CUSTOM"}}}],
        [{"name": "A", "points": {"from": 0}, "rewards": {"rewa_1": {"type": "NO"}}}],
        [
            {
                "name": "A",
                "points": {"from": 0},
                "earning_rules": {"ern_1": {"type": "MULTIPLY", "multiplier": -1}},
            }
        ],
        [
            {
                "name": "A",
                "points": {"from": 0},
                "earning_rules": {"ern_1": {"type": "MULTIPLY", "multiplier": "x"}},
            }
        ],
        [
            {
                "name": "A",
                "points": {"from": 0},
                "earning_rules": {"ern_1": {"type": "MULTIPLY", "multiplier": 10**400}},
            }
        ],
        [
            {
                "name": "A",
                "points": {"from": 0},
                "earning_rules": {"ern_1": {"type": "CUSTOM", "points": 1.5}},
            }
        ],
        [{"name": "A", "points": {"from": 0}, "metadata": 5}],
        [{"name": "A", "points": {"from": 0, "to": 9}}, {"name": "B", "points": {"from": 9}}],
        [{"name": "A", "points": {"from": 0}}, {"name": "B", "points": {"from": 9}}],
    ],
)
def test_bad_tiers_are_refused_and_change_nothing(api, programme, body, events):
    path = f"/v1/loyalties/{programme['id']}/tiers"
    before = len(events())
    assert api.post(path, json=body).status == 400
    assert api.get(path).expect()["total"] == 0
    assert len(events()) == before


def test_tiers_of_what_is_no_programme_are_not_found(api, programme):
    made = make_tiers(api, programme, A=(0, None))
    other = make_programme(api)
    for path in (
        "/v1/loyalties/camp_none/tiers",
        f"/v1/loyalties/{programme['id']}/tiers/ltr_none",
        f"/v1/loyalties/{other['id']}/tiers/{made['A']}",
        f"/v1/loyalties/{other['id']}/tiers/{made['A']}/earning-rules",
        f"/v1/loyalties/{other['id']}/tiers/{made['A']}/rewards",
        "/v1/loyalties/members/nobody/tiers",
    ):
        api.get(path).refused(404, "not_found")
    assert api.post("/v1/loyalties/camp_none/tiers", json=[]).status == 404


def test_a_new_tier_must_not_overlap_with_those_there_are(api, programme):
    make_tiers(api, programme, A=(0, 99))
    path = f"/v1/loyalties/{programme['id']}/tiers"
    refused = api.post(path, json=[{"name": "B", "points": {"from": 99}}])
    refused.refused(400, "invalid_payload")


def test_a_balance_goes_up_and_down_the_tiers(api, programme, told):
    make_tiers(api, programme, Basic=(0, 99), Silver=(100, 499), Gold=(500, 999))
    ada = make_customer(api)
    card = make_member(api, programme, ada)
    add_points(api, card, 100)
    assert name_of(api, card) == "Silver"
    add_points(api, card, -50)
    assert name_of(api, card) == "Basic"
    add_points(api, card, 500)
    assert name_of(api, card) == "Gold"
    add_points(api, card, 450)
    assert name_of(api, card) is None
    assert told()[-4:] == [
        ("joined", "Silver"),
        ("downgraded", "Silver", "Basic"),
        ("upgraded", "Basic", "Gold"),
        ("left", "Gold"),
    ]


def test_who_joins_a_programme_is_in_its_lowest_tier_at_once(api, jobs, programme, told):
    make_tiers(api, programme, Basic=(0, 99), Silver=(100, None))
    card = make_member(api, programme, make_customer(api))
    jobs()
    assert name_of(api, card) == "Basic"
    jobs()
    assert told() == [("joined", "Basic")]
    feed = api.get(f"/v1/customers/{card['holder_id']}/activity").expect()["data"]
    assert [entry["type"] for entry in feed[:2]] == [
        "customer.loyalty.updated",
        "customer.loyalty.tier.joined",
    ]
    joined = feed[1]["data"]["data"]
    assert joined["loyalty_tier"]["name"] == "Basic"
    assert not {"voucher_id", "depth"} & joined.keys()
    assert feed[0]["data"]["data"]["loyalty"] == {
        "points": 0,
        "loyalty_tier": joined["loyalty_tier"]["id"],
    }


def test_a_member_s_tier_comes_with_its_dates(api, move_time, events):
    move_time.freeze("2022-11-10T10:00:00+00:00")
    terms = {
        "qualification_type": "BALANCE",
        "start_date": {"type": "IMMEDIATE"},
        "expiration_date": {
            "type": "CUSTOM",
            "extend": "P3M",
            "rounding": {"type": "MONTH", "strategy": "END"},
        },
    }
    programme = make_programme(api, loyalty_tiers_expiration=terms)
    ids = make_tiers(api, programme, Gold=(100, None))
    card = make_member(api, programme, make_customer(api))
    assert tier_of(api, card) is None
    add_points(api, card, 100)
    held = tier_of(api, card)
    # Example E30.
    assert held["expiration"] == {
        "customer_id": card["holder_id"],
        "campaign_id": programme["id"],
        "tier_id": ids["Gold"],
        "start_date": "2022-11-10",
        "expiration_date": "2023-02-28",
        "created_at": "2022-11-10T10:00:00.000Z",
    }
    [payload] = [body for name, body in events() if name == "customer.loyalty.tier.joined"]
    assert payload["loyalty_tier"] == held
    assert payload["customer"]["id"] == card["holder_id"]
    assert payload["campaign"]["id"] == programme["id"]
    assert payload["created_at"] == "2022-11-10T10:00:00.000Z"


@pytest.mark.parametrize(
    ("period", "start", "end", "extend", "first", "last"),
    [
        ("QUARTER", "IMMEDIATE", "END_OF_NEXT_PERIOD", None, "2025-03-10", "2025-06-30"),
        ("YEAR", "IMMEDIATE", "END_OF_PERIOD", "P3M", "2025-03-10", "2026-03-31"),
        ("MONTH", "IMMEDIATE", "END_OF_PERIOD", None, "2025-03-10", "2025-03-31"),
        ("HALF_YEAR", "IMMEDIATE", "END_OF_PERIOD", "P7D", "2025-03-10", "2025-07-07"),
    ],
)
def test_a_tier_of_points_in_a_period_lasts_as_its_terms_say(
    api, move_time, period, start, end, extend, first, last
):
    """Example E29, as far as it begins at once; `test_nightly` has the rest."""
    move_time.freeze("2025-03-10T10:00:00+00:00")
    terms = {
        "qualification_type": "POINTS_IN_PERIOD",
        "qualification_period": period,
        "start_date": {"type": start},
        "expiration_date": {"type": end} | ({} if extend is None else {"extend": extend}),
    }
    programme = make_programme(api, loyalty_tiers_expiration=terms)
    make_tiers(api, programme, Gold=(100, None))
    card = make_member(api, programme, make_customer(api))
    add_points(api, card, 100)
    dates = tier_of(api, card)["expiration"]
    assert (dates["start_date"], dates["expiration_date"]) == (first, last)


def test_points_of_a_period_are_those_that_were_earned(api, programme, move_time):
    move_time.freeze("2025-03-10T10:00:00+00:00")
    programme = make_programme(api, points=50, loyalty_tiers_expiration=QUARTERS)
    make_tiers(api, programme, Gold=(100, None))
    card, other = (make_member(api, programme, make_customer(api)) for _ in range(2))
    add_points(api, card, 60)
    add_points(api, other, 40)
    # Neither what a card began with nor what a friend gave is earned.
    body = [{"code": other["code"], "points": 80}]
    path = f"/v1/loyalties/{programme['id']}/members/{card['code']}/transfers"
    api.post(path, json=body).expect()
    assert name_of(api, card) is None
    add_points(api, card, 40)
    assert name_of(api, card) == "Gold"


def test_moved_thresholds_move_those_who_have_no_dates(api, jobs, programme, told, events):
    ids = make_tiers(api, programme, Low=(1, 99), High=(100, None))
    cards = [make_member(api, programme, make_customer(api)) for _ in range(3)]
    for card, points in zip(cards, (50, 150, 250), strict=True):
        add_points(api, card, points)
    jobs()
    path = f"/v1/loyalties/{programme['id']}/tiers"
    changed = api.put(f"{path}/{ids['High']}", json={"points": {"from": 200}}).expect()
    assert changed["points"] == {"from": 200}
    assert changed["updated_at"] is not None
    jobs()
    assert [name_of(api, card) for card in cards] == ["Low", None, "High"]
    api.put(f"{path}/{ids['Low']}", json={"points": {"from": 10, "to": 199}}).expect()
    jobs()
    assert [name_of(api, card) for card in cards] == ["Low", "Low", "High"]
    assert told()[3:] == [("left", "High"), ("joined", "Low")]
    names = [name for name, _ in events()]
    assert names.count("campaign.loyalty_tier.updated") == 2


def test_moved_thresholds_lift_those_who_have_dates_and_lower_nobody(api, jobs, move_time):
    move_time.freeze("2025-03-10T10:00:00+00:00")
    programme = make_programme(api, loyalty_tiers_expiration=QUARTERS)
    ids = make_tiers(api, programme, Low=(1, 99), High=(100, None))
    path = f"/v1/loyalties/{programme['id']}/tiers"
    cards = [make_member(api, programme, make_customer(api)) for _ in range(2)]
    for card, points in zip(cards, (50, 150), strict=True):
        add_points(api, card, points)
    api.put(f"{path}/{ids['High']}", json={"points": {"from": 200}}).expect()
    jobs()
    assert [name_of(api, card) for card in cards] == ["Low", "High"]
    api.put(f"{path}/{ids['Low']}", json={"points": {"from": 1, "to": 40}}).expect()
    api.put(f"{path}/{ids['High']}", json={"points": {"from": 41}}).expect()
    jobs()
    assert [name_of(api, card) for card in cards] == ["High", "High"]


def test_a_removed_tier_is_lost_at_once(api, jobs, programme, told, events):
    ids = make_tiers(api, programme, Low=(1, 99), High=(100, None))
    cards = [make_member(api, programme, make_customer(api)) for _ in range(2)]
    for card, points in zip(cards, (50, 150), strict=True):
        add_points(api, card, points)
    path = f"/v1/loyalties/{programme['id']}/tiers"
    api.delete(f"{path}/{ids['High']}").expect(204)
    api.get(f"{path}/{ids['High']}").refused(404, "not_found")
    api.delete(f"{path}/{ids['High']}").refused(404, "not_found")
    assert name_of(api, cards[1]) is None
    # Points that move meanwhile don't take the place of the job, which knows what the tier was.
    add_points(api, cards[1], 1)
    jobs()
    assert [name_of(api, card) for card in cards] == ["Low", None]
    assert told()[2:] == [("left", "High")]
    assert "campaign.loyalty_tier.deleted" in [name for name, _ in events()]


def test_new_terms_leave_members_alone_unless_they_are_asked_to_follow(
    api, jobs, move_time, told, events
):
    move_time.freeze("2025-03-10T10:00:00+00:00")
    programme = make_programme(api, loyalty_tiers_expiration=QUARTERS)
    make_tiers(api, programme, Low=(1, 99), High=(100, None))
    cards = [make_member(api, programme, make_customer(api)) for _ in range(2)]
    for card, points in zip(cards, (50, 150), strict=True):
        add_points(api, card, points)
    years = QUARTERS | {
        "qualification_period": "YEAR",
        "expiration_date": {"type": "END_OF_PERIOD"},
    }
    path = f"/v1/loyalties/{programme['id']}"
    api.put(path, json={"loyalty_tiers_expiration": years}).expect()
    jobs()
    before = [tier_of(api, card) for card in cards]
    assert {held["expiration"]["expiration_date"] for held in before} == {"2025-06-30"}
    move_time(hours=1)
    api.put(path, json={"options": {"recalculate_tiers": True}}).expect()
    jobs()
    after = [tier_of(api, card) for card in cards]
    assert {held["expiration"]["expiration_date"] for held in after} == {"2025-12-31"}
    assert [held["name"] for held in after] == ["Low", "High"]
    assert told()[2:] == [("expiration.changed", "Low"), ("expiration.changed", "High")]
    payload = next(body for name, body in events() if name.endswith("expiration.changed"))
    assert payload["expiration_date"] == "2025-12-31T00:00:00.000Z"
    api.put(
        f"/v1/campaigns/{programme['id']}", json={"options": {"recalculate_tiers": True}}
    ).expect()
    jobs()
    assert len(told()) == 4


def test_many_members_are_judged_slice_by_slice(api, jobs, programme, monkeypatch):
    monkeypatch.setattr("kupon.features.loyalties.service.recalculating.SLICE", 2)
    cards = [make_member(api, programme, make_customer(api)) for _ in range(5)]
    for card in cards:
        add_points(api, card, 10)
    jobs()
    make_tiers(api, programme, Low=(1, None))
    jobs()
    assert [name_of(api, card) for card in cards] == ["Low"] * 5


def test_an_update_keeps_what_it_does_not_name(api, programme):
    path = f"/v1/loyalties/{programme['id']}/tiers"
    body = {
        "name": "Gold",
        "points": {"from": 5, "to": 9},
        "earning_rules": {"ern_1": {"type": "CUSTOM", "points": 3}},
        "metadata": {"a": 1, "b": 2},
    }
    [made] = api.post(path, json=[body]).expect()
    one = f"{path}/{made['id']}"
    changed = api.put(one, json={"points": {"to": None}, "metadata": {"b": 3}}).expect()
    assert changed["points"] == {"from": 5}
    assert changed["metadata"] == {"a": 1, "b": 3}
    assert (changed["name"], changed["earning_rules"]) == ("Gold", body["earning_rules"])
    changed = api.put(one, json={"name": "Gilt", "earning_rules": None}).expect()
    assert (changed["name"], changed["earning_rules"]) == ("Gilt", {})
    make_tiers(api, programme, Low=(0, 4))
    for bad in ({"points": {"from": 4}}, {"name": ""}, {"rewards": {"x": 1}}, {"points": 3}):
        api.put(one, json=bad).refused(400, "invalid_payload")
    assert api.get(one).expect() == changed


def test_a_tier_shows_the_points_that_its_members_get(api, programme):
    rules = [
        {"event": "order.paid", "loyalty": {"type": "FIXED", "points": 100}},
        {
            "event": "order.paid",
            "loyalty": {
                "type": "PROPORTIONAL",
                "calculation_type": "ORDER_AMOUNT",
                "order": {"amount": {"every": 1000, "points": 20}},
            },
        },
        {"event": "order.paid", "loyalty": {"type": "FIXED", "points": 7}},
    ]
    path = f"/v1/loyalties/{programme['id']}"
    thrice, other, same = api.post(f"{path}/earning-rules", json=rules).expect()
    body = {
        "name": "Gold",
        "points": {"from": 1},
        "earning_rules": {
            thrice["id"]: {"type": "MULTIPLY", "multiplier": 3},
            other["id"]: {"type": "CUSTOM", "points": 200},
        },
    }
    [tier] = api.post(f"{path}/tiers", json=[body]).expect()
    listed = api.get(f"{path}/tiers/{tier['id']}/earning-rules").expect()
    assert listed["total"] == 3
    shown = {rule["id"]: rule for rule in listed["data"]}
    assert shown[thrice["id"]] == thrice | {"loyalty": {"type": "FIXED", "points": 300}}
    block = {"order": {"amount": {"every": 1000, "points": 200}}}
    assert shown[other["id"]] == other | {"loyalty": other["loyalty"] | block}
    assert shown[same["id"]] == same
    page = api.get(f"{path}/tiers/{tier['id']}/earning-rules", query={"limit": 1, "page": 2})
    assert (len(page.expect()["data"]), page.json["total"]) == (1, 3)
    assert api.get(f"{path}/earning-rules/{thrice['id']}").expect() == thrice


def make_offer(api: ApiClient, programme: Body, points: int, **price: Any) -> Body:
    product = api.post("/v1/products", json={"name": "Mug"}).expect()
    reward = {"name": "Mug", "parameters": {"product": {"id": product["id"]}}}
    made = api.post("/v1/rewards", json=reward).expect()
    offer = {"reward": made["id"], "parameters": {"loyalty": {"points": points, **price}}}
    path = f"/v1/loyalties/{programme['id']}/rewards"
    answer: Body = api.post(path, json=[offer]).expect()
    return answer


def test_a_tier_shows_the_rewards_at_its_prices(api, programme):
    dear, other, hidden, same = (make_offer(api, programme, 100) for _ in range(4))
    body = {
        "name": "Gold",
        "points": {"from": 1},
        "rewards": {
            # The reward stands for its assignment.
            dear["reward_id"]: {"type": "MULTIPLY", "multiplier": 0.5},
            other["id"]: {"type": "CUSTOM", "points": 7},
            hidden["id"]: {"type": "DISABLED"},
        },
    }
    path = f"/v1/loyalties/{programme['id']}/tiers"
    [tier] = api.post(path, json=[body]).expect()
    assert sorted(tier["rewards"]) == sorted([dear["id"], other["id"], hidden["id"]])
    listed = api.get(f"{path}/{tier['id']}/rewards").expect()
    prices = {
        row["assignment"]["id"]: row["assignment"]["parameters"]["loyalty"]["points"]
        for row in listed["data"]
    }
    assert prices == {dear["id"]: 50, other["id"]: 7, same["id"]: 100}
    assert listed["total"] == 3
    assert {row["object"] for row in listed["data"]} == {"loyalty_tier_reward"}
    assert listed["data"][0]["reward"]["name"] == "Mug"


def test_pay_with_points_has_no_price_that_a_tier_could_replace(api, programme):
    reward = {"name": "Coin", "parameters": {"coin": {"exchange_ratio": 1, "points_ratio": 1}}}
    made = api.post("/v1/rewards", json=reward).expect()
    path = f"/v1/loyalties/{programme['id']}"
    offer = api.post(f"{path}/rewards", json=[{"reward": made["id"]}]).expect()
    mapping = {offer["id"]: {"type": "CUSTOM", "points": 5}}
    body = {"name": "Gold", "points": {"from": 1}, "rewards": mapping}
    api.post(f"{path}/tiers", json=[body]).refused(400, "invalid_payload")
    body["rewards"] = {offer["id"]: {"type": "MULTIPLY", "multiplier": 2}}
    [tier] = api.post(f"{path}/tiers", json=[body]).expect()
    assert api.get(f"{path}/tiers/{tier['id']}/rewards").expect()["total"] == 1


def test_what_redeems_itself_keeps_the_balance_below_the_tier(api, programme, told):
    """Example E32."""
    make_tiers(api, programme, Gold=(100, None))
    card = make_member(api, programme, make_customer(api))
    add_points(api, card, 60)
    make_offer(api, programme, 100, auto_redeem=True)
    add_points(api, card, 50)
    balance = api.get(f"/v1/vouchers/{card['id']}").expect()["loyalty_card"]["balance"]
    assert balance == 10
    assert (name_of(api, card), told()) == (None, [])


def test_an_order_is_paid_for_by_the_tier_that_was_held_before(api, jobs, programme, told):
    """Example E07."""
    path = f"/v1/loyalties/{programme['id']}"
    by_total = {
        "type": "PROPORTIONAL",
        "calculation_type": "ORDER_TOTAL_AMOUNT",
        "order": {"total_amount": {"every": 500, "points": 1}},
    }
    rules = [
        {"event": "order.paid", "loyalty": by_total},
        {"event": "order.paid", "loyalty": {"type": "FIXED", "points": 20}},
    ]
    _, fixed = api.post(f"{path}/earning-rules", json=rules).expect()
    tiers = [
        {
            "name": name,
            "points": {"from": first, "to": last},
            "earning_rules": {fixed["id"]: {"type": "MULTIPLY", "multiplier": times}},
        }
        for name, first, last, times in (
            ("Bottom", 1, 249, 2),
            ("Middle", 250, 499, 50),
            ("Top", 500, 1000, 500),
        )
    ]
    api.post(f"{path}/tiers", json=tiers).expect()
    ada = make_customer(api)
    card = make_member(api, programme, ada)
    add_points(api, card, 200)
    jobs()
    order = {"customer": {"id": ada["id"]}, "amount": 45000, "status": "PAID"}
    api.post("/v1/orders", json=order).expect()
    jobs()
    lines = api.get(f"/v1/loyalties/members/{card['id']}/transactions").expect()["data"]
    assert sorted(row["details"]["balance"]["points"] for row in lines[:2]) == [40, 90]
    assert name_of(api, card) == "Middle"
    assert told() == [("joined", "Bottom"), ("upgraded", "Bottom", "Middle")]


def test_a_tier_that_pays_for_itself_does_not_do_so_for_ever(api, jobs, programme, told):
    path = f"/v1/loyalties/{programme['id']}"
    ids = make_tiers(api, programme, **{f"T{n:02}": (n * 10, n * 10 + 9) for n in range(30)})
    rule = {
        "event": "customer.loyalty.tier.upgraded",
        "loyalty_tier": {"id": "__ANY__"},
        "loyalty": {"type": "FIXED", "points": 10},
    }
    api.post(f"{path}/earning-rules", json=[rule]).expect()
    assert len(ids) == 30
    card = make_member(api, programme, make_customer(api))
    jobs()
    add_points(api, card, 10)
    jobs()
    # One change by hand, then as many as may lead to each other.
    assert [kind for kind, *_ in told()] == ["joined"] + ["upgraded"] * 10
    balance = api.get(f"/v1/vouchers/{card['id']}").expect()["loyalty_card"]["balance"]
    assert balance == 110
    assert name_of(api, card) == "T11"

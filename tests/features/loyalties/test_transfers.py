"""Transfers of points between cards."""

from __future__ import annotations

import pytest

from kupon.testing.builders import make_customer, make_gift_card, make_member, make_programme


@pytest.fixture(autouse=True)
def _frozen(move_time):
    move_time.freeze("2025-01-25T12:00:00+00:00")


@pytest.fixture
def target(api):
    """The programme to which points go: they live for a month there."""
    rules = {"period_type": "MONTH", "period_value": 1}
    return make_programme(api, name="Target", expiration_rules=rules)


@pytest.fixture
def card(api, target):
    """Ann's card, to which points go; it has 500."""
    made = make_member(api, target, make_customer(api, source_id="ann"))
    add(api, made, 500)
    return made


@pytest.fixture
def sources(api):
    """Two more people's cards of another programme, with 100 and 200 points that never end."""
    programme = make_programme(api, name="Source")
    cards = [make_member(api, programme, make_customer(api)) for _ in range(2)]
    for card, points in zip(cards, (100, 200), strict=True):
        add(api, card, points)
    return cards


@pytest.fixture
def transfer(api, target, card):
    """Transfers to Ann's card: `transfer({"code": "CODE", "points": 5})`."""

    def post(*items):
        return api.post(
            f"/v1/loyalties/{target['id']}/members/{card['code']}/transfers", json=list(items)
        )

    return post


def add(api, card, points):
    api.post(f"/v1/loyalties/members/{card['id']}/balance", json={"points": points}).expect()


def balance(api, card):
    return api.get(f"/v1/vouchers/{card['code']}").expect()["loyalty_card"]["balance"]


def lines(api, card):
    path = f"/v1/loyalties/members/{card['id']}/transactions"
    return api.get(path, query={"order": "id"}).expect()["data"]


def test_points_come_from_several_cards(api, target, card, sources, transfer):
    one, two = sources
    answer = transfer(
        {"code": one["code"], "points": 60, "source_id": "a", "reason": "Gift"},
        {"code": two["code"], "points": 140},
    ).expect()
    assert (answer["id"], answer["loyalty_card"]["balance"]) == (card["id"], 700)
    # The reference has it as text here.
    assert answer["active"] == "true"
    assert [balance(api, each) for each in (card, one, two)] == [700, 40, 60]
    assert api.get(f"/v1/vouchers/{one['code']}").expect()["loyalty_card"] == {
        "points": 100,
        "balance": 40,
        "expired_points": 0,
        "subtracted_points": 60,
        "pending_points": 0,
    }
    path = f"/v1/loyalties/{target['id']}/members/{card['id']}/points-expiration"
    (bucket,) = api.get(path).expect()["data"]
    assert (bucket["expires_at"], bucket["bucket"]["total_points"]) == ("2025-02-25", 700)


def test_both_sides_tell_of_each_other(api, card, sources, transfer):
    one = sources[0]
    transfer({"code": one["code"], "points": 60, "source_id": "a", "reason": "Gift"}).expect()
    out, into = lines(api, one)[-1], lines(api, card)[-1]
    assert (out["type"], into["type"]) == ("POINTS_TRANSFER_OUT", "POINTS_TRANSFER_IN")
    assert (out["related_transaction_id"], into["related_transaction_id"]) == (
        into["id"],
        out["id"],
    )
    assert (out["source_id"], into["source_id"]) == ("a", None)
    assert (out["source"], out["reason"], into["reason"]) == ("API", "Gift", "Gift")
    assert (
        out["details"]["balance"] | {"points": -60, "total": 40, "balance": 40}
        == out["details"]["balance"]
    )
    assert into["details"]["balance"]["total"] == 560
    assert out["details"]["destination_voucher"]["id"] == card["id"]
    assert into["details"]["source_voucher"]["code"] == one["code"]


def test_the_events_and_the_feeds(api, card, sources, transfer, events, jobs):
    one = sources[0]
    transfer({"code": one["code"], "points": 60}).expect()
    told = [payload for name, payload in events() if name.endswith("points_transferred")]
    assert [each["voucher"]["id"] for each in told] == [one["id"], card["id"]]
    assert [each["balance"]["points"] for each in told] == [-60, 60]
    assert {each["destination_voucher"]["id"] for each in told} == {card["id"]}
    jobs()
    for each in (one, card):
        path = f"/v1/customers/{each['holder_id']}/activity"
        feed = api.get(path, query={"limit": 100}).expect()["data"]
        types = [entry["type"] for entry in feed]
        assert types.count("customer.voucher.loyalty_card.points_transferred") == 1


@pytest.mark.parametrize(
    ("items", "status", "key"),
    [
        ([{"code": "{two}", "points": 50}, {"code": "{one}", "points": 101}], 400, "exceeded"),
        ([{"code": "{one}", "points": 60}, {"code": "{one}", "points": 41}], 400, "exceeded"),
        ([{"code": "{one}", "points": 1}, {"code": "nobody", "points": 1}], 404, "not_found"),
        ([{"code": "{one}", "points": 1}, {"code": "GIFT", "points": 1}], 404, "not_found"),
        ([{"code": "{one}", "points": 1}, {"code": "FREE", "points": 1}], 400, "customer"),
        ([{"code": "{one}", "points": 1}, {"code": "{card}", "points": 1}], 400, "payload"),
        ([{"code": "{one}", "points": 1, "source_id": "x"}] * 2, 400, "duplicate_source_id"),
        ([{"code": "{one}", "points": 0}], 400, "payload"),
        ([{"code": "{one}", "points": -5}], 400, "payload"),
        ([{"code": "{one}", "points": 10**20}], 400, "payload"),
        ([{"points": 5}], 400, "payload"),
        ([{"code": "{one}"}], 400, "payload"),
        ([5], 400, "payload"),
        ([], 400, "payload"),
        ([{"code": "{one}", "points": 1}] * 101, 400, "payload"),
    ],
)
def test_all_or_nothing(api, card, sources, transfer, events, items, status, key):
    make_gift_card(api, "GIFT", 5)
    programme = make_programme(api, 10)
    api.post(f"/v1/campaigns/{programme['id']}/vouchers/FREE").expect()
    names = {"one": sources[0]["code"], "two": sources[1]["code"], "card": card["code"]}
    sent = [
        {**item, "code": item["code"].format(**names)}
        if isinstance(item, dict) and "code" in item
        else item
        for item in items
    ]
    told = events()
    answer = transfer(*sent)
    assert (answer.status, key in answer.json["key"]) == (status, True)
    assert [balance(api, each) for each in (card, *sources)] == [500, 100, 200]
    assert events() == told


def test_the_target_must_be_of_the_programme(api, card, sources):
    source = api.get(f"/v1/vouchers/{sources[0]['code']}").expect()
    item = {"code": sources[1]["code"], "points": 1}
    path = f"/v1/loyalties/{source['campaign_id']}/members/{card['code']}/transfers"
    assert api.post(path, json=[item]).status == 404
    assert (
        api.post(f"/v1/loyalties/none/members/{card['code']}/transfers", json=[item]).status == 404
    )
    assert api.post(path, json=item).status == 400

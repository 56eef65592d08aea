"""Points of programmes as restricted keys see and move them."""

from __future__ import annotations

import pytest

from kupon.testing.builders import assigned_to, make_customer, make_member, make_programme


@pytest.fixture
def world(api, make_area, restricted_api):
    """A key for France, and cards of three programmes: its own, one shared with Lyon, Lyon's."""
    france, lyon = make_area("France", "Lyon")
    cards = []
    for places in (
        {"areas": [france]},
        {"areas": [france], "stores": [lyon]},
        {"stores": [lyon]},
    ):
        programme = make_programme(api, **assigned_to(**places))
        card = make_member(api, programme, make_customer(api))
        path = f"/v1/loyalties/members/{card['id']}/balance"
        api.post(path, json={"points": 100}).expect()
        cards.append(card)
    return restricted_api(areas_ids=[france]), cards


def test_points_are_read_where_the_programme_is_used(world):
    till, (own, shared, foreign) = world
    for card in (own, shared, foreign):
        programme, member = f"/v1/loyalties/{card['campaign_id']}", f"members/{card['id']}"
        for path in (
            f"/v1/loyalties/{member}/transactions",
            f"{programme}/{member}/transactions",
            f"{programme}/transactions",
            f"{programme}/{member}/points-expiration",
            f"/v1/loyalties/{member}/pending-points",
            f"{programme}/{member}/pending-points",
            f"{programme}/pending-points",
        ):
            answer = till.get(path)
            assert answer.status == (403 if card is foreign else 200)


def test_points_are_moved_where_the_whole_programme_is_covered(api, world):
    till, (own, shared, foreign) = world
    path = f"/v1/loyalties/members/{own['id']}/balance"
    assert till.post(path, json={"points": 5}).expect()["balance"] == 105
    for card in (shared, foreign):
        member = f"/v1/loyalties/members/{card['id']}"
        till.post(f"{member}/balance", json={"points": 5}).refused(403, "forbidden")
        till.post(f"/v1/vouchers/{card['code']}/balance", json={"amount": 5}).refused(
            403, "forbidden"
        )
        till.post(f"{member}/pending-points/lopp_1/activate").refused(403, "forbidden")
        path = f"/v1/loyalties/{own['campaign_id']}/members/{own['id']}/transfers"
        sent = [{"code": card["code"], "points": 5}]
        till.post(path, json=sent).refused(403, "forbidden")
        held = api.get(f"/v1/vouchers/{card['code']}").expect()["loyalty_card"]
        assert held["balance"] == 100

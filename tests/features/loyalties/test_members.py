"""Members: cards that customers join programmes by, and what is told of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from kupon.testing.builders import (
    make_campaign,
    make_customer,
    make_gift_card,
    make_member,
    make_programme,
    make_publication,
    make_voucher,
)

NOW = "2026-03-01T12:00:00.000Z"
PATH = "/v1/loyalties"
QUARTER = {"period_type": "MONTH", "period_value": 1, "rounding_type": "END_OF_QUARTER"}


@pytest.fixture(autouse=True)
def _frozen(move_time):
    move_time.freeze("2026-03-01T12:00:00+00:00")


@pytest.fixture
def ada(api):
    return make_customer(api, source_id="ada")


@pytest.fixture
def club(api):
    return make_programme(api, 30, name="Club", expiration_rules=QUARTER)


def rows(uow, statement):
    uow.reader.rollback()
    return uow.reader.execute(statement, (uow.project_id,)).fetchall()


class TestJoining:
    def test_a_customer_gets_a_card(self, api, club, ada, events, uow):
        body = {
            "customer": {"id": ada["id"], "name": "Ada Lovelace"},
            "channel": "Shop",
            "source_id": "s-1",
            "metadata": {"why": "birthday"},
        }
        card = api.post(f"{PATH}/Club/members", json=body).expect()
        assert card["loyalty_card"] == {
            "points": 30,
            "balance": 30,
            "expired_points": 0,
            "subtracted_points": 0,
            "pending_points": 0,
            # A day of March and a month, up to the end of the quarter.
            "next_expiration_date": "2026-06-30",
            "next_expiration_points": 30,
        }
        assert {name: card[name] for name in ("type", "holder_id", "campaign_id", "campaign")} == {
            "type": "LOYALTY_CARD",
            "holder_id": ada["id"],
            "campaign_id": club["id"],
            "campaign": "Club",
        }
        assert (card["is_referral_code"], "referrer_id" in card) == (False, False)
        assert card["redemption"]["redeemed_points"] == 0
        assert card["publish"]["count"] == 1
        publications = api.get("/v1/publications").expect()["publications"]
        assert [
            (each["channel"], each["source_id"], each["metadata"], each["result"])
            for each in publications
        ] == [("Shop", "s-1", {"why": "birthday"}, "SUCCESS")]
        assert api.get("/v1/customers/ada").expect()["name"] == "Ada Lovelace"
        told = [name for name, _ in events()]
        assert {"voucher.published", "publication.succeeded"} < {*told}
        assert rows(uow, "SELECT holder_role FROM redeemable_holders WHERE project_id = %s") == [
            ("OWNER",)
        ]
        assert rows(uow, "SELECT points FROM points_buckets WHERE project_id = %s") == [(30,)]
        shown = api.get(f"{PATH}/members/{card['code']}").expect()
        assert shown["loyalty_card"] == card["loyalty_card"]
        assert shown["publish"]["entries"] == [publications[0]["id"]]

    def test_a_customer_may_be_new(self, api, club):
        body = {"customer": {"source_id": "eve", "name": "Eve"}}
        card = api.post(f"{PATH}/{club['id']}/members", json=body).expect()
        assert api.get("/v1/customers/eve").expect()["id"] == card["holder_id"]

    def test_joining_again_changes_nothing(self, api, club, ada, uow):
        card = make_member(api, club, ada)
        again = make_member(api, club, ada)
        by_publication = make_publication(api, ada, campaign={"name": "Club", "count": 1})
        assert again["id"] == card["id"] == by_publication["voucher"]["id"]
        assert again["loyalty_card"] == card["loyalty_card"]
        assert api.get(f"{PATH}/Club/members").expect()["total"] == 1
        assert rows(uow, "SELECT count(*) FROM publications WHERE project_id = %s") == [(1,)]

    def test_a_certain_card_may_be_asked_for(self, api, club, ada):
        api.post("/v1/campaigns/Club/vouchers/MINE").expect()
        card = make_member(api, club, ada, voucher="MINE")
        assert card["code"] == "MINE"
        assert make_member(api, club, ada, voucher="MINE")["id"] == card["id"]

    def test_refusals_are_recorded_and_give_nothing(self, api, club, ada):
        for code in ("HERS", "OTHER", "OFF"):
            api.post(f"/v1/campaigns/Club/vouchers/{code}").expect()
        api.post("/v1/vouchers/OFF/disable").expect()
        make_member(api, club, ada, voucher="HERS")
        bob = make_customer(api, source_id="bob")
        for who, code, key in (
            (bob, "HERS", "voucher_already_published"),
            (ada, "OTHER", "voucher_cannot_be_published"),
            (bob, "OFF", "voucher_cannot_be_published"),
        ):
            body = {"customer": {"id": who["id"]}, "voucher": code}
            api.post(f"{PATH}/Club/members", json=body).refused(400, key)
        failures = api.get("/v1/publications", query={"result": "FAILURE"}).expect()
        assert failures["total"] == 3
        assert api.get(f"{PATH}/members/OTHER").expect()["publish"]["count"] == 0

    def test_a_pool_of_fixed_size_runs_out(self, api, ada):
        club = make_programme(api, name="Static", type="STATIC")
        body = {"customer": {"id": ada["id"]}}
        answer = api.post(f"{PATH}/{club['id']}/members", json=body)
        answer.refused(400, "no_voucher_suitable_for_publication")

    @pytest.mark.parametrize(
        ("body", "status", "key"),
        [
            ({}, 400, "invalid_payload"),
            ({"customer": {}}, 400, "invalid_publish_params"),
            ({"customer": "ada"}, 400, "invalid_payload"),
            ({"customer": {"id": "cust_none"}}, 404, "not_found"),
            ({"customer": {"source_id": "ada"}, "voucher": "NONE"}, 404, "not_found"),
            ({"customer": {"source_id": "ada"}, "voucher": "GIFT"}, 404, "not_found"),
            ({"customer": {"source_id": "ada"}, "voucher": "ELSE"}, 404, "not_found"),
            ({"customer": {"source_id": "ada"}, "voucher": 5}, 400, "invalid_payload"),
            ({"customer": {"source_id": "ada"}, "metadata": []}, 400, "invalid_payload"),
            ({"customer": {"source_id": "ada"}, "source_id": "x" * 5000}, 400, "invalid_payload"),
            ({"customer": {"source_id": "ada"}, "channel": {}}, 400, "invalid_payload"),
        ],
    )
    def test_broken_requests_are_refused(self, api, club, events, body, status, key):
        make_gift_card(api, "GIFT")
        make_programme(api, name="Elsewhere")
        api.post("/v1/campaigns/Elsewhere/vouchers/ELSE").expect()
        before = events()
        api.post(f"{PATH}/Club/members", json=body).refused(status, key)
        assert events() == before
        assert api.get(f"{PATH}/Club/members").expect()["total"] == 0

    def test_a_programme_that_is_off_still_takes_members(self, api, club, ada):
        api.post("/v1/campaigns/Club/disable").expect()
        assert make_member(api, club, ada)["holder_id"] == ada["id"]

    def test_joining_at_once_gives_one_card(self, api, club, ada):
        with ThreadPoolExecutor(8) as pool:
            made = list(pool.map(lambda _: make_member(api, club, ada)["id"], range(16)))
        assert len(set(made)) == 1
        assert api.get(f"{PATH}/Club/members").expect()["total"] == 1

    def test_everybody_gets_a_card_of_their_own(self, api, club):
        people = [make_customer(api) for _ in range(16)]
        with ThreadPoolExecutor(8) as pool:
            made = list(pool.map(lambda who: make_member(api, club, who)["id"], people))
        assert len(set(made)) == 16
        assert api.get("/v1/campaigns/Club").expect()["vouchers_count"] == 16


class TestReading:
    def test_members_are_found_by_id_and_code(self, api, club, ada):
        card = make_member(api, club, ada)
        read = api.get(f"{PATH}/members/{card['id']}").expect()
        for path in (f"members/{card['code']}", f"Club/members/{card['code']}"):
            assert api.get(f"{PATH}/{path}").expect() == read
        assert api.get(f"/v1/vouchers/{card['code']}").expect() == read

    def test_what_is_no_member_is_not_found(self, api, club, ada):
        card = make_member(api, club, ada)
        make_programme(api, name="Other")
        make_campaign(api, name="Coupons")
        make_gift_card(api, "GIFT")
        make_voucher(api, "OFF")
        for path in (
            "members/GIFT",
            "members/OFF",
            "members/none",
            "Club/members/GIFT",
            "Club/members/none",
            f"Other/members/{card['code']}",
            f"Coupons/members/{card['code']}",
            f"none/members/{card['code']}",
        ):
            for part in ("", "/activity"):
                api.get(f"{PATH}/{path}{part}").refused(404, "not_found")
        for name in ("Coupons", "none"):
            api.get(f"{PATH}/{name}/members").refused(404, "not_found")
            body = {"customer": {"id": ada["id"]}}
            api.post(f"{PATH}/{name}/members", json=body).refused(404, "not_found")

    def test_they_are_listed(self, api, club, ada):
        mine = make_member(api, club, ada)
        others = [make_member(api, club, make_customer(api)) for _ in range(3)]
        make_member(api, make_programme(api), ada)
        listed = api.get(f"{PATH}/Club/members").expect()
        assert (listed["object"], listed["data_ref"], listed["total"]) == ("list", "vouchers", 4)
        for query, expected in (
            ({"customer": ada["id"]}, [mine]),
            ({"customer": "ada"}, [mine]),
            ({"code": mine["code"]}, [mine]),
            ({"ids": [each["id"] for each in others[:2]], "order": "created_at"}, others[:2]),
            ({"limit": 1, "page": 4, "order": "created_at"}, others[2:]),
            ({"limit": 1, "order": "-created_at"}, others[2:]),
            ({"created_at": {"before": "2026-01-01"}}, []),
        ):
            found = api.get(f"{PATH}/Club/members", query=query).expect()["vouchers"]
            assert [each["id"] for each in found] == [each["id"] for each in expected], query

    @pytest.mark.parametrize("query", [{"limit": 0}, {"order": "points"}, {"page": 2000}])
    def test_broken_queries_are_refused(self, api, club, query):
        answer = api.get(f"{PATH}/Club/members", query=query)
        assert answer.status == 400

    def test_the_wallet_shows_the_card(self, api, club, ada):
        empty = make_programme(api, name="Empty")
        card, other = make_member(api, club, ada), make_member(api, empty, ada)
        found = api.get("/v1/customers/ada/redeemables", query={"order": "id"}).expect()["data"]
        assert [
            (each["holder_role"], each["campaign_type"], each["voucher_type"]) for each in found
        ] == [("OWNER", "LOYALTY_PROGRAM", "LOYALTY_CARD")] * 2
        first, second = (each["redeemable"] for each in found)
        assert (first["status"], second["status"]) == ("ACTIVE", "NO_BALANCE")
        assert first["voucher"]["loyalty_card"] == card["loyalty_card"]
        assert first["voucher"]["redemption"]["redeemed_points"] == 0
        assert second["voucher"]["id"] == other["id"]

    def test_publications_show_the_card(self, api, club, ada):
        make_member(api, club, ada)
        query = {"voucher_type": "loyalty"}
        (found,) = api.get("/v1/publications", query=query).expect()["publications"]
        assert found["voucher"]["loyalty_card"]["balance"] == 30
        query = {"is_referral_code": "true"}
        assert api.get("/v1/publications", query=query).expect()["publications"] == []


class TestFigures:
    def figures(self, api, source_id="ada"):
        customer = api.get(f"/v1/customers/{source_id}").expect()
        return customer["loyalty"], customer["summary"]["redemptions"]["loyalty_card"]

    def test_points_are_summed_over_cards(self, api, club, ada):
        other = make_programme(api, 5, name="Other")
        cards = [make_member(api, each, ada) for each in (club, other)]
        for points in (100, -10):
            path = f"{PATH}/members/{cards[0]['id']}/balance"
            api.post(path, json={"points": points}).expect()
        loyalty, card = self.figures(api)
        assert loyalty == {
            "points": 125,
            "referred_customers": 0,
            "campaigns": {
                "Club": {"points": 120, "referred_customers": 0},
                "Other": {"points": 5, "referred_customers": 0},
            },
        }
        assert card == {"redeemed_points": 0, "points_to_go": 125}
        (listed,) = api.get("/v1/customers").expect()["customers"]
        assert listed["loyalty"] == loyalty

    def test_the_tier_is_named(self, api, club, ada):
        tier = {"name": "Gold", "points": {"from": 10, "to": 100}}
        api.post(f"{PATH}/Club/tiers", json=[tier]).expect()
        (gold,) = api.get(f"{PATH}/Club/tiers").expect()["data"]
        card = make_member(api, club, ada)
        api.post(f"{PATH}/members/{card['id']}/balance", json={"points": 1}).expect()
        loyalty, _ = self.figures(api)
        assert loyalty["campaigns"]["Club"] == {
            "points": 31,
            "referred_customers": 0,
            "loyalty_tier": gold["id"],
        }

    def test_segments_follow_the_points(self, api, club, ada, jobs):
        filter = {"junction": "and", "loyalty.points": {"conditions": {"$more_than": [100]}}}
        body = {"name": "Rich", "type": "auto-update", "filter": filter}
        api.post("/v1/segments", json=body).expect()
        card = make_member(api, club, ada)
        path = f"{PATH}/members/{card['id']}/balance"
        for points, names in ((100, ["Rich"]), (-50, [])):
            api.post(path, json={"points": points}).expect()
            jobs()
            found = api.get("/v1/customers/ada/segments").expect()["data"]
            assert [segment["name"] for segment in found] == names
        told = api.get("/v1/customers/ada/activity", query={"limit": 100}).expect()["data"]
        moves = [each["type"] for each in told if each["type"].startswith("customer.segment")]
        assert sorted(moves) == ["customer.segment.entered", "customer.segment.left"]

    def test_deleted_cards_no_longer_count(self, api, club, ada):
        card = make_member(api, club, ada)
        api.delete(f"/v1/vouchers/{card['code']}").expect(204)
        loyalty, totals = self.figures(api)
        assert (loyalty["points"], loyalty["campaigns"]) == (0, {})
        assert totals["points_to_go"] == 0
        api.get(f"{PATH}/members/{card['code']}").refused(404, "not_found")

    def test_erasing_the_customer_leaves_the_card(self, api, club, ada, jobs, uow):
        rule = {
            "event": "order.paid",
            "loyalty": {"type": "FIXED", "points": 5},
            "pending_points": {"period_type": "DAY", "period_value": 3},
        }
        api.post(f"{PATH}/Club/earning-rules", json=[rule]).expect()
        tier = {"name": "Gold", "points": {"from": 10, "to": 100}}
        api.post(f"{PATH}/Club/tiers", json=[tier]).expect()
        card = make_member(api, club, ada)
        order = {"customer": {"id": ada["id"]}, "amount": 100, "status": "PAID"}
        api.post("/v1/orders", json=order).expect()
        jobs()
        held = api.get(f"{PATH}/members/{card['id']}").expect()["loyalty_card"]
        assert held["pending_points"] == 5
        api.post("/v1/customers/ada/permanent-deletion").expect()
        left = api.get(f"{PATH}/members/{card['id']}").expect()
        assert "holder_id" not in left
        assert left["loyalty_card"] == held | {"pending_points": 0}
        for table in ("pending_points", "loyalty_tier_memberships", "custom_events"):
            statement = f"SELECT count(*) FROM {table} WHERE project_id = %s"
            assert rows(uow, statement) == [(0,)], table


class TestActivity:
    def types(self, api, path, **query):
        return [
            each["type"]
            for each in api.get(f"{PATH}/{path}/activity", query=query).expect()["data"]
        ]

    def test_it_is_that_of_the_programme(self, api, club, ada, jobs):
        card = make_member(api, club, ada)
        other = make_member(api, make_programme(api, name="Other"), ada)
        api.post(f"{PATH}/members/{card['id']}/balance", json={"points": 5}).expect()
        jobs()
        mine = self.types(api, f"members/{card['code']}", order="created_at", limit=100)
        assert mine[0] == "customer.publication.succeeded"
        assert "customer.voucher.loyalty_card.points_added" in mine
        assert mine == self.types(api, f"Club/members/{card['id']}", order="created_at", limit=100)
        assert self.types(api, f"members/{other['id']}") == ["customer.publication.succeeded"]

    def test_it_is_walked(self, api, club, ada, jobs):
        card = make_member(api, club, ada)
        for points in range(1, 5):
            api.post(f"{PATH}/members/{card['id']}/balance", json={"points": points}).expect()
        jobs()
        path = f"{PATH}/members/{card['id']}/activity"
        whole = api.get(path, query={"limit": 100}).expect()
        seen, query = [], {"limit": 2}
        while True:
            page = api.get(path, query=query).expect()
            seen += page["data"]
            if not page["has_more"]:
                break
            query["starting_after_id"] = page["more_starting_after"]
        assert seen == whole["data"]
        assert (whole["object"], whole["data_ref"]) == ("list", "data")
        names = {"id", "type", "data", "created_at", "group_id", "member_id", "source"}
        assert {*whole["data"][0]} == names
        assert whole["data"][0]["source"]["channel"] == "API"

    def test_two_names_are_misspelt_there(self, api, club, ada, uow):
        card = make_member(api, club, ada)
        for number, type in enumerate(
            ("customer.redemption.succeeded", "customer.redemption.rollback.succeeded")
        ):
            uow.driver.execute(
                "INSERT INTO activities (project_id, id, customer_id, campaign_id, campaign_type,"
                " type, category, data, event_seq, position, created_at) VALUES"
                " (%s, %s, %s, %s, 'LOYALTY_PROGRAM', %s, 'ACTION', '{}', %s, 0, now())",
                (uow.project_id, f"evcus_{number}", ada["id"], club["id"], type, -number),
            )
        uow.commit()
        assert self.types(api, f"members/{card['id']}", order="created_at") == [
            "customer.redemption.succceeded",
            "customer.redemption.rollback.succceeded",
        ]

    def test_a_card_that_nobody_has_has_none(self, api, club):
        api.post("/v1/campaigns/Club/vouchers/FREE").expect()
        page = api.get(f"{PATH}/members/FREE/activity").expect()
        assert page == {"object": "list", "data_ref": "data", "data": [], "has_more": False}

    @pytest.mark.parametrize("query", [{"limit": 500}, {"order": "type"}])
    def test_broken_queries_are_refused(self, api, club, ada, query):
        card = make_member(api, club, ada)
        path = f"{PATH}/members/{card['id']}/activity"
        api.get(path, query=query).refused(400, "invalid_query_params")

    def test_a_deleted_card_is_told_of(self, api, club, ada, jobs):
        card = make_member(api, club, ada)
        api.delete(f"/v1/vouchers/{card['code']}").expect(204)
        jobs()
        query = {"type": "customer.voucher.deleted"}
        (told,) = api.get("/v1/customers/ada/activity", query=query).expect()["data"]
        data = told["data"]["data"]
        assert {*data} == {"customer", "voucher", "campaign"}
        assert data["voucher"]["code"] == card["code"]
        assert "publish" not in data["voucher"]

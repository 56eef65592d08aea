"""Programmes: made, read, changed and deleted, by their own paths and as campaigns."""

from __future__ import annotations

import pytest

from kupon.testing.builders import (
    amount_off,
    make_campaign,
    make_customer,
    make_member,
    make_programme,
    make_rule,
)

NOW = "2026-03-01T12:00:00.000Z"
PATH = "/v1/loyalties"
CHARSET = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
YEARLY = {"period_type": "FIXED_DAY_OF_YEAR", "fixed_month": 12, "fixed_day": 31}
MONTHLY = {
    "period_type": "MONTH",
    "period_value": 3,
    "rounding_type": "PARTICULAR_MONTH",
    "rounding_value": 6,
}
POLICY = {
    "qualification_type": "POINTS_IN_PERIOD",
    "qualification_period": "MONTH",
    "start_date": {"type": "IMMEDIATE"},
    "expiration_date": {"type": "END_OF_PERIOD", "extend": "P3M"},
}
CARD = {"type": "LOYALTY_CARD", "loyalty_card": {"points": 100}}


@pytest.fixture(autouse=True)
def _frozen(move_time):
    move_time.freeze("2026-03-01T12:00:00+00:00")


def cards(api, programme):
    return api.get(f"{PATH}/{programme}/members", query={"limit": 100}).expect()["vouchers"]


class TestCreation:
    def test_what_it_says_is_what_it_answers(self, api, events):
        body = {
            "name": "Club",
            "description": "Points for everybody",
            "type": "AUTO_UPDATE",
            "auto_join": True,
            "join_once": False,
            "metadata": {"tier": 1},
            "start_date": "2026-01-01T00:00:00.000Z",
            "loyalty_tiers_expiration": POLICY,
            "voucher": {
                "type": "LOYALTY_CARD",
                "redemption": {"quantity": 5},
                "code_config": {"pattern": "CLUB-###"},
                "loyalty_card": {"points": 100, "expiration_rules": MONTHLY},
            },
        }
        made = api.post(PATH, json=body).expect()
        assert made == {
            "id": made["id"],
            "name": "Club",
            "description": "Points for everybody",
            "campaign_type": "LOYALTY_PROGRAM",
            "type": "AUTO_UPDATE",
            "auto_join": True,
            "join_once": True,
            "use_voucher_metadata_schema": False,
            "active": True,
            "metadata": {"tier": 1},
            "start_date": "2026-01-01T00:00:00.000Z",
            "loyalty_tiers_expiration": POLICY,
            "voucher": {
                "type": "LOYALTY_CARD",
                "loyalty_card": {"points": 100, "expiration_rules": MONTHLY},
                "redemption": {"quantity": 5},
                "code_config": {"length": 3, "charset": CHARSET, "pattern": "CLUB-###"},
                "start_date": "2026-01-01T00:00:00.000Z",
                "is_referral_code": False,
            },
            "vouchers_count": 0,
            "category_id": None,
            "categories": [],
            "creation_status": "DONE",
            "vouchers_generation_status": "DONE",
            "protected": False,
            "readonly": False,
            "validation_rules_assignments": {
                "object": "list",
                "data_ref": "data",
                "data": [],
                "total": 0,
            },
            "created_at": NOW,
            "object": "campaign",
        }
        assert api.get(f"{PATH}/Club").expect() == made
        assert api.get(f"/v1/campaigns/{made['id']}").expect() == made
        assert [name for name, _ in events()] == ["campaign.created"]

    def test_it_may_be_made_as_a_campaign(self, api):
        body = {"name": "Club", "campaign_type": "LOYALTY_PROGRAM", "voucher": CARD}
        made = api.post("/v1/campaigns", json=body).expect()
        assert (made["type"], made["join_once"]) == ("STATIC", True)
        assert api.get(f"{PATH}/{made['id']}").expect() == made

    def test_cards_are_generated_by_the_worker(self, api, jobs):
        make_programme(api, 30, name="Club", type="STATIC", vouchers_count=12)
        jobs()
        assert api.get(f"{PATH}/Club").expect()["vouchers_count"] == 12
        assert {
            (card["type"], card["loyalty_card"]["balance"], card["loyalty_card"]["points"])
            for card in cards(api, "Club")
        } == {("LOYALTY_CARD", 30, 30)}

    def test_cards_are_added_one_by_one_and_many_at_once(self, api, jobs):
        make_programme(api, 30, name="Club")
        api.post("/v1/campaigns/Club/vouchers").expect()
        api.post("/v1/campaigns/Club/vouchers/CARD").expect()
        api.post("/v1/campaigns/Club/vouchers", query={"vouchers_count": 4}).expect(202)
        body = {"type": "LOYALTY_CARD", "campaign": "Club", "loyalty_card": {"points": 7}}
        api.post("/v1/vouchers/SEVEN", json=body).expect()
        jobs()
        balances = [card["loyalty_card"]["balance"] for card in cards(api, "Club")]
        assert sorted(balances) == [7, *[30] * 6]

    def test_rules_for_all_its_cards_are_not_accepted(self, api):
        rule = make_rule(api)
        made = make_programme(api, validation_rules=[rule["id"]])
        body = {"name": "B", "campaign_type": "LOYALTY_PROGRAM", "voucher": CARD}
        other = api.post("/v1/campaigns", json=body | {"validation_rules": [rule["id"]]}).expect()
        for each in (made, other):
            assert each["validation_rules_assignments"]["total"] == 0

    @pytest.mark.parametrize(
        ("changes", "key", "details"),
        [
            (
                {"voucher": {"type": "LOYALTY_CARD"}},
                "invalid_campaign",
                "Property 'loyalty_card' is required for LOYALTY_PROGRAM campaign",
            ),
            (
                {"voucher": []},
                "invalid_payload",
                "Property .voucher must be object",
            ),
            (
                {"voucher": {"type": "GIFT_VOUCHER", "loyalty_card": {"points": 1}}},
                "invalid_campaign",
                "Property 'voucher.type' must be LOYALTY_CARD for LOYALTY_PROGRAM campaign",
            ),
            (
                {"type": "STANDALONE"},
                "invalid_campaign",
                "Property 'type' must be AUTO_UPDATE or STATIC for LOYALTY_PROGRAM campaign",
            ),
            (
                {"campaign_type": "GIFT_VOUCHERS"},
                "invalid_payload",
                "Property .campaign_type must be one of: LOYALTY_PROGRAM",
            ),
            (
                {"voucher": {"loyalty_card": {}}},
                "invalid_payload",
                "Property .voucher.loyalty_card should have required property 'points'",
            ),
            (
                {"voucher": {"loyalty_card": {"points": -1}}},
                "invalid_payload",
                "Property .voucher.loyalty_card.points must be >= 0",
            ),
            (
                {"voucher": {"loyalty_card": {"points": 2**63}}},
                "invalid_payload",
                None,
            ),
            (
                {
                    "voucher": {
                        "loyalty_card": {"points": 1, "expiration_rules": {"period_type": "DAY"}}
                    }
                },
                "invalid_payload",
                "Property .voucher.loyalty_card.expiration_rules.period_type must be equal to one"
                " of the allowed values: MONTH, FIXED_DAY_OF_YEAR",
            ),
            (
                {
                    "voucher": {
                        "loyalty_card": {
                            "points": 1,
                            "expiration_rules": {**YEARLY, "fixed_day": 32},
                        }
                    }
                },
                "invalid_payload",
                None,
            ),
            (
                {"voucher": {"loyalty_card": {"points": 1, "expiration_rules": []}}},
                "invalid_payload",
                None,
            ),
            (
                {"loyalty_tiers_expiration": {**POLICY, "qualification_type": "LUCK"}},
                "invalid_payload",
                None,
            ),
            ({"loyalty_tiers_expiration": [1]}, "invalid_payload", None),
            ({"loyalty_tiers_expiration": {"expiration_date": 1}}, "invalid_payload", None),
            ({"name": None}, "invalid_payload", None),
            ({"vouchers_count": "many"}, "invalid_payload", None),
        ],
    )
    def test_broken_ones_are_refused(self, api, events, changes, key, details):
        body = {"name": "Club", "type": "AUTO_UPDATE", "voucher": CARD} | changes
        said = api.post(PATH, json=body).refused(400, key)["details"]
        assert details in (None, said)
        api.get(f"{PATH}/Club").refused(404, "not_found")
        assert events() == []

    def test_a_taken_name_is_refused(self, api):
        make_campaign(api, name="Club")
        body = {"name": "Club", "voucher": CARD}
        api.post(PATH, json=body).refused(409, "duplicate_found")

    def test_a_card_without_a_programme_is_refused(self, api):
        api.post("/v1/vouchers/CARD", json=CARD).refused(400, "invalid_voucher")

    @pytest.mark.parametrize("type", ["DISCOUNT_VOUCHER", "GIFT_VOUCHER"])
    def test_other_codes_are_refused(self, api, type):
        make_programme(api, name="Club")
        body = {"type": type, "campaign": "Club", "discount": amount_off(1), "gift": {"amount": 1}}
        api.post("/v1/vouchers/CODE", json=body).refused(400, "invalid_payload")


class TestReading:
    def test_only_programmes_are_listed(self, api):
        make_campaign(api)
        names = [make_programme(api, name=name)["name"] for name in ("A", "B", "C")]
        listed = api.get(PATH).expect()
        assert (listed["object"], listed["data_ref"], listed["total"]) == ("list", "campaigns", 3)
        assert {each["name"] for each in listed["campaigns"]} == {*names}
        assert {each["validation_rules_assignments"]["total"] for each in listed["campaigns"]} == {
            0
        }
        query = {"limit": 2, "page": 2, "order": "created_at"}
        page = api.get(PATH, query=query).expect()
        assert (len(page["campaigns"]), page["total"]) == (1, 3)

    @pytest.mark.parametrize("query", [{"limit": 101}, {"order": "name"}, {"page": 0}])
    def test_broken_queries_are_refused(self, api, query):
        api.get(PATH, query=query).refused(400, "invalid_query_params")

    @pytest.mark.parametrize("method", ["get", "put", "delete"])
    def test_campaigns_of_other_types_are_not_found(self, api, method):
        make_campaign(api, name="Coupons")
        for name in ("Coupons", "None", "%00"):
            members = {"json": {}} if method == "put" else {}
            getattr(api, method)(f"{PATH}/{name}", **members).refused(404, "not_found")

    def test_events_name_what_cards_hold(self, api, events):
        make_programme(api, 30, name="Club")
        api.post("/v1/campaigns/Club/vouchers/CARD").expect()
        payloads = dict(events())
        template = payloads["campaign.vouchers.added"]["campaign"]["voucher"]
        assert template["loyalty_card"] == {"points": 30}
        assert payloads["voucher.created"]["voucher"]["loyalty_card"]["balance"] == 30


class TestUpdate:
    @pytest.fixture
    def club(self, api):
        return make_programme(api, 30, name="Club", expiration_rules=MONTHLY)

    @pytest.mark.parametrize("path", [PATH, "/v1/campaigns"])
    def test_members_change_and_the_others_stay(self, api, club, path):
        body = {
            "description": "New",
            "auto_join": True,
            "join_once": False,
            "type": "STATIC",
            "loyalty_card": {"points": 50, "expiration_rules": YEARLY},
            "loyalty_tiers_expiration": POLICY,
            "campaign_type": "PROMOTION",
            "name": "Other",
        }
        answer = api.put(f"{path}/Club", json=body).expect()
        card = {"points": 50, "expiration_rules": YEARLY}
        assert answer == club | {
            "description": "New",
            "auto_join": True,
            "type": "STATIC",
            "loyalty_tiers_expiration": POLICY,
            "voucher": club["voucher"] | {"loyalty_card": card},
            "updated_at": NOW,
        }
        cleared = api.put(f"{path}/Club", json={"loyalty_tiers_expiration": None}).expect()
        assert "loyalty_tiers_expiration" not in cleared

    def test_points_are_for_later_cards(self, api, club, jobs):
        api.post("/v1/campaigns/Club/vouchers/OLD").expect()
        answer = api.put(f"{PATH}/Club", json={"loyalty_card": {"points": 50}}).expect()
        assert answer["creation_status"] == "DONE"
        jobs()
        api.post("/v1/campaigns/Club/vouchers/NEW").expect()
        held = {card["code"]: card["loyalty_card"]["points"] for card in cards(api, "Club")}
        assert held == {"OLD": 30, "NEW": 50}

    def test_dates_reach_cards_that_nobody_has(self, api, club, jobs):
        api.post("/v1/campaigns/Club/vouchers/FREE").expect()
        given = make_member(api, club, make_customer(api), voucher="FREE")
        api.post("/v1/campaigns/Club/vouchers/LEFT").expect()
        api.put(f"{PATH}/Club", json={"expiration_date": "2030-01-01T00:00:00Z"}).expect()
        jobs()
        dated = {card["code"] for card in cards(api, "Club") if "expiration_date" in card}
        assert dated == {"LEFT"}
        assert given["code"] == "FREE"

    @pytest.mark.parametrize(
        "body",
        [
            {"loyalty_card": {"points": -1}},
            {"loyalty_card": {"points": 1, "expiration_rules": {"period_type": "MONTH"}}},
            {"loyalty_card": []},
            {"loyalty_tiers_expiration": {"qualification_type": "LUCK"}},
            {"type": "STANDALONE"},
            {"options": {"recalculate_tiers": "perhaps"}},
            {"validity_timeframe": {"duration": "x"}},
        ],
    )
    def test_broken_changes_are_refused(self, api, club, body):
        api.put(f"{PATH}/Club", json=body).refused(400, "invalid_payload")
        assert api.get(f"{PATH}/Club").expect() == club

    def test_nothing_of_other_types_changes(self, api, club):
        body = {"discount": amount_off(1), "gift": {"amount": 1}, "referral_program": {}}
        for path in (PATH, "/v1/campaigns"):
            assert api.put(f"{path}/Club", json=body).expect() == club | {"updated_at": NOW}


class TestDeletion:
    @pytest.fixture
    def club(self, api):
        club = make_programme(api, 30, name="Club")
        make_member(api, club, make_customer(api, source_id="ada"))
        return club

    def definitions(self, uow, campaign_id):
        """How many rows there are that only the programme has."""
        tables = ("earning_rules", "loyalty_tiers", "reward_assignments")
        return sum(
            uow.reader.execute(
                f"SELECT count(*) FROM {table} WHERE campaign_id = %s", (campaign_id,)
            ).fetchone()[0]
            for table in tables
        )

    @pytest.mark.parametrize("is_forced", [False, True])
    def test_its_cards_go_along(self, api, club, jobs, uow, is_forced):
        rule = {"event": "order.paid", "loyalty": {"type": "FIXED", "points": 5}}
        api.post(f"{PATH}/Club/earning-rules", json=[rule]).expect()
        tier = {"name": "Gold", "points": {"from": 0, "to": 10}}
        api.post(f"{PATH}/Club/tiers", json=[tier]).expect()
        assert self.definitions(uow, club["id"]) == 2
        query = {"force": "true"} if is_forced else {}
        answer = api.delete(f"{PATH}/Club", query=query).expect(200)
        assert [*answer] == ["async_action_id"]
        for path in ("", "/members", "/earning-rules", "/tiers"):
            api.get(f"{PATH}/Club{path}").refused(404, "not_found")
        ada = api.get("/v1/customers/ada").expect()
        assert ada["loyalty"] == {"points": 0, "referred_customers": 0, "campaigns": {}}
        assert ada["summary"]["redemptions"]["loyalty_card"]["points_to_go"] == 0
        assert api.get("/v1/customers/ada/redeemables").expect()["data"] == []
        jobs()
        uow.reader.rollback()
        assert self.definitions(uow, club["id"]) == 0
        buckets = uow.reader.execute(
            "SELECT count(*) FROM points_buckets WHERE campaign_id = %s", (club["id"],)
        ).fetchone()
        assert buckets == (0 if is_forced else 1,)
        body = {"name": "Club", "voucher": CARD}
        again = api.post(PATH, json=body)
        if is_forced:
            again.expect()
        else:
            again.refused(409, "duplicate_found")

    def test_the_bin_forgets_it(self, api, club, jobs, uow):
        api.delete(f"{PATH}/Club").expect()
        jobs()
        entries = api.get("/v1/trash-bin").expect()["data"]
        for entry in entries:
            api.delete(f"/v1/trash-bin/{entry['id']}").expect(204)
        left = uow.reader.execute(
            "SELECT count(*) FROM points_buckets WHERE campaign_id = %s", (club["id"],)
        ).fetchone()
        assert left == (0,)
        make_programme(api, name="Club")

    def test_no_template_is_made_of_it(self, api, club):
        body = {"name": "T", "campaign_id": club["id"]}
        answer = api.post("/v1/templates/campaigns", json=body)
        answer.refused(400, "campaign_type_is_not_supported_by_campaign_template")


class TestSummary:
    POINTS = (
        "created_vouchers_points",
        "points_added",
        "points_subtracted",
        "points_deleted",
        "points_rewarded",
        "points_redeemed",
        "points_rolledback",
        "points_expired",
        "points_transferred_in",
        "points_transferred_out",
        "pending_points_added",
        "pending_points_subtracted",
        "pending_points_activated",
        "pending_points_canceled",
    )

    def test_it_tells_of_points(self, api):
        club = make_programme(api, 30, name="Club")
        card, other = (make_member(api, club, make_customer(api)) for _ in range(2))
        path = f"{PATH}/members/{card['id']}"
        for points in (100, -20):
            api.post(f"{path}/balance", json={"points": points}).expect()
        api.post(
            f"{PATH}/Club/members/{other['code']}/transfers",
            json=[{"code": card["code"], "points": 10, "reason": "gift", "source_id": "t"}],
        ).expect()
        api.delete(f"/v1/vouchers/{other['code']}").expect(204)
        summary = api.get("/v1/campaigns/Club/summary").expect()
        assert {name: summary[name] for name in self.POINTS if summary[name]} == {
            "created_vouchers_points": 60,
            "points_added": 100,
            "points_subtracted": 20,
            "points_transferred_in": 10,
            "points_transferred_out": 10,
            "points_deleted": 40,
        }
        assert (summary["vouchers_created"], summary["publications_succeeded"]) == (2, 2)
        assert not {"discounted_amount", "amount_added", "referred_customers"} & summary.keys()
        query = {"start_date": "2026-03-02"}
        later = api.get("/v1/campaigns/Club/summary", query=query).expect()
        assert [later[name] for name in self.POINTS] == [0] * len(self.POINTS)

    def test_it_counts_pending_points(self, api, jobs):
        club = make_programme(api, name="Club")
        ada = make_customer(api)
        make_member(api, club, ada)
        rule = {
            "event": "order.paid",
            "loyalty": {"type": "FIXED", "points": 5},
            "pending_points": {"period_type": "DAY", "period_value": 3},
        }
        api.post(f"{PATH}/Club/earning-rules", json=[rule]).expect()
        for _ in range(3):
            order = {"customer": {"id": ada["id"]}, "amount": 100, "status": "PAID"}
            api.post("/v1/orders", json=order).expect()
        jobs()
        pending = api.get(f"{PATH}/Club/pending-points").expect()["data"]
        member = f"{PATH}/members/{pending[0]['voucher_id']}/pending-points"
        first, second, third = (entry["id"] for entry in pending)
        api.post(f"{member}/{first}/balance", json={"points": 4}).expect()
        api.post(f"{member}/{first}/balance", json={"points": -2}).expect()
        api.post(f"{member}/{second}/activate").expect()
        api.post(f"{member}/{third}/cancel").expect(204)
        summary = api.get("/v1/campaigns/Club/summary").expect()
        assert {name: summary[name] for name in self.POINTS if summary[name]} == {
            "pending_points_added": 19,
            "pending_points_subtracted": 2,
            "pending_points_activated": 5,
            "pending_points_canceled": 5,
            "points_rewarded": 5,
        }

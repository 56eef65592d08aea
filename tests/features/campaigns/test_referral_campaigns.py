"""Referral campaigns: made, changed, summed up; their codes and those who refer by them."""

from __future__ import annotations

import pytest

from kupon.testing.builders import (
    make_campaign,
    make_customer,
    make_gift_campaign,
    make_programme,
    make_publication,
    make_referral_campaign,
    percent_off,
)

NOW = "2026-03-01T12:00:00.000Z"
DISCOUNT = {"type": "PERCENT", "percent_off": 10.0}


@pytest.fixture(autouse=True)
def _frozen(move_time):
    move_time.freeze("2026-03-01T12:00:00+00:00")


@pytest.fixture
def event(management_api, project):
    """The schema of a custom event."""
    path = f"/management/v1/projects/{project.id}/custom-event-schemas"
    body = {"name": "subscribed", "schema": {"properties": {}}}
    return management_api.post(path, json=body).expect()


def body(**members):
    program = {"conversion_event_type": "redemption"}
    voucher = {"type": "DISCOUNT_VOUCHER", "discount": percent_off(10)}
    base = {"name": "Friends", "campaign_type": "REFERRAL_PROGRAM", "type": "AUTO_UPDATE"}
    return base | {"voucher": voucher, "referral_program": program} | members


def reward(campaign, type, amount=100, **members):
    parent = {"id": campaign["id"], "name": campaign["name"], "object": "CAMPAIGN"}
    return {"related_object_parent": parent, "type": type, "amount": amount} | members


class TestCreation:
    def test_what_it_says_is_what_it_answers(self, api, event):
        club = make_programme(api, name="Club")
        program = {
            "conversion_event_type": "custom_event",
            "custom_event": {"id": event["id"], "name": "subscribed"},
            "referee_reward": reward(club, "LOYALTY_CARD"),
        }
        made = api.post("/v1/campaigns", json=body(referral_program=program)).expect()
        assert made["referral_program"] == program
        assert made["voucher"]["is_referral_code"] is True
        assert made["voucher"]["type"] == "DISCOUNT_VOUCHER"
        assert (made["campaign_type"], made["join_once"]) == ("REFERRAL_PROGRAM", False)
        assert api.get("/v1/campaigns/Friends").expect() == made
        query = {"campaign_type": "REFERRAL_PROGRAM"}
        (listed,) = api.get("/v1/campaigns", query=query).expect()["campaigns"]
        assert listed["referral_program"] == program

    def test_names_do_for_ids(self, api, event):
        gifts = make_gift_campaign(api, name="Gifts")
        program = {
            "conversion_event_type": "custom_event",
            "custom_event": {"name": "subscribed"},
            "referee_reward": {
                "related_object_parent": {"name": "Gifts"},
                "type": "GIFT_VOUCHER",
                "amount": 500,
            },
        }
        made = api.post("/v1/campaigns", json=body(referral_program=program)).expect()
        assert made["referral_program"] == {
            "conversion_event_type": "custom_event",
            "custom_event": {"id": event["id"], "name": "subscribed"},
            "referee_reward": reward(gifts, "GIFT_VOUCHER", 500),
        }

    def test_an_amount_stays_the_text_that_was_sent(self, api):
        given = reward(make_programme(api), "LOYALTY_CARD", "100")
        program = {"conversion_event_type": "redemption", "referee_reward": given}
        made = api.post("/v1/campaigns", json=body(referral_program=program)).expect()
        assert made["referral_program"] == program

    @pytest.mark.parametrize(
        ("changes", "status", "key", "details"),
        [
            (
                {"voucher": {"type": "DISCOUNT_VOUCHER"}},
                400,
                "invalid_campaign",
                "Property 'discount' is required for REFERRAL_PROGRAM campaign",
            ),
            (
                {"referral_program": None},
                400,
                "invalid_campaign",
                "Property 'referral_program.conversion_event_type' is required for"
                " REFERRAL_PROGRAM campaign",
            ),
            (
                {"referral_program": {"conversion_event_type": "luck"}},
                400,
                "invalid_payload",
                "Property .referral_program.conversion_event_type must be equal to one of the"
                " allowed values: redemption, custom_event",
            ),
            ({"referral_program": []}, 400, "invalid_payload", None),
            (
                {"referral_program": {"conversion_event_type": "custom_event"}},
                400,
                "invalid_campaign",
                "Property 'referral_program.custom_event' is required for conversion by"
                " custom_event",
            ),
            (
                {
                    "referral_program": {
                        "conversion_event_type": "custom_event",
                        "custom_event": {"name": "none"},
                    }
                },
                404,
                "not_found",
                "Cannot find event schema with id none",
            ),
            (
                {"type": "STANDALONE"},
                400,
                "invalid_campaign",
                "Property 'type' must be AUTO_UPDATE or STATIC for REFERRAL_PROGRAM campaign",
            ),
        ],
    )
    def test_broken_ones_are_refused(self, api, events, changes, status, key, details):
        answer = api.post("/v1/campaigns", json=body(**changes)).refused(status, key)
        assert details in (None, answer["details"])
        assert events() == []

    @pytest.mark.parametrize(
        ("members", "status", "key"),
        [
            ({"type": "DISCOUNT_VOUCHER"}, 400, "invalid_payload"),
            ({"type": "GIFT_VOUCHER"}, 400, "invalid_payload"),
            ({"amount": 0}, 400, "invalid_payload"),
            ({"amount": None}, 400, "invalid_payload"),
            ({"amount": 1.5}, 400, "invalid_payload"),
            ({"amount": "-1"}, 400, "invalid_payload"),
            ({"amount": "many"}, 400, "invalid_payload"),
            ({"related_object_parent": None}, 400, "invalid_payload"),
            ({"related_object_parent": {"id": "camp_none"}}, 404, "not_found"),
        ],
    )
    def test_broken_rewards_are_refused(self, api, members, status, key):
        given = reward(make_programme(api), "LOYALTY_CARD") | members
        program = {"conversion_event_type": "redemption", "referee_reward": given}
        api.post("/v1/campaigns", json=body(referral_program=program)).refused(status, key)
        api.get("/v1/campaigns/Friends").refused(404, "not_found")


class TestUpdate:
    @pytest.fixture
    def friends(self, api):
        return make_referral_campaign(api, name="Friends")

    def test_what_is_not_said_stays(self, api, friends, event):
        gifts = make_gift_campaign(api)
        given = reward(gifts, "GIFT_VOUCHER")
        answer = api.put(
            "/v1/campaigns/Friends",
            json={"referral_program": {"referee_reward": given}, "discount": percent_off(20)},
        ).expect()
        program = {"conversion_event_type": "redemption", "referee_reward": given}
        assert answer["referral_program"] == program
        assert answer["voucher"]["discount"]["percent_off"] == 20
        assert answer["voucher"]["is_referral_code"] is True
        changed = {"conversion_event_type": "custom_event", "custom_event": {"id": event["id"]}}
        changed["referee_reward"] = None
        sent = {"referral_program": changed}
        answer = api.put("/v1/campaigns/Friends", json=sent).expect()
        assert answer["referral_program"] == {
            "conversion_event_type": "custom_event",
            "custom_event": {"id": event["id"], "name": "subscribed"},
        }

    @pytest.mark.parametrize(
        "program",
        [
            {"conversion_event_type": "luck"},
            {"conversion_event_type": None},
            {"referee_reward": {"type": "LOYALTY_CARD"}},
            [],
        ],
    )
    def test_broken_changes_are_refused(self, api, friends, program):
        answer = api.put("/v1/campaigns/Friends", json={"referral_program": program})
        assert answer.status == 400
        assert api.get("/v1/campaigns/Friends").expect() == friends

    def test_other_campaigns_have_none(self, api):
        made = make_campaign(api, name="Coupons", referral_program={"conversion_event_type": "x"})
        assert "referral_program" not in made
        sent = {"referral_program": {"conversion_event_type": "redemption"}}
        assert "referral_program" not in api.put("/v1/campaigns/Coupons", json=sent).expect()


class TestCodes:
    @pytest.fixture
    def friends(self, api):
        return make_referral_campaign(api, name="Friends")

    def test_whoever_gets_a_code_refers_with_it(self, api, friends, events, uow):
        free = api.post("/v1/campaigns/Friends/vouchers/FREE").expect()
        assert free["is_referral_code"] is True
        assert not {"holder_id", "referrer_id"} & free.keys()
        ada = make_customer(api, source_id="ada")
        publication = make_publication(api, ada, voucher="FREE")
        code = publication["voucher"]
        assert (code["holder_id"], code["referrer_id"]) == (ada["id"], ada["id"])
        assert api.get("/v1/vouchers/FREE").expect()["referrer_id"] == ada["id"]
        row = uow.reader.execute(
            "SELECT holder_role, customer_id FROM redeemable_holders WHERE project_id = %s",
            (uow.project_id,),
        ).fetchone()
        assert row == ("REFERRER", ada["id"])
        (held,) = api.get("/v1/customers/ada/redeemables").expect()["data"]
        assert held["holder_role"] == "REFERRER"
        assert held["campaign_type"] == "REFERRAL_PROGRAM"
        shown = held["redeemable"]["voucher"]
        assert (shown["is_referral_code"], shown["referrer_id"]) == (True, ada["id"])

    def test_a_code_is_made_for_who_joins(self, api, friends):
        ada = make_customer(api)
        publication = make_publication(api, ada, campaign={"name": "Friends"})
        assert publication["voucher"]["is_referral_code"] is True

    def test_codes_are_found_by_being_such(self, api, friends):
        api.post("/v1/campaigns/Friends/vouchers/REFER").expect()
        other = make_campaign(api)
        api.post(f"/v1/campaigns/{other['id']}/vouchers/PLAIN").expect()
        make_publication(api, make_customer(api), voucher="REFER")
        make_publication(api, make_customer(api), voucher="PLAIN")

        def found(path, name, flag):
            condition = {"is_referral_code": {"conditions": {"$is": [flag]}}}
            return api.get(path, query={"filters": condition}).expect()[name]

        for flag, code, kind in (
            ("true", "REFER", "REFERRAL_PROGRAM"),
            ("false", "PLAIN", "DISCOUNT_COUPONS"),
        ):
            (voucher,) = found("/v1/vouchers", "vouchers", flag)
            assert voucher["code"] == code
            (campaign,) = found("/v1/campaigns", "campaigns", flag)
            assert campaign["campaign_type"] == kind
            (by_filter,) = found("/v1/publications", "publications", flag)
            query = {"is_referral_code": flag}
            (publication,) = api.get("/v1/publications", query=query).expect()["publications"]
            assert by_filter == publication
            assert publication["voucher"]["code"] == code
            assert publication["voucher"]["is_referral_code"] is (flag == "true")
            (campaign,) = api.get("/v1/campaigns", query=query).expect()["campaigns"]
            assert campaign["campaign_type"] == kind

    def test_events_name_what_they_are(self, api, friends, events):
        api.post("/v1/campaigns/Friends/vouchers/REFER").expect()
        payloads = dict(events())
        assert payloads["campaign.vouchers.added"]["campaign"]["is_referral_code"] is True
        assert payloads["voucher.created"]["voucher"]["is_referral_code"] is True


class TestFigures:
    @pytest.fixture
    def people(self, api, uow):
        """Ada, who brought Bob by two campaigns, and Eve by one of them."""
        friends = make_referral_campaign(api, name="Friends")
        family = make_referral_campaign(api, name="Family")
        ada, bob, eve = (make_customer(api, source_id=name) for name in ("ada", "bob", "eve"))
        pairs = ((friends, bob), (family, bob), (family, eve))
        for number, (campaign, referee) in enumerate(pairs):
            uow.driver.execute(
                "INSERT INTO referrals (project_id, id, campaign_id, voucher_id, referrer_id,"
                " referee_id, related_object_type, related_object_id, created_at)"
                " VALUES (%s, %s, %s, 'v_1', %s, %s, 'redemption', 'r_1', '2026-03-01T12:00:00Z')",
                (uow.project_id, f"ref_{number}", campaign["id"], ada["id"], referee["id"]),
            )
        uow.commit()
        return {"ada": ada, "friends": friends, "family": family}

    def test_referrers_count_whom_they_brought(self, api, people):
        assert api.get("/v1/customers/ada").expect()["loyalty"] == {
            "points": 0,
            "referred_customers": 2,
            "campaigns": {
                "Family": {"points": 0, "referred_customers": 2},
                "Friends": {"points": 0, "referred_customers": 1},
            },
        }

    def test_referees_name_who_brought_them(self, api, people):
        said = {
            "referrer_id": people["ada"]["id"],
            "related_object_id": "r_1",
            "related_object_type": "redemption",
            "date": NOW,
        }
        assert api.get("/v1/customers/bob").expect()["referrals"] == {
            "total": 2,
            "campaigns": [{"campaign_id": people[name]["id"], **said} for name in FRIENDS],
        }
        assert api.get("/v1/customers/ada").expect()["referrals"] == {"total": 0, "campaigns": []}

    def test_the_summary_counts_them(self, api, people):
        summary = api.get("/v1/campaigns/Family/summary").expect()
        assert summary["referred_customers"] == 2
        assert not {"discounted_amount", "points_added", "amount_added"} & summary.keys()
        query = {"end_date": "2026-02-28"}
        before = api.get("/v1/campaigns/Family/summary", query=query).expect()
        assert before["referred_customers"] == 0

    def test_erasing_the_referrer_forgets_the_referrals(self, api, people, uow):
        api.post("/v1/customers/bob/permanent-deletion").expect()
        # Whoever was referred still counts, as nobody in particular.
        assert api.get("/v1/customers/ada").expect()["loyalty"]["referred_customers"] == 2
        named = uow.reader.execute(
            "SELECT count(*) FROM referrals WHERE project_id = %s AND referee_id LIKE 'cust_%%'",
            (uow.project_id,),
        ).fetchone()
        assert named == (1,)
        api.post("/v1/customers/ada/permanent-deletion").expect()
        assert api.get("/v1/customers/eve").expect()["referrals"]["total"] == 0

    @pytest.mark.parametrize("query", [{}, {"force": "true"}])
    def test_deleted_campaigns_no_longer_count(self, api, people, jobs, query):
        api.delete("/v1/campaigns/Family", query=query).expect(202)
        loyalty = api.get("/v1/customers/ada").expect()["loyalty"]
        assert loyalty["campaigns"] == {"Friends": {"points": 0, "referred_customers": 1}}
        jobs()
        left = api.get("/v1/customers/bob").expect()["referrals"]["total"]
        assert left == (1 if query else 2)


FRIENDS = ("friends", "family")

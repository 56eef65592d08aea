"""Campaigns of gift cards: made, generated, changed, deleted and summed up."""

from __future__ import annotations

import pytest

from kupon.testing.builders import (
    make_customer,
    make_gift_campaign,
    make_voucher,
    percent_off,
    redeemable,
)

GIFT = {"amount": 1000, "balance": 1000, "effect": "APPLY_TO_ORDER"}


def gift(api, code):
    return api.get(f"/v1/vouchers/{code}").expect()["gift"]


def codes(api, campaign):
    query = {"campaign": campaign, "limit": 100}
    return api.get("/v1/vouchers", query=query).expect()["vouchers"]


class TestCreation:
    def test_the_template_holds_the_gift(self, api):
        made = make_gift_campaign(api, 1000, name="Gifts")
        assert (made["campaign_type"], made["type"]) == ("GIFT_VOUCHERS", "STATIC")
        assert made["voucher"]["type"] == "GIFT_VOUCHER"
        assert made["voucher"]["gift"] == GIFT
        assert made["voucher"]["redemption"] == {"quantity": None}
        assert "discount" not in made["voucher"]
        assert api.get("/v1/campaigns/Gifts").expect() == made
        query = {"campaign_type": "GIFT_VOUCHERS"}
        (listed,) = api.get("/v1/campaigns", query=query).expect()["campaigns"]
        assert listed["voucher"]["gift"] == GIFT

    def test_the_type_of_codes_need_not_be_said(self, api):
        body = {"name": "Gifts", "campaign_type": "GIFT_VOUCHERS"}
        body["voucher"] = {"gift": {"amount": 5, "effect": "APPLY_TO_ITEMS"}}
        made = api.post("/v1/campaigns", json=body).expect()
        assert made["voucher"]["type"] == "GIFT_VOUCHER"
        assert made["voucher"]["gift"]["effect"] == "APPLY_TO_ITEMS"

    def test_one_code_for_everybody(self, api):
        make_gift_campaign(api, 700, name="One", type="STANDALONE", voucher={"code": "ALL"})
        assert gift(api, "ALL")["balance"] == 700
        refused = api.post("/v1/campaigns/One/vouchers")
        refused.refused(400, "invalid_campaign")

    @pytest.mark.parametrize("type", ["STATIC", "AUTO_UPDATE"])
    def test_cards_are_generated_by_the_worker(self, api, jobs, type):
        made = make_gift_campaign(api, 1000, name="Gifts", type=type, vouchers_count=25)
        assert made["vouchers_generation_status"] == "IN_PROGRESS"
        jobs()
        campaign = api.get("/v1/campaigns/Gifts").expect()
        assert campaign["vouchers_generation_status"] == "DONE"
        assert campaign["vouchers_count"] == 25
        found = codes(api, "Gifts")
        assert len(found) == 25
        assert {card["type"] for card in found} == {"GIFT_VOUCHER"}
        assert [card["gift"] for card in found] == [GIFT | {"subtracted_amount": 0}] * 25

    def test_cards_are_added_one_by_one_and_many_at_once(self, api, jobs):
        make_gift_campaign(api, 1000, name="Gifts")
        assert api.post("/v1/campaigns/Gifts/vouchers").expect()["gift"]["balance"] == 1000
        api.post("/v1/campaigns/Gifts/vouchers/CARD").expect()
        query = {"vouchers_count": 5}
        api.post("/v1/campaigns/Gifts/vouchers", query=query).expect(202)
        jobs()
        assert [card["gift"]["amount"] for card in codes(api, "Gifts")] == [1000] * 7

    def test_a_card_made_in_a_campaign_may_hold_more(self, api):
        make_gift_campaign(api, 1000, name="Gifts")
        body = {"type": "GIFT_VOUCHER", "campaign": "Gifts"}
        assert api.post("/v1/vouchers/A", json=body).expect()["gift"]["balance"] == 1000
        body["gift"] = {"amount": 3000}
        assert api.post("/v1/vouchers/B", json=body).expect()["gift"]["balance"] == 3000
        body = {"type": "DISCOUNT_VOUCHER", "discount": percent_off(5), "campaign": "Gifts"}
        api.post("/v1/vouchers/C", json=body).refused(400, "invalid_payload")

    @pytest.mark.parametrize(
        ("voucher", "key", "details"),
        [
            (
                {"type": "GIFT_VOUCHER"},
                "invalid_campaign",
                "Property 'gift' is required for GIFT_VOUCHERS campaign",
            ),
            (
                {"type": "DISCOUNT_VOUCHER", "gift": {"amount": 1}},
                "invalid_campaign",
                "Property 'voucher.type' must be GIFT_VOUCHER for GIFT_VOUCHERS campaign",
            ),
            (
                {"gift": {"amount": -1}},
                "invalid_payload",
                "Property .voucher.gift.amount must be >= 0",
            ),
            (
                {"gift": {}},
                "invalid_payload",
                "Property .voucher.gift should have required property 'amount'",
            ),
        ],
    )
    def test_broken_ones_are_refused(self, api, voucher, key, details):
        body = {"name": "Gifts", "campaign_type": "GIFT_VOUCHERS", "voucher": voucher}
        assert api.post("/v1/campaigns", json=body).refused(400, key)["details"] == details
        api.get("/v1/campaigns/Gifts").refused(404, "not_found")


class TestUpdate:
    @pytest.fixture
    def campaign(self, api, give):
        """A campaign with one card of each history."""
        make_gift_campaign(api, 1000, name="Gifts")
        for code in ("FRESH", "PUBLISHED", "USED", "UNDONE"):
            api.post(f"/v1/campaigns/Gifts/vouchers/{code}").expect()
        give("PUBLISHED", make_customer(api))
        for code in ("USED", "UNDONE"):
            body = {"redeemables": [redeemable(code, gift={"credits": 100})]}
            done = api.post("/v1/redemptions", json=body).expect()
        api.post(f"/v1/redemptions/{done['redemptions'][0]['id']}/rollback").expect()

    def update(self, api, jobs, **body):
        answer = api.put("/v1/campaigns/Gifts", json=body).expect()
        jobs()
        return answer

    def effects(self, api):
        cards = codes(api, "Gifts")
        return {each["code"] for each in cards if each["gift"]["effect"] == "APPLY_TO_ITEMS"}

    @pytest.mark.usefixtures("campaign")
    def test_another_effect_reaches_unused_cards(self, api, jobs):
        answer = self.update(api, jobs, gift={"amount": 1000, "effect": "APPLY_TO_ITEMS"})
        assert answer["voucher"]["gift"]["effect"] == "APPLY_TO_ITEMS"
        assert answer["creation_status"] == "MODIFYING"
        assert self.effects(api) == {"FRESH", "UNDONE"}
        assert api.get("/v1/campaigns/Gifts").expect()["creation_status"] == "DONE"

    @pytest.mark.usefixtures("campaign")
    def test_another_amount_is_for_later_cards(self, api, jobs):
        answer = self.update(api, jobs, gift={"amount": 3000})
        assert answer["voucher"]["gift"]["amount"] == 3000
        assert answer["creation_status"] == "DONE"
        balances = {card["code"]: card["gift"]["balance"] for card in codes(api, "Gifts")}
        assert balances == {"FRESH": 1000, "PUBLISHED": 1000, "USED": 900, "UNDONE": 1000}
        assert api.post("/v1/campaigns/Gifts/vouchers").expect()["gift"]["balance"] == 3000

    @pytest.mark.usefixtures("campaign")
    def test_dates_reach_unused_cards(self, api, jobs):
        self.update(api, jobs, expiration_date="2099-01-01T00:00:00.000Z")
        found = {card["code"] for card in codes(api, "Gifts") if "expiration_date" in card}
        assert found == {"FRESH", "UNDONE"}

    @pytest.mark.usefixtures("campaign")
    def test_discounts_mean_nothing_here(self, api, jobs):
        answer = self.update(api, jobs, discount=percent_off(5))
        assert answer["voucher"]["gift"] == GIFT
        assert "discount" not in answer["voucher"]

    @pytest.mark.usefixtures("campaign")
    @pytest.mark.parametrize("gift", [{"amount": -1}, {}, {"amount": 1, "effect": "NONE"}])
    def test_broken_gifts_are_refused(self, api, gift):
        api.put("/v1/campaigns/Gifts", json={"gift": gift}).refused(400, "invalid_payload")
        assert api.get("/v1/campaigns/Gifts").expect()["voucher"]["gift"] == GIFT


class TestTransactions:
    def lines(self, api, **query):
        path = "/v1/campaigns/Gifts/transactions"
        query = {"order": "id", "limit": 100, **query}
        data = api.get(path, query=query).expect()["data"]
        return [row["details"]["balance"]["amount"] for row in data]

    def test_they_are_those_of_its_cards(self, api):
        campaign = make_gift_campaign(api, 1000, name="Gifts")
        cards = [api.post("/v1/campaigns/Gifts/vouchers").expect() for _ in range(2)]
        make_gift_campaign(api, 1000, name="Others")
        other = api.post("/v1/campaigns/Others/vouchers").expect()
        for amount, card in enumerate([*cards, *cards, other], 1):
            path = f"/v1/vouchers/{card['code']}/balance"
            api.post(path, json={"amount": amount}).expect()
        assert self.lines(api) == [1, 2, 3, 4]
        by_card = {"voucher_id": {"conditions": {"$in": [cards[0]["id"]]}}}
        assert self.lines(api, filters=by_card) == [1, 3]
        page = api.get(f"/v1/campaigns/{campaign['id']}/transactions", query={"limit": 3}).expect()
        assert page["has_more"] is True
        (last,) = api.get(
            "/v1/campaigns/Gifts/transactions",
            query={"limit": 3, "starting_after_id": page["more_starting_after"]},
        ).expect()["data"]
        assert last["details"]["balance"]["amount"] == 1
        by_id = {"id": {"conditions": {"$is": [last["id"]]}}}
        assert self.lines(api, filters=by_id) == [1]
        assert last["campaign_id"] == campaign["id"]
        unknown = {"amount": {"conditions": {"$is": 1}}}
        api.get("/v1/campaigns/Gifts/transactions", query={"filters": unknown}).refused(
            400, "invalid_query_params"
        )


class TestSummary:
    def test_it_tells_of_credits(self, api, jobs, move_time):
        move_time.freeze("2026-03-01T12:00:00+00:00")
        make_gift_campaign(api, 1000, name="Gifts", vouchers_count=3)
        jobs()
        api.post("/v1/campaigns/Gifts/vouchers/CARD").expect()
        api.post("/v1/campaigns/Gifts/vouchers/GONE").expect()
        balance = "/v1/vouchers/CARD/balance"
        api.post(balance, json={"amount": 500}).expect()
        api.post(balance, json={"amount": -200}).expect()
        body = {"redeemables": [redeemable("CARD", gift={"credits": 300})]}
        api.post("/v1/redemptions", json=body).expect()
        move_time(days=1)
        done = api.post("/v1/redemptions", json=body).expect()
        api.post(f"/v1/redemptions/{done['redemptions'][0]['id']}/rollback").expect()
        api.post("/v1/vouchers/GONE/balance", json={"amount": -100}).expect()
        api.delete("/v1/vouchers/GONE").expect(204)
        summary = api.get("/v1/campaigns/Gifts/summary").expect()
        expected = {
            "created_vouchers_amount": 5000,
            "amount_added": 500,
            "amount_subtracted": 300,
            "amount_redeemed": 600,
            "amount_rolledback": 300,
            "amount_deleted": 900,
            "redemptions_succeeded": 2,
            "rollbacks_succeeded": 1,
            "vouchers_created": 5,
            "vouchers_deleted": 1,
        }
        assert {name: summary[name] for name in expected} == expected
        assert "discounted_amount" not in summary
        query = {"start_date": "2026-03-01", "end_date": "2026-03-01"}
        summary = api.get("/v1/campaigns/Gifts/summary", query=query).expect()
        assert (summary["amount_redeemed"], summary["amount_rolledback"]) == (300, 0)
        assert (summary["amount_subtracted"], summary["amount_deleted"]) == (200, 0)

    def test_other_campaigns_tell_of_no_credits(self, api):
        body = {"name": "Ten", "voucher": {"discount": percent_off(10)}}
        api.post("/v1/campaigns", json=body).expect()
        summary = api.get("/v1/campaigns/Ten/summary").expect()
        assert "amount_added" not in summary
        assert summary["discounted_amount"] == 0


class TestDeletion:
    @pytest.mark.parametrize("is_forced", [True, False])
    def test_cards_go_with_their_campaign(self, api, jobs, is_forced):
        make_gift_campaign(api, 1000, name="Gifts")
        api.post("/v1/campaigns/Gifts/vouchers/CARD").expect()
        api.post("/v1/vouchers/CARD/balance", json={"amount": 5}).expect()
        api.delete("/v1/campaigns/Gifts", query={"force": is_forced}).expect(202)
        jobs()
        api.get("/v1/vouchers/CARD").refused(404, "not_found")
        api.post("/v1/vouchers/CARD/balance", json={"amount": 5}).refused(404, "not_found")
        api.get("/v1/campaigns/Gifts/transactions").refused(404, "not_found")

    def test_a_freed_code_starts_anew(self, api):
        make_gift_campaign(api, 1000, name="Gifts")
        for _ in range(2):
            api.post("/v1/campaigns/Gifts/vouchers/CARD").expect()
            assert api.get("/v1/vouchers/CARD/transactions").expect()["data"] == []
            api.post("/v1/vouchers/CARD/balance", json={"amount": 5}).expect()
            api.delete("/v1/vouchers/CARD", query={"force": True}).expect(204)
        make_voucher(api, "CARD")
        assert api.get("/v1/vouchers/CARD/transactions").expect()["data"] == []

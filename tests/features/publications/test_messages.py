"""What messages ask while they are rendered, several times over: one answer, and one effect.

Source: spec adapters-marketing, section 1.9.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from kupon.testing.builders import (
    make_campaign,
    make_customer,
    make_gift_card,
    make_member,
    make_programme,
)
from kupon.testing.client import ApiClient

PATH = "/v1/publications/create"


@pytest.fixture
def connect(app, document, management_api, project):
    """The client of a new connection's integration key: `connect(pull_dedup_seconds=30)`."""

    def make(name="Braze", **settings):
        body = {
            "adapter": "braze",
            "name": name,
            "settings": {"api_key": "canary-key", "instance": "EU-01", **settings},
        }
        path = f"/management/v1/projects/{project.id}/connections"
        key = management_api.post(path, json=body).expect()["integration_key"]
        headers = {"X-App-Id": key["app_id"], "X-App-Token": key["app_token"]}
        return ApiClient(app, document, headers)

    return make


@pytest.fixture
def spring(api):
    return make_campaign(api, name="Spring", type="AUTO_UPDATE")


def ask(client, **query):
    return client.get(PATH, query={"campaign": "Spring", "customer": "ada"} | query).expect()


def codes(*publications):
    return {each["voucher"]["code"] for each in publications}


class TestRepetitions:
    def test_take_a_code_each_unless_the_connection_says_otherwise(self, connect, spring):
        braze = connect()
        assert len(codes(*(ask(braze) for _ in range(3)))) == 3

    def test_within_some_seconds_mean_the_same(self, connect, spring, move_time):
        braze = connect(pull_dedup_seconds=30)
        first, again = ask(braze), ask(braze, campaign={"name": spring["id"]})
        assert first == again
        move_time(seconds=31)
        assert ask(braze)["id"] != first["id"]

    def test_are_of_one_key_one_customer_and_one_campaign(self, connect, spring, api):
        braze, other = (connect(name, pull_dedup_seconds=30) for name in ("One", "Two"))
        make_campaign(api, name="Autumn", type="AUTO_UPDATE")
        told = [
            ask(braze),
            ask(other),
            ask(braze, customer="bob"),
            ask(braze, campaign="Autumn"),
            ask(braze, source_id="s-1"),
        ]
        assert len(codes(*told)) == len(told)
        assert ask(braze, source_id="s-2")["voucher"] not in [each["voucher"] for each in told]

    def test_of_a_code_that_is_gone_get_another(self, connect, spring, api):
        braze = connect(pull_dedup_seconds=30)
        first = ask(braze)
        api.delete(f"/v1/vouchers/{first['voucher']['code']}").expect(204)
        assert ask(braze)["id"] != first["id"]

    def test_at_the_same_time_take_one_code(self, connect, spring):
        braze = connect(pull_dedup_seconds=30)
        with ThreadPoolExecutor(6) as pool:
            told = list(pool.map(lambda _: ask(braze), range(12)))
        assert len(codes(*told)) == 1

    def test_by_other_calls_are_no_repetitions(self, connect, spring):
        braze = connect(pull_dedup_seconds=30)
        body = {"campaign": "Spring", "customer": "ada"}
        told = [braze.post("/v1/publications", json=body).expect() for _ in range(2)]
        assert len(codes(*told)) == 2


class TestCodesOfTheirOwn:
    PATH = "/v1/campaigns/Spring/vouchers/ANA-10"

    def test_are_made_once_for_one_integration(self, connect, spring, api):
        braze = connect()
        first = braze.post(self.PATH, json={}).expect()
        again = braze.post(self.PATH, json={}).expect()
        assert (again["id"], again["code"]) == (first["id"], "ANA-10")
        assert api.get("/v1/vouchers", query={"campaign": "Spring"}).expect()["total"] == 1

    def test_of_others_are_taken(self, connect, spring, api):
        braze, other = connect("One"), connect("Two")
        braze.post(self.PATH, json={}).expect()
        for client in (other, api):
            client.post(self.PATH, json={}).refused(409, "duplicate_found")
        make_campaign(api, name="Autumn")
        elsewhere = self.PATH.replace("Spring", "Autumn")
        braze.post(elsewhere, json={}).refused(409, "duplicate_found")

    def test_of_servers_are_made_once_and_refused_then(self, spring, api):
        api.post(self.PATH, json={}).expect()
        api.post(self.PATH, json={}).refused(409, "duplicate_found")


class TestBalances:
    @pytest.fixture
    def cards(self, api):
        """The codes of a gift card and of a loyalty card."""
        programme = make_programme(api, points=50)
        member = make_member(api, programme, make_customer(api, source_id="ada"))
        return make_gift_card(api, amount=50)["code"], member["code"]

    def test_change_once_for_one_source_id(self, connect, cards, api):
        braze = connect()
        for number, code in enumerate(cards):
            body = {"amount": 25, "source_id": f"dispatch-{number}"}
            path = f"/v1/vouchers/{code}/balance"
            first = braze.post(path, json=body).expect()
            assert first["balance"] == 75
            assert braze.post(path, json=body).expect() == first
            braze.post(path, json=body | {"amount": 30}).refused(400, "duplicate_source_id")
            api.post(path, json=body).refused(400, "duplicate_source_id")

    def test_of_another_card_need_another_source_id(self, connect, cards):
        braze, body = connect(), {"amount": 25, "source_id": "dispatch"}
        gift, card = (f"/v1/vouchers/{code}/balance" for code in cards)
        braze.post(gift, json=body).expect()
        braze.post(card, json=body).refused(400, "duplicate_source_id")

    def test_change_each_time_without_one(self, connect, cards):
        braze = connect()
        for balance in (75, 100):
            path = f"/v1/vouchers/{cards[0]}/balance"
            assert braze.post(path, json={"amount": 25}).expect()["balance"] == balance


def test_what_a_customer_holds_is_found_by_the_paths_of_templates(connect, spring, api):
    braze = connect()
    code = ask(braze)["voucher"]["code"]
    listed = braze.get("/v1/vouchers", query={"customer": "ada", "campaign_id": spring["id"]})
    assert [each["code"] for each in listed.expect()["vouchers"]] == [code]
    assert listed.expect()["total"] == 1
    programme = make_programme(api, points=50)
    card = ask(braze, campaign=programme["name"])["voucher"]
    assert card["loyalty_card"]["balance"] == 50
    path = f"/v1/loyalties/{programme['name']}/members/{card['code']}"
    member = braze.get(path, query={"cache_id": "x"}).expect()
    assert (member["code"], member["loyalty_card"]["balance"]) == (card["code"], 50)
    one = braze.get(f"/v1/vouchers/{code}", query={"c": "1"}).expect()
    assert one["redemption"]["redeemed_quantity"] == 0
    assert one["assets"]["qr"]["url"]

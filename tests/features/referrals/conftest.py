"""A shop with a referral programme: Ada refers, Bob is referred."""

from __future__ import annotations

import pytest

from kupon.testing.builders import make_customer, make_referral_campaign


@pytest.fixture
def define_event(management_api, project):
    """Defines a custom event: `define_event("signed_up")`; its schema."""

    def post(name):
        path = f"/management/v1/projects/{project.id}/custom-event-schemas"
        body = {"name": name, "schema": {"properties": {}}}
        return management_api.post(path, json=body).expect()

    return post


@pytest.fixture
def programme(api):
    """A programme in which redemptions count."""
    return make_referral_campaign(api)


@pytest.fixture
def ada(api):
    """Who refers."""
    return make_customer(api, source_id="ada", name="Ada", email="ada@example.com")


@pytest.fixture
def bob(api):
    """Who is referred."""
    return make_customer(api, source_id="bob", name="Bob", email="bob@example.com")


@pytest.fixture
def publish(api):
    """Publishes a code of a campaign to a customer; the voucher."""

    def post(campaign, customer):
        body = {"campaign": campaign["id"], "customer": {"id": customer["id"]}}
        return api.post("/v1/publications", json=body).expect()["voucher"]

    return post


@pytest.fixture
def code(programme, ada, publish):
    """Ada's code."""
    return publish(programme, ada)["code"]


@pytest.fixture
def refer(redeem, jobs):
    """Has a customer redeem a referral code, and everything that follows: `refer(code, "bob")`."""

    def run(code, source_id):
        customer, order = {"source_id": source_id}, {"amount": 10000}
        answer = redeem(code, customer=customer, order=order)
        jobs()
        return answer["redemptions"][0]

    return run


@pytest.fixture
def referred(api):
    """How many customers somebody has brought, by the customer object."""

    def read(source_id):
        return api.get(f"/v1/customers/{source_id}").expect()["loyalty"]["referred_customers"]

    return read


@pytest.fixture
def make_tier(api):
    """Makes a tier of referrers: `make_tier(programme, reward, "MINIMUM", threshold=3)`."""

    def post(programme, reward, criterion="EACH", **members):
        path = f"/v1/referrals/{programme['id']}/tiers"
        body = {"criterion": criterion, "reward_id": reward["id"]}
        return api.post(path, json=body | members).expect()

    return post


@pytest.fixture
def make_reward(api):
    """Makes a reward of points (or credits, codes) of a campaign."""

    def post(campaign, balance=None):
        parameters = {"id": campaign["id"]} | ({} if balance is None else {"balance": balance})
        body = {"name": "Reward", "parameters": {"campaign": parameters}}
        return api.post("/v1/rewards", json=body).expect()

    return post


@pytest.fixture
def points(api):
    """The points of a customer on the cards of a programme, None without a card."""

    def read(programme, source_id):
        held = api.get(f"/v1/customers/{source_id}/redeemables", query={"limit": 100}).expect()
        cards = [
            each["redeemable"]["voucher"]["loyalty_card"]["balance"]
            for each in held["data"]
            if each["campaign_id"] == programme["id"]
        ]
        return sum(cards) if cards else None

    return read

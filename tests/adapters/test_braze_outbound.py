"""Braze and a whole Kupon: what its users have, who they are, and what their feeds tell of that."""

from __future__ import annotations

import pytest
from tests.adapters.braze_platform import BrazePlatform
from tests.adapters.test_braze import CONFIG

from kupon.storage.queries import outbound_people
from kupon.testing.builders import amount_off, make_customer, make_voucher


@pytest.fixture
def platform():
    with BrazePlatform(CONFIG) as running:
        yield running


@pytest.fixture
def path(platform, management_api, project):
    """The connection's path."""
    base = f"/management/v1/projects/{project.id}/connections"
    body = {"adapter": "braze", "name": "Main", "settings": platform.settings}
    management_api.post(base, json=body).expect()
    return f"{base}/Main"


@pytest.fixture
def ada(api):
    return make_customer(api, source_id="ada", name="Ada Nowak")


@pytest.fixture
def code(api, ada):
    voucher = make_voucher(api, "SPRING-1", discount=amount_off(500))
    body = {"voucher": voucher["code"], "customer": {"id": ada["id"]}}
    api.post("/v1/publications", json=body).expect()
    return voucher["code"]


def feed(api, customer):
    rows = api.get(f"/v1/customers/{customer['id']}/activity", query={"limit": 100}).expect()
    return [row for row in rows["data"] if row["type"].startswith("customer.braze.")]


class TestFeeds:
    def test_tell_that_a_profile_was_sent(self, path, api, jobs, ada, code):
        jobs()
        [entry] = feed(api, ada)
        assert entry["type"] == "customer.braze.sent"
        told = entry["data"]["data"]
        assert told["customer"]["source_id"] == "ada"
        assert told["sent_at"]

    def test_tell_it_once_for_each_change(self, path, api, jobs, ada, code, platform):
        for _ in range(3):
            jobs()
        calls = len(platform.calls("POST", "/users/track"))
        for _ in range(3):
            jobs()
        assert len(feed(api, ada)) == 1
        assert len(platform.calls("POST", "/users/track")) == calls

    def test_tell_that_it_failed_and_was_mended(
        self, path, api, jobs, ada, code, platform, management_api
    ):
        platform.refused = {"ada"}
        jobs()
        assert [entry["type"] for entry in feed(api, ada)] == ["customer.braze.failed"]
        assert feed(api, ada)[0]["data"]["data"]["failed_at"]
        platform.refused = set()
        states = {"states": ["REJECTED"]}
        management_api.post(f"{path}/outbound/replay", json=states).expect()
        jobs()
        types = [entry["type"] for entry in feed(api, ada)]
        assert types == ["customer.braze.recovered", "customer.braze.failed"]

    def test_tell_of_what_an_outage_delayed(self, path, api, jobs, ada, code, platform, move_time):
        platform.fail("503", times=1)
        jobs()
        assert feed(api, ada) == []
        move_time(minutes=1)
        jobs()
        assert [entry["type"] for entry in feed(api, ada)] == ["customer.braze.recovered"]

    def test_tell_nothing_of_who_is_gone(self, path, api, jobs, ada, code, engine, project):
        api.post(f"/v1/customers/{ada['id']}/permanent-deletion").expect()
        jobs()
        assert api.get(f"/v1/customers/{ada['id']}/activity").status == 404


class TestProfiles:
    def test_that_are_filled_hear_of_a_change_of_the_person_alone(
        self, path, api, jobs, ada, code, platform, management_api
    ):
        jobs()
        api.put(f"/v1/customers/{ada['id']}", json={"name": "Ada Kowalska"}).expect()
        jobs()
        assert "last_name" not in platform.profiles["ada"]
        settings = {**platform.settings, "fills_profiles": True}
        management_api.put(path, json={"settings": settings}).expect()
        for last in ("Nowak", "Kowalska"):
            api.put(f"/v1/customers/{ada['id']}", json={"name": f"Ada {last}"}).expect()
            jobs()
            assert platform.profiles["ada"]["last_name"] == last
        calls = len(platform.calls("POST", "/users/track"))
        api.put(f"/v1/customers/{ada['id']}", json={"description": "Likes tea"}).expect()
        jobs()
        assert len(platform.calls("POST", "/users/track")) == calls


def test_a_merge_is_told_before_what_the_remaining_user_has(
    path, platform, api, jobs, ada, code, uow, tenants, project
):
    """Source: spec adapters-marketing, section 6.1 (11)."""
    jobs()
    uow.commit()
    outbound_people.redirect(
        uow,
        {"id": ada["id"], "source_id": "ada", "object": "customer"},
        {"id": "cust_new", "source_id": "ada-2", "object": "customer"},
    )
    uow.commit()
    jobs()
    (call,) = platform.calls("POST", "/users/merge")
    assert call.json == {
        "merge_updates": [
            {
                "identifier_to_merge": {"external_id": "ada"},
                "identifier_to_keep": {"external_id": "ada-2"},
            }
        ]
    }
    assert platform.profiles == {"ada-2": {"voucher_code": code} | platform.profiles["ada-2"]}

"""Braze's messages and a whole Kupon: whatever is asked for, one user has one code."""

from __future__ import annotations

import json

import pytest
from tests.adapters.braze_platform import BrazePlatform
from tests.adapters.test_braze import CONFIG

from kupon.testing.builders import amount_off, make_customer
from kupon.testing.platform import key_headers


@pytest.fixture
def connection(management_api, project):
    with BrazePlatform(CONFIG) as platform:
        path = f"/management/v1/projects/{project.id}/connections"
        body = {"adapter": "braze", "name": "Braze", "settings": platform.settings}
        yield management_api.post(path, json=body).expect()


@pytest.fixture
def ask(app, connection):
    """Sends what a template asks for, as a message does."""
    key = connection["integration_key"]
    headers = key_headers("camel", key["app_id"], key["app_token"])

    def send(body=None, **options):
        method = "GET" if body is None else "POST"
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        given = {"content-type": "application/json"} | headers | options.pop("headers", {})
        return app.test_client().open(
            "/braze/content", method=method, data=content, headers=given, **options
        )

    return send


@pytest.fixture
def campaign(api):
    return make_campaign(api, "Spring")


def make_campaign(api, name):
    voucher = {"type": "DISCOUNT_VOUCHER", "discount": amount_off(500)}
    body = {"name": name, "campaign_type": "DISCOUNT_COUPONS", "type": "AUTO_UPDATE"}
    return api.post("/v1/campaigns", json=body | {"voucher": voucher}).expect()["name"]


FORM = {"content-type": "application/x-www-form-urlencoded"}
HALF = rb'"\ud800"'


@pytest.mark.parametrize("odd", [rb'"c\u0000"', HALF, b'"' + b"x" * 6000 + b'"', b"1e999"])
@pytest.mark.parametrize("member", ["customer", "campaign", "voucher", "source_id", "channel"])
def test_odd_texts_are_answered_like_any_others(ask, api, campaign, member, odd):
    make_customer(api, source_id="c-1")
    pairs = {"campaign": b'"Spring"', "customer": b'"c-1"', member: odd}
    body = b",".join(b'"%b":%b' % (name.encode(), text) for name, text in pairs.items())
    assert ask(b"{%b}" % body).status_code in (200, 400, 404)


@pytest.mark.parametrize("customer", ["%00", "%ff", "%ed%a0%80"])
def test_so_are_those_of_forms_and_queries(ask, campaign, customer):
    pairs = f"campaign=Spring&customer={customer}"
    for answer in (ask(pairs.encode(), headers=FORM), ask(query_string=pairs)):
        assert answer.status_code in (400, 404)


def test_what_is_nested_without_end_is_refused(ask):
    answer = ask(b"[" * 100_000)
    assert (answer.status_code, answer.json["details"]) == (400, "Payload is nested too deeply")


def test_a_customer_without_a_source_id_has_no_twin(ask, api, campaign):
    customer = make_customer(api, name="Ada")
    answer = ask({"campaign": campaign, "customer": customer["id"]})
    assert answer.json["customer_id"] == customer["id"]
    assert api.get("/v1/customers").expect()["total"] == 1


def test_a_source_id_is_one_campaigns(ask, api, campaign):
    make_customer(api, source_id="c-1")
    pairs = {"customer": "c-1", "source_id": "mail-1"}
    assert ask(pairs | {"campaign": campaign}).status_code == 200
    other = ask(pairs | {"campaign": make_campaign(api, "Autumn")})
    assert (other.status_code, other.json["key"]) == (400, "duplicate_source_id")

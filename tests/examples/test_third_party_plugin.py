"""A foreign plugin, installed into a fresh environment and driven against a running server."""

from __future__ import annotations

import json
import time

import pytest
import requests
from tests.examples.fresh import make_environment
from tests.house import sources

from kupon.testing.client import key_headers
from kupon.testing.live import run_live_server

EXAMPLE = sources.ROOT / "examples" / "third_party_plugin"

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("third_party_plugin")]


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    return make_environment(tmp_path_factory.mktemp("fresh"), EXAMPLE)


@pytest.fixture(scope="module")
def server(fresh, tmp_path_factory):
    with run_live_server(tmp_path_factory.mktemp("live"), python=str(fresh.python)) as running:
        yield running


@pytest.fixture
def call(server):
    def send(method, path, body=None, *, surface="server", status=200):
        response = requests.request(
            method,
            server.base_url + path,
            json=body,
            headers=key_headers(surface, server.credentials),
            timeout=30,
        )
        assert response.status_code == status, response.text
        return response.json() if response.content else None

    return send


def test_its_own_tests_pass_there(fresh):
    assert "passed" in fresh.run_tests(EXAMPLE.name)


def test_it_brings_its_command(fresh):
    printed = fresh.run("kupon.cli.main", "acme-codes", "bdk", "--count", "2")
    assert [len(code) for code in printed.split()] == [6, 6]


def test_a_shop_uses_what_it_adds(call, server):
    project = f"/management/v1/projects/{server.credentials['project_id']}/plugins"
    listed = call("GET", project, surface="management")["data"]
    assert listed[0]["name"] == "acme"

    # Whichever test came first; not to be active is no error.
    call("DELETE", f"{project}/acme", surface="management", status=204)
    preview = {"total": 1999, "step": 500}
    call("POST", "/plugins/acme/v1/rounding", preview, status=404)
    settings = {"settings": {"lowest_total": 1000}}
    activated = call("PUT", f"{project}/acme", settings, surface="management")
    assert activated["settings"] == {"lowest_total": 1000}
    assert call("POST", "/plugins/acme/v1/rounding", preview) == {"total": 1500}
    broken = call("POST", "/plugins/acme/v1/rounding", {"total": -1, "step": 500}, status=400)
    assert broken["key"] == "invalid_payload"

    voucher = call(
        "POST",
        "/v1/vouchers",
        {
            "type": "DISCOUNT_VOUCHER",
            "discount": {"type": "ROUND_DOWN", "parameters": {"step": 500}},
            "code_config": {"pattern": "###", "charset": "BDK", "generator": "speakable"},
        },
    )
    assert len(voucher["code"]) == 6

    def redemption(amount):
        redeemables = [{"object": "voucher", "id": voucher["code"]}]
        return {"redeemables": redeemables, "order": {"amount": amount}}

    redeemed = call("POST", "/v1/redemptions", redemption(1999))
    assert redeemed["order"]["total_amount"] == 1500
    refused = call("POST", "/v1/redemptions", redemption(999), status=400)
    assert refused["key"] == "order_rules_violated"
    assert refused["error"]["message"] == "Too little would be left to pay."
    assert call("GET", f"/v1/vouchers/{voucher['code']}")["redemption"]["redeemed_quantity"] == 1


def test_it_hears_of_what_happened(call, server):
    project = f"/management/v1/projects/{server.credentials['project_id']}/plugins"
    call("PUT", f"{project}/acme", {}, surface="management")
    call("POST", "/v1/customers", {"source_id": "ada"})
    log = server.credentials_path.parent / "logs" / "worker-1.log"
    ends_at = time.monotonic() + 30
    while not any(each["event_type"] == "customer.created" for each in _heard(log)):
        assert time.monotonic() < ends_at, log.read_text()[-2000:]
        time.sleep(0.2)


def _heard(log):
    for line in log.read_text().splitlines():
        if '"acme heard"' in line:
            yield json.loads(line)

"""A foreign adapter, installed into a fresh environment and connected with a running server."""

from __future__ import annotations

import importlib.util
import time
from datetime import UTC, datetime

import pytest
import requests
from tests.examples.fresh import make_environment
from tests.house import sources

from kupon.testing.client import key_headers
from kupon.testing.live import run_live_server
from kupon.testing.platform import forged

EXAMPLE = sources.ROOT / "examples" / "third_party_adapter"
NOTICE = EXAMPLE / "kupon_acme_letters" / "fixtures" / "receive.address-changed.json"
CONFIG = {
    "url": "{platform}",
    "token": "canary-letters-token",
    "notice_secret": "canary-letters-notices",
}

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("third_party_adapter")]


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    return make_environment(tmp_path_factory.mktemp("fresh"), EXAMPLE)


@pytest.fixture(scope="module")
def server(fresh, tmp_path_factory):
    with run_live_server(tmp_path_factory.mktemp("live"), python=str(fresh.python)) as running:
        yield running


@pytest.fixture
def letters():
    """The print shop."""
    path = EXAMPLE / "tests" / "letters_platform.py"
    spec = importlib.util.spec_from_file_location("letters_platform", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with module.LettersPlatform(CONFIG) as platform:
        yield platform


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


def until(find, seconds=30):
    """What is found in the end."""
    ends_at = time.monotonic() + seconds
    while not (found := find()):
        assert time.monotonic() < ends_at, "it did not come"
        time.sleep(0.1)
    return found


def test_its_own_contract_is_kept_there(fresh):
    assert "passed" in fresh.run_tests(EXAMPLE.name)


def test_a_shop_connects_with_it(call, server, letters):
    path = f"/management/v1/projects/{server.credentials['project_id']}/connections"
    made = {"adapter": "acme_letters", "name": "Letters", "settings": letters.settings}
    connection = call("POST", path, made, surface="management")
    assert connection["settings"]["token"] == "********"
    checked = call("POST", f"{path}/{connection['id']}/check", surface="management")
    assert checked["health"] == "OK"

    at = datetime.now(UTC)
    notice = letters.event("address.changed", NOTICE.read_bytes(), id="ntc_1", at=at)
    for _ in range(3):
        assert letters.deliver(notice, connection["address"]).status_code == 200
    false = forged(notice, body=notice.body.replace(b"Nowa", b"Zlota"))
    assert letters.deliver(false, connection["address"]).status_code == 401

    def find_customer():
        # It is created by the worker.
        listed = call("GET", "/v1/customers")["customers"]
        return next((each for each in listed if each["source_id"] == "customer-7"), None)

    customer = until(find_customer)
    assert customer["address"]["line_1"] == "Nowa 5"
    assert customer["address"]["city"] == "Łódź"

    voucher = {"type": "DISCOUNT_VOUCHER", "discount": {"type": "AMOUNT", "amount_off": 100}}
    code = call("POST", "/v1/vouchers", voucher)["code"]
    body = {
        "customer": {"source_id": "customer-7"},
        "order": {"amount": 1000},
        "redeemables": [{"object": "voucher", "id": code}],
    }
    call("POST", "/v1/redemptions", body)

    def find_letter():
        wanted = ("customer-7", "customer.redemption.succeeded")
        found = [(each["recipient"], each["template"]) for each in letters.printed.values()]
        return found.count(wanted)

    assert until(find_letter) == 1

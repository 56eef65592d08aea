"""Whatever is sent, the answer is described by the document or is a standard error, never a bug."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.fuzz.strategies import Requests, operations

from kupon.bootstrap import create_app
from kupon.runtime.settings import Settings
from kupon.storage.database import open_database
from kupon.testing.builders import (
    cart,
    make_campaign,
    make_customer,
    make_product,
    make_sku,
    make_voucher,
    redeemable,
)
from kupon.testing.client import ApiClient, key_headers
from kupon.testing.plugin import NewProject
from kupon.testing.servers import open_database_copy
from kupon.testing.wire import WireDocument

LIGHT = 12
HEAVY = 500
PLAIN = {
    "deadline": None,
    "database": None,
    "suppress_health_check": list(HealthCheck),
    "phases": [Phase.generate],
}


@pytest.fixture(scope="module")
def fuzzed(servers, settings):
    """An application whose database nobody else uses: what is made here is never worked off."""
    with open_database_copy(servers) as database:
        app = create_app(Settings(database_url=database, redis_url=settings.redis_url, port=0))
        pool = open_database(database, pool_size=1)
        project = NewProject(pool)()
        pairs = [key_headers(s, project.credentials) for s in ("server", "client", "management")]
        headers = {name: pair[name] for pair in pairs for name in pair}
        yield ApiClient(app, WireDocument(app), headers), project
        pool.dispose()
        app.extensions["kupon"].engine.dispose()


@pytest.fixture(scope="module")
def known(fuzzed):
    """Identifiers of one object of each kind."""
    api, project = fuzzed
    customer, product, voucher = make_customer(api), make_product(api), make_voucher(api)
    sku, campaign = make_sku(api, product["id"]), make_campaign(api)
    request = {
        "redeemables": [redeemable(voucher["code"])],
        "customer": {"id": customer["id"]},
        "order": cart((1, 1000)),
    }
    redemption = api.post("/v1/redemptions", json=request).expect()
    made = [customer, product, voucher, sku, campaign, redemption["order"]]
    names = [body[key] for body in made for key in ("id", "source_id") if body.get(key)]
    names += [voucher["code"], campaign["name"], project.id, redemption["redemptions"][0]["id"]]
    return names


def _send_all(api, known, examples: int, *, is_repeatable: bool) -> None:
    requests = Requests(api.document.content, known)
    plan = settings(max_examples=examples, derandomize=is_repeatable, **PLAIN)

    def send(request) -> None:
        sent = {"json": request.body} if request.has_body else {}
        api.send(request.method, request.path, query=request.query, **sent)

    for operation in operations(api.document.content):
        plan(given(request=requests.of(operation))(send))()


def test_no_input_breaks_an_operation(fuzzed, known):
    _send_all(fuzzed[0], known, LIGHT, is_repeatable=True)


@pytest.mark.fuzz
def test_no_input_breaks_an_operation_for_long(fuzzed, known):
    _send_all(fuzzed[0], known, HEAVY, is_repeatable=False)


scraps = st.text(alphabet='{}[]",:0123456789eE.-+ntf\\u ', max_size=60).map(str.encode)
bodies = st.binary(max_size=60) | scraps


@settings(max_examples=60, derandomize=True, **PLAIN)
@given(body=bodies, content_type=st.sampled_from(["application/json", "text/plain", "", "a/b;c"]))
def test_no_bytes_break_the_reading_of_a_body(fuzzed, body, content_type):
    answer = fuzzed[0].post("/v1/categories", body=body, headers={"Content-Type": content_type})
    assert answer.status < 500


@settings(max_examples=150, derandomize=True, **PLAIN)
@given(query=st.text(alphabet="ab[]=&%$0.,;+ \x00\u00e9", max_size=40))
def test_no_query_breaks_its_reading(fuzzed, query):
    assert fuzzed[0].get("/v1/customers", query=query).status in (200, 400)

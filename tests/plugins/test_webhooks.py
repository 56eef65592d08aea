"""The JSON that JavaScript writes, the signature over it, and what a receiver's answers mean."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError

from kupon.hooks.addresses import AddressGuard
from kupon.hooks.http import HttpClient
from kupon.hooks.signatures import sign
from kupon.hooks.types import Endpoint, EventEnvelope
from kupon.testing.platform import FakePlatform, Fault, Received, Reply, route
from kupon_webhooks import sink
from kupon_webhooks.canonical import write
from kupon_webhooks.config import WebhookSettings
from kupon_webhooks.sink import SIGNATURE, WebhookSink


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (b'{"a":1}', "a17d2ac229d1ebbb5f10e839c7985c4818e5986eab297f7e5979196d4d7d3ed2"),
        (b'{"a\\"b":1}', "f7cf97814a03146abedb9793f56e1dec34f618f82d10395310d053f749483ffb"),
        (b"  message  ", "53ff92957e1427ce23ad5bda9d0c5f2f4ff384d0806b83eeacb510c842d3a358"),
    ],
)
def test_signatures_are_those_of_the_reference(message, expected):
    # Spec events-webhooks-data, section 3.4.
    assert sign("secretKey", message) == expected


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ({"a": 1, "b": [True, None, "x"]}, '{"a":1,"b":[true,null,"x"]}'),
        ({}, "{}"),
        ([], "[]"),
        ("ż\u2028", '"ż\u2028"'),
        ('a"b\\c\b\f\n\r\t\x01\x7f/', '"a\\"b\\\\c\\b\\f\\n\\r\\t\\u0001\x7f/"'),
        ("\ud800", '"\\ud800"'),
        (1.0, "1"),
        (-0.0, "0"),
        (0.1, "0.1"),
        (-12.5, "-12.5"),
        (1e-6, "0.000001"),
        (1e-7, "1e-7"),
        (1.5e-9, "1.5e-9"),
        (1e16, "10000000000000000"),
        (1e21, "1e+21"),
        (1.25e22, "1.25e+22"),
        (123456789012345680000.0, "123456789012345680000"),
        (2**53 - 1, "9007199254740991"),
        (12345678901234567890, "12345678901234567000"),
        (5e-324, "5e-324"),
        ({"b": 1, "10": 2, "2": 3}, '{"2":3,"10":2,"b":1}'),
        ({"01": 1, "1": 2, "-1": 3}, '{"1":2,"01":1,"-1":3}'),
        ({"4294967295": 1, "4294967294": 2}, '{"4294967294":2,"4294967295":1}'),
    ],
)
def test_json_is_what_javascript_writes(value, written):
    assert write(value).decode("utf-8") == written


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, b"x"])
def test_what_json_has_no_word_for_is_refused(value):
    with pytest.raises(ValueError, match="JSON"):
        write(value)


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**25), 10**25)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text() | st.integers(0, 5 * 10**9).map(str), inner, max_size=4)
    ),
    max_leaves=15,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_VALUES)
def test_what_is_written_and_read_is_written_the_same(value):
    once = write(value)
    assert write(json.loads(once)) == once


_NODE = """
const lines = require('fs').readFileSync(0, 'utf8').split('\\n').filter(line => line);
for (const line of lines) {
  const same = JSON.stringify(JSON.parse(line)) === line;
  if (!same) { console.log(line); }
}
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")
def test_node_writes_the_same():
    lines = []

    @settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(_VALUES)
    def collect(value):
        lines.append(write(value))

    collect()
    text = b"\n".join(lines)
    ran = subprocess.run(["node", "-e", _NODE], input=text, capture_output=True, check=True)
    assert ran.stdout == b""


class Receiver(FakePlatform):
    """A project's server."""

    @route("POST", "/hook")
    def hook(self, request: Received) -> Reply:
        return Reply({"seen": request.json["id"]}, 202)


@pytest.fixture
def receiver():
    with Receiver() as running:
        yield running


def endpoint(url: str, **settings: object) -> Endpoint:
    loaded = WebhookSettings().load({"target_url": f"{url}/hook", **settings})
    return Endpoint(id="wh_1", project_id="proj_1", settings=loaded, signing_key="secretKey")


def event(number: int = 1, customer_id: str = "cust_1", **data: object) -> EventEnvelope:
    return EventEnvelope(
        id=f"evcus_{number}",
        type="customer.created",
        project_id="proj_1",
        entity_id=customer_id,
        customer_id=customer_id,
        group_id="v-1",
        occurred_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
        data=data,
        source={"channel": "API"},
        delivery_id=f"whs_{number}",
        queued_at=datetime(2026, 3, 1, 12, 0, 1, tzinfo=UTC),
    )


def client(**limits: object) -> HttpClient:
    return HttpClient(guard=AddressGuard.read(["127.0.0.0/8"]), **limits)


def send(to: Endpoint, *events: EventEnvelope, **limits: object):
    return WebhookSink().send(to, events, client(**limits))


def test_the_request(receiver):
    to = endpoint(receiver.url, headers={"Authorization": "Bearer x"})
    [sent] = send(to, event(customer={"id": "cust_1", "metadata": {"rate": 1.0, "ł": "ż"}}))
    assert (sent.is_done, sent.status, sent.body) == (True, 202, '{"seen": "whs_1"}')
    assert sent.took_ms is not None
    [call] = receiver.calls()
    assert call.headers["authorization"] == "Bearer x"
    assert call.headers["content-type"] == "application/json"
    assert call.headers[SIGNATURE] == sign("secretKey", call.body)
    stamped = f"whs_1.{call.headers['webhook-timestamp']}.".encode() + call.body
    signature = sign("secretKey", stamped, encoding="base64")
    assert call.headers["webhook-id"] == "whs_1"
    assert call.headers["webhook-signature"] == f"v1,{signature}"
    assert call.body.decode("utf-8") == (
        '{"id":"whs_1","project_id":"proj_1","created_at":"2026-03-01T12:00:01.000Z",'
        '"type":"customer.created",'
        '"data":{"customer":{"id":"cust_1","metadata":{"rate":1,"ł":"ż"}}},'
        f'"source":{{"id":"wh_1","object":"webhook","target_url":"{receiver.url}/hook"}},'
        '"event":{"id":"evcus_1","type":"customer.created",'
        '"created_at":"2026-03-01T12:00:00.000Z","entity_id":"cust_1","group_id":"v-1",'
        '"event_source":{"channel":"API"}}}'
    )


@pytest.mark.parametrize(
    ("fault", "status", "is_gone", "wait"),
    [
        ("500", 500, False, None),
        ("404", 404, False, None),
        ("429", 429, False, 7),
        (Fault(status=410), 410, True, None),
        (Fault(status=503, headers={"Retry-After": "9"}), 503, False, 9),
        (Fault(status=429, headers={"X-RateLimit-Reset": "8"}), 429, False, 8),
        # When a rate starts anew says nothing of when a failure ends.
        (Fault(status=500, headers={"X-RateLimit-Reset": "8"}), 500, False, None),
        # Not followed.
        (Fault(status=302, headers={"Location": "/elsewhere"}), 302, False, None),
    ],
)
def test_whatever_is_not_2xx_is_a_failure(receiver, fault, status, is_gone, wait):
    receiver.fail(fault)
    [sent] = send(endpoint(receiver.url), event())
    assert (sent.is_done, sent.status, sent.is_gone) == (False, status, is_gone)
    assert sent.reason == f"answered {status}"
    assert sent.retry_after_s == wait
    assert len(receiver.calls()) == 1


def test_no_answer_is_a_failure(receiver):
    receiver.fail("hang-up")
    [sent] = send(endpoint(receiver.url), event())
    assert (sent.is_done, sent.status) == (False, None)
    assert "can't be reached" in sent.reason


def test_a_slow_answer_is_a_failure(receiver):
    receiver.fail("time-out")
    [sent] = send(endpoint(receiver.url), event(), total_s=0.3)
    assert (sent.is_done, sent.reason) == (False, "the platform took too long")


def test_a_private_address_is_not_asked(receiver):
    [sent] = WebhookSink().send(endpoint(receiver.url), [event()], HttpClient())
    assert not sent.is_done
    assert "public address" in sent.reason
    assert receiver.calls() == []


def test_events_of_a_customer_come_in_order_and_stop_with_a_failure(receiver):
    events = [event(number, f"cust_{number % 7}") for number in range(40)]
    assert all(sent.is_done for sent in send(endpoint(receiver.url), *events))
    order = {}
    for call in receiver.calls():
        order.setdefault(call.json["event"]["entity_id"], []).append(
            int(call.json["id"].removeprefix("whs_"))
        )
    assert len(order) == 7
    assert all(numbers == sorted(numbers) for numbers in order.values())


def test_a_slow_receiver_gives_others_their_turn(receiver, monkeypatch):
    monkeypatch.setattr(sink, "_TURN_MS", 0)
    sent = send(endpoint(receiver.url), *(event(number, "cust_1") for number in range(3)))
    assert [(each.is_done, each.reason) for each in sent] == [(True, ""), (False, ""), (False, "")]
    assert len(receiver.calls()) == 1


def test_of_a_long_answer_the_beginning_is_kept(receiver):
    receiver.fail(Fault(status=200, body=b"a" * 300_000))
    [sent] = send(endpoint(receiver.url), event())
    assert (sent.is_done, sent.body) == (True, "a" * 1024)


def test_after_a_failure_no_more_are_begun(receiver):
    receiver.fail("500")
    sent = send(endpoint(receiver.url), *(event(number, "cust_1") for number in range(10)))
    assert [each.reason for each in sent] == ["answered 500"] + [""] * 9
    assert len(receiver.calls()) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "a"},
        {"Content-Length": "1"},
        {"x-voucherify-signature": "1"},
        {"X-A": "a\r\nX-B: b"},
        {"X A": "b"},
        {"X-A": 1},
        {"X-A": "1", "x-a": "2"},
        ["X-A"],
        {f"X-{number}": "a" for number in range(21)},
    ],
)
def test_headers_that_are_refused(headers):
    with pytest.raises(ValidationError):
        WebhookSettings().load({"target_url": "https://shop.example", "headers": headers})


@pytest.mark.parametrize("url", ["", "shop", "ftp://shop.example", "https://" + "a" * 2000 + ".x"])
def test_addresses_that_are_refused(url):
    with pytest.raises(ValidationError):
        WebhookSettings().load({"target_url": url})

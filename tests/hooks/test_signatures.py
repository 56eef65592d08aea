"""The signatures of what is sent."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from kupon.hooks.signatures import new_standard_secret, standard_headers

SENT_AT = datetime(2021, 2, 25, 15, 2, 10, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _frozen(move_time):
    move_time.freeze(SENT_AT.isoformat())


def test_the_headers_of_standard_webhooks():
    # What the standard's own library for Python makes of the same (standardwebhooks 1.0).
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    headers = standard_headers([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}')
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_each_secret_has_its_signature():
    one, two = new_standard_secret(b"a" * 32), "a text of any other kind"
    both = standard_headers([one, two], "whs_1", b"{}")["webhook-signature"]
    alone = [standard_headers([each], "whs_1", b"{}")["webhook-signature"] for each in (one, two)]
    assert both == " ".join(alone)
    assert alone[0] != alone[1]


def test_a_new_secret_is_one_of_the_standards():
    assert new_standard_secret(b"\0" * 24) == "whsec_" + "A" * 32

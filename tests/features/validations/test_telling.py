"""Validations leave no trace, but where somebody besides feeds listens."""

from __future__ import annotations

import pytest
from tests.features.integrations.segment import connect, run_platform

from kupon.testing.builders import make_customer, make_promotion, make_voucher, tier


@pytest.fixture
def ada(api):
    make_voucher(api, "GOOD")
    make_voucher(api, "BAD", active=False)
    return make_customer(api, source_id="ada")


@pytest.fixture
def told(events):
    """Call it for what was staged of validations."""

    def read():
        return [(name, told) for name, told in events() if name.startswith("customer.validation.")]

    return read


@pytest.fixture
def listen(management_api, project):
    """Has a plugin hear of events: `listen()`, or no longer: `listen(False)`."""

    def switch(is_on=True):
        path = f"/management/v1/projects/{project.id}/plugins/event_log"
        if is_on:
            management_api.put(path, json={}).expect()
        else:
            management_api.delete(path).expect(204)

    return switch


@pytest.mark.usefixtures("ada")
def test_nothing_is_told_where_nobody_listens(validate, told, management_api, project):
    validate("GOOD", customer={"source_id": "ada"})
    # Webhooks never tell of validations.
    body = {"target_url": "https://shop.example", "events": ["*"]}
    management_api.post(f"/management/v1/projects/{project.id}/webhooks", json=body).expect()
    # Whoever hears of nothing is no listener.
    path = f"/management/v1/projects/{project.id}/plugins/luhn_codes"
    management_api.put(path, json={}).expect()
    validate("GOOD", customer={"source_id": "ada"})
    assert told() == []


def test_a_plugin_and_the_feed_are_told(api, ada, validate, told, listen, jobs):
    listen()
    answer = validate("GOOD", customer={"source_id": "ada"}, session={"key": "ssn_1"})
    [(name, payload)] = told()
    assert name == "customer.validation.succeeded"
    assert payload == {
        "customer": {
            "id": ada["id"],
            "source_id": "ada",
            "name": ada["name"],
            "email": ada["email"],
            "metadata": {},
            "object": "customer",
        },
        "validation": {
            "id": answer["id"],
            "customer_id": ada["id"],
            "session_id": "ssn_1",
            "status": "VALID",
            "created_at": payload["validation"]["created_at"],
            "redeemables": [{"id": "GOOD", "type": "voucher"}],
            "inapplicable_redeemables": [],
            "skipped_redeemables": [],
        },
    }
    jobs()
    query = {"type": "customer.validation.succeeded"}
    [row] = api.get("/v1/customers/ada/activity", query=query).expect()["data"]
    assert row["data"]["data"] == payload


@pytest.mark.usefixtures("ada")
def test_what_fails_is_told(validate, told, listen):
    listen()
    validate("GOOD", "BAD", "NOBODYS", customer={"source_id": "ada"})
    [(name, payload)] = told()
    assert name == "customer.validation.failed"
    assert payload["validation"]["status"] == "INVALID"
    assert payload["validation"]["inapplicable_redeemables"] == [{"id": "BAD", "type": "voucher"}]
    assert payload["validation"]["skipped_redeemables"] == [{"id": "NOBODYS", "type": "voucher"}]


@pytest.mark.usefixtures("ada")
def test_the_older_calls_tell_as_well(api, told, listen):
    listen()
    [promoted] = make_promotion(api, tier())["promotion"]["tiers"]
    body = {"customer": {"source_id": "ada"}, "order": {"amount": 1000}}
    api.post("/v1/vouchers/GOOD/validate", json=body).expect()
    api.post(f"/v1/promotions/tiers/{promoted['id']}/validation", json=body).expect()
    named = [payload["validation"]["redeemables"] for _, payload in told()]
    assert named == [
        [{"id": "GOOD", "type": "voucher"}],
        [{"id": promoted["id"], "type": "promotion_tier"}],
    ]


@pytest.mark.usefixtures("ada")
def test_of_nobody_and_of_strangers_nothing_is_told(validate, told, listen):
    listen()
    validate("GOOD")
    validate("GOOD", customer={"source_id": "stranger"})
    assert told() == []


@pytest.mark.usefixtures("ada")
def test_who_no_longer_listens_is_not_told(validate, told, listen):
    listen()
    listen(False)
    validate("GOOD", customer={"source_id": "ada"})
    assert told() == []


@pytest.mark.usefixtures("ada")
def test_a_receiver_is_told_what_it_asked_for(validate, told, management_api, project):
    path = f"/management/v1/projects/{project.id}/event-sinks"
    body = {
        "sink": "kafka",
        "events": ["customer.validation.failed"],
        "settings": {"bootstrap_servers": "127.0.0.1:1", "security_protocol": "PLAINTEXT"},
    }
    made = management_api.post(path, json=body).expect()
    validate("GOOD", customer={"source_id": "ada"})
    assert told() == []
    validate("BAD", customer={"source_id": "ada"})
    assert [name for name, _ in told()] == ["customer.validation.failed"]
    management_api.put(f"{path}/{made['id']}", json={"active": False}).expect()
    validate("BAD", customer={"source_id": "ada"})
    management_api.delete(f"{path}/{made['id']}").expect(204)
    validate("BAD", customer={"source_id": "ada"})
    assert len(told()) == 1


@pytest.fixture
def segment(management_api, project):
    """A connected platform that events are pushed to."""

    def manage(method, path, **options):
        answer = getattr(management_api, method)(
            f"/management/v1/projects/{project.id}{path}", **options
        )
        return answer.expect()

    with run_platform() as platform:
        yield connect(platform, manage)


@pytest.mark.usefixtures("ada")
def test_a_platform_is_told_unasked_or_not_at_all(validate, told, segment, jobs):
    validate("GOOD", customer={"source_id": "ada"})
    jobs()
    assert len(segment.tracked("Customer Validation Succeeded")) == 1
    segment.put("/outbound", json={"events": ["customer.rewarded"]})
    validate("GOOD", customer={"source_id": "ada"})
    assert len(told()) == 1

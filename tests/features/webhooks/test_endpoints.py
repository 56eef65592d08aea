"""Receivers of events: as the reference manages webhooks, and of any kind."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kupon.features.webhooks import service
from kupon.hooks.settings import MASK
from kupon.hooks.signatures import sign, standard_headers
from kupon.kit.errors import KuponError
from kupon.runtime.vault import Vault
from kupon.testing.builders import make_customer

NOT_PUBLIC = "192.0.2.1"


def test_a_webhook_is_made(management_api, webhooks):
    body = {"target_url": "https://shop.example/hook", "events": ["customer.created"]}
    made = management_api.post(webhooks, json=body).expect()
    assert made == {
        "id": made["id"],
        "object": "webhook",
        "created_at": made["created_at"],
        "target_url": "https://shop.example/hook",
        "events": ["customer.created"],
        "active": True,
    }
    assert made["id"].startswith("wh_")
    assert management_api.get(f"{webhooks}/{made['id']}").expect() == made
    assert management_api.get(webhooks).expect() == {
        "object": "list",
        "data_ref": "data",
        "data": [made],
        "total": 1,
    }


def test_a_webhook_is_changed(management_api, webhooks, subscribe):
    made = subscribe("customer.created")
    body = {"target_url": "https://other.example", "events": ["voucher.created"], "active": False}
    changed = management_api.put(f"{webhooks}/{made['id']}", json=body).expect()
    assert changed == {**made, **body}
    # What is absent stays.
    del body["active"]
    again = management_api.put(f"{webhooks}/{made['id']}", json=body).expect()
    assert again == changed


def test_a_webhook_is_removed(management_api, webhooks, subscribe):
    made = subscribe()
    assert management_api.delete(f"{webhooks}/{made['id']}").expect(204) is None
    management_api.get(f"{webhooks}/{made['id']}").refused(404, "not_found")
    management_api.delete(f"{webhooks}/{made['id']}").refused(404, "not_found")
    assert management_api.get(webhooks).expect()["total"] == 0


def test_the_misspelt_types_of_the_reference_are_taken_and_echoed(subscribe, receiver, api, jobs):
    made = subscribe("voucher.gift.balance_aded")
    assert made["events"] == ["voucher.gift.balance_aded"]
    gift = {"type": "GIFT_VOUCHER", "gift": {"amount": 100, "balance": 100}}
    api.post("/v1/vouchers/GIFT", json=gift).expect()
    api.post("/v1/vouchers/GIFT/balance", json={"amount": 50}).expect()
    jobs()
    assert receiver.types == ["voucher.gift.balance_added"]


@pytest.mark.parametrize(
    "changes",
    [
        {"target_url": None},
        {"target_url": "shop"},
        {"target_url": "ftp://shop.example"},
        {"target_url": "https://:secret@shop.example"},
        # Not public, as private networks and those of cloud machines are not.
        {"target_url": f"http://{NOT_PUBLIC}/hook"},
        {"target_url": f"http://[::ffff:{NOT_PUBLIC}]/"},
        {"target_url": "http://[fd00::1]/"},
        {"target_url": f"http://{0xC0000201}/"},
        {"target_url": 1},
        {"events": None},
        {"events": "customer.created"},
        {"events": ["customer.borne"]},
        {"events": ["customer.order.paid"]},
        {"events": [1]},
        {"active": "yes"},
    ],
)
def test_bad_webhooks_are_refused(management_api, webhooks, changes):
    body = {"target_url": "https://shop.example", "events": ["customer.created"]} | changes
    body = {name: value for name, value in body.items() if value is not None}
    management_api.post(webhooks, json=body).refused(400, "invalid_payload")
    assert management_api.get(webhooks).expect()["total"] == 0


def test_localhost_is_refused_where_it_is_not_allowed(management_api, webhooks, tenants):
    # The tests' own server may reach this machine; others may not.
    assert tenants.guard.refuse_url("http://localhost/hook") is None
    assert type(tenants.guard)().refuse_url("http://localhost/hook") == "must be a public address"


def test_of_unknown_projects_nothing_is_known(management_api):
    path = "/management/v1/projects/proj_none/webhooks"
    management_api.get(path).refused(404, "not_found")
    body = {"target_url": "https://shop.example", "events": ["*"]}
    management_api.post(path, json=body).refused(404, "not_found")
    management_api.post("/management/v1/projects/proj_none/signing-key").refused(404, "not_found")


def test_webhooks_of_others_are_not_seen(management_api, new_project, subscribe):
    made = subscribe()
    other = f"/management/v1/projects/{new_project().id}"
    management_api.get(f"{other}/webhooks/{made['id']}").refused(404, "not_found")
    management_api.get(f"{other}/event-sinks/{made['id']}").refused(404, "not_found")
    assert management_api.get(f"{other}/event-sinks").expect()["data"] == []


def test_headers_are_kept_secret(management_api, webhooks, subscribe, sink, receiver, api, jobs):
    made = subscribe("customer.created")
    settings = {"target_url": made["target_url"], "headers": {"X-Key": "canary"}}
    shown = sink(made["id"], settings=settings)
    assert shown["settings"] == {"target_url": made["target_url"], "headers": MASK}
    # Neither masks nor the reference's update change them.
    sink(made["id"], settings=shown["settings"])
    body = {"target_url": made["target_url"], "events": ["customer.created"]}
    management_api.put(f"{webhooks}/{made['id']}", json=body).expect()
    make_customer(api, source_id="ada")
    jobs()
    [call] = receiver.calls()
    assert call.headers["x-key"] == "canary"


def test_a_sink_is_made_of_any_kind_that_there_is(management_api, project):
    path = f"/management/v1/projects/{project.id}/event-sinks"
    body = {
        "sink": "webhook",
        "events": ["*"],
        "settings": {"target_url": "https://shop.example"},
    }
    made = management_api.post(path, json=body).expect()
    assert made == {
        "id": made["id"],
        "object": "event_sink",
        "active": True,
        "failures": 0,
        "created_at": made["created_at"],
        **body,
    }
    assert management_api.get(path).expect()["data"] == [made]
    management_api.delete(f"{path}/{made['id']}").expect(204)
    management_api.get(f"{path}/{made['id']}").refused(404, "not_found")


@pytest.mark.parametrize(
    "changes",
    [
        {"sink": "pigeon"},
        {"settings": {}},
        {"settings": {"target_url": "https://shop.example", "more": 1}},
        {"settings": {"target_url": "https://shop.example", "headers": {"Host": "x"}}},
        {"events": ["nothing"]},
    ],
)
def test_bad_sinks_are_refused(management_api, project, changes):
    path = f"/management/v1/projects/{project.id}/event-sinks"
    body = {"sink": "webhook", "events": ["*"], "settings": {"target_url": "https://shop.example"}}
    management_api.post(path, json=body | changes).refused(400, "invalid_payload")


def test_another_signing_key_counts_from_then_on(
    management_api, project, subscribe, receiver, api, jobs
):
    subscribe("customer.created")
    path = f"/management/v1/projects/{project.id}/signing-key"
    keys = [management_api.post(path).expect()["key"] for _ in range(2)]
    assert keys[0] != keys[1]
    make_customer(api, source_id="ada")
    jobs()
    [call] = receiver.calls()
    assert call.headers["x-voucherify-signature"] == sign(keys[1], call.body)


def test_the_former_key_counts_for_a_day_beside_the_new_one(
    management_api, project, subscribe, receiver, api, jobs, move_time
):
    move_time.freeze("2026-03-01T11:59:59+00:00")
    subscribe("customer.created")
    path = f"/management/v1/projects/{project.id}/signing-key"
    keys = [management_api.post(path).expect()["key"] for _ in range(2)]
    assert all(key.startswith("whsec_") for key in keys)
    for day, known in ((1, keys[::-1]), (2, keys[1:])):
        move_time.freeze(f"2026-03-0{day}T12:00:00+00:00")
        make_customer(api, source_id=f"c{day}")
        jobs()
        call = receiver.calls()[-1]
        expected = standard_headers(known, call.json["id"], call.body)
        assert expected == {name: call.headers[name] for name in expected}


def test_a_key_that_nobody_can_read_any_more_is_replaced(uow, project, tenants, subscribe):
    subscribe("customer.created")
    lost = replace(tenants, vault=Vault([Vault.new_key()]))
    assert service.replace_signing_key(uow, lost, project.id)["key"].startswith("whsec_")


def test_without_a_server_key_no_secret_can_be_kept(uow, project, tenants):
    body = {"target_url": "https://shop.example", "events": ["*"]}
    with pytest.raises(KuponError) as error:
        service.create_webhook(uow, replace(tenants, vault=Vault()), project.id, body)
    assert error.value.key == "service_unavailable"

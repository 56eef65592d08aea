"""Connections over HTTP: made, changed, checked, provisioned; no secret is ever shown again."""

from __future__ import annotations

import base64

import pytest
from tests.features.integrations.conftest import SECRET, told

from kupon.features.integrations.service.connections import secrets
from kupon.hooks.settings import MASK
from kupon.runtime.vault import UnknownKey, Vault


def test_the_adapters_of_the_server_describe_their_settings(manage):
    found = {each["id"]: each for each in manage("get", "/adapters")["data"]}
    assert "cart.price" in found["shoplet"]["capabilities"]
    secret = {"name": "secret", "help": "Signs what the shop sends.", "required": True}
    assert {**secret, "secret": True} in found["shoplet"]["settings"]
    assert {each["name"] for each in found["segment"]["settings"]} >= {"write_key", "region"}


def test_a_connection_from_beginning_to_end(manage, project):
    body = {"adapter": "shoplet", "name": "Shop", "settings": {"secret": SECRET, "url": "x"}}
    made = manage("post", "/connections", json=body)
    assert made["status"] == "ACTIVE"
    assert made["settings"] == {"secret": MASK, "url": "x"}
    assert made["address"].startswith("/integrations/")
    assert "integration_key" not in made
    path = f"/connections/{made['id']}"
    assert manage("get", path) == manage("get", "/connections/Shop") == made
    assert manage("get", "/connections")["data"] == [made]
    changed = manage("put", path, json={"name": "Other", "settings": {"secret": MASK, "url": "y"}})
    assert (changed["name"], changed["settings"]) == ("Other", {"secret": MASK, "url": "y"})
    manage("delete", path, 204)
    manage("get", path, 404)
    assert manage("get", "/connections")["total"] == 0


def test_a_mask_keeps_the_secret_and_another_one_replaces_it(shop):
    shop.manage("put", shop.path, json={"settings": {"secret": MASK, "url": "z"}})
    shop.send(told("customer", "1")).expect()
    shop.manage("put", shop.path, json={"settings": {"secret": "other"}})
    shop.send(told("customer", "1")).refused(401, "unauthorized")
    shop.send(told("customer", "1"), secret="other").expect()


def test_secrets_are_nowhere_to_be_read(shop, uow, caplog):
    shop.tell("customer", "1")
    [row] = uow.driver.execute(
        "SELECT c::text FROM connections c WHERE id = %s", (shop.id,)
    ).fetchall()
    assert SECRET not in row[0]
    assert SECRET not in str(shop.now())
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ({"name": "A"}, "Payload must have required property 'adapter'"),
        ({"adapter": "nothing", "name": "A"}, ".adapter names none"),
        ({"adapter": "shoplet", "name": ""}, "Property .name"),
        ({"adapter": "shoplet", "name": "A"}, "required property 'secret'"),
        (
            {"adapter": "shoplet", "name": "A", "settings": {"secret": "s", "typo": 1}},
            "Property .settings.typo Unknown field.",
        ),
        ({"adapter": "shoplet", "name": "A", "settings": {"secret": 5}}, "Property .settings"),
    ],
)
def test_bad_settings_are_refused(management_api, project, body, details):
    path = f"/management/v1/projects/{project.id}/connections"
    answer = management_api.post(path, json=body).refused(400, "invalid_payload")
    assert details in answer["details"]


def test_a_name_is_there_once(shop, management_api, project):
    body = {"adapter": "shoplet", "name": "Shop", "settings": {"secret": "s"}}
    path = f"/management/v1/projects/{project.id}/connections"
    management_api.post(path, json=body).refused(409, "duplicate_found")
    management_api.post(path.replace(project.id, "proj_no"), json=body).refused(404, "not_found")


def test_no_other_project_reaches_a_connection(shop, management_api, new_project):
    path = f"/management/v1/projects/{new_project().id}/connections/{shop.id}"
    management_api.get(path).refused(404, "not_found")
    management_api.get(f"{path}/deliveries").refused(404, "not_found")


def test_a_look_at_the_platform(connect, platform):
    shop = connect(url=platform.url)
    assert shop.manage("post", f"{shop.path}/check")["health"] == "OK"
    platform.fail("401")
    found = shop.manage("post", f"{shop.path}/check")
    assert found["health"] == "AUTH_FAILED"
    assert SECRET not in str(found)


def test_what_is_installed_is_taken_away_again(connect, platform):
    shop = connect(url=platform.url)
    for _ in range(2):
        assert shop.manage("post", f"{shop.path}/provision")["provisioned"] is True
    assert platform.hooks == {"kupon"}
    for _ in range(2):
        assert shop.manage("post", f"{shop.path}/deprovision")["provisioned"] is False
    assert platform.hooks == set()
    shop.manage("post", f"{shop.path}/provision")
    platform.fail("503")
    failed = shop.manage("delete", shop.path, 502)
    assert failed["key"] == "platform_failed"
    platform.mend()
    shop.manage("delete", shop.path, 204)
    assert platform.hooks == set()


def test_a_platform_that_is_gone_keeps_no_connection(connect, platform):
    shop = connect(url=platform.url)
    shop.manage("post", f"{shop.path}/provision")
    platform.fail("401")
    shop.manage("delete", shop.path, 502)
    shop.manage("delete", shop.path, 204, query={"force": True})
    shop.manage("get", shop.path, 404)


@pytest.fixture
def segment(manage):
    """A connection whose adapter has a fixed prefix."""
    settings = {"write_key": "canary-segment", "shared_secret": "canary-shared"}
    return manage(
        "post", "/connections", json={"adapter": "segment", "name": "CDP", "settings": settings}
    )


def key_headers(key, secret=None):
    return {
        "Authorization": f"Basic {base64.b64encode(key['app_id'].encode()).decode()}",
        "secret-key": base64.b64encode((secret or key["app_token"]).encode()).decode(),
    }


def test_a_fixed_prefix_is_opened_by_the_integration_key(app, segment, manage, api, jobs):
    assert segment["prefix_address"] == "/segmentio"
    key = segment["integration_key"]
    call = {"type": "identify", "userId": "u1", "traits": {"name": "Ada"}, "messageId": "m1"}
    client = app.test_client()
    send = lambda headers: client.post(  # noqa: E731
        "/segmentio/customer-processing", json=call, headers=headers
    )
    assert send(key_headers(key)).status_code == 200
    jobs()
    assert api.get("/v1/customers/u1").expect()["name"] == "Ada"
    assert send(key_headers(key, "wrong")).status_code == 401
    assert send({}).status_code == 401
    assert send({"Authorization": "Basic §", "secret-key": "x"}).status_code == 401
    renewed = manage("post", f"/connections/{segment['id']}/key")["integration_key"]
    assert send(key_headers(key)).status_code == 401
    assert send(key_headers(renewed)).status_code == 200
    manage("delete", f"/connections/{segment['id']}", 204)
    assert send(key_headers(renewed)).status_code == 401


def test_a_servers_own_key_opens_no_prefix(app, segment, project):
    key = {"app_id": project.credentials["app_id"], "app_token": project.credentials["app_token"]}
    sent = app.test_client().post("/segmentio/event-processing", json={}, headers=key_headers(key))
    assert sent.status_code == 401


def test_the_key_of_one_connection_proves_nothing_for_another(app, segment, manage):
    other = manage(
        "post",
        "/connections",
        json={"adapter": "segment", "name": "Second", "settings": {"shared_secret": "s"}},
    )
    headers = key_headers(other["integration_key"])
    sent = app.test_client().post(f"{segment['address']}/webhook", json={}, headers=headers)
    assert sent.status_code == 401
    sent = app.test_client().post(f"{other['address']}/webhook", json={}, headers=headers)
    assert sent.status_code == 200


def test_keys_are_rotated(shop, tenants, settings, engine, uow):
    fresh = Vault.new_key()
    both = Vault((fresh, *settings.secret_keys))
    assert secrets.rotate(uow, both) >= 1
    [(sealed,)] = uow.driver.execute(
        "SELECT secrets FROM connections WHERE id = %s", (shop.id,)
    ).fetchall()
    assert Vault((fresh,)).open(sealed) == {"secret": SECRET}
    with pytest.raises(UnknownKey):
        tenants.vault.open(sealed)
    # Not committed: other tests go on with the old key.


def test_an_adapter_that_is_gone_leaves_its_connections_readable(shop, app, tenants, shoplet):
    loaded = app.extensions["kupon"].tenants.contributions.adapters
    del loaded["shoplet"]
    try:
        assert shop.now()["settings"] == {}
        # The platform tries again, and the operator has time to bring it back.
        shop.send(told("customer", "1")).refused(503, "service_unavailable")
    finally:
        loaded["shoplet"] = shoplet

"""`kupon connections` and `kupon secrets`."""

from __future__ import annotations

import json

import pytest
from tests.cli.calling import call
from tests.features.integrations.conftest import SECRET, told
from tests.features.integrations.test_checkouts import CODE, order, redeemed

from kupon.cli import connections as commands
from kupon.hooks.settings import MASK
from kupon.runtime.vault import Vault


@pytest.fixture
def kupon(settings, monkeypatch, tenants):
    """Runs a command with the test's servers and adapters: `kupon("connections", "list", id)`."""
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(commands, "load_tenants", lambda _: tenants)

    def run(*words, code=0, **options):
        done = call(*words, **options)
        assert done.exit_code == code, done.output
        return done.output

    return run


def test_a_connection_from_beginning_to_end(kupon, project, monkeypatch, platform):
    monkeypatch.setenv("SHOP_SECRET", SECRET)
    url = f"url={platform.url}"
    made = json.loads(
        kupon(
            "connections", "create", project.id, "shoplet", "Shop",
            "--set", "secret=${SHOP_SECRET}", "--set", url,
        )
    )  # fmt: skip
    assert made["settings"] == {"secret": MASK, "url": platform.url}
    on_it = (project.id, "Shop")
    assert json.loads(kupon("connections", "list", project.id)) == [made]
    assert json.loads(kupon("connections", "show", *on_it)) == made
    assert json.loads(kupon("connections", "check", *on_it))["health"] == "OK"
    assert json.loads(kupon("connections", "provision", *on_it))["provisioned"]
    assert not json.loads(kupon("connections", "deprovision", *on_it))["provisioned"]
    assert json.loads(kupon("connections", "pause", *on_it))["status"] == "PAUSED"
    assert json.loads(kupon("connections", "resume", *on_it))["status"] == "ACTIVE"
    changed = json.loads(kupon("connections", "set", *on_it, "redeem_on=ORDER_PLACED"))
    assert changed["settings"]["redeem_on"] == "ORDER_PLACED"
    assert changed["settings"]["secret"] == MASK
    assert "no integration key" in kupon("connections", "key", *on_it, code=1)
    assert json.loads(kupon("connections", "statistics", *on_it))["inbox_waiting"] == 0
    assert "shoplet" in kupon("connections", "adapters")
    assert kupon("connections", "delete", *on_it) == ""
    assert "Cannot find connection" in kupon("connections", "show", *on_it, code=1)


def test_what_was_given_up_is_replayed(kupon, project, shop, jobs):
    for _ in range(2):
        shop.tell("customer", "1", fields={"name": 5})
    jobs()
    parked = json.loads(kupon("connections", "deliveries", project.id, shop.id))
    assert len(parked) == 2
    number = str(parked[0]["id"])
    assert json.loads(kupon("connections", "replay", project.id, shop.id, number))["count"] == 1
    assert json.loads(kupon("connections", "replay", project.id, shop.id))["count"] == 1
    jobs()
    assert len(shop.deliveries("PARKED")) == 2
    assert "is not" in kupon("connections", "replay", project.id, shop.id, "x", code=2)


FILE = """
project = "{project}"

[[connections]]
name = "Shop"
adapter = "shoplet"
settings.secret = "${{SHOP_SECRET}}"
settings.redeem_on = "{redeem_on}"

[[connections]]
name = "CDP"
adapter = "segment"
"""


def test_what_was_refused_is_redeemed_by_a_process_of_its_own(kupon, project, shop, api, jobs):
    shop.send(order("PAID", 2, codes=(CODE,))).expect()
    jobs()
    on_it = (project.id, shop.id, "17")
    assert json.loads(kupon("checkouts", "show", *on_it))["state"] == "REDEEM_FAILED"
    discount = {"type": "AMOUNT", "amount_off": 100}
    body = {"type": "DISCOUNT_VOUCHER", "discount": discount}
    api.post(f"/v1/vouchers/{CODE}", json=body).expect()
    assert json.loads(kupon("checkouts", "redeem", *on_it))["state"] == "REDEEMED"
    assert redeemed(api) == 1


def test_connections_are_what_a_file_says(kupon, project, monkeypatch, app):
    monkeypatch.setenv("SHOP_SECRET", SECRET)
    text = FILE.format(project=project.id, redeem_on="ORDER_PLACED")
    first = json.loads(kupon("connections", "apply", "-", input=text))
    assert [each["name"] for each in first] == ["Shop", "CDP"]
    assert "integration_key" in first[1]
    again = json.loads(kupon("connections", "apply", "-", input=text.replace("PLACED", "PAID")))
    assert [each["id"] for each in again] == [each["id"] for each in first]
    assert again[0]["settings"]["redeem_on"] == "ORDER_PAID"
    assert "integration_key" not in again[1]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("project =", "Invalid value"),
        ('project = "p"', "must have project and"),
        ('project = "p"\nconnections = [{name = "A"}]', "must have project and"),
        (FILE.format(project="proj_no", redeem_on="x"), "SHOP_SECRET is not set"),
    ],
)
def test_bad_files_are_told(kupon, text, complaint):
    assert complaint in kupon("connections", "apply", "-", input=text, code=1)


def test_a_file_is_applied_whole_or_not_at_all(kupon, project, monkeypatch):
    monkeypatch.setenv("SHOP_SECRET", SECRET)
    text = FILE.format(project=project.id, redeem_on="ORDER_PAID").replace('"segment"', '"nothing"')
    assert "names none" in kupon("connections", "apply", "-", input=text, code=1)
    assert json.loads(kupon("connections", "list", project.id)) == []


def test_keys_are_rotated(kupon, settings, monkeypatch, shop):
    fresh = kupon("secrets", "new-key").strip()
    Vault((fresh,))
    keys = ",".join((*settings.secret_keys, fresh))
    monkeypatch.setenv("KUPON_SECRET_KEYS", keys)
    assert "were encrypted anew" in kupon("secrets", "rotate")
    shop.send(told("customer", "1")).expect()
    monkeypatch.setenv("KUPON_SECRET_KEYS", fresh)
    assert "can't be read" in kupon("secrets", "rotate", code=1)
    monkeypatch.setenv("KUPON_SECRET_KEYS", "nonsense")
    assert "is no key" in kupon("secrets", "rotate", code=1)

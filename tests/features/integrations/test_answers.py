"""Requests that are answered at once: what a cart costs, and that no checkout ever breaks on it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.features.integrations.conftest import signature

from kupon.testing.builders import amount_off


@pytest.fixture
def price(shop, api):
    body = {"type": "DISCOUNT_VOUCHER", "discount": amount_off(100)}
    api.post("/v1/vouchers/TEN", json=body).expect()

    def ask(code="TEN", **members):
        cart = {
            "redeemables": [{"object": "voucher", "id": code}],
            "order": {"amount": 1000},
            **members,
        }
        raw = json.dumps(cart).encode()
        return shop.send(raw=raw, path="price/cart").expect()

    return ask


def test_a_cart_is_priced(price, shop):
    assert price() == {"discount": 100}
    assert shop.statistics()["inbox_waiting"] == 0


def test_a_session_is_kept(price, api):
    body = {"type": "DISCOUNT_VOUCHER", "discount": amount_off(50), "redemption": {"quantity": 1}}
    api.post("/v1/vouchers/ONE", json=body).expect()
    assert price("ONE", session={"type": "LOCK", "key": "cart-1"}) == {"discount": 50}
    assert price("ONE", session={"type": "LOCK", "key": "cart-1"}) == {"discount": 50}
    assert price("ONE", session={"type": "LOCK", "key": "cart-2"}) == {"discount": 0}


def test_an_unknown_code_is_no_discount(price):
    assert price("NOBODYS") == {"discount": 0}


def test_a_cart_that_can_not_be_read_is_no_discount(price):
    assert price(order={"amount": "much"})["why"] == "invalid_payload"


def test_a_mistake_costs_no_checkout(price):
    assert price(mistake=True) == {"taken": 0, "discount": 0}


def test_a_paused_connection_gives_no_discount(price, shop):
    shop.manage("post", f"{shop.path}/pause")
    assert price() == {"discount": 0, "why": "service_unavailable"}


def test_a_database_that_is_too_slow_costs_no_checkout(price, engine, monkeypatch, shoplet):
    hasty = replace(shoplet.manifest(), deadline_ms=300)
    monkeypatch.setattr(shoplet, "manifest", classmethod(lambda _: hasty))
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN")
        connection.exec_driver_sql("LOCK TABLE vouchers IN ACCESS EXCLUSIVE MODE")
        assert price() == {"discount": 0, "why": "service_unavailable"}
        connection.exec_driver_sql("ROLLBACK")
    assert price() == {"discount": 100}


def test_a_price_that_failed_for_now_is_made_up_for_later(price, shop, engine, project):
    """Not at once: the platform has not yet stored what it asks about."""
    for _ in range(2):
        assert price(away=True, key="cart-1") == {"taken": 0, "discount": 0}
    assert [each["event"] for each in shop.deliveries("WAITING")] == ["cart"]
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT available_at - created_at FROM jobs WHERE project_id = %s"
            " AND arguments ->> 'subject' = 'cart:cart-1'",
            (project.id,),
        ).all()
    assert [row[0].total_seconds() for row in rows] == [5]


def test_nothing_is_made_up_for_while_paused_or_after_a_mistake(price, shop):
    price(mistake=True, key="cart-2")
    shop.manage("post", f"{shop.path}/pause")
    price(away=True, key="cart-3")
    assert shop.deliveries("WAITING") == []


def test_whoever_is_not_the_platform_learns_no_price(shop):
    raw = b"{}"
    headers = {"X-Shoplet-Signature": signature(raw, "wrong")}
    shop.send(raw=raw, path="price/cart", headers=headers).refused(401, "unauthorized")

"""Checks of an adapter inside a whole Kupon (C5c): its requests come in, workers do the work."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from kupon.hooks.adapter import InboundRequest
from kupon.runtime import clock
from kupon.testing import builders
from kupon.testing.carts import CartLine, GoldenShop
from kupon.testing.contract.checks import Case, check
from kupon.testing.platform import key_headers
from kupon.testing.roles import OrderLine, PlatformOrder

if TYPE_CHECKING:
    from flask import Flask

    from kupon.testing.background import Jobs
    from kupon.testing.client import ApiClient

_LINE = CartLine(id="line-1", product="article-1", sku="article-1-x", quantity=2, price=1000)
_CODE = "GOLD-ONCE"
_KEY = "session-once"


@check(
    "C5c", "cart.redeem", fixtures=["app", "api", "management_api", "project", "tenants", "jobs"]
)
def orders_redeem_once(
    case: Case,
    app: Flask,
    api: ApiClient,
    management_api: ApiClient,
    project: Any,
    tenants: Any,
    jobs: Jobs,
) -> None:
    """However often and in whatever order news of an order come, it is redeemed once, and back."""
    shop = GoldenShop(api, management_api, project.id)
    _lock(shop)
    tell = _connect(case, app, shop, tenants)
    at = clock.now() + timedelta(seconds=1)
    paid = PlatformOrder(
        number="order-once",
        lines=(OrderLine(sku=_LINE.sku, quantity=_LINE.quantity, price=_LINE.price),),
        codes=(_CODE,),
        discount=500,
        checkout_key=_KEY,
        placed_at=at,
        changed_at=at + timedelta(minutes=2),
        version=2,
    )
    placed = replace(paid, status="PLACED", changed_at=at + timedelta(minutes=1), version=1)
    for order, id in ((paid, "paid-1"), (paid, "paid-1"), (placed, "placed"), (paid, "paid-2")):
        tell(order, id)
        jobs()
    assert _state(api, paid.number) == ("PAID", 1)
    canceled = replace(paid, status="CANCELED", changed_at=at + timedelta(minutes=3), version=3)
    for order, id in ((canceled, "void-1"), (canceled, "void-2"), (paid, "paid-3")):
        tell(order, id)
    jobs()
    assert _state(api, paid.number) == ("CANCELED", 0)
    redemptions = api.get("/v1/redemptions").expect()["redemptions"]
    assert [each["object"] for each in redemptions].count("redemption") == 1


def _lock(shop: GoldenShop) -> None:
    """Have a code, and a cart that it was applied to."""
    shop.stock(_LINE)
    builders.make_customer(shop.api, source_id="customer-1")
    shop.code(_CODE, builders.amount_off(500))
    items = [{"source_id": _LINE.sku, "related_object": "sku", "quantity": 2, "price": 1000}]
    body = {
        "redeemables": [builders.redeemable(_CODE)],
        "order": {"items": items},
        "customer": {"source_id": "customer-1"},
        "session": {"type": "LOCK", "key": _KEY},
    }
    assert shop.api.post("/v1/validations", json=body).expect()["valid"]


def _connect(case: Case, app: Flask, shop: GoldenShop, tenants: Any) -> Any:
    """A connection with the platform, and what sends its orders there."""
    for known in (tenants, app.extensions["kupon"].tenants):
        known.contributions.adapters.setdefault(case.manifest.id, case.adapter)
    path = f"/management/v1/projects/{shop.project_id}/connections"
    body = {"adapter": case.manifest.id, "name": "Main", "settings": case.playing.settings}
    connection = shop.management_api.post(path, json=body).expect()
    place = urlsplit(connection["address"]).path

    def tell(order: PlatformOrder, id: str) -> None:
        request: InboundRequest = case.platform.order_event(order, id=id)
        headers = dict(request.headers)
        key = connection.get("integration_key")
        if key is not None and case.playing.comes_with_key:
            style = case.manifest.key_style or ""
            headers |= key_headers(style, key["app_id"], key["app_token"])
        answer = app.test_client().open(
            f"{place}/{request.path}".rstrip("/"),
            method=request.method,
            data=request.body,
            query_string=dict(request.query),
            headers=headers,
        )
        assert 200 <= answer.status_code < 300, answer.data[:500]

    return tell


def _state(api: ApiClient, number: str) -> tuple[str, int]:
    """The order's status, and how often its code counts as redeemed."""
    order = api.get(f"/v1/orders/{number}").expect()
    voucher = api.get(f"/v1/vouchers/{_CODE}").expect()
    return order["status"], voucher["redemption"]["redeemed_quantity"]

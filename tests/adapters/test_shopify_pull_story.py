"""A running Kupon pulls a Shopify shop: by pages and from a file, whoever dies meanwhile."""

from __future__ import annotations

import pytest
from tests.adapters.living import LiveProject, kill_worker, wait_until
from tests.adapters.shopify_cases import CONFIG
from tests.adapters.shopify_platform import ShopifyPlatform
from tests.adapters.shopify_shop import Shop
from tests.adapters.test_shopify_story import is_offered, status_of, voucher

from kupon.kit.timestamps import parse_moment
from kupon.testing.builders import amount_off

pytestmark = [pytest.mark.race, pytest.mark.slow, pytest.mark.xdist_group("adapter_stories")]

CUSTOMERS = 60
# As many as make a file of several parts.
MANY_CUSTOMERS = 600


@pytest.fixture
def platform():
    with ShopifyPlatform(CONFIG) as running:
        yield running


@pytest.fixture
def project(own_server):
    return LiveProject(own_server, "Shopify")


def pull(project, resource, mode="FULL"):
    """Begin to pull a resource; a question for its run once that is over."""
    body = {"resource": resource, "mode": mode}
    run = project.manage("POST", "/connections/Main/syncs", json=body)
    path = f"/connections/Main/syncs/{run['id']}"

    def is_over():
        seen = project.manage("GET", path)
        return seen if seen["state"] in ("DONE", "FAILED", "CANCELED") else None

    return is_over


@pytest.mark.parametrize("bulk_from", [CUSTOMERS + 1, 1], ids=["pages", "file"])
def test_a_shop_is_pulled_whoever_dies_meanwhile(platform, project, own_server, bulk_from):
    """Twenty pages of customers or one file; then orders, one of them older than the connection."""
    settings = platform.settings | {"bulk_from": bulk_from}
    shop = Shop(platform, project.connect("shopify", settings)["address"])
    customers = CUSTOMERS if bulk_from > 1 else MANY_CUSTOMERS
    platform.put("customers", customers, changed_at=shop.now())
    before = len(platform.calls())
    is_over = pull(project, "customers")
    wait_until(lambda: len(platform.calls()) > before + 3, "some parts were asked for")
    kill_worker(own_server)
    run = wait_until(is_over, "the customers are pulled")
    assert (run["state"], run["done"], run["total"]) == ("DONE", customers, customers)
    assert project.call("GET", "/v1/customers?limit=1")["total"] == customers
    assert len(platform.bulk.operations) == (bulk_from == 1)

    for code in ("OLD", "NEW"):
        voucher(project, code, amount_off(500))
        wait_until(lambda code=code: is_offered(platform, code), "the shop has the code")
        shop.check_out(1 if code == "OLD" else 2, 7001, 2, code)
    shop.pay(1)
    shop.pay(2)
    platform.records["orders"]["1"] |= {"processedAt": "2020-01-01T00:00:00Z"}
    assert wait_until(pull(project, "orders"), "the orders are pulled")["state"] == "DONE"
    assert (project.redeemed("OLD"), project.redeemed("NEW")) == (0, 1)
    assert (status_of(project, 1), status_of(project, 2)) == ("PAID", "PAID")
    shop.cancel(2)
    run = wait_until(pull(project, "orders", "INCREMENTAL"), "the changes are pulled")
    assert run["state"] == "DONE"
    assert (status_of(project, 2), project.redeemed("NEW")) == ("CANCELED", 0)
    since = parse_moment(run["since"])
    assert any(f"updated_at:>='{since:%Y-%m-%d}" in each.body.decode() for each in platform.calls())

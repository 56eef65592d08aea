"""What the tests of Shopify's adapter begin with: a connection's settings, and fixtures told."""

from __future__ import annotations

from kupon.testing.contract.checks import INSTALLED_AT
from kupon.testing.fixtures import read_fixture

SHOP = "kupon-test.myshopify.com"
CONFIG = {
    "shop": SHOP,
    "client_id": "kupon-client-1",
    "client_secret": "canary-client-secret-2",
    "previous_client_secret": "canary-previous-secret-3",
    "order_metafields": True,
    "admin_url": "{platform}",
}


def webhook(case, topic, name="", id="1", at=INSTALLED_AT):
    """The webhook of a fixture."""
    kind = "passed" if topic in ("shop/redact", "app/uninstalled") else "receive"
    name = name or f"{kind}.{topic.replace('/', '-').replace('_', '-')}"
    content = read_fixture("kupon_shopify", name).content
    return case.platform.event(topic, content, id=id, at=at)


def pulled(case, resource, name, **settings):
    """What a record of the Admin API means, in a shop that has nothing else."""
    for kept in case.platform.records.values():
        kept.clear()
    fixture = read_fixture("kupon_shopify", f"pull.{resource}.{name}")
    case.platform.add(resource, fixture.content)
    (command,) = case.make(settings=settings).pull(resource, None, None).commands
    return command

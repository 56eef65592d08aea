"""commercetools' golden samples: one purchase in the platform's shape, and what Kupon makes of it.

Source: spec adapters-commerce, section 15.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.adapters.commercetools_platform import CommercetoolsPlatform
from tests.adapters.test_commercetools import CONFIG

from kupon.testing.contract.checks import Case
from kupon_commercetools.adapter import CommercetoolsAdapter

SAMPLES = json.loads(Path(__file__).with_name("commercetools_samples.json").read_bytes())


@pytest.fixture
def case():
    with CommercetoolsPlatform(CONFIG) as platform:
        platform.keep("customers", SAMPLES["customer"])
        platform.keep("product-projections", SAMPLES["projection"])
        platform.keep("orders", SAMPLES["order"])
        yield Case(CommercetoolsAdapter, platform)


def pulled(case, resource):
    """The command that a resource's only record becomes."""
    (command,) = case.make(settings={"metadata_fields": []}).pull(resource, None, None).commands
    return command


def test_the_customer(case):
    command = pulled(case, "customers")
    assert {"source_id": command.source_id, **command.fields} == {
        "source_id": "cu-12",
        "name": "Ada Nowak",
        "email": "ada@example.com",
        "phone": "+48500100200",
        "address": {
            "line_1": "Rynek 1",
            "city": "Krakow",
            "postal_code": "30-001",
            "country": "PL",
        },
        "metadata": {},
    }


def test_the_product_has_both_of_its_variants(case):
    command = pulled(case, "catalog")
    assert (command.source_id, command.fields["name"]) == ("p-55", "Tea 200 g")
    assert (command.fields["price"], command.fields["image_url"]) == (
        1000, "https://img.example/tea.jpg",
    )  # fmt: skip
    assert command.fields["attributes"] == ["weight"]
    found = {each["source_id"]: each.get("price") for each in command.skus}
    assert found == {"TEA-200": 1000, "TEA-500": None}


def test_the_message_brings_the_order(case):
    (delivery,) = case.receive(case.platform.forwarded(SAMPLES["message"]))
    assert (delivery.id, delivery.subject) == ("m-1", "order:o-900")
    (command,) = case.make().process([delivery])
    assert command.source_id == "o-900"
    item = {
        "related_object": "sku",
        "source_id": "TEA-200",
        "quantity": 3,
        "price": 1000,
        "amount": 3000,
        "product": {"source_id": "p-55", "name": "Tea 200 g", "override": True},
        "sku": {"sku": "TEA-200", "override": True},
    }
    assert command.fields == {
        "status": "PAID",
        "amount": 3000,
        "items": [item],
        "customer": {"source_id": "cu-12", "email": "ada@example.com"},
        "metadata": {
            "platform_discount": 500,
            "coupon_codes": ["MUG10"],
            "currency": "EUR",
            "orderNumber": "A-1",
        },
    }
    assert command.redeemables == [{"object": "voucher", "id": "MUG10"}]
    assert (command.checkout_key, command.stamp.version) == ("commercetools:main:c-7f31", 4)

"""commercetools' adapter: the contract, and what is odd about commercetools."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.adapters.commercetools_platform import CommercetoolsPlatform

from kupon.hooks.adapter import Health
from kupon.hooks.errors import Misconfigured, Skip
from kupon.testing import AdapterContract, forged
from kupon.testing.contract.checks import INSTALLED_AT, Case
from kupon.testing.fixtures import read_fixture
from kupon.testing.roles import PlatformOrder
from kupon_commercetools.adapter import CommercetoolsAdapter
from kupon_commercetools.installing import FIELDS

CONFIG = {
    "project_key": "demo",
    "client_id": "client-1",
    "client_secret": "canary-client-secret-1",
    "shared_secret": "canary-shared-secret-2",
    "subscription": '{"type": "GoogleCloudPubSub", "projectId": "canary-3", "topic": "kupon"}',
    "metadata_fields": ["loyalty_number"],
    "price_currency": "EUR",
    # On a machine that has much else to do two seconds are not enough for Kupon and its look-ups.
    "extension_timeout_ms": 10_000,
    "api_url": "{platform}",
    "auth_url": "{platform}",
}


class TestCommercetools(AdapterContract):
    adapter = CommercetoolsAdapter
    platform = CommercetoolsPlatform
    config = CONFIG


@pytest.fixture
def case():
    with CommercetoolsPlatform(CONFIG) as platform:
        yield Case(CommercetoolsAdapter, platform)


def message(name):
    """A fixture's message."""
    return read_fixture("kupon_commercetools", f"receive.{name}").json


class TestRequests:
    def test_the_connectors_password_is_taken(self, case):
        request = case.platform.forwarded(message("ordercreated"))
        headers = {"authorization": f"Basic {CONFIG['shared_secret']}"}
        case.make().verify(forged(request, headers=headers))

    @pytest.mark.parametrize(
        "wrap",
        [
            lambda sent: sent,
            lambda sent: [sent],
            lambda sent: {"specversion": "1.0", "type": "x", "id": "e-1", "data": sent},
            lambda sent: {"version": "0", "detail-type": "Message", "detail": sent},
            lambda sent: {
                "subscription": "projects/p/subscriptions/s",
                "message": {"data": base64.b64encode(json.dumps(sent).encode()).decode()},
            },
        ],
    )
    def test_envelopes_of_forwarders(self, case, wrap):
        sent = message("orderpaymentstatechanged")
        (delivery,) = case.receive(case.platform.forwarded(wrap(sent)))
        assert (delivery.id, delivery.event) == (sent["id"], "OrderPaymentStateChanged")
        assert delivery.subject == f"order:{sent['resource']['id']}"

    def test_personal_data_of_messages_is_not_kept(self, case):
        (delivery,) = case.receive(case.platform.forwarded(message("customercreated")))
        assert "ada@example.com" not in json.dumps(delivery.payload)

    def test_messages_of_other_projects_are_not_taken(self, case):
        sent = message("ordercreated") | {"projectKey": "another"}
        with pytest.raises(Skip):
            case.receive(case.platform.forwarded(sent))

    def test_several_messages_of_an_order_ask_for_it_once(self, case):
        order = PlatformOrder(number="order-1", placed_at=INSTALLED_AT, changed_at=INSTALLED_AT)
        requests = [case.platform.order_event(order, id=f"m-{n}") for n in range(3)]
        deliveries = [each for request in requests for each in case.receive(request)]
        assert len(case.make().process(deliveries)) == 1
        assert len(case.playing.calls("GET", "/demo/orders/")) == 1

    def test_a_message_of_what_is_gone_is_a_deletion(self, case):
        sent = message("ordercreated")
        (command,) = case.make().process(case.receive(case.platform.forwarded(sent)))
        assert (command.kind, command.source_id) == ("order", sent["resource"]["id"])


class TestCalls:
    def test_a_token_that_ends_early_is_renewed_once(self, case):
        adapter = case.make()
        case.playing.fail("401", times=1, path="/demo")
        assert adapter.check().health is Health.OK
        assert len(case.playing.calls("POST", "/oauth/token")) == 2

    def test_many_records_at_one_moment_come_each_once(self, case):
        ids = case.platform.put("customers", 25, changed_at=INSTALLED_AT)
        found, cursor = [], None
        while cursor is not None or not found:
            page = case.make().pull("customers", cursor, None)
            found += [each.source_id for each in page.commands]
            cursor = page.cursor
        assert sorted(found) == sorted(ids)

    def test_products_whose_standalone_prices_changed_are_pulled(self, case):
        (id,) = case.platform.put("catalog", 1, changed_at=INSTALLED_AT)
        at = "2026-02-01T00:00:00.000Z"
        price = {"id": "sp-1", "sku": f"sku-{id}", "lastModifiedAt": at}
        case.platform.keep("standalone-prices", price)
        since = INSTALLED_AT + timedelta(days=2)
        adapter = case.make(settings={"standalone_prices": True})
        first = adapter.pull("catalog", None, since)
        assert first.commands == []
        assert [
            each.source_id for each in adapter.pull("catalog", first.cursor, since).commands
        ] == [id]

    def test_the_shops_own_type_gets_the_fields_that_it_lacks(self, case):
        own = {"name": "gift_note"}
        case.platform.keep(
            "types", {"id": "t-7", "key": "shop", "version": 3, "fieldDefinitions": [own]}
        )
        state = case.make(settings={"reuse_type_key": "shop"}).provision()
        names = [each["name"] for each in case.playing.places["types"]["t-7"]["fieldDefinitions"]]
        assert state["type_id"] == "t-7"
        assert (names[0], set(names) - {"gift_note"}) == ("gift_note", set(FIELDS))
        assert "types/couponCodes" not in case.platform.installed()

    def test_a_project_that_keeps_its_messages_is_left_as_it_is(self, case):
        case.playing.project["messages"] = {"enabled": True, "deleteDaysAfterCreation": 30}
        assert case.make().provision()["message_days"] == 30
        assert case.playing.project["messages"]["deleteDaysAfterCreation"] == 30

    def test_nothing_is_installed_for_an_address_that_nobody_can_reach(self, case):
        adapter = case.make()
        adapter.connection = replace(adapter.connection, base_url="/integrations/token")
        with pytest.raises(Misconfigured):
            adapter.provision()


class TestRecords:
    def test_a_customer(self, case):
        case.platform.add("customers", fixture("pull.customers.account"))
        (command,) = case.make().pull("customers", None, None).commands
        assert command.fields == {
            "name": "Ada Nowak",
            "email": "ada@example.com",
            "phone": "+48500100200",
            "address": {
                "line_1": "Rynek 1",
                "line_2": "m. 3",
                "city": "Kraków",
                "state": "małopolskie",
                "postal_code": "30-001",
                "country": "PL",
            },
            "metadata": {"customer_group": "cg-1", "loyalty_number": 0},
        }

    def test_a_product_with_all_its_variants(self, case):
        case.platform.add("catalog", fixture("pull.catalog.two-variants"))
        (command,) = case.make().pull("catalog", None, None).commands
        assert (command.fields["name"], command.fields["price"]) == ("Tea 200 g", 1000)
        assert command.fields["attributes"] == ["color", "origin", "weight"]
        green, large = command.skus
        assert green["attributes"] == {"weight": "200 g", "color": "green", "origin": "Ceylon"}
        assert (large["source_id"], "price" in large) == ("TEA-500", False)

    def test_a_variant_without_sku(self, case):
        case.platform.add("catalog", fixture("pull.catalog.without-sku"))
        (command,) = case.make().pull("catalog", None, None).commands
        (sku,) = command.skus
        assert sku["source_id"] == f"{command.source_id}:1"
        assert (sku["price"], sku["currency"], sku["attributes"]) == (
            500,
            "JPY",
            {"sizes": ["s", "m"]},
        )


def fixture(name):
    """The content of a fixture."""
    return read_fixture("kupon_commercetools", name).content

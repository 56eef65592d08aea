"""Shopify's adapter: the contract, and what is odd about Shopify."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.adapters.shopify_cases import CONFIG, SHOP, webhook
from tests.adapters.shopify_platform import OTHERS, ShopifyPlatform

from kupon.hooks.adapter import Checked, Health
from kupon.hooks.commands import (
    DeleteRecord,
    EraseCustomer,
    MergeCustomers,
    Stamp,
    TrackEvent,
)
from kupon.hooks.errors import (
    AuthFailed,
    Misconfigured,
    Refused,
    Unmappable,
    Unsupported,
)
from kupon.testing import AdapterContract, Fault, forged, inbound
from kupon.testing.contract.checks import INSTALLED_AT, Case
from kupon_shopify.adapter import ShopifyAdapter
from kupon_shopify.client import ShopifyClient
from kupon_shopify.config import ShopifySettings


class TestShopify(AdapterContract):
    adapter = ShopifyAdapter
    platform = ShopifyPlatform
    config = CONFIG


@pytest.fixture
def case():
    with ShopifyPlatform(CONFIG) as platform:
        yield Case(ShopifyAdapter, platform)


class TestSignatures:
    def test_are_those_that_shopify_makes(self, case):
        """Source: spec adapters-commerce, section 5.3."""
        adapter = case.make(settings={"client_secret": "kupon-shop-secret"})
        headers = {
            "X-Shopify-Shop-Domain": SHOP,
            "X-Shopify-Hmac-SHA256": "38ap+sCxP9pyVz57kFk7MWRiLlvzUUA52OmrzYwBw9s=",
        }
        body = b'{"id":1001,"total_price":"12.50"}'
        adapter.verify(inbound(body, headers=headers))
        with pytest.raises(Refused):
            adapter.verify(inbound(body + b"\n", headers=headers))

    def test_may_be_of_the_secret_before_a_rotation(self, case):
        request = webhook(case, "orders/paid")
        old = CONFIG["client_secret"]
        settings = {"client_secret": "a-new-secret", "previous_client_secret": old}
        case.make(settings=settings).verify(request)
        with pytest.raises(Refused):
            case.make(settings=settings | {"previous_client_secret": None}).verify(request)

    def test_are_of_the_bytes_whatever_letters_are_in_them(self, case):
        body = '{"id": 7001, "first_name": "Zoë"}'.encode()
        case.make().verify(case.platform.event("customers/create", body, id="1", at=INSTALLED_AT))

    def test_of_another_shop_of_the_app_are_refused(self, case):
        request = webhook(case, "orders/paid")
        headers = {**request.headers, "x-shopify-shop-domain": "other.myshopify.com"}
        with pytest.raises(Refused):
            case.make().verify(forged(request, headers=headers))


class TestWebhooks:
    def test_name_a_record_and_nothing_of_its_owner(self, case):
        (delivery,) = case.receive(webhook(case, "orders/paid"))
        assert (delivery.subject, delivery.payload) == ("order:820001", {"id": "820001"})
        assert delivery.occurred_at == INSTALLED_AT.replace(microsecond=123456)

    @pytest.mark.parametrize("topic", ["refunds/create", "orders/edited", "orders/delete"])
    def test_of_parts_of_an_order_are_the_orders(self, case, topic):
        (delivery,) = case.receive(webhook(case, topic))
        assert delivery.subject == "order:820001"

    def test_of_one_event_through_two_subscriptions_are_one(self, case):
        request = webhook(case, "orders/paid")
        headers = {**request.headers, "x-shopify-webhook-id": "another"}
        (first,), (second,) = case.receive(request), case.receive(forged(request, headers=headers))
        assert first.id == second.id
        (other,) = case.receive(webhook(case, "orders/updated"))
        assert other.id != first.id

    def test_without_ids_are_told_apart_by_their_bodies(self, case):
        request = webhook(case, "orders/paid")
        headers = {
            name: value for name, value in request.headers.items() if not name.endswith("-id")
        }
        bare = forged(request, headers=headers)
        (first,), (again,) = case.receive(bare), case.receive(bare)
        (named,) = case.receive(request)
        assert first.id == again.id != named.id

    def test_of_records_that_are_there_never_delete_them(self, case):
        for event, fixture in case.events():
            if event.endswith("/delete") or "test-order" in fixture.name:
                continue
            commands = case.commands(case.event(event, fixture.content))
            assert not any(isinstance(each, DeleteRecord) for each in commands), fixture.name

    def test_of_one_record_ask_for_it_once(self, case):
        topics = ("orders/create", "orders/paid", "orders/updated", "orders/fulfilled")
        deliveries = [each for topic in topics for each in case.receive(webhook(case, topic))]
        before = len(case.platform.calls())
        (command,) = case.make().process(deliveries)
        assert command.fields["status"] == "FULFILLED"
        # Once for the order, and once for its code.
        assert len(case.platform.calls()) == before + 2

    @pytest.mark.parametrize(
        ("topic", "kind", "id"),
        [("customers/create", "customer", "7001"), ("products/create", "product", "301")],
    )
    def test_of_a_record_that_is_gone_delete_it(self, case, topic, kind, id):
        deliveries = case.receive(webhook(case, topic))
        case.platform.records[f"{kind}s"].clear()
        at = INSTALLED_AT.replace(microsecond=123456)
        gone = DeleteRecord(kind=kind, source_id=id, stamp=Stamp(at=at))
        assert case.make().process(deliveries) == [gone]
        assert case.commands(webhook(case, f"{kind}s/delete")) == [gone]

    def test_of_an_order_that_is_too_old_to_be_shown_cancel_nothing(self, case):
        deliveries = case.receive(webhook(case, "orders/updated"))
        case.platform.records["orders"].clear()
        with pytest.raises(Unmappable, match="read_all_orders"):
            case.make().process(deliveries)
        (gone,) = case.commands(webhook(case, "orders/delete"))
        assert (gone.kind, gone.source_id) == ("order", "820001")

    def test_of_a_merge_count_once_it_is_completed(self, case):
        assert case.commands(webhook(case, "customers/merge")) == [
            MergeCustomers(from_source_id="7002", into_source_id="7001")
        ]
        failed = webhook(case, "customers/merge", "passed.customers-merge.failed")
        assert case.commands(failed) == []

    def test_of_privacy_erase_and_tell(self, case):
        request = webhook(case, "customers/redact")
        known_as = [EraseCustomer(source_id="7001"), EraseCustomer(source_id="ada@example.com")]
        assert case.commands(request) == known_as
        nobody = case.make(settings={"guests": "NONE"}).process(case.receive(request))
        assert nobody == known_as[:1]
        assert case.commands(webhook(case, "customers/data_request")) == [
            TrackEvent(
                source_id="7001",
                event="shopify.data_request",
                metadata={"request": "9999", "orders": ["820001", "820002"]},
            )
        ]

    @pytest.mark.parametrize("topic", ["app/uninstalled", "shop/redact"])
    def test_of_a_removed_app_stop_the_connection_until_it_is_back(self, case, topic):
        deliveries = case.receive(webhook(case, topic))
        case.platform.is_installed = False
        with pytest.raises(AuthFailed, match="has removed the app"):
            case.make().process(deliveries)
        case.platform.is_installed = True
        assert case.make().process(deliveries) == []


class TestAccount:
    @pytest.mark.parametrize(
        ("code", "error"),
        [
            ("ACCESS_DENIED", AuthFailed),
            ("SHOP_INACTIVE", Unsupported),
            ("MAX_COST_EXCEEDED", Unsupported),
        ],
    )
    def test_errors_inside_an_answer_have_their_verdicts(self, case, code, error):
        body = f'{{"errors": [{{"message": "no", "extensions": {{"code": "{code}"}}}}]}}'
        case.platform.fail(Fault(status=200, body=body.encode()))
        with pytest.raises(error):
            case.make().pull("customers", None, None)

    @pytest.mark.parametrize(
        ("status", "error"), [(402, Unsupported), (404, Misconfigured), (423, Unsupported)]
    )
    def test_of_a_shop_that_is_closed_stops(self, case, status, error):
        case.platform.fail(Fault(status=status))
        with pytest.raises(error):
            case.make().pull("customers", None, None)

    def test_tokens_are_renewed_once_when_they_have_ended(self, case):
        client = case.client()
        case.make(http=client).pull("customers", None, None)
        case.platform.tokens.clear()
        case.make(http=client).pull("customers", None, None)
        assert len(case.platform.calls(path="/admin/oauth")) == 2

    def test_may_have_a_token_that_does_not_end(self, case):
        case.platform.config["access_token"] = "shpat_static-token"
        assert case.make().check() == Checked(Health.OK)
        assert case.platform.calls(path="/admin/oauth") == []

    def test_without_credentials_is_misconfigured(self, case):
        found = case.make(settings={"client_id": None}).check()
        assert found.health is Health.MISCONFIGURED

    @pytest.mark.parametrize("version", ["2026-04", "2025-10", "2026-11", "latest", ""])
    def test_asks_for_a_version_that_has_what_is_asked_for(self, version):
        assert "api_version" in ShopifySettings().validate(CONFIG | {"api_version": version})
        known = CONFIG | {"admin_url": None, "api_version": "2026-07"}
        assert ShopifySettings().validate(known) == {}

    def test_tells_of_scopes_versions_and_shops_that_are_not_right(self, case):
        case.platform.scopes = ["read_orders", "write_products"]
        case.platform.answers_as = "2027-01"
        found = case.make().check()
        assert found.health is Health.OK
        assert found.message == (
            "the app lacks the scopes read_customers, write_discounts;"
            " Shopify answers with version 2027-01 in place of 2026-10"
        )
        other = case.make(settings={"shop": "other.myshopify.com"}).check()
        assert other == Checked(Health.MISCONFIGURED, f"the credentials are of the shop {SHOP}")

    def test_is_where_the_shop_is(self):
        asked = []

        class Asked(Exception):
            """Where a call would have gone."""

        class Listening:
            def call(self, method, url, **options):
                asked.append(url)
                raise Asked

        settings = {"shop": SHOP, "client_secret": "x", "access_token": "shpat_x"}
        with pytest.raises(Asked):
            ShopifyClient(ShopifySettings().load(settings), Listening()).get_account()
        assert asked == [f"https://{SHOP}/admin/api/2026-10/graphql.json"]


class TestSubscriptions:
    def test_bring_ids_only(self, case):
        state = case.make().provision()
        address = "https://kupon.example.com/integrations/token"
        assert state == {"address": address}
        installed = case.platform.installed()
        assert installed[f"ORDERS_PAID {address}"] == ["id", "updated_at"]
        assert len(installed) == 17 + len(OTHERS)

    def test_that_shopify_has_dropped_are_told_of_and_made_anew(self, case):
        state = case.make().provision()
        case.platform.subscriptions.drop("ORDERS_PAID", state["address"])
        found = case.make(state=state).check()
        assert found.message == "the shop has dropped subscriptions (orders/paid): provision again"
        case.make(state=state).provision()
        assert f"ORDERS_PAID {state['address']}" in case.platform.installed()
        assert case.make(state=state).check() == Checked(Health.OK)

    def test_of_an_earlier_release_bring_what_is_asked_for_now(self, case):
        state = case.make().provision()
        name = f"ORDERS_PAID {state['address']}"
        case.platform.subscriptions.fields[name] = ["id", "email"]
        case.make(state=state).provision()
        assert case.platform.installed()[name] == ["id", "updated_at"]

    def test_move_with_the_servers_address(self, case):
        before = {"address": "https://old.example.com/integrations/token"}
        case.platform.subscriptions.fields[f"ORDERS_PAID {before['address']}"] = ["id"]
        state = case.make(state=before).provision()
        installed = case.platform.installed()
        assert f"ORDERS_PAID {state['address']}" in installed
        assert not any(name.endswith(before["address"]) for name in installed)
        assert set(OTHERS) < set(installed)

    def test_need_an_address(self, case):
        adapter = case.make()
        adapter.connection = replace(adapter.connection, base_url="/integrations/token")
        with pytest.raises(Misconfigured, match="public address"):
            adapter.provision()

    def test_are_gone_with_the_app(self, case):
        state = case.make().provision()
        case.platform.is_installed = False
        case.make(state=state).deprovision()

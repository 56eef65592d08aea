"""Shopify's adapter: the contract, and what is odd about Shopify."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from tests.adapters import shopify_records as records
from tests.adapters.shopify_platform import OTHERS, ShopifyPlatform

from kupon.hooks.adapter import OK, Checked, Health, Verdict
from kupon.hooks.commands import (
    DeleteRecord,
    EraseCustomer,
    MergeCustomers,
    Stamp,
    TrackEvent,
    UpsertCustomer,
    UpsertOrder,
)
from kupon.hooks.errors import (
    AuthFailed,
    Misconfigured,
    RateLimited,
    Refused,
    Unmappable,
    Unsupported,
)
from kupon.hooks.http import NoPace
from kupon.testing import AdapterContract, Fault, forged, inbound
from kupon.testing.builders import amount_off, make_voucher
from kupon.testing.contract.checks import INSTALLED_AT, Case
from kupon.testing.fixtures import read_fixture
from kupon.testing.items import make_items
from kupon_shopify.adapter import ShopifyAdapter
from kupon_shopify.client import ShopifyClient
from kupon_shopify.config import ShopifySettings
from kupon_shopify.mapping.orders import status_of

SHOP = "kupon-test.myshopify.com"
CONFIG = {
    "shop": SHOP,
    "client_id": "kupon-client-1",
    "client_secret": "canary-client-secret-2",
    "previous_client_secret": "canary-previous-secret-3",
    "admin_url": "{platform}",
}


class TestShopify(AdapterContract):
    adapter = ShopifyAdapter
    platform = ShopifyPlatform
    config = CONFIG


@pytest.fixture
def case():
    with ShopifyPlatform(CONFIG) as platform:
        yield Case(ShopifyAdapter, platform)


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
        assert len(case.platform.calls()) == before + 1

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
        assert case.commands(webhook(case, "customers/redact")) == [EraseCustomer(source_id="7001")]
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


class TestOrders:
    def test_are_as_the_golden_sample(self, case):
        """Source: spec adapters-commerce, section 15; nothing of the catalogue is overwritten."""
        command = pulled(case, "orders", "paid")
        sku = {"source_id": "401", "sku": "TEA-200"}
        assert command == UpsertOrder(
            source_id="820001",
            fields={
                "status": "PAID",
                "amount": 3000,
                "items": [
                    {
                        "source_id": "401",
                        "related_object": "sku",
                        "quantity": 3,
                        "price": 1000,
                        "amount": 3000,
                        "product": {"source_id": "301", "name": "Tea"},
                        "sku": sku,
                    }
                ],
                "customer": {"source_id": "7001"},
                "metadata": {
                    "platform_discount": 500,
                    "coupon_codes": ["MUG10"],
                    "currency": "EUR",
                    "order_name": "#1001",
                    "placed_at": "2026-06-15T10:00:00Z",
                },
            },
            redeemables=[{"object": "voucher", "id": "MUG10"}],
            checkout_key="c1-55",
            placed_at=datetime(2026, 6, 15, 10, tzinfo=UTC),
            stamp=Stamp(at=datetime(2026, 6, 15, 10, 1, tzinfo=UTC)),
        )

    def test_are_the_same_by_webhook_but_for_the_session_that_the_cart_names(self, case):
        (command,) = case.commands(webhook(case, "orders/paid"))
        assert command.checkout_key == "shopify:main:c1-55"
        first = replace(command, checkout_key="c1-55", fields={}, placed_at=None, stamp=Stamp())
        again = replace(pulled(case, "orders", "paid"), fields={}, placed_at=None, stamp=Stamp())
        assert first == again

    def test_keep_what_is_left_after_a_part_was_refunded(self, case):
        command = pulled(case, "orders", "partially-refunded")
        assert command.fields["status"] == "FULFILLED"
        assert [(i["quantity"], i["amount"]) for i in command.fields["items"]] == [(1, 1000)]
        assert command.fields["amount"] == 1000

    def test_keep_their_lines_when_they_are_cancelled(self, case):
        (command,) = case.commands(webhook(case, "orders/cancelled"))
        assert command.fields["status"] == "CANCELED"
        assert [each["quantity"] for each in command.fields["items"]] == [3]

    def test_have_own_lines_but_no_gift_cards(self, case):
        (command,) = case.commands(webhook(case, "orders/updated"))
        tea, engraving = command.fields["items"]
        assert (tea["source_id"], tea["amount"]) == ("401", 3000)
        assert engraving == {
            "quantity": 1,
            "price": 450,
            "amount": 450,
            "product": {"name": "Engraving"},
        }
        assert command.fields["amount"] == 3450

    def test_may_count_in_the_buyers_currency(self, case):
        shop = pulled(case, "orders", "two-currencies")
        assert (shop.fields["amount"], shop.fields["metadata"]["currency"]) == (3000, "EUR")
        buyer = pulled(case, "orders", "two-currencies", money="PRESENTMENT")
        assert (buyer.fields["amount"], buyer.fields["metadata"]["currency"]) == (4800, "JPY")
        assert buyer.fields["metadata"]["platform_discount"] == 800

    def test_of_guests_are_their_e_mails_or_nobodys(self, case):
        guest = "receive.orders-paid.guest"
        (command,) = case.commands(webhook(case, "orders/paid", guest))
        email = "Jan@example.org"
        assert command.fields["customer"] == {"source_id": email, "email": email}
        deliveries = case.receive(webhook(case, "orders/paid", guest))
        (command,) = case.make(settings={"guests": "NONE"}).process(deliveries)
        assert "customer" not in command.fields
        assert "customer" not in pulled(case, "orders", "point-of-sale").fields

    def test_for_tests_count_only_where_that_is_wanted(self, case):
        request = webhook(case, "orders/paid", "receive.orders-paid.test-order")
        with pytest.raises(Unmappable, match="it is a test order"):
            case.commands(request)
        deliveries = case.receive(request)
        assert case.make(settings={"include_test": True}).process(deliveries)
        page = case.make().pull("orders", None, None)
        assert (page.commands, page.skipped) == ([], [("820004", "it is a test order")])

    def test_redeem_only_codes_that_can_be_kupons(self, case):
        order = records.make_order(1, "2026-01-02T00:00:00Z", discountCodes=["KU-1", "SUMMER"])
        case.platform.records["orders"]["1"] = order
        adapter = case.make(settings={"code_pattern": "KU-.*"})
        (command,) = adapter.pull("orders", None, None).commands
        assert command.redeemables == [{"object": "voucher", "id": "KU-1"}]
        assert command.fields["metadata"]["coupon_codes"] == ["KU-1", "SUMMER"]

    def test_come_with_all_of_their_lines(self, case):
        case.platform.inner_page = 100
        lines = [records.make_line(number, 1, "1.00", "EUR") for number in range(1, 352)]
        order = records.make_order(1, "2026-01-02T00:00:00Z", lineItems=lines)
        case.platform.records["orders"]["1"] = order
        (command,) = case.make().pull("orders", None, None).commands
        names = [each["source_id"] for each in command.fields["items"]]
        assert names == [str(number) for number in range(1, 352)]

    @pytest.mark.parametrize(
        ("financial", "fulfillment", "status"),
        [
            ("PENDING", "UNFULFILLED", "CREATED"),
            ("AUTHORIZED", "UNFULFILLED", "CREATED"),
            ("PARTIALLY_PAID", "FULFILLED", "CREATED"),
            ("PAID", "UNFULFILLED", "PAID"),
            ("PAID", "PARTIALLY_FULFILLED", "PAID"),
            ("PAID", "FULFILLED", "FULFILLED"),
            ("PARTIALLY_REFUNDED", "UNFULFILLED", "PAID"),
            ("PARTIALLY_REFUNDED", "FULFILLED", "FULFILLED"),
            ("REFUNDED", "FULFILLED", "CANCELED"),
            ("VOIDED", "UNFULFILLED", "CANCELED"),
            ("EXPIRED", "UNFULFILLED", "CANCELED"),
            (None, "UNFULFILLED", "CREATED"),
            ("SOMETHING_NEW", "SOMETHING_NEW", "CREATED"),
        ],
    )
    def test_have_one_of_four_states(self, financial, fulfillment, status):
        states = {"displayFinancialStatus": financial, "displayFulfillmentStatus": fulfillment}
        assert status_of({"cancelledAt": None, **states}) == status
        assert status_of({"cancelledAt": "2026-01-01T00:00:00Z", **states}) == "CANCELED"

    def test_may_be_paid_once_the_payment_is_authorized(self):
        node = {
            "cancelledAt": None,
            "displayFinancialStatus": "AUTHORIZED",
            "displayFulfillmentStatus": "UNFULFILLED",
        }
        assert status_of(node, authorized_is_paid=True) == "PAID"


class TestCustomers:
    def test_are_as_the_golden_sample(self, case):
        """Source: spec adapters-commerce, section 15."""
        assert pulled(case, "customers", "complete") == UpsertCustomer(
            source_id="7001",
            fields={
                "name": "Ada Nowak",
                "email": "ada@example.com",
                "phone": "+48500100200",
                "address": {
                    "line_1": "Rynek 1",
                    "city": "Krakow",
                    "postal_code": "30-001",
                    "country": "PL",
                },
            },
            stamp=Stamp(at=datetime(2026, 1, 2, tzinfo=UTC)),
        )

    def test_without_a_name_are_their_company_or_have_none(self, case):
        assert pulled(case, "customers", "company").fields["name"] == "Herbata Sp. z o.o."
        assert pulled(case, "customers", "unnamed").fields == {"email": "jan@example.org"}

    def test_bring_the_metadata_that_is_chosen(self, case):
        wanted = ["amount_spent", "locale", "number_of_orders", "tags"]
        command = pulled(case, "customers", "complete", customer_metadata=wanted)
        assert command.fields["metadata"] == {
            "amount_spent": 12950,
            "locale": "pl",
            "number_of_orders": 4,
            "tags": ["vip"],
        }

    def test_of_shops_that_share_a_project_have_names_of_their_own(self, case):
        command = pulled(case, "customers", "complete", source_id_prefix="eu-")
        assert command.source_id == "eu-7001"


class TestProducts:
    def test_come_with_their_variants(self, case):
        command = pulled(case, "catalog", "options")
        assert (command.source_id, command.fields["attributes"]) == ("301", ["Weight"])
        assert command.fields["metadata"]["collections"] == ["hot-drinks"]
        first, second = command.skus
        assert first == {
            "source_id": "401",
            "sku": "TEA-200",
            "price": 1000,
            "currency": "EUR",
            "attributes": {"Weight": "200 g"},
            "image_url": "https://img.example.com/tea-200.jpg",
        }
        assert (second["sku"], second["price"]) == ("500 g", 2150)

    def test_without_options_are_one_sku(self, case):
        command = pulled(case, "catalog", "plain")
        (sku,) = command.skus
        assert command.fields["attributes"] == []
        assert (sku["sku"], sku["attributes"]) == ("Mug", {})

    def test_come_with_all_of_their_variants(self, case):
        case.platform.inner_page = 250
        variants = [records.make_variant(number) for number in range(1, 602)]
        product = records.make_product(1, "2026-01-02T00:00:00Z", variants=variants)
        case.platform.records["products"]["1"] = product
        (command,) = case.make().pull("catalog", None, None).commands
        assert len({each["source_id"] for each in command.skus}) == 601


class TestPulling:
    def test_goes_on_by_id_beyond_shopifys_own_cursors(self, case):
        case.platform.put("customers", 7, changed_at=INSTALLED_AT)
        page = case.make().pull("customers", None, None)
        assert (page.cursor, page.total) == ("7004", 7)
        # What changes or comes meanwhile neither hides nor repeats anything.
        case.platform.records["customers"]["7001"]["updatedAt"] = "2026-05-01T00:00:00Z"
        page = case.make().pull("customers", page.cursor, None)
        assert [each.source_id for each in page.commands] == ["7004", "7005", "7006"]
        assert page.total is None

    def test_leaves_out_what_changed_earlier_on_the_same_day(self, case):
        case.platform.put("customers", 1, changed_at=datetime(2026, 2, 3, 9, tzinfo=UTC))
        case.platform.put("customers", 1, changed_at=datetime(2026, 2, 3, 11, tzinfo=UTC))
        since = datetime(2026, 2, 3, 10, tzinfo=UTC)
        page = case.make().pull("customers", None, since)
        assert [each.source_id for each in page.commands] == ["7002"]


class Pace(NoPace):
    """What an adapter asks to wait."""

    def __init__(self):
        self.held = []

    def hold(self, group, seconds):
        self.held.append((group, seconds))


class TestPoints:
    def test_that_are_used_up_make_everybody_wait(self, case):
        case.platform.points = 4.0
        pace = Pace()
        adapter = case.make(http=case.client(pace=pace))
        with pytest.raises(RateLimited) as error:
            adapter.pull("customers", None, None)
        # A hundred come in a second, and a thousand are half of them.
        assert error.value.retry_after_s == pytest.approx(9.96)
        assert pace.held == [("admin", pytest.approx(9.96))]

    def test_that_do_not_suffice_for_the_next_call_hold_it(self, case):
        pace = Pace()
        case.platform.points_after = 8.0
        case.make(http=case.client(pace=pace)).pull("customers", None, None)
        assert pace.held == [("admin", pytest.approx(9.92))]

    def test_that_are_there_let_the_next_call_through(self, case):
        pace = Pace()
        case.make(http=case.client(pace=pace)).pull("customers", None, None)
        assert pace.held == []

    def test_are_said_to_be_used_up_without_saying_by_how_much(self, case):
        error = b'{"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]}'
        case.platform.fail(Fault(status=200, body=error))
        with pytest.raises(RateLimited) as raised:
            case.make().pull("customers", None, None)
        assert raised.value.retry_after_s


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

    def test_need_an_address(self, case):
        adapter = case.make()
        adapter.connection = replace(adapter.connection, base_url="/integrations/token")
        with pytest.raises(Misconfigured, match="public address"):
            adapter.provision()

    def test_are_gone_with_the_app(self, case):
        state = case.make().provision()
        case.platform.is_installed = False
        case.make(state=state).deprovision()


def code(number=1, **voucher):
    """A code to be pushed; members of its voucher may be others."""
    item = make_items("codes", number)[-1]
    return replace(item, voucher={**item.voucher, **voucher})


class TestCodes:
    def test_become_discounts(self, case):
        amount = {"type": "AMOUNT", "amount_off": 1050, "effect": "APPLY_TO_ORDER"}
        items = [code(), code(2, discount=amount, redemption={"quantity": None}, start_date=None)]
        assert case.make().push("codes", items) == [OK, OK]
        percent, plain = case.platform.held("codes").values()
        assert percent["customerGets"] == {"items": {"all": True}, "value": {"percentage": 0.2}}
        assert (percent["title"], percent["tags"], percent["usageLimit"]) == (
            "Spring",
            ["kupon"],
            1,
        )
        assert percent["startsAt"] == "2026-02-01T00:00:00.000Z"
        assert percent["endsAt"] == "2026-12-31T23:59:59.000Z"
        assert not any(percent["combinesWith"].values())
        off = {"amount": "10.50", "appliesOnEachItem": False}
        assert plain["customerGets"]["value"] == {"discountAmount": off}
        assert (plain["usageLimit"], plain["startsAt"]) == (None, "2026-01-01T00:00:00Z")

    @pytest.mark.parametrize(
        ("voucher", "reason"),
        [
            ({"type": "GIFT_VOUCHER"}, "a percentage or an amount"),
            ({"discount": {"type": "UNIT", "unit_off": 1}}, "a percentage or an amount"),
            (
                {"discount": {"type": "PERCENT", "percent_off": 5, "effect": "APPLY_TO_ITEMS"}},
                "whole orders",
            ),
            (
                {"discount": {"type": "PERCENT", "percent_off": 5, "amount_limit": 100}},
                "amount_limit",
            ),
            ({"validity_day_of_week": [1, 2]}, "hours and days"),
            ({"validation_rules_assignments": {"total": 1}}, "validation rules"),
            ({"code": "X" * 256}, "255 characters"),
        ],
    )
    def test_that_the_shop_could_not_calculate_are_refused(self, case, voucher, reason):
        fitting = code(2)
        refused, taken = case.make().push("codes", [code(**voucher), fitting])
        assert (refused.verdict, taken) == (Verdict.REJECTED, OK)
        assert reason in refused.reason
        assert list(case.platform.held("codes")) == [fitting.voucher["code"]]

    def test_that_the_shop_can_calculate_no_more_are_deactivated(self, case):
        case.make().push("codes", [code()])
        ruled = code(validation_rules_assignments={"total": 1})
        for _ in range(2):
            (outcome,) = case.make().push("codes", [ruled])
            assert "validation rules" in outcome.reason
        (held,) = case.platform.held("codes").values()
        assert held["codeDiscount"]["status"] == "EXPIRED"
        assert case.platform.batches == [["SPRING-1"]] * 2

    def test_that_are_retired_are_deactivated_and_may_come_back(self, case):
        item = code()
        gone = replace(item, is_retired=True)
        assert case.make().push("codes", [gone]) == [OK]
        assert case.platform.held("codes") == {}
        for pushed, status in (
            (item, "ACTIVE"),
            (gone, "EXPIRED"),
            (gone, "EXPIRED"),
            (item, "ACTIVE"),
        ):
            assert case.make().push("codes", [pushed]) == [OK]
            (held,) = case.platform.held("codes").values()
            assert held["codeDiscount"]["status"] == status
        # What is deactivated already is left alone.
        assert case.platform.batches == [["SPRING-1"]] * 3

    @pytest.mark.parametrize("kind", ["DiscountCodeBasic", "DiscountCodeFreeShipping"])
    def test_that_the_shop_has_made_itself_stay_its_own(self, case, kind):
        case.platform.add_foreign("Spring-1", kind)
        (outcome,) = case.make().push("codes", [code()])
        assert (outcome.verdict, "not Kupon's" in outcome.reason) == (Verdict.REJECTED, True)
        assert case.make().push("codes", [replace(code(), is_retired=True)]) == [OK]
        assert case.platform.batches == []

    def test_that_differ_in_case_only_are_refused(self, case):
        case.make().push("codes", [code()])
        (outcome,) = case.make().push("codes", [code(code="spring-1")])
        assert "in other letters" in outcome.reason
        gone = replace(code(code="spring-1"), is_retired=True)
        assert case.make().push("codes", [gone]) == [OK]
        assert case.platform.batches == [["SPRING-1"]]

    def test_that_two_workers_make_at_once_are_tried_again(self, case, monkeypatch):
        find = ShopifyClient.find_codes
        monkeypatch.setattr(
            ShopifyClient,
            "find_codes",
            lambda self, codes: ([None] * len(codes), find(self, codes)[1]),
        )
        case.make().push("codes", [code()])
        (outcome,) = case.make().push("codes", [code()])
        assert outcome.verdict is Verdict.RETRY

    def test_may_be_their_holders_only(self, case):
        settings = {"holders_only": True, "combines_with": ["order", "shipping"]}
        for id in ("7001", "7002"):
            item = replace(code(), customer={"source_id": id})
            assert case.make(settings=settings).push("codes", [item]) == [OK]
            (held,) = case.platform.held("codes").values()
            customers = held["codeDiscount"]["context"]["customers"]
            assert customers == [{"id": f"gid://shopify/Customer/{id}"}]
        assert held["combinesWith"] == {
            "orderDiscounts": True,
            "productDiscounts": False,
            "shippingDiscounts": True,
        }
        stranger = replace(code(2), customer={"source_id": "crm-1"})
        (outcome,) = case.make(settings=settings).push("codes", [stranger])
        assert "no customer of the shop" in outcome.reason
        assert case.make().push("codes", [stranger]) == [OK]


class TestInKupon:
    @pytest.fixture
    def connect(self, case, management_api, project):
        def connect(**settings):
            body = {"adapter": "shopify", "name": "Main"}
            body["settings"] = case.platform.settings | settings
            path = f"/management/v1/projects/{project.id}/connections"
            return management_api.post(path, json=body).expect()

        return connect

    def test_codes_with_rules_are_not_for_the_shop(self, case, api, connect, jobs):
        connect()
        rule = {
            "name": "Large orders",
            "type": "advanced",
            "context_type": "voucher.discount_voucher",
            "rules": {
                "1": {"name": "order.amount", "conditions": {"$more_than": [10000]}},
                "logic": "1",
            },
        }
        rule_id = api.post("/v1/validation-rules", json=rule).expect()["id"]
        make_voucher(api, "RULED", discount=amount_off(500), validation_rules=[rule_id])
        make_voucher(api, "FREE", discount=amount_off(500))
        jobs()
        assert list(case.platform.held("codes")) == ["FREE"]

    def test_codes_that_are_switched_off_go_and_come_back(self, case, api, connect, jobs):
        connect()
        make_voucher(api, "MUG10", discount=amount_off(500))
        for action, status in ((None, "ACTIVE"), ("disable", "EXPIRED"), ("enable", "ACTIVE")):
            if action is not None:
                api.post(f"/v1/vouchers/MUG10/{action}").expect()
            jobs()
            (held,) = case.platform.held("codes").values()
            assert held["codeDiscount"]["status"] == status

    def test_orders_of_before_the_connection_count_nothing(self, case, app, api, connect, jobs):
        make_voucher(api, "MUG10", discount=amount_off(500))
        connection = connect()
        request = webhook(case, "orders/paid")
        url = connection["address"]
        answer = app.test_client().post(url, data=request.body, headers=dict(request.headers))
        assert answer.status_code == 200
        jobs()
        assert api.get("/v1/orders/820001").expect()["status"] == "PAID"
        assert api.get("/v1/vouchers/MUG10").expect()["redemption"]["redeemed_quantity"] == 0

"""commercetools' pages and messages: many records, changes meanwhile, forwarders, ends."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.adapters.commercetools_carts import money
from tests.adapters.commercetools_platform import CommercetoolsPlatform
from tests.adapters.test_commercetools import CONFIG

from kupon.hooks.adapter import Health
from kupon.hooks.commands import DeleteRecord, EraseCustomer
from kupon.hooks.errors import AuthFailed, Conflict, Misconfigured, Skip
from kupon.testing.contract.checks import INSTALLED_AT, Case
from kupon.testing.fixtures import read_fixture
from kupon_commercetools.adapter import CommercetoolsAdapter

MANY = 10_001
LATER = "2026-02-01T00:00:00.000Z"


@pytest.fixture
def case():
    with CommercetoolsPlatform(CONFIG) as platform:
        yield Case(CommercetoolsAdapter, platform)


def pages(case, resource, since=None, **settings):
    """The source ids of each page; a fresh adapter asks for each."""
    cursor = None
    while True:
        page = case.make(settings=settings).pull(resource, cursor, since)
        yield [each.source_id for each in page.commands]
        cursor = page.cursor
        if cursor is None:
            return


def told(case, type, kind, id, **members):
    """What a message comes to."""
    message = case.platform.tell(type, kind, id) | members
    return list(case.make().process(case.receive(case.platform.forwarded(message))))


def changed(**members):
    """A notification of a change."""
    return read_fixture("kupon_commercetools", "receive.resourcedeleted").json | members


class TestPages:
    def test_more_records_than_offsets_reach(self, case):
        case.playing.page_size = 500
        ids = case.platform.put("customers", MANY, changed_at=INSTALLED_AT)
        found = [id for page in pages(case, "customers") for id in page]
        assert (len(found), set(found)) == (MANY, set(ids))
        assert all("offset" not in each.query for each in case.playing.calls("GET", "/demo/cust"))

    @pytest.mark.parametrize("count", [0, 1, 10, 11])
    def test_pages_that_are_just_full(self, case, count):
        case.playing.page_size = 10
        ids = case.platform.put("orders", count, changed_at=INSTALLED_AT)
        assert sorted(id for page in pages(case, "orders") for id in page) == sorted(ids)

    def test_what_changes_meanwhile_comes_again_and_nothing_is_lost(self, case):
        case.playing.page_size = 10
        ids = case.platform.put("customers", 25, changed_at=INSTALLED_AT)
        reading = pages(case, "customers")
        found = next(reading)
        for id in (found[0], ids[-1]):
            case.playing.places["customers"][id]["lastModifiedAt"] = LATER
        found += [id for page in reading for id in page]
        assert set(found) == set(ids)
        assert sorted(found) == sorted([*ids, found[0]])

    def test_standalone_prices_that_are_gone(self, case):
        (id,) = case.platform.put("catalog", 1, changed_at=INSTALLED_AT)
        message = case.platform.tell("StandalonePriceDeleted", "standalone-price", "sp-1")
        message["sku"] = f"sku-{id}"
        since = INSTALLED_AT + timedelta(days=2)
        assert [id] in list(pages(case, "catalog", since, standalone_prices=True))

    def test_payments_change_no_order_and_are_found_all_the_same(self, case):
        since = INSTALLED_AT + timedelta(days=2)
        ids = case.platform.put("orders", 3, changed_at=INSTALLED_AT)
        for number, id in enumerate(ids):
            info = {"payments": [{"typeId": "payment", "id": f"pay-{number}"}]}
            case.playing.places["orders"][id]["paymentInfo"] = info
        for number in (0, 2, 2):
            case.platform.tell("PaymentTransactionAdded", "payment", f"pay-{number}")
        found = [id for page in pages(case, "orders", since) for id in page]
        assert sorted(found) == [ids[0], ids[2]]

    def test_accounts_by_other_names_are_asked_for_once_a_page(self, case):
        for number in range(3):
            id = f"cu-{number % 2}"
            case.platform.keep("customers", {"id": id, "version": 1, "key": f"buyer-{number % 2}"})
        for id in case.platform.put("orders", 3, changed_at=INSTALLED_AT):
            case.playing.places["orders"][id]["customerId"] = f"cu-{id[-1] == '1':d}"
        page = case.make(settings={"customer_source_id": "KEY"}).pull("orders", None, None)
        found = {each.fields["customer"]["source_id"] for each in page.commands}
        assert found == {"buyer-0", "buyer-1"}
        assert len(case.playing.calls("GET", "/demo/customers")) == 1


class TestMessages:
    def test_the_end_of_personal_data(self, case):
        sent = case.platform.forwarded(changed())
        (delivery,) = case.receive(sent)
        id = changed()["resource"]["id"]
        assert case.make().process([delivery]) == [EraseCustomer(source_id=id)]
        assert case.make(settings={"customer_source_id": "CUSTOMER_NUMBER"}).process(
            [delivery]
        ) == [EraseCustomer(source_id="CN-12")]
        # The message of the deletion does not take that back, in whatever order both come.
        also = read_fixture("kupon_commercetools", "receive.customerdeleted").json
        (deletion,) = case.receive(case.platform.forwarded(also))
        for both in ([delivery, deletion], [deletion, delivery]):
            assert [type(each) for each in case.make().process(both)] == [EraseCustomer]

    def test_another_deletion_keeps_what_is_counted(self, case):
        sent = case.platform.forwarded(changed(dataErasure=False))
        (command,) = case.make().process(case.receive(sent))
        assert isinstance(command, DeleteRecord)

    def test_changes_are_told_apart_by_the_version(self, case):
        ids = [
            case.receive(case.platform.forwarded(changed(version=version)))[0].id
            for version in (3, 3, 4)
        ]
        assert ids[0] == ids[1] != ids[2]

    def test_products_by_their_keys(self, case):
        members = {"resourceUserProvidedIdentifiers": {"key": "tea"}}
        message = case.platform.tell("ProductDeleted", "product", "p-1") | members
        deliveries = case.receive(case.platform.forwarded(message))
        adapter = case.make(settings={"product_source_id": "KEY"})
        assert [each.source_id for each in adapter.process(deliveries)] == ["tea"]

    def test_a_new_standalone_price_brings_its_product(self, case):
        (id,) = case.platform.put("catalog", 1, changed_at=INSTALLED_AT)
        case.platform.keep("standalone-prices", {"id": "sp-1", "version": 1, "sku": f"sku-{id}"})
        (command,) = told(case, "StandalonePriceValueChanged", "standalone-price", "sp-1")
        assert command.source_id == id
        assert told(case, "StandalonePriceValueChanged", "standalone-price", "sp-2") == []

    def test_a_cloud_event_whose_data_was_too_large(self, case):
        (id,) = case.platform.put("orders", 1, changed_at=INSTALLED_AT)
        event = {
            "specversion": "1.0",
            "id": "m-7",
            "type": "com.commercetools.order.message.OrderStateChanged",
            "source": "/demo/orders",
            "subject": id,
            "time": "2026-06-15T10:01:00.000Z",
            "sequence": "7",
            "dataref": "/demo/messages/m-7",
        }
        (delivery,) = case.receive(case.platform.forwarded(event))
        assert (delivery.id, delivery.event) == ("m-7", "OrderStateChanged")
        assert [each.source_id for each in case.make().process([delivery])] == [id]
        for other in ({"source": "/another/orders"}, {"type": "com.example.order"}):
            with pytest.raises(Skip):
                case.receive(case.platform.forwarded(event | other))

    def test_a_message_without_project_is_nobodys(self, case):
        message = case.platform.tell("OrderCreated", "order", "o-1")
        del message["projectKey"]
        with pytest.raises(Skip):
            case.receive(case.platform.forwarded(message))


class TestInstalling:
    def test_somebody_else_changes_it_at_the_same_time(self, case):
        case.make().provision()
        case.playing.rivals = 2
        case.make().provision()
        case.playing.rivals = 3
        with pytest.raises(Conflict):
            case.make().provision()

    def test_without_the_scopes_of_provisioning_the_connection_goes_on(self, case):
        """It is provisioned again every day, and credentials that are refused break it."""
        case.make().provision()
        case.platform.fail("403", path="/demo/types")
        with pytest.raises(Misconfigured, match="scope"):
            case.make().provision()
        case.platform.fail("403")
        with pytest.raises(AuthFailed):
            case.make().provision()

    def test_a_subscription_asks_for_what_is_used(self, case):
        for wanted in (False, True):
            case.make(settings={"standalone_prices": wanted}).provision()
            installed = case.platform.installed()["subscriptions/kupon-con_1"]
            kinds = {each["resourceTypeId"] for each in installed["messages"]}
            assert ("standalone-price" in kinds) is wanted
            assert installed["changes"] == [{"resourceTypeId": "customer"}]

    def test_names_are_in_the_projects_first_language(self, case):
        case.playing.project["languages"] = ["pl", "en"]
        state = case.make().provision()
        (id,) = case.platform.put("catalog", 1, changed_at=INSTALLED_AT)
        case.playing.places["product-projections"][id]["name"] = {"en": "Cup", "pl": "Kubek"}
        for adapter, name in (
            (case.make(state=state), "Kubek"),
            (case.make(state=state, settings={"language": "en"}), "Cup"),
            (case.make(state=state, settings={"language": "de"}), "Cup"),
        ):
            (command,) = adapter.pull("catalog", None, None).commands
            assert command.fields["name"] == name

    def test_the_operator_hears_of_messages_that_go_soon(self, case):
        case.playing.project["messages"] = {"enabled": True, "deleteDaysAfterCreation": 3}
        found = case.make().check()
        assert (found.health, "3 days" in found.message) == (Health.OK, True)


def test_taxes_that_come_on_top_are_to_be_paid_too(case):
    (id,) = case.platform.put("orders", 1, changed_at=INSTALLED_AT)
    order = case.playing.places["orders"][id]
    order["taxedPrice"] = {"totalGross": money(1190, "EUR"), "totalNet": money(1000, "EUR")}
    for amount, status in ((1000, "CREATED"), (1190, "PAID")):
        charge = {"type": "Charge", "state": "Success", "amount": money(amount, "EUR")}
        order["paymentInfo"] = {"payments": [{"obj": {"transactions": [charge]}}]}
        adapter = case.make(settings={"paid_when": "CHARGE_TRANSACTION"})
        (command,) = adapter.pull("orders", None, None).commands
        assert command.fields["status"] == status


def test_members_of_orders_that_become_metadata(case):
    (id,) = case.platform.put("orders", 1, changed_at=INSTALLED_AT)
    payment = {"paymentMethodInfo": {"method": "card"}, "transactions": []}
    case.playing.places["orders"][id] |= {
        "country": "PL",
        "store": {"typeId": "store", "key": "main"},
        "paymentInfo": {"payments": [{"obj": payment}]},
        "shippingAddress": {"streetName": "Rynek", "city": "Krakow"},
        "custom": {"fields": {"loyalty_number": 0}},
    }
    wanted = ["country", "store", "payments", "shippingAddress", "locale"]
    (command,) = (
        case.make(settings={"order_properties": wanted}).pull("orders", None, None).commands
    )
    metadata = command.fields["metadata"]
    assert {name: metadata.get(name) for name in wanted} == {
        "country": "PL",
        "store": "main",
        "payments": ["card"],
        "shippingAddress": None,
        "locale": None,
    }
    assert metadata["custom_field_loyalty_number"] == 0

"""What Shopify's adapter pulls: pages by id, files of bulk operations, and the rate."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.adapters import shopify_records as records
from tests.adapters.shopify_cases import CONFIG
from tests.adapters.shopify_platform import ShopifyPlatform

from kupon.hooks.errors import (
    AdapterError,
    RateLimited,
    Retry,
)
from kupon.hooks.http import NoPace
from kupon.testing import Fault
from kupon.testing.contract.checks import INSTALLED_AT, Case
from kupon_shopify import bulk
from kupon_shopify.adapter import ShopifyAdapter


@pytest.fixture
def case():
    with ShopifyPlatform(CONFIG) as platform:
        yield Case(ShopifyAdapter, platform)


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


class TestFiles:
    """Full pulls of more records than pages are good for, which Shopify collects into a file."""

    @pytest.fixture
    def shop(self, case, monkeypatch):
        monkeypatch.setattr(bulk, "PARTS", (3000, 10_000, 1_000_000))
        at = "2026-02-03T10:00:00Z"
        kept = case.platform.records
        case.platform.put("customers", 40, changed_at=INSTALLED_AT)
        picture = {
            "id": "gid://shopify/MediaImage/1",
            **records.picture("https://img.example.com/1.jpg"),
        }
        for number in range(1, 31):
            variants = [records.make_variant(f"{number}{n}", media=[picture]) for n in range(3)]
            some = [{"id": f"gid://shopify/Collection/{n}", "handle": f"c{n}"} for n in (1, 2)]
            product = records.make_product(number, at, variants=variants, collections=some)
            kept["products"][str(number)] = product
            lines = [records.make_line(f"{number}{n}", 1, "1.00", "EUR") for n in range(4)]
            kept["orders"][str(number)] = records.make_order(number, at, lineItems=lines)
        return case

    def pull(self, case, resource, **settings):
        adapter, cursor, found, pages = case.make(settings=settings), None, [], 0
        while cursor is not None or not pages:
            page = adapter.pull(resource, cursor, None)
            cursor, pages = page.cursor, pages + 1
            found += page.commands
        return found, pages

    @pytest.mark.parametrize("resource", ["customers", "catalog", "orders"])
    def test_have_the_same_records_as_pages(self, shop, resource):
        by_page, _ = self.pull(shop, resource)
        by_file, parts = self.pull(shop, resource, bulk_from=10)
        assert by_file == by_page
        assert parts > 3
        assert len(shop.platform.bulk.operations) == 1

    def test_are_read_from_where_somebody_left(self, shop):
        first = shop.make(settings={"bulk_from": 10}).pull("orders", None, None)
        assert (first.commands, first.total) == ((), 30)
        part = shop.make().pull("orders", first.cursor, None)
        again = shop.make().pull("orders", first.cursor, None)
        assert part == again
        following = shop.make().pull("orders", part.cursor, None)
        last, next = part.commands[-1].source_id, following.commands[0].source_id
        assert int(next) == int(last) + 1

    def test_hold_records_that_are_larger_than_what_is_read_at_once(self, shop):
        lines = [records.make_line(n, 1, "1.00", "EUR") for n in range(300)]
        shop.platform.records["orders"]["5"]["lineItems"] = lines
        found, _ = self.pull(shop, "orders", bulk_from=10)
        sizes = {each.source_id: len(each.fields["items"]) for each in found}
        assert (len(sizes), sizes["5"], sizes["6"]) == (30, 300, 4)

    def test_are_waited_for(self, shop):
        shop.platform.bulk.states = ["CREATED", "RUNNING", "COMPLETED"]
        adapter = shop.make(settings={"bulk_from": 10})
        cursor = adapter.pull("customers", None, None).cursor
        for _ in range(2):
            with pytest.raises(Retry, match="collecting") as raised:
                adapter.pull("customers", cursor, None)
            assert raised.value.retry_after_s == 10
        assert adapter.pull("customers", cursor, None).commands

    @pytest.mark.parametrize("state", ["FAILED", "CANCELED", "EXPIRED"])
    def test_that_come_to_nothing_leave_it_to_pages(self, shop, state):
        shop.platform.bulk.states = [state]
        found, pages = self.pull(shop, "customers", bulk_from=10)
        assert len({each.source_id for each in found}) == len(found) == 40
        assert pages == 2 + 14

    def test_that_nobody_knows_any_more_leave_it_to_pages(self, shop):
        page = shop.make().pull("customers", "bulk gid://shopify/BulkOperation/99 0", None)
        assert page.cursor == "0"

    @pytest.mark.parametrize("told", ["404", "403", None])
    def test_whose_address_has_ended_leave_the_rest_to_pages(self, shop, told):
        """A run that was held up for a week."""
        adapter = shop.make(settings={"bulk_from": 10})
        cursor = adapter.pull("customers", None, None).cursor
        cursor = adapter.pull("customers", cursor, None).cursor
        if told is None:
            shop.platform.bulk.is_over = True
        else:
            shop.platform.fail(told, times=1, path="/bulk/")
        page = adapter.pull("customers", cursor, None)
        assert (page.commands, page.cursor) == ((), "0")

    def test_may_be_empty(self, shop):
        adapter = shop.make(settings={"bulk_from": 10})
        cursor = adapter.pull("customers", None, None).cursor
        for operation in shop.platform.bulk.operations.values():
            operation["content"] = b""
        page = adapter.pull("customers", cursor, None)
        assert (page.commands, page.cursor) == ((), None)

    @pytest.mark.parametrize("reason", ["busy", "denied"])
    def test_that_can_not_be_made_leave_it_to_pages(self, shop, reason):
        shop.platform.bulk.is_busy = reason == "busy"
        shop.platform.bulk.is_denied = reason == "denied"
        found, _ = self.pull(shop, "customers", bulk_from=10)
        assert len({each.source_id for each in found}) == len(found) == 40

    def test_are_for_full_pulls_only(self, shop):
        since = INSTALLED_AT.replace(year=2025)
        shop.make(settings={"bulk_from": 1}).pull("customers", None, since)
        assert shop.platform.bulk.operations == {}

    def test_may_be_gone_or_broken(self, shop):
        adapter = shop.make(settings={"bulk_from": 10})
        cursor = adapter.pull("customers", None, None).cursor
        for fault in ("503", Fault(status=206, body=b"<html>\n" * 900)):
            shop.platform.fail(fault, times=1, path="/bulk/")
            with pytest.raises(AdapterError) as raised:
                adapter.pull("customers", cursor, None)
            assert "canary" not in str(raised.value)

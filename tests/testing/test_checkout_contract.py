"""The contract of carts, orders and content, on a shop that keeps it and on spoiled ones."""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from tests.testing.corner_platform import CornerPlatform

from kupon.hooks.adapter import InboundResponse
from kupon.hooks.commands import Stamp
from kupon.testing import AdapterContract
from kupon.testing.contract import hosting, mapping, pricing, receiving
from kupon.testing.contract.checks import Case

sys.path.append(str(Path(__file__).parent / "packages"))

from kupon_corner.adapter import CornerAdapter

CONFIG = {"url": "{platform}", "key": "canary-corner-key", "secret": "canary-corner-secret"}
_NEXT = CornerAdapter


class TestCorner(AdapterContract):
    adapter = CornerAdapter
    platform = CornerPlatform
    config = CONFIG


@pytest.fixture
def fails():
    """Runs a check on a spoiled adapter, and returns what it complains of."""

    def run(promise, *arguments, **members):
        spoiled = type("Spoiled", (_NEXT,), members | {"__module__": _NEXT.__module__})
        with CornerPlatform(CONFIG) as platform, pytest.raises(AssertionError) as complaint:
            promise(Case(spoiled, platform), *arguments)
        return str(complaint.value)

    return run


@pytest.fixture
def shop(api, management_api, project):
    return (api, management_api, project)


def changed(change):
    """`respond`, with its answer changed."""

    def respond(self, request, shop):
        answer = _NEXT.respond(self, request, shop)
        return InboundResponse(body=change(dict(answer.body)))

    return respond


class TestCarts:
    def test_a_cent_too_much(self, fails, shop):
        respond = changed(lambda body: {**body, "off": "2.01"})
        told = fails(pricing.golden_carts_cost_the_same, "single-line", *shop, respond=respond)
        assert told.startswith("assert 799 == 800")

    def test_a_discount_on_another_line(self, fails, shop):
        def turn(body):
            skus, costs = [*body["lines"]], [*body["lines"].values()]
            return {**body, "lines": dict(zip(skus, costs[::-1], strict=True))}

        respond = changed(turn)
        assert fails(pricing.golden_carts_cost_the_same, "uneven-cents", *shop, respond=respond)

    def test_effects_that_stay(self, fails, shop):
        respond = changed(lambda body: body if body["lines"] else {})
        assert fails(pricing.removed_codes_leave_nothing, *shop, respond=respond)

    def test_gifts_that_stay(self, fails, shop):
        def keep(body):
            return {**body, "gifts": [{"sku": "article-2-x", "quantity": 1}]}

        assert fails(pricing.free_units_come_stay_and_go, *shop, respond=changed(keep))

    def test_a_checkout_that_breaks(self, fails, shop):
        def respond(self, request, shop):
            answer = _NEXT.respond(self, request, shop)
            return answer if answer.body["lines"] else InboundResponse(status=500)

        assert fails(pricing.a_refusal_breaks_no_checkout, *shop, respond=respond)

    def test_an_answer_that_is_late(self, fails, shop, monkeypatch):
        times = count(0, 5)
        monkeypatch.setattr("kupon.runtime.clock.monotonic_s", lambda: float(next(times)))
        assert fails(pricing.golden_carts_cost_the_same, "single-line", *shop)


class TestContent:
    def test_of_somebody_else(self, fails, api):
        respond = changed(lambda body: {"codes": [*body["codes"], "ANOTHER"]})
        assert fails(pricing.content_is_there_in_time, api, respond=respond)

    def test_that_names_somebody_in_a_header(self, fails, api):
        def respond(self, request, shop):
            answer = _NEXT.respond(self, request, shop)
            return replace(answer, headers={"ETag": "ada@example.com"})

        told = fails(pricing.content_is_there_in_time, api, respond=respond)
        assert "a header holds personal data" in told


class TestOrders:
    def test_in_floats(self, fails):
        def process(self, deliveries):
            (order,) = _NEXT.process(self, deliveries)
            items = [{**each, "price": each["price"] / 1} for each in order.fields["items"]]
            return [replace(order, fields={**order.fields, "items": items})]

        assert fails(mapping.money_is_whole_minor_units, "USD", process=process)

    def test_times_a_hundred_whatever_the_currency(self, fails):
        def process(self, deliveries):
            (order,) = _NEXT.process(self, deliveries)
            items = [{**each, "price": each["price"] * 100} for each in order.fields["items"]]
            return [replace(order, fields={**order.fields, "items": items})]

        assert fails(mapping.money_is_whole_minor_units, "JPY", process=process)

    @pytest.mark.parametrize(
        "forgotten", [{"redeemables": ()}, {"checkout_key": None}, {"stamp": Stamp()}]
    )
    def test_without_what_redeeming_needs(self, fails, forgotten):
        def process(self, deliveries):
            return [replace(each, **forgotten) for each in _NEXT.process(self, deliveries)]

        assert fails(receiving.orders_tell_all_that_redeeming_needs, process=process)

    def test_each_of_its_states_a_subject(self, fails):
        def receive(self, request):
            found = _NEXT.receive(self, request)
            return [replace(each, subject=f"delivery:{each.id}") for each in found]

        told = fails(receiving.orders_have_a_status, receive=receive)
        assert "one order, several subjects" in told


class TestInstalling:
    def test_once_more_each_time(self, fails):
        def provision(self):
            name = f"kupon-{self.connection.state.get('count', 0)}-{id(self)}"
            self._call("POST", "/hooks", json={"name": name, "url": "x"})
            return {}

        assert fails(hosting.installing_may_be_repeated, provision=provision)

    def test_and_removing_what_is_others(self, fails):
        def deprovision(self):
            for id in self._hooks().values():
                self._call("DELETE", f"/hooks/{id}")

        told = fails(hosting.installing_may_be_repeated, deprovision=deprovision)
        assert "something of others was removed" in told

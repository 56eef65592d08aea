"""commercetools' carts that could not be priced in time: what is done about them later."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.adapters import commercetools_carts as carts
from tests.adapters.commercetools_platform import CommercetoolsPlatform
from tests.adapters.test_commercetools import CONFIG

from kupon.hooks.errors import AuthFailed, Unmappable
from kupon.testing import inbound
from kupon.testing.contract.checks import Case
from kupon_commercetools.adapter import CommercetoolsAdapter


@pytest.fixture
def platform():
    with CommercetoolsPlatform(CONFIG) as running:
        yield running


@pytest.fixture
def adapter(platform):
    return Case(CommercetoolsAdapter, platform).make()


@pytest.fixture
def made(golden):
    return golden("free-unit")


@pytest.fixture
def cart(platform, made):
    """A cart whose request came to nothing: the request, and the cart as the platform has it."""
    request = platform.cart_request(made)
    return request, platform.places["carts"][made.key]


def missed(adapter, request):
    (delivery,) = adapter.missed(request)
    return delivery


def test_it_is_calculated_anew(adapter, platform, cart):
    request, stored = cart
    delivery = missed(adapter, request)
    assert (delivery.event, delivery.subject) == ("CartUnpriced", "cart:cart-1")
    version = stored["version"]
    assert adapter.process([delivery]) == []
    assert stored["version"] == version + 1


def test_the_same_content_is_made_up_for_once(adapter, platform, cart, made):
    """A recalculation that fails too has the same content."""
    request, stored = cart
    adapter.process([missed(adapter, request)])
    again = inbound(
        {"action": "Update", "resource": {"typeId": "cart", "id": "cart-1", "obj": stored}},
        path="extension",
    )
    assert missed(adapter, again).id == missed(adapter, request).id
    more = replace(made, lines=(replace(made.lines[0], quantity=5),))
    assert missed(adapter, platform.cart_request(more)).id != missed(adapter, request).id


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw["lineItems"][0].update(quantity=7),
        lambda raw: raw["custom"]["fields"].update(discount_codes=[]),
        lambda raw: raw.update(customerId="another"),
        lambda raw: raw.update(cartState="Ordered"),
    ],
)
def test_what_has_changed_since_was_asked_about_again(adapter, cart, change):
    request, stored = cart
    delivery = missed(adapter, request)
    change(stored)
    version = stored["version"]
    adapter.process([delivery])
    assert stored["version"] == version


def test_others_may_change_it_meanwhile(adapter, platform, cart):
    request, stored = cart
    version = stored["version"]
    platform.rivals = 2
    adapter.process([missed(adapter, request)])
    assert stored["version"] == version + 3


def test_without_the_scope_the_connection_goes_on(adapter, platform, cart):
    delivery = missed(adapter, cart[0])
    platform.manages_orders = False
    with pytest.raises(Unmappable, match="manage_orders"):
        adapter.process([delivery])
    platform.fail("403")
    with pytest.raises(AuthFailed):
        adapter.process([delivery])


def test_nothing_else_is_made_up_for(adapter, platform, cart):
    order = {"id": "order-1", "lineItems": [], "totalPrice": carts.money(0, "EUR")}
    call = {"action": "Create", "resource": {"typeId": "order", "id": "order-1", "obj": order}}
    assert list(adapter.missed(inbound(call, path="extension"))) == []
    assert list(adapter.missed(inbound(b"no call", path="extension"))) == []
    assert list(adapter.missed(inbound(call, path="messages"))) == []

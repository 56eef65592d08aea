"""Checks of what is answered at once: the price of a cart (C1-C4), and content (S1)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kupon.hooks.adapter import Adapter, InboundResponse, Shop
from kupon.hooks.errors import AdapterError
from kupon.kit.errors import KuponError
from kupon.testing import builders
from kupon.testing.carts import GOLDEN_CARTS, CartTotals, GoldenCart, GoldenShop
from kupon.testing.clocks import in_time
from kupon.testing.contract.checks import Case, check
from kupon.testing.shop import ApiShop

if TYPE_CHECKING:
    from kupon.testing.client import ApiClient

_SHOP = ("api", "management_api", "project")
_USUAL_DEADLINE_MS = 2000


def _cases(adapter: type[Adapter]) -> list[str]:
    return list(GOLDEN_CARTS)


@check("C1", "cart.price", each=_cases, fixtures=_SHOP)
def golden_carts_cost_the_same(
    case: Case, name: str, api: ApiClient, management_api: ApiClient, project: Any
) -> None:
    """On the platform a cart costs what the engine says, to the cent and line by line."""
    cart = GOLDEN_CARTS[name].prepare(GoldenShop(api, management_api, project.id))
    _hold(_ask(case, cart, ApiShop(api)), cart)


@check("C2", "cart.price", fixtures=_SHOP)
def removed_codes_leave_nothing(
    case: Case, api: ApiClient, management_api: ApiClient, project: Any
) -> None:
    """Without codes a cart costs what it did, and nothing of Kupon's stays on it."""
    shop = GoldenShop(api, management_api, project.id)
    cart = GOLDEN_CARTS["uneven-cents"].prepare(shop)
    _hold(_ask(case, cart, ApiShop(api)), cart)
    plain = cart.without_codes()
    totals = _ask(case, plain, ApiShop(api))
    _hold(totals, plain)
    assert not totals.keeps, "something of Kupon's stays on the cart"


@check("C3", "cart.price", fixtures=_SHOP)
def free_units_come_stay_and_go(
    case: Case, api: ApiClient, management_api: ApiClient, project: Any
) -> None:
    """A free unit is added once however often is asked, and goes with its code."""
    shop = GoldenShop(api, management_api, project.id)
    cart = GOLDEN_CARTS["free-unit"].prepare(shop)
    for _ in range(3):
        _hold(_ask(case, cart, ApiShop(api)), cart)
    plain = cart.without_codes()
    totals = _ask(case, plain, ApiShop(api))
    _hold(totals, plain)
    assert dict(totals.units) == {"article-1-x": 1}


@check("C4", "cart.price", fixtures=_SHOP)
def a_refusal_breaks_no_checkout(
    case: Case, api: ApiClient, management_api: ApiClient, project: Any
) -> None:
    """An unknown code, or an engine that refuses everything, leaves the cart as it was."""
    shop = GoldenShop(api, management_api, project.id)
    cart = GOLDEN_CARTS["single-line"].prepare(shop)
    plain = cart.without_codes()
    unknown = _ask(case, _with_codes(plain, "NO-SUCH-CODE"), ApiShop(api))
    assert unknown.total == plain.amount
    closed = _ask(case, _with_codes(plain, *cart.codes), ClosedShop())
    assert closed.total == plain.amount


@check("S1", "content.serve", fixtures=("api",))
def content_is_there_in_time(case: Case, api: ApiClient) -> None:
    """A customer sees the own code, the same each time; nobody else sees any."""
    customer = builders.make_customer(api, source_id="customer-1")
    campaign = builders.make_campaign(api, type="AUTO_UPDATE", join_once=True)
    made = builders.make_publication(api, customer, campaign={"name": campaign["name"]})
    code = made["voucher"]["code"]
    for _ in range(2):
        assert _content(case, "customer-1", campaign["name"], api) == [code]
    assert _content(case, "customer-unknown", campaign["name"], api) == []


class ClosedShop:
    """A shop that refuses whatever it is asked."""

    def _refuse(self, *_: object) -> dict[str, Any]:
        raise KuponError("not_found", "the shop is closed")

    validate = qualify = publish = find_voucher = find_customer = list_redeemables = _refuse

    def release(self, session_key: str, code: str | None = None) -> None:
        """Release nothing."""


def _with_codes(cart: GoldenCart, *codes: str) -> GoldenCart:
    return replace(cart, codes=codes)


def _ask(case: Case, cart: GoldenCart, shop: Shop) -> CartTotals:
    answer = _answer(case, case.platform.cart_request(cart), shop)
    assert 200 <= answer.status < 300, answer
    totals: CartTotals = case.platform.cart_answered(cart, answer)
    return totals


def _hold(totals: CartTotals, cart: GoldenCart) -> None:
    assert totals.total == cart.cost
    if cart.lines_cost is not None:
        lines = {line.id for line in cart.lines}
        found = {id: cost for id, cost in totals.lines.items() if id in lines}
        assert found == dict(cart.lines_cost)
    if cart.units is not None:
        assert dict(totals.units) == dict(cart.units)


def _content(case: Case, source_id: str, campaign: str, api: ApiClient) -> list[str]:
    request = case.platform.content_request(source_id, campaign)
    answer = _answer(case, request, ApiShop(api))
    assert "@" not in repr(dict(answer.headers)), "a header holds personal data"
    return list(case.platform.content_codes(answer))


def _answer(case: Case, request: Any, shop: Shop) -> InboundResponse:
    adapter = case.make()
    adapter.verify(request)
    calls = len(case.playing.log)
    deadline_ms = case.manifest.deadline_ms or _USUAL_DEADLINE_MS
    answer = in_time(lambda: _respond(case, adapter, request, shop), deadline_ms / 1000)
    if not case.manifest.can("cart.price"):
        assert len(case.playing.log) == calls, "whoever waits for an answer waits for nobody else"
    return answer


def _respond(case: Case, adapter: Any, request: Any, shop: Shop) -> InboundResponse:
    """As the core does it: what fails changes no cart, and is told to whoever asks for content."""
    assert adapter.answers(request), "the request is not one that is answered at once"
    try:
        answer: InboundResponse = adapter.respond(request, shop)
    except (KuponError, AdapterError) as error:
        if case.manifest.can("cart.price"):
            answer = adapter.acknowledge(request, ())
        elif isinstance(error, KuponError):
            answer = InboundResponse(status=error.status, body=error.body())
        else:
            raise
    return answer

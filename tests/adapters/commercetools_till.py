"""A till of the played commercetools: it asks about carts, and does what it is answered."""

from __future__ import annotations

import json

from tests.adapters import commercetools_carts as carts

from kupon.hooks.errors import AdapterError
from kupon.kit.errors import KuponError
from kupon.testing import inbound
from kupon.testing.contract.checks import Case
from kupon.testing.shop import ApiShop
from kupon_commercetools.adapter import CommercetoolsAdapter


class Till:
    """Asks the extension about a cart, and has the platform follow the answer."""

    def __init__(self, platform, api):
        self.platform = platform
        self.shop = RecordingShop(api)

    def ask(self, cart, change=None, action="Update", state=None, **settings):
        """The actions that come for a golden cart."""
        request = self.platform.cart_request(cart)
        call = json.loads(request.body)
        call["action"] = action
        if change is not None:
            change(self.cart(cart))
            call["resource"]["obj"] = self.cart(cart)
        adapter = Case(CommercetoolsAdapter, self.platform).make(settings=settings, state=state)
        sent = inbound(call, path="extension")
        answer = self._answer(adapter, sent)
        assert answer.status == 200
        self.platform.cart_answered(cart, answer)
        return answer.body["actions"]

    def _answer(self, adapter, sent):
        """As Kupon has it: what fails changes nothing."""
        try:
            return adapter.respond(sent, self.shop)
        except (KuponError, AdapterError):
            return adapter.acknowledge(sent, ())

    def install(self, **settings):
        """Have everything in the project that the adapter needs there; the connection's state."""
        return Case(CommercetoolsAdapter, self.platform).make(settings=settings).provision()

    def cart(self, cart):
        """A golden cart as the platform has it."""
        return self.platform.places["carts"][cart.key]

    def shown(self, cart):
        """The elements of a cart by their codes."""
        return {each["code"]: each for each in carts.elements(self.cart(cart))}


class RecordingShop(ApiShop):
    """The shop, which remembers what was asked and released."""

    def __init__(self, api):
        super().__init__(api)
        self.validated = []
        self.released = []

    def validate(self, body):
        self.validated.append(body)
        return super().validate(body)

    def release(self, session_key, code=None):
        self.released.append(code)
        super().release(session_key, code)


def names(actions):
    """What update actions are called, in their order."""
    return [each["action"] for each in actions]

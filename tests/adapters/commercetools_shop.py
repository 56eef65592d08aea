"""A shop on the played commercetools: shoppers and clerks, and the extension that hears of them."""

from __future__ import annotations

import copy
import json

from tests.adapters import commercetools_carts as carts
from tests.adapters.commercetools_records import new_cart, order_of
from tests.adapters.living import wait_until

from kupon.runtime import clock

# So that a busy machine is no reason why a cart can't be changed.
_PATIENT = {"extension_timeout_ms": 10_000}


class Shop:
    """Carts and orders of the platform; each change asks the installed extension, as there."""

    def __init__(self, platform, address):
        # On a machine that has much else to do Kupon may miss its deadline.
        self.tries = 20
        self.platform = platform
        self.address = address

    def stock(self, sku, price):
        """Have a product of one variant."""
        id = f"product-{sku}"
        value = carts.money(price, "EUR")
        variant = {"id": 1, "sku": sku, "price": {"id": "p", "value": value}, "attributes": []}
        return self._keep(
            "product-projections",
            {"id": id, "version": 1, "name": {"en": sku}, "masterVariant": variant, "variants": []},
        )

    def register(self, id, **members):
        """Have a customer."""
        body = {"id": id, "version": 1, "email": f"{id}@example.com", "addresses": [], **members}
        return self._keep("customers", body)

    def cart(self, id, customer, *lines):
        """A new cart with some (SKU, quantity, price)."""
        raw = new_cart(id, "EUR")
        raw["customerId"] = customer
        raw["lineItems"] = [
            carts.line_item(f"line-{sku}", f"product-{sku}", sku, quantity, price, "EUR")
            for sku, quantity, price in lines
        ]
        self._calculate(raw)
        self._ask("Create", raw)
        return self._keep("carts", raw)

    def enter(self, id, *codes):
        """Have exactly these codes in a cart; the cart as it is then."""
        changed = copy.deepcopy(self.platform.places["carts"][id])
        self.platform.enter(changed, codes)
        return self._store(changed)

    def change(self, id, change):
        """Change a cart in some other way."""
        changed = copy.deepcopy(self.platform.places["carts"][id])
        change(changed)
        return self._store(changed)

    def order(self, id, cart):
        """Place an order; requests.HTTPError where it may not be."""
        made = order_of(self.platform.places["carts"][cart], id, clock.now())
        self.platform.ask_extensions("Create", "order", made)
        self._keep("orders", made)
        return self.platform.tell("OrderCreated", "order", id)

    def move(self, id, message, **members):
        """Bring an order into another state; the message that tells of it."""
        order = self.platform.places["orders"][id]
        changed = {**order, **members, "version": order["version"] + 1}
        self._keep("orders", changed)
        return self.platform.tell(message, "order", id, version=changed["version"])

    def pay(self, id):
        """An order is paid."""
        return self.move(id, "OrderPaymentStateChanged", paymentState="Paid")

    def cancel(self, id):
        """An order is cancelled."""
        return self.move(id, "OrderStateChanged", orderState="Cancelled")

    def forward(self, message):
        """Have the queue send a message to Kupon; whether it was taken."""
        answer = self.platform.deliver(self.platform.forwarded(message), self.address)
        return answer.status_code == 200

    @staticmethod
    def codes(cart):
        """The status of each code in a cart."""
        texts = cart["custom"]["fields"].get("discount_codes", [])
        return {each["code"]: each["status"] for each in map(json.loads, texts)}

    @staticmethod
    def total(cart):
        """What a cart costs."""
        return cart["totalPrice"]["centAmount"]

    def _store(self, changed):
        """Store a cart; a shopper whose codes were passed over for want of time tries again."""
        for _ in range(self.tries):
            changed["version"] += 1
            self._calculate(changed)
            before = self.platform.places["carts"][changed["id"]]
            is_answered = self._ask("Update", changed, before)
            if is_answered or not carts.elements(changed):
                break
            clock.sleep(0.5)
        return self._keep("carts", changed)

    def _ask(self, action, raw, before=None):
        """Have the extensions look at a cart; whether any has changed it."""
        answers = self.platform.ask_extensions(action, "cart", raw, before)
        for answer in answers:
            self.platform.follow(raw, answer)
        return any(answer["actions"] for answer in answers)

    def _calculate(self, raw):
        carts.calculate(raw, self.platform.places.get("product-projections", {}))

    def _keep(self, place, record):
        at = clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        stamped = {"createdAt": at, **record, "lastModifiedAt": at}
        return self.platform.keep(place, stamped)


def connected(platform, project, **settings):
    """The shop once Kupon is installed in it."""
    connection = project.connect("commercetools", platform.settings | _PATIENT | settings)
    project.manage("POST", "/connections/Main/provision")
    assert project.manage("POST", "/connections/Main/check")["health"] == "OK"
    return Shop(platform, connection["address"])


def pull(project, resource, mode="FULL"):
    """Pull a resource to its end; the run."""
    body = {"resource": resource, "mode": mode}
    run = project.manage("POST", "/connections/Main/syncs", json=body)
    path = f"/connections/Main/syncs/{run['id']}"

    def is_over():
        seen = project.manage("GET", path)
        return seen if seen["state"] in ("DONE", "FAILED", "CANCELED") else None

    over = wait_until(is_over, f"{resource} are pulled")
    assert (over["state"], over["skipped"]) == ("DONE", 0), over
    return over


def voucher(project, code, discount, quantity=None):
    """Have a code."""
    body = {"type": "DISCOUNT_VOUCHER", "discount": discount, "redemption": {"quantity": quantity}}
    return project.call("POST", f"/v1/vouchers/{code}", json=body)


def status_of(project, order):
    """An order's status in Kupon."""
    return project.call("GET", f"/v1/orders/{order}")["status"]

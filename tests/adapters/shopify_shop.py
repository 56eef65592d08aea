"""What goes on in a played Shopify shop: customers, checkouts with its own codes, webhooks."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import count

from tests.adapters import shopify_records as records

from kupon.kit.currencies import decimal_text, minor_units
from kupon.runtime import clock


class Shop:
    """The shop, and the address to which it tells of what happens."""

    def __init__(self, platform, address):
        self.platform = platform
        self.address = address
        self._numbers = count(1)

    def now(self):
        # Shopify counts whole seconds: nothing here is before the connection.
        return clock.now() + timedelta(seconds=1)

    def register(self, id, **members):
        """A customer comes."""
        customer = records.make_customer(id, records.instant(self.now()), **members)
        self.platform.records["customers"][str(id)] = customer
        return self.event("customers/create", id)

    def stock(self, id, variant, price, **members):
        """A product of one variant comes."""
        variants = [records.make_variant(variant, price)]
        at = records.instant(self.now())
        product = records.make_product(id, at, variants=variants, **members)
        self.platform.records["products"][str(id)] = product
        return self.event("products/create", id)

    def check_out(self, id, customer, quantity, *codes):
        """An order of some tea; codes that the shop does not take are left out."""
        price, left = "10.00", quantity * 1000
        taken, allocations = [], []
        for code in codes:
            node = self.platform.discounts.use(code)
            if node is None:
                continue
            value = node["customerGets"]["value"]
            off = value.get("discountAmount")
            cut = minor_units(off["amount"], "EUR") if off else left * value["percentage"]
            cut = min(left, int(cut))
            left -= cut
            taken.append(self.platform.discounts.redeem_code(code)["code"])
            allocations.append(records.by_code(taken[-1], decimal_text(cut, "EUR"), "EUR"))
        at = records.instant(self.now())
        line = records.make_line("401", quantity, price, "EUR", discountAllocations=allocations)
        self.platform.records["orders"][str(id)] = records.make_order(
            id,
            at,
            customer={"legacyResourceId": str(customer)},
            discountCodes=taken,
            displayFinancialStatus="PENDING",
            lineItems=[line],
            cartToken=f"cart-{id}",
        )
        return left, self.event("orders/create", id)

    def pay(self, id):
        return self._change("orders/paid", id, displayFinancialStatus="PAID")

    def cancel(self, id):
        at = records.instant(self.now())
        return self._change(
            "orders/cancelled", id, displayFinancialStatus="REFUNDED", cancelledAt=at
        )

    def refund(self, id, left):
        """Give money back; so many units of each line are left."""
        order = self.platform.records["orders"][str(id)]
        for line in order["lineItems"]:
            line["currentQuantity"] = left
        state = "PARTIALLY_REFUNDED" if left else "REFUNDED"
        self._change("orders/updated", id, displayFinancialStatus=state)
        return self.event("refunds/create", 92_000 + id, order_id=id)

    def _change(self, topic, id, **members):
        order = self.platform.records["orders"][str(id)]
        order |= {"updatedAt": records.instant(self.now()), **members}
        return self.event(topic, id)

    def event(self, topic, id, **members):
        """Something that has happened, as it is told however often."""
        body = json.dumps({"id": id, **members}).encode()
        name = f"{topic}-{id}-{next(self._numbers)}"
        return self.platform.signed(topic, body, name, self.now())

    def tell(self, event):
        """Deliver an event, where the shop was asked for it; whether it was taken."""
        topic = event.headers["x-shopify-topic"]
        name = f"{topic.replace('/', '_').upper()} {self.address}"
        is_of_privacy = topic in ("customers/redact", "customers/data_request")
        assert is_of_privacy or name in self.platform.installed(), f"nobody asked for {topic}"
        return self.platform.deliver(event, self.address).status_code == 200

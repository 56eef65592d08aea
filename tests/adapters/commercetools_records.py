"""Objects of the played commercetools: carts, orders, products and customers as it writes them.

Source: commercetools, types `Cart`, `Order`, `ProductProjection` and `Customer`.
"""

from __future__ import annotations

import copy
import json
from datetime import datetime

from tests.adapters import commercetools_carts as carts
from tests.adapters.commercetools_carts import Json

from kupon.testing.roles import PlatformOrder

STATES = {
    "PLACED": {"orderState": "Open", "paymentState": "Pending"},
    "PAID": {"orderState": "Open", "paymentState": "Paid"},
    "FULFILLED": {"orderState": "Open", "paymentState": "Paid", "shipmentState": "Shipped"},
    "CANCELED": {"orderState": "Cancelled", "paymentState": "Paid"},
}


def new_cart(id: str, currency: str) -> Json:
    """A cart without anything in it."""
    return {
        "id": id,
        "version": 1,
        "cartState": "Active",
        "taxMode": "Platform",
        "lineItems": [],
        "customLineItems": [],
        "directDiscounts": [],
        "discountCodes": [],
        "refusedGifts": [],
        "totalPrice": carts.money(0, currency),
    }


def order_of(cart: Json, id: str, at: datetime) -> Json:
    """The order that is made of a cart; custom fields come along."""
    kept = ("lineItems", "customLineItems", "totalPrice", "discountOnTotalPrice", "customerId")
    taken = copy.deepcopy({name: cart[name] for name in (*kept, "custom") if name in cart})
    return {
        "id": id,
        "version": 1,
        "orderNumber": f"A-{id}",
        **taken,
        **STATES["PLACED"],
        "directDiscounts": copy.deepcopy(cart["directDiscounts"]),
        "cart": {"typeId": "cart", "id": cart["id"]},
        "createdAt": moment(at),
        "lastModifiedAt": moment(at),
    }


def record_of(resource: str, id: str, at: datetime) -> Json:
    if resource == "catalog":
        return {**product_of(id, f"sku-{id}", 1290), "lastModifiedAt": moment(at)}
    if resource == "orders":
        return order_in(PlatformOrder(number=id, placed_at=at, changed_at=at))
    return {
        "id": id,
        "version": 1,
        "email": f"{id}@example.com",
        "firstName": "Zoë",
        "lastName": "Łęcka",
        "addresses": [],
        "createdAt": moment(at),
        "lastModifiedAt": moment(at),
    }


def product_of(id: str, sku: str, price: int) -> Json:
    value = carts.money(price, "EUR")
    return {
        "id": id,
        "version": 1,
        "name": {"en": id},
        "slug": {"en": id},
        "published": True,
        "categories": [],
        "masterVariant": {
            "id": 1, "sku": sku, "prices": [], "price": {"id": "p", "value": value},
            "images": [], "attributes": [],
        },
        "variants": [],
        "lastModifiedAt": "2026-01-01T00:00:00.000Z",
    }  # fmt: skip


def order_in(order: PlatformOrder) -> Json:
    codes = [{"code": each, "status": "APPLIED", "type": "voucher"} for each in order.codes]
    fields: Json = {"discount_codes": [json.dumps(each) for each in codes]}
    if order.checkout_key is not None:
        fields["session"] = order.checkout_key
    lines = [
        carts.line_item(f"line-{number}", f"product-{each.sku}", each.sku, each.quantity,
                        each.price, order.currency)
        for number, each in enumerate(order.lines, 1)
    ]  # fmt: skip
    amount = sum(each.price * each.quantity for each in order.lines)
    return {
        "id": order.number,
        "version": order.version,
        "orderNumber": f"A-{order.number}",
        "customerId": order.customer,
        "customerEmail": f"{order.customer}@example.com",
        **STATES[order.status],
        "lineItems": lines,
        "customLineItems": [],
        "discountOnTotalPrice": {"discountedAmount": carts.money(order.discount, order.currency)},
        "totalPrice": carts.money(amount - order.discount, order.currency),
        "cart": {"typeId": "cart", "id": f"cart-{order.number}"},
        "custom": {"type": {"typeId": "type", "id": "type-1"}, "fields": fields},
        "createdAt": moment(order.placed_at),
        "lastModifiedAt": moment(order.changed_at),
    }


def moment(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")

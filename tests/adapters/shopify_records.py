"""Records of a played shop as its Admin API has them, made of what its webhooks tell of them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from kupon.kit.currencies import decimal_text
from kupon.testing.roles import PlatformOrder

_FULFILLED = {None: "UNFULFILLED", "fulfilled": "FULFILLED", "partial": "PARTIALLY_FULFILLED"}
_STATES = {
    "PLACED": ("PENDING", "UNFULFILLED"),
    "PAID": ("PAID", "UNFULFILLED"),
    "FULFILLED": ("PAID", "FULFILLED"),
    "CANCELED": ("REFUNDED", "UNFULFILLED"),
}
TOPICS = {
    "PLACED": "orders/create",
    "PAID": "orders/paid",
    "FULFILLED": "orders/fulfilled",
    "CANCELED": "orders/cancelled",
}
Node = dict[str, Any]


def instant(moment: datetime) -> str:
    """A moment as the Admin API writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def money(amount: str, currency: str) -> Node:
    """The same amount in the shop's and in the buyer's currency."""
    value = {"amount": amount, "currencyCode": currency}
    return {"shopMoney": value, "presentmentMoney": value}


def by_code(code: str, amount: str, currency: str) -> Node:
    """A part of a line's price that a code has taken off."""
    application = {"__typename": "DiscountCodeApplication", "code": code, "index": 0}
    return {"allocatedAmountSet": money(amount, currency), "discountApplication": application}


def by_hand(amount: str, currency: str, kind: str = "ManualDiscountApplication") -> Node:
    """A part of a line's price that the shop itself has taken off."""
    application = {"__typename": kind, "title": "Off", "index": 0}
    return {"allocatedAmountSet": money(amount, currency), "discountApplication": application}


def make_customer(id: Any, updated_at: str, **members: Any) -> Node:
    """A customer of whom little is known."""
    return {
        "id": f"gid://shopify/Customer/{id}",
        "legacyResourceId": str(id),
        "displayName": f"Customer {id}",
        "firstName": None,
        "lastName": None,
        "locale": "en",
        "state": "DISABLED",
        "tags": [],
        "taxExempt": False,
        "numberOfOrders": "0",
        "amountSpent": {"amount": "0.0", "currencyCode": "EUR"},
        "defaultEmailAddress": None,
        "defaultPhoneNumber": None,
        "defaultAddress": None,
        "updatedAt": updated_at,
        **members,
    }


def customer_of(body: Node) -> Node:
    """The customer of a webhook."""
    address = body.get("default_address")
    email, phone = body.get("email"), body.get("phone")
    first, last = body.get("first_name"), body.get("last_name")
    shown = " ".join(part for part in (first, last) if part) or email or ""
    return make_customer(
        body["id"],
        body.get("updated_at") or "2026-01-01T00:00:00Z",
        displayName=shown,
        firstName=first,
        lastName=last,
        state=str(body.get("state", "disabled")).upper(),
        taxExempt=bool(body.get("tax_exempt")),
        defaultEmailAddress={"emailAddress": email} if email else None,
        defaultPhoneNumber={"phoneNumber": phone} if phone else None,
        defaultAddress=address and {
            "address1": address.get("address1"),
            "address2": address.get("address2"),
            "city": address.get("city"),
            "company": address.get("company"),
            "provinceCode": address.get("province_code"),
            "zip": address.get("zip"),
            "countryCodeV2": address.get("country_code"),
        },
    )  # fmt: skip


def make_variant(id: Any, price: str = "10.00", **members: Any) -> Node:
    """The only variant of a product."""
    return {
        "id": f"gid://shopify/ProductVariant/{id}",
        "legacyResourceId": str(id),
        "sku": f"SKU-{id}",
        "title": "Default Title",
        "price": price,
        "selectedOptions": [{"name": "Title", "value": "Default Title"}],
        "media": [],
        **members,
    }


def make_product(id: Any, updated_at: str, **members: Any) -> Node:
    """A product without options."""
    return {
        "id": f"gid://shopify/Product/{id}",
        "legacyResourceId": str(id),
        "handle": f"product-{id}",
        "title": f"Product {id}",
        "vendor": "Kupon",
        "productType": "",
        "status": "ACTIVE",
        "tags": [],
        "featuredMedia": None,
        "collections": [],
        "options": [{"name": "Title"}],
        "variants": [make_variant(f"{id}1")],
        "updatedAt": updated_at,
        **members,
    }


def product_of(body: Node) -> Node:
    """The product of a webhook."""
    names = [option["name"] for option in body["options"]]
    image = body.get("image")
    return make_product(
        body["id"],
        body["updated_at"],
        handle=body["handle"],
        title=body["title"],
        vendor=body["vendor"],
        productType=body["product_type"],
        status=body["status"].upper(),
        tags=[tag for tag in body["tags"].split(", ") if tag],
        featuredMedia=picture(image["src"]) if image else None,
        options=[{"name": name} for name in names],
        variants=[_variant_of(each, names) for each in body["variants"]],
    )


def picture(url: str) -> Node:
    """A picture among a product's media."""
    return {"__typename": "MediaImage", "preview": {"image": {"url": url}}}


def _variant_of(body: Node, names: list[str]) -> Node:
    values = [body[f"option{place}"] for place in range(1, len(names) + 1)]
    return make_variant(
        body["id"],
        body["price"],
        sku=body["sku"],
        title=body["title"],
        selectedOptions=[
            {"name": name, "value": value} for name, value in zip(names, values, strict=True)
        ],
    )


def make_order(id: Any, updated_at: str, **members: Any) -> Node:
    """An order of one line that is paid."""
    return {
        "id": f"gid://shopify/Order/{id}",
        "legacyResourceId": str(id),
        "name": f"#{id}",
        "email": None,
        "test": False,
        "sourceName": "web",
        "cartToken": None,
        "checkoutToken": None,
        "discountCodes": [],
        "createdAt": updated_at,
        "processedAt": updated_at,
        "updatedAt": updated_at,
        "cancelledAt": None,
        "displayFinancialStatus": "PAID",
        "displayFulfillmentStatus": "UNFULFILLED",
        "customAttributes": [],
        "customer": None,
        "currencyCode": "EUR",
        "presentmentCurrencyCode": "EUR",
        "lineItems": [make_line("401", 1, "10.00", "EUR")],
        **members,
    }


def make_line(variant: Any, quantity: int, price: str, currency: str, /, **members: Any) -> Node:
    """A line of an order."""
    return {
        "id": f"gid://shopify/LineItem/{variant}",
        "sku": f"SKU-{variant}",
        "title": f"Article {variant}",
        "quantity": quantity,
        "currentQuantity": quantity,
        "isGiftCard": False,
        "product": {"legacyResourceId": "301", "title": f"Article {variant}"},
        "variant": sold(variant, f"SKU-{variant}"),
        "originalUnitPriceSet": money(price, currency),
        "originalTotalSet": money(str(Decimal(price) * quantity), currency),
        "discountAllocations": [],
        **members,
    }


def sold(variant: Any, sku: str | None) -> Node:
    """The variant of a line."""
    return {"legacyResourceId": str(variant), "sku": sku, "title": "Default Title"}


def order_of(body: Node) -> Node:
    """The order of a webhook."""
    currency, customer = body["currency"], body.get("customer")
    return make_order(
        body["id"],
        body["updated_at"],
        name=body["name"],
        email=body.get("email"),
        test=body["test"],
        sourceName=body.get("source_name"),
        cartToken=body.get("cart_token"),
        checkoutToken=body.get("checkout_token"),
        discountCodes=[each["code"] for each in body["discount_codes"]],
        createdAt=body["created_at"],
        processedAt=body.get("processed_at") or body["created_at"],
        cancelledAt=body.get("cancelled_at"),
        displayFinancialStatus=body["financial_status"].upper(),
        displayFulfillmentStatus=_FULFILLED[body["fulfillment_status"]],
        customAttributes=[
            {"key": each["name"], "value": each["value"]} for each in body["note_attributes"]
        ],
        customer={"legacyResourceId": str(customer["id"])} if customer else None,
        currencyCode=currency,
        presentmentCurrencyCode=body.get("presentment_currency", currency),
        lineItems=[_line_of(each, body) for each in body["line_items"]],
    )


def _line_of(body: Node, order: Node) -> Node:
    currency, product, variant = order["currency"], body["product_id"], body["variant_id"]
    # An order names its applications in the order of its codes here.
    codes = dict(enumerate(each["code"] for each in order["discount_codes"]))
    allocations = [
        by_code(codes[each["discount_application_index"]], each["amount"], currency)
        for each in body["discount_allocations"]
        if each["discount_application_index"] in codes
    ]
    return make_line(
        variant,
        body["quantity"],
        body["price"],
        currency,
        sku=body["sku"],
        title=body["title"],
        currentQuantity=body.get("current_quantity", body["quantity"]),
        isGiftCard=body.get("gift_card", False),
        discountAllocations=allocations,
        product=product and {"legacyResourceId": str(product), "title": body["title"]},
        variant=variant and sold(variant, body["sku"]),
    )


def shopify_order(order: PlatformOrder) -> Node:
    """An order in no platform's words as Shopify has it."""
    financial, fulfillment = _STATES[order.status]
    lines = [
        make_line(line.sku, line.quantity, decimal_text(line.price, order.currency), order.currency)
        for line in order.lines
    ]
    if order.codes:
        off = decimal_text(order.discount, order.currency)
        lines[0]["discountAllocations"] = [by_code(order.codes[0], off, order.currency)]
    return make_order(
        order.number,
        instant(order.changed_at),
        createdAt=instant(order.placed_at),
        processedAt=instant(order.placed_at),
        cancelledAt=instant(order.changed_at) if order.status == "CANCELED" else None,
        displayFinancialStatus=financial,
        displayFulfillmentStatus=fulfillment,
        cartToken=order.checkout_key,
        discountCodes=list(order.codes),
        customer={"legacyResourceId": order.customer},
        currencyCode=order.currency,
        presentmentCurrencyCode=order.currency,
        lineItems=lines,
    )

"""The platform's products as what Kupon may give away: by the names that they have in Kupon."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from kupon_commercetools.mapping.inbound import product_id, sku_id
from kupon_commercetools.mapping.priced import Variant
from kupon_commercetools.mapping.texts import Json


def selection(cart: Json, settings: Json) -> dict[str, str]:
    """By what the platform selects prices for a cart."""
    group = cart.get("customerGroup") or {}
    chosen = {
        "priceCurrency": cart["totalPrice"]["currencyCode"],
        "priceCountry": cart.get("country"),
        "priceCustomerGroup": group.get("id"),
        "priceChannel": settings["price_channel"],
    }
    return {name: value for name, value in chosen.items() if value}


def variants_of(
    products: Sequence[Json], names: Collection[str], settings: Json
) -> dict[str, Variant]:
    """The variants that have some names and a price; a product's name stands for its first one."""
    found: dict[str, Variant] = {}
    for product in products:
        for raw in (product["masterVariant"], *(product.get("variants") or ())):
            price = raw.get("price")
            if not price:
                continue
            id = str(product["id"])
            variant = Variant(product_id=id, variant_id=int(raw["id"]), price=price)
            for name in (sku_id(id, raw), product_id(product, settings)):
                if name in names:
                    found.setdefault(name, variant)
    return found

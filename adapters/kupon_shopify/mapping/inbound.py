"""The shop's customers and products as Kupon's commands.

Source: spec adapters-commerce, sections 1.4 and 5.2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from kupon.hooks.commands import Stamp, UpsertCustomer, UpsertProduct
from kupon.kit.currencies import minor_units

Json = Mapping[str, Any]
Settings = Mapping[str, Any]

# Kupon's name of an address's member by Shopify's.
_ADDRESS: Final = {
    "address1": "line_1",
    "address2": "line_2",
    "city": "city",
    "provinceCode": "state",
    "zip": "postal_code",
    "countryCodeV2": "country",
}
# The option of products that have none, and its only value.
_NO_OPTION: Final = "Title"
_NO_VALUE: Final = "Default Title"


def named(id: Any, settings: Settings) -> str:
    """The source id of a record."""
    return f"{settings['source_id_prefix']}{id}"


def stamp_of(node: Json) -> Stamp:
    """Of when a record is."""
    return Stamp(at=datetime.fromisoformat(node["updatedAt"]))


def customer_of(node: Json, settings: Settings) -> UpsertCustomer:
    """A customer; what is empty is left out."""
    address = node["defaultAddress"] or {}
    email = email_of((node["defaultEmailAddress"] or {}).get("emailAddress"))
    found = {ours: address.get(theirs) for theirs, ours in _ADDRESS.items()}
    fields = {
        "name": _name(node, email),
        "email": email,
        "phone": (node["defaultPhoneNumber"] or {}).get("phoneNumber"),
        "address": {name: value for name, value in found.items() if value},
        "metadata": {name: _FACTS[name](node) for name in settings["customer_metadata"]},
    }
    return UpsertCustomer(
        source_id=named(node["legacyResourceId"], settings),
        fields={name: value for name, value in fields.items() if value},
        stamp=stamp_of(node),
    )


def email_of(text: str | None) -> str | None:
    """An e-mail address with its domain in lower case; None for what is empty."""
    local, at, domain = (text or "").strip().rpartition("@")
    return f"{local}{at}{domain.lower()}" or None


def _name(node: Json, email: str | None) -> str | None:
    parts = [str(node[name] or "").strip() for name in ("firstName", "lastName")]
    joined = " ".join(part for part in parts if part)
    company = str((node["defaultAddress"] or {}).get("company") or "").strip()
    shown = str(node["displayName"] or "").strip()
    # Shopify shows the e-mail address, or the phone number, of whom it has no name.
    is_contact = shown == email or not any(letter.isalpha() for letter in shown) or "@" in shown
    return joined or company or (None if is_contact else shown)


def _spent(node: Json) -> int:
    money = node["amountSpent"]
    return minor_units(str(money["amount"]), money["currencyCode"])


_FACTS: Final[Mapping[str, Callable[[Json], Any]]] = {
    "amount_spent": _spent,
    "locale": lambda node: node["locale"],
    "number_of_orders": lambda node: int(node["numberOfOrders"]),
    "state": lambda node: node["state"],
    "tags": lambda node: list(node["tags"]),
    "tax_exempt": lambda node: node["taxExempt"],
}


def product_of(node: Json, currency: str, settings: Settings) -> UpsertProduct:
    """A product with its variants as SKUs."""
    names = [option["name"] for option in node["options"]]
    variants = node["variants"]["nodes"]
    is_plain = names == [_NO_OPTION] and [each["title"] for each in variants] == [_NO_VALUE]
    metadata = {
        "vendor": node["vendor"],
        "product_type": node["productType"],
        "handle": node["handle"],
        "status": node["status"],
        "tags": list(node["tags"]),
        "collections": [each["handle"] for each in node["collections"]["nodes"]],
    }
    fields = {
        "name": node["title"],
        "attributes": [] if is_plain else names,
        "image_url": _image(node["featuredMedia"]),
        "metadata": {name: value for name, value in metadata.items() if value},
    }
    return UpsertProduct(
        source_id=named(node["legacyResourceId"], settings),
        fields=fields,
        skus=[_sku(each, node["title"], currency, settings) for each in variants],
        stamp=stamp_of(node),
    )


def _sku(node: Json, product: str, currency: str, settings: Settings) -> dict[str, Any]:
    options = {each["name"]: each["value"] for each in node["selectedOptions"]}
    media = node["media"]["nodes"]
    return {
        "source_id": named(node["legacyResourceId"], settings),
        "sku": sku_name(node, product),
        "price": minor_units(str(node["price"]), currency),
        "currency": currency,
        "attributes": {} if options == {_NO_OPTION: _NO_VALUE} else options,
        "image_url": _image(media[0] if media else None),
    }


def sku_name(variant: Json, product: str) -> str:
    """What a variant is called: its code, else its options, else the product."""
    title = product if variant["title"] == _NO_VALUE else variant["title"]
    return str(variant["sku"] or title)


def _image(media: Json | None) -> str | None:
    image = ((media or {}).get("preview") or {}).get("image") or {}
    url: str | None = image.get("url")
    return url

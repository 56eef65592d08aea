"""commercetools' customers and products to Kupon's commands.

Source: spec adapters-commerce, section 2.2.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from kupon.hooks.commands import UpsertCustomer, UpsertProduct
from kupon.hooks.errors import Unmappable
from kupon_commercetools.mapping.texts import (
    Json,
    chosen_fields,
    localized,
    plain,
    stamp_of,
)

# By the setting, the member that identifies customers in Kupon.
NAMES: Final = {
    "ID": "id",
    "EMAIL": "email",
    "KEY": "key",
    "EXTERNAL_ID": "externalId",
    "CUSTOMER_NUMBER": "customerNumber",
}


def customer_command(raw: Json, settings: Json) -> UpsertCustomer:
    """A customer.

    Raises:  Unmappable for one without what identifies it.
    """
    email = _email(raw.get("email"))
    source_id = account_name(raw, settings)
    if not source_id:
        member = NAMES[settings["customer_source_id"]]
        raise Unmappable(str(raw["id"]), f"the customer has no {member}")
    address = _main_address(raw)
    fields: dict[str, Any] = {"metadata": chosen_fields(raw, settings)}
    group = raw.get("customerGroup")
    if isinstance(group, Mapping) and group.get("id"):
        fields["metadata"]["customer_group"] = group.get("key") or group["id"]
    known = {
        "name": _name(raw),
        "email": email,
        "phone": address.get("mobile") or address.get("phone"),
        "address": _address(address) or None,
    }
    fields |= {name: value for name, value in known.items() if value}
    return UpsertCustomer(source_id=source_id, fields=fields, stamp=stamp_of(raw))


def account_name(raw: Json, settings: Json) -> str | None:
    """What identifies a customer in Kupon; None where it has no such thing."""
    name = raw.get(NAMES[settings["customer_source_id"]])
    return _email(name) if settings["customer_source_id"] == "EMAIL" else str(name or "") or None


def unnamed_accounts(holders: Sequence[Json], settings: Json) -> list[str]:
    """The ids of accounts that carts and orders have, where something else names them in Kupon."""
    if settings["customer_source_id"] == "ID":
        return []
    return sorted({str(each["customerId"]) for each in holders if each.get("customerId")})


def buyer(raw: Json, settings: Json, accounts: Mapping[str, Json]) -> dict[str, Any] | None:
    """Who has a cart or an order: the account, or a guest as the settings want; None for nobody.

    Shapes:  accounts are the customers of `unnamed_accounts` by their ids.
    """
    email = _email(_first_email(raw))
    account = raw.get("customerId")
    if not account:
        source_id = _guest(raw, email, settings["guest_strategy"])
    else:
        source_id = account_name(accounts.get(str(account), {"id": account}), settings)
    if not source_id:
        return None
    return {"source_id": source_id} | ({"email": email} if email else {})


def product_command(raw: Json, settings: Json) -> UpsertProduct:
    """A product with all of its variants, the master variant among them."""
    language = settings["language"]
    variants = [raw["masterVariant"], *(raw.get("variants") or ())]
    skus = [_sku(raw, each, settings) for each in variants]
    fields: dict[str, Any] = {
        "name": localized(raw.get("name"), language),
        "attributes": sorted({name for sku in skus for name in sku["attributes"]}),
        "image_url": _image(raw["masterVariant"]),
        "metadata": _categories(raw),
    }
    prices = [sku["price"] for sku in skus if "price" in sku]
    if prices:
        fields["price"] = min(prices)
    return UpsertProduct(
        source_id=product_id(raw, settings),
        fields={name: value for name, value in fields.items() if value is not None},
        skus=skus,
        stamp=stamp_of(raw),
    )


def product_id(raw: Json, settings: Json) -> str:
    """What identifies a product in Kupon."""
    key = raw.get("key") if settings["product_source_id"] == "KEY" else None
    return str(key or raw["id"])


def sku_id(product: str, variant: Json) -> str:
    """What identifies a variant in Kupon."""
    return str(variant.get("sku") or f"{product}:{variant.get('id')}")


def _sku(raw: Json, variant: Json, settings: Json) -> dict[str, Any]:
    language = settings["language"]
    attributes = {
        str(each["name"]): plain(each.get("value"), language)
        for each in variant.get("attributes") or ()
    }
    sku: dict[str, Any] = {
        "source_id": sku_id(str(raw["id"]), variant),
        "sku": variant.get("sku") or localized(raw.get("name"), language),
        "attributes": {name: value for name, value in attributes.items() if value is not None},
    }
    if image := _image(variant):
        sku["image_url"] = image
    value = (variant.get("price") or {}).get("value")
    if isinstance(value, Mapping):
        sku |= {"price": value["centAmount"], "currency": value["currencyCode"]}
    return sku


def _image(variant: Json) -> str | None:
    images: Sequence[Json] = variant.get("images") or ()
    return images[0].get("url") if images else None


def _categories(raw: Json) -> dict[str, Any]:
    ids = [each["id"] for each in raw.get("categories") or () if each.get("id")]
    return {"category_ids": ids} if ids else {}


def _name(raw: Json) -> str | None:
    parts = [str(raw.get(name) or "").strip() for name in ("firstName", "lastName")]
    return " ".join(part for part in parts if part) or raw.get("companyName") or None


def _main_address(raw: Json) -> Json:
    """The default shipping address, else the billing one, else the first."""
    addresses: Sequence[Json] = raw.get("addresses") or ()
    known = {each.get("id"): each for each in addresses}
    for name in ("defaultShippingAddressId", "defaultBillingAddressId"):
        if raw.get(name) in known:
            return known[raw[name]]
    return addresses[0] if addresses else {}


def _address(raw: Json) -> dict[str, Any]:
    street = [str(raw.get(name) or "").strip() for name in ("streetName", "streetNumber")]
    address = {
        "line_1": " ".join(part for part in street if part),
        "line_2": raw.get("additionalStreetInfo"),
        "city": raw.get("city"),
        "state": raw.get("region") or raw.get("state"),
        "postal_code": raw.get("postalCode"),
        "country": raw.get("country"),
    }
    return {name: value for name, value in address.items() if value}


def _email(text: Any) -> str | None:
    """An address with its domain in small letters."""
    name, at, domain = str(text or "").strip().rpartition("@")
    return f"{name}@{domain.lower()}" if at else None


def _first_email(raw: Json) -> Any:
    return next(_emails(raw), None)


def _emails(raw: Json) -> Iterator[str]:
    for holder in (raw, raw.get("billingAddress"), raw.get("shippingAddress")):
        if isinstance(holder, Mapping):
            email = holder.get("customerEmail" if holder is raw else "email")
            if email:
                yield str(email)


def _guest(raw: Json, email: str | None, strategy: str) -> str | None:
    if strategy == "EMAIL_HASH" and email:
        return f"guest:{hashlib.sha256(email.lower().encode()).hexdigest()}"
    if strategy == "ANONYMOUS_ID" and raw.get("anonymousId"):
        return str(raw["anonymousId"])
    return None

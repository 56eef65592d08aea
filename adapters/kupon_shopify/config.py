"""What a connection with a Shopify shop needs to know."""

from __future__ import annotations

import re
from typing import Final

from marshmallow import ValidationError, fields, validate

from kupon.hooks.settings import OrderSettings, Secret

SHOP: Final = r"[a-z0-9][a-z0-9-]*\.myshopify\.com"
SHOP_MONEY, PRESENTMENT = "SHOP", "PRESENTMENT"
# Facts of a customer that may go into the metadata, by Shopify's names of them.
CUSTOMER_FACTS: Final = (
    "amount_spent",
    "locale",
    "number_of_orders",
    "state",
    "tags",
    "tax_exempt",
)
COMBINATIONS: Final = ("order", "product", "shipping")
_VERSION: Final = re.compile(r"20\d\d-(01|04|07|10)")
# Orders have their cart's token, and discounts their tags, from there on.
_OLDEST: Final = "2026-07"


def _check_version(version: str) -> None:
    if not _VERSION.fullmatch(version) or version < _OLDEST:
        raise ValidationError(f"it must be like {_OLDEST}, and none before that")


def _check_pattern(pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValidationError(f"it is no regular expression: {error}") from None


class ShopifySettings(OrderSettings):
    """The shop, the app that was made for it, and how its orders are read."""

    shop = fields.String(
        required=True,
        validate=validate.Regexp(f"^{SHOP}$", error="it must be like name.myshopify.com"),
        metadata={"description": "The shop's own domain, name.myshopify.com."},
    )
    client_secret = Secret(
        required=True,
        validate=validate.Length(1),
        metadata={"description": "Client secret of the app: it signs webhooks and gets tokens."},
    )
    previous_client_secret = Secret(
        load_default=None,
        allow_none=True,
        metadata={"description": "The secret before a rotation; it may sign for another hour."},
    )
    client_id = fields.String(
        load_default=None,
        allow_none=True,
        metadata={"description": "Client id of the app; with the secret it gets access tokens."},
    )
    access_token = Secret(
        load_default=None,
        allow_none=True,
        metadata={"description": "Access token of an older custom app, in place of a client id."},
    )
    api_version = fields.String(
        load_default="2026-10",
        validate=_check_version,
        metadata={"description": "Version of the Admin API; each is there for about a year."},
    )
    money = fields.String(
        load_default=SHOP_MONEY,
        validate=validate.OneOf((SHOP_MONEY, PRESENTMENT)),
        metadata={"description": "Whether orders count in the shop's currency or the buyer's."},
    )
    authorized_is_paid = fields.Boolean(
        load_default=False,
        metadata={"description": "Whether a payment that is authorized only counts as paid."},
    )
    include_test = fields.Boolean(
        load_default=False,
        metadata={"description": "Whether test orders count."},
    )
    guests = fields.String(
        load_default="EMAIL",
        validate=validate.OneOf(("EMAIL", "NONE")),
        metadata={
            "description": "Whether an order without a customer is its e-mail's, or nobody's."
        },
    )
    code_pattern = fields.String(
        load_default=".+",
        validate=_check_pattern,
        metadata={"description": "Regular expression of Kupon's codes; the shop keeps the others."},
    )
    source_id_prefix = fields.String(
        load_default="",
        validate=validate.Length(max=50),
        metadata={"description": "Put before all source ids, where shops share a project."},
    )
    customer_metadata = fields.List(
        fields.String(validate=validate.OneOf(CUSTOMER_FACTS)),
        load_default=list,
        metadata={
            "description": f"What goes into customers' metadata, of: {', '.join(CUSTOMER_FACTS)}."
        },
    )
    holders_only = fields.Boolean(
        load_default=False,
        metadata={"description": "Whether the shop takes a published code from its holder only."},
    )
    combines_with = fields.List(
        fields.String(validate=validate.OneOf(COMBINATIONS)),
        load_default=list,
        metadata={
            "description": "Classes of other discounts that codes may be combined with, of:"
            f" {', '.join(COMBINATIONS)}."
        },
    )
    share_discounts = fields.Boolean(
        load_default=False,
        metadata={
            "description": "Whether codes of a campaign share a discount, to which they are added"
            " many at once; for campaigns of thousands."
        },
    )
    order_metafields = fields.Boolean(
        load_default=False,
        metadata={
            "description": "Whether orders are told what became of their codes, in the metafield"
            " kupon.redemption, for which the app needs the scope write_orders."
        },
    )
    bulk_from = fields.Integer(
        load_default=10_000,
        validate=validate.Range(1),
        metadata={
            "description": "From so many records on Shopify collects them for a full pull by"
            " itself."
        },
    )
    admin_url = fields.Url(
        load_default=None,
        allow_none=True,
        require_tld=False,
        metadata={"description": "Another address of the Admin API, such as a proxy's."},
    )

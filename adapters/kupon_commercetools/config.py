"""What a connection with a commercetools project needs to know."""

from __future__ import annotations

import json

from marshmallow import ValidationError, fields, validate

from kupon.hooks.settings import OrderSettings, Secret

REGIONS = (
    "us-central1.gcp",
    "us-east-2.aws",
    "europe-west1.gcp",
    "eu-central-1.aws",
    "australia-southeast1.gcp",
)


def _is_object(text: str) -> None:
    try:
        read = json.loads(text)
    except ValueError:
        read = None
    if not isinstance(read, dict) or not isinstance(read.get("type"), str):
        raise ValidationError("must be the JSON of a destination, with its type")


class CommercetoolsSettings(OrderSettings):
    """The project, its API client, and how its carts and orders are read."""

    project_key = fields.String(
        required=True,
        validate=validate.Regexp(r"^[a-z0-9][a-z0-9_-]{1,35}$"),
        metadata={"description": "Key of the commercetools project."},
    )
    client_id = fields.String(
        required=True, metadata={"description": "Id of the API client that Kupon uses."}
    )
    client_secret = Secret(
        required=True, metadata={"description": "Secret of the API client that Kupon uses."}
    )
    shared_secret = Secret(
        load_default=None,
        allow_none=True,
        validate=validate.Length(min=16),
        metadata={
            "description": "What the API extension and the forwarder of messages prove themselves"
            " with, in the header Authorization: 32 random bytes in any spelling."
        },
    )
    region = fields.String(
        load_default="europe-west1.gcp",
        validate=validate.OneOf(REGIONS),
        metadata={"description": "Where the project is hosted."},
    )
    subscription = Secret(
        load_default=None,
        allow_none=True,
        validate=_is_object,
        metadata={
            "description": "JSON of a queue that commercetools can send messages to, such as"
            ' {"type": "GoogleCloudPubSub", "projectId": "...", "topic": "..."}; a subscription'
            " is then installed."
        },
    )
    extension_timeout_ms = fields.Integer(
        load_default=2000,
        validate=validate.Range(2000, 10_000),
        metadata={"description": "How long commercetools waits for the price of a cart."},
    )
    reuse_type_key = fields.String(
        load_default=None,
        allow_none=True,
        metadata={
            "description": "Key of the shop's own custom type of carts and orders, which then gets"
            " Kupon's fields; without it Kupon installs a type of its own."
        },
    )
    discounts_as = fields.String(
        load_default="DIRECT_DISCOUNTS",
        validate=validate.OneOf(("DIRECT_DISCOUNTS", "CUSTOM_LINE_ITEM")),
        metadata={
            "description": "What takes the discounts off a cart: direct discounts, which exclude"
            " the shop's own discount codes, or one custom line with a negative price."
        },
    )
    coupon_line_names = fields.Dict(
        keys=fields.String(validate=validate.Length(2, 35)),
        values=fields.String(validate=validate.Length(1, 256)),
        load_default=lambda: {"en": "Discount"},
        validate=validate.Length(min=1),
        metadata={"description": "Name of the custom line of discounts by language, as JSON."},
    )
    language = fields.String(
        load_default=None,
        allow_none=True,
        metadata={
            "description": "Language of product names and attributes; without it the first one of"
            " the project, which provisioning finds out."
        },
    )
    price_currency = fields.String(
        load_default=None,
        allow_none=True,
        metadata={"description": "Currency by which prices of the catalogue are selected."},
    )
    price_country = fields.String(
        load_default=None,
        allow_none=True,
        metadata={"description": "Country by which prices of the catalogue are selected."},
    )
    price_customer_group = fields.String(
        load_default=None,
        allow_none=True,
        metadata={"description": "Id of the customer group by which prices are selected."},
    )
    price_channel = fields.String(
        load_default=None,
        allow_none=True,
        metadata={"description": "Id of the channel by which prices are selected."},
    )
    standalone_prices = fields.Boolean(
        load_default=False,
        metadata={"description": "Whether pulls of changes look at standalone prices too."},
    )
    use_discounted_price = fields.Boolean(
        load_default=True,
        metadata={"description": "Whether Kupon counts from prices after product discounts."},
    )
    product_source_id = fields.String(
        load_default="ID",
        validate=validate.OneOf(("ID", "KEY")),
        metadata={"description": "What identifies products in Kupon."},
    )
    customer_source_id = fields.String(
        load_default="ID",
        validate=validate.OneOf(("ID", "EMAIL", "KEY", "EXTERNAL_ID", "CUSTOMER_NUMBER")),
        metadata={
            "description": "What identifies customers in Kupon; for all but ID each cart of an"
            " account costs a look at the customer."
        },
    )
    guest_strategy = fields.String(
        load_default="EMAIL_HASH",
        validate=validate.OneOf(("EMAIL_HASH", "ANONYMOUS_ID", "NONE")),
        metadata={"description": "What identifies buyers without an account."},
    )
    metadata_fields = fields.List(
        fields.String(),
        load_default=list,
        metadata={
            "description": "Custom fields of customers, orders and their lines that become"
            " metadata."
        },
    )
    order_properties = fields.List(
        fields.String(),
        load_default=list,
        metadata={
            "description": "Other members of orders that become metadata, such as country, store"
            " or payments."
        },
    )
    gift_card_product_types = fields.List(
        fields.String(),
        load_default=list,
        metadata={
            "description": "Ids of the product types of gift cards that are sold, which no code"
            " discounts."
        },
    )
    paid_when = fields.String(
        load_default="PAYMENT_STATE",
        validate=validate.OneOf(("PAYMENT_STATE", "CHARGE_TRANSACTION", "ORDER_STATE")),
        metadata={"description": "What tells that an order is paid."},
    )
    paid_state_key = fields.String(
        load_default=None,
        allow_none=True,
        metadata={"description": "Key of the workflow state of paid orders, for ORDER_STATE."},
    )
    credit_is_paid = fields.Boolean(
        load_default=False,
        metadata={"description": "Whether the payment state CreditOwed counts as paid."},
    )
    promotions = fields.String(
        load_default="OFF",
        validate=validate.OneOf(("OFF", "SHOW", "APPLY")),
        metadata={
            "description": "Whether promotion tiers that fit a cart are shown in it, or applied."
        },
    )
    writes_orders = fields.Boolean(
        load_default=True,
        metadata={
            "description": "Whether the codes that were redeemed are written to their orders, for"
            " which the API client needs the scope manage_orders."
        },
    )
    block_on_invalid = fields.Boolean(
        load_default=False,
        metadata={"description": "Whether an order is refused whose codes no longer hold."},
    )
    free_shipping_product = fields.String(
        load_default="5h1pp1ng",
        metadata={"description": "Source id of the product that stands for free shipping."},
    )
    api_url = fields.Url(
        load_default=None,
        allow_none=True,
        require_tld=False,
        metadata={"description": "Another address of the HTTP API, such as a proxy's."},
    )
    auth_url = fields.Url(
        load_default=None,
        allow_none=True,
        require_tld=False,
        metadata={"description": "Another address that hands out access tokens."},
    )

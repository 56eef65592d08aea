"""What the shop is asked for, in GraphQL.

Source: spec adapters-commerce, section 5.2; schema of the Admin API 2026-10. Requested cost grows
with the logarithm of `first`, so that large pages are cheap.
"""

from __future__ import annotations

from typing import Final

# Variants and collections that come with their record, and lines, of which each costs more; more of
# them are asked for by its id.
INNER: Final = 100
LINES: Final = 50
MOST: Final = 250

_CUSTOMER_FIELDS: Final = """
  legacyResourceId displayName firstName lastName locale state tags taxExempt numberOfOrders
  amountSpent { amount currencyCode }
  defaultEmailAddress { emailAddress }
  defaultPhoneNumber { phoneNumber }
  defaultAddress { company address1 address2 city provinceCode zip countryCodeV2 }
  updatedAt
"""
_PICTURE: Final = "preview { image { url } }"
_VARIANT_FIELDS: Final = "legacyResourceId sku title price selectedOptions { name value }"
_PRODUCT_FIELDS: Final = f"""
  id legacyResourceId handle title vendor productType status tags
  featuredMedia {{ {_PICTURE} }}
  options {{ name }}
  updatedAt
"""
_MONEY: Final = "shopMoney { amount currencyCode } presentmentMoney { amount currencyCode }"
_LINE_FIELDS: Final = f"""
  sku title quantity currentQuantity isGiftCard
  product {{ legacyResourceId title }}
  variant {{ legacyResourceId sku title }}
  originalUnitPriceSet {{ {_MONEY} }}
  originalTotalSet {{ {_MONEY} }}
  discountAllocations {{
    allocatedAmountSet {{ {_MONEY} }}
    discountApplication {{ __typename ... on DiscountCodeApplication {{ code }} }}
  }}
"""
_ORDER_FIELDS: Final = """
  id legacyResourceId name email test sourceName cartToken checkoutToken discountCodes
  createdAt processedAt updatedAt cancelledAt
  displayFinancialStatus displayFulfillmentStatus
  currencyCode presentmentCurrencyCode
  customAttributes { key value }
  customer { legacyResourceId }
"""

_CUSTOMER: Final = f"fragment CustomerParts on Customer {{ {_CUSTOMER_FIELDS} }}\n"
_VARIANTS: Final = f"""
fragment VariantParts on ProductVariantConnection {{
  nodes {{ {_VARIANT_FIELDS} media(first: 1) {{ nodes {{ {_PICTURE} }} }} }}
  pageInfo {{ hasNextPage endCursor }}
}}
"""
_PRODUCT: Final = f"""
fragment ProductParts on Product {{
  {_PRODUCT_FIELDS}
  collections(first: {INNER}) {{ nodes {{ handle }} }}
  variants(first: {INNER}) {{ ...VariantParts }}
}}
"""
_LINES: Final = f"""
fragment LineParts on LineItemConnection {{
  nodes {{ {_LINE_FIELDS} }}
  pageInfo {{ hasNextPage endCursor }}
}}
"""
_ORDER: Final = f"""
fragment OrderParts on Order {{ {_ORDER_FIELDS} lineItems(first: {LINES}) {{ ...LineParts }} }}
"""

CUSTOMER: Final = (
    f"query Customer($id: ID!) {{ customer(id: $id) {{ ...CustomerParts }} }}{_CUSTOMER}"
)
PRODUCT: Final = (
    "query Product($id: ID!) { shop { currencyCode } product(id: $id) { ...ProductParts } }"
    f"{_PRODUCT}{_VARIANTS}"
)
ORDER: Final = f"query Order($id: ID!) {{ order(id: $id) {{ ...OrderParts }} }}{_ORDER}{_LINES}"


# Products that are no longer or not yet sold are left out by themselves.
ALL_PRODUCTS: Final = "status:active,archived,draft,unlisted"


def _page(root: str, parts: str, besides: str = "") -> str:
    return f"""
query Page($filter: String, $first: Int!, $isFirst: Boolean!) {{
  {besides}
  count: {root}Count(query: $filter, limit: null) @include(if: $isFirst) {{ count precision }}
  page: {root}(first: $first, query: $filter, sortKey: ID) {{
    nodes {{ ...{parts} }}
    pageInfo {{ hasNextPage }}
  }}
}}
"""


CUSTOMERS: Final = _page("customers", "CustomerParts") + _CUSTOMER
PRODUCTS: Final = _page("products", "ProductParts", "shop { currencyCode }") + _PRODUCT + _VARIANTS
ORDERS: Final = _page("orders", "OrderParts") + _ORDER + _LINES

MORE_LINES: Final = f"""
query MoreLines($id: ID!, $after: String!) {{
  record: order(id: $id) {{ rest: lineItems(first: {MOST}, after: $after) {{ ...LineParts }} }}
}}
{_LINES}"""
MORE_VARIANTS: Final = f"""
query MoreVariants($id: ID!, $after: String!) {{
  record: product(id: $id) {{ rest: variants(first: {MOST}, after: $after) {{ ...VariantParts }} }}
}}
{_VARIANTS}"""

ACCOUNT: Final = """
query Account {
  shop { myshopifyDomain }
  currentAppInstallation { accessScopes { handle } }
}
"""


def _bulk(root: str, fields: str, parts: str = "", filter: str = "") -> str:
    """A query that Shopify runs by itself: five connections at most, each node with its id."""
    given = f'(query: "{filter}")' if filter else ""
    return f"{{ {root}{given} {{ edges {{ node {{ id {fields} {parts} }} }} }} }}"


_BULK_VARIANTS: Final = (
    f"variants {{ edges {{ node {{ id {_VARIANT_FIELDS}"
    f" media {{ edges {{ node {{ id {_PICTURE} }} }} }} }} }} }}"
)
BULK: Final = {
    "customers": _bulk("customers", _CUSTOMER_FIELDS),
    "catalog": _bulk(
        "products",
        _PRODUCT_FIELDS,
        f"collections {{ edges {{ node {{ id handle }} }} }} {_BULK_VARIANTS}",
        ALL_PRODUCTS,
    ),
    "orders": _bulk(
        "orders", _ORDER_FIELDS, f"lineItems {{ edges {{ node {{ id {_LINE_FIELDS} }} }} }}"
    ),
}
RUN_BULK: Final = """
mutation RunBulk($query: String!) {
  bulkOperationRunQuery(query: $query, groupObjects: true) {
    bulkOperation { id }
    userErrors { code message }
  }
}
"""
BULK_STATE: Final = """
query BulkState($id: ID!) {
  shop { currencyCode }
  bulkOperation(id: $id) { status url fileSize objectCount }
}
"""

SUBSCRIPTIONS: Final = f"""
query Subscriptions($uri: String!) {{
  webhookSubscriptions(first: {MOST}, uri: $uri) {{ nodes {{ id topic uri includeFields }} }}
}}
"""
SUBSCRIBE: Final = """
mutation Subscribe($topic: WebhookSubscriptionTopic!, $subscription: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $subscription) {
    webhookSubscription { id }
    userErrors { field message }
  }
}
"""
RESUBSCRIBE: Final = """
mutation Resubscribe($id: ID!, $subscription: WebhookSubscriptionInput!) {
  webhookSubscriptionUpdate(id: $id, webhookSubscription: $subscription) {
    userErrors { field message }
  }
}
"""
SET_METAFIELDS: Final = """
mutation Tell($metafields: [MetafieldsSetInput!]!) {
  metafieldsSet(metafields: $metafields) { userErrors { message } }
}
"""
UNSUBSCRIBE: Final = """
mutation Unsubscribe($id: ID!) {
  webhookSubscriptionDelete(id: $id) { deletedWebhookSubscriptionId userErrors { field message } }
}
"""

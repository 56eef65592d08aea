"""What the shop is asked for, in GraphQL.

Source: spec adapters-commerce, section 5.2; schema of the Admin API 2026-10. Requested cost grows
with the logarithm of `first`, so that large pages are cheap.
"""

from __future__ import annotations

from typing import Final

# Lines, variants and collections that come with their record; more are asked for by its id.
INNER: Final = 100
MOST: Final = 250

_CUSTOMER: Final = """
fragment CustomerParts on Customer {
  legacyResourceId displayName firstName lastName locale state tags taxExempt numberOfOrders
  amountSpent { amount currencyCode }
  defaultEmailAddress { emailAddress }
  defaultPhoneNumber { phoneNumber }
  defaultAddress { company address1 address2 city provinceCode zip countryCodeV2 }
  updatedAt
}
"""
_VARIANTS: Final = """
fragment VariantParts on ProductVariantConnection {
  nodes {
    legacyResourceId sku title price
    selectedOptions { name value }
    media(first: 1) { nodes { preview { image { url } } } }
  }
  pageInfo { hasNextPage endCursor }
}
"""
_PRODUCT: Final = f"""
fragment ProductParts on Product {{
  id legacyResourceId handle title vendor productType status tags
  featuredMedia {{ preview {{ image {{ url }} }} }}
  collections(first: {INNER}) {{ nodes {{ handle }} }}
  options {{ name }}
  variants(first: {INNER}) {{ ...VariantParts }}
  updatedAt
}}
"""
_LINES: Final = """
fragment LineParts on LineItemConnection {
  nodes {
    sku title quantity currentQuantity isGiftCard
    product { legacyResourceId }
    variant { legacyResourceId }
    originalUnitPriceSet { ...MoneyParts }
  }
  pageInfo { hasNextPage endCursor }
}
fragment MoneyParts on MoneyBag {
  shopMoney { amount currencyCode }
  presentmentMoney { amount currencyCode }
}
"""
_ORDER: Final = f"""
fragment OrderParts on Order {{
  id legacyResourceId name email test cartToken checkoutToken discountCodes
  createdAt processedAt updatedAt cancelledAt
  displayFinancialStatus displayFulfillmentStatus
  customAttributes {{ key value }}
  customer {{ legacyResourceId }}
  totalDiscountsSet {{ ...MoneyParts }}
  lineItems(first: {INNER}) {{ ...LineParts }}
}}
"""

CUSTOMER: Final = (
    f"query Customer($id: ID!) {{ customer(id: $id) {{ ...CustomerParts }} }}{_CUSTOMER}"
)
PRODUCT: Final = (
    "query Product($id: ID!) { shop { currencyCode } product(id: $id) { ...ProductParts } }"
    f"{_PRODUCT}{_VARIANTS}"
)
ORDER: Final = f"query Order($id: ID!) {{ order(id: $id) {{ ...OrderParts }} }}{_ORDER}{_LINES}"


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

SUBSCRIPTIONS: Final = f"""
query Subscriptions($uri: String!) {{
  webhookSubscriptions(first: {MOST}, uri: $uri) {{ nodes {{ id topic uri }} }}
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
UNSUBSCRIBE: Final = """
mutation Unsubscribe($id: ID!) {
  webhookSubscriptionDelete(id: $id) { deletedWebhookSubscriptionId userErrors { field message } }
}
"""

CODE: Final = """
fragment CodeParts on DiscountCodeNode {
  id
  codeDiscount {
    ... on DiscountCodeBasic {
      tags status
      codes(first: 1) { nodes { code } }
      context { ... on DiscountCustomers { customers { id } } }
    }
  }
}
"""


def find_codes(count: int) -> str:
    """Look for so many codes at once, `$code0` and on; answers are named the same."""
    given = ", ".join(f"$code{place}: String!" for place in range(count))
    asked = "\n".join(
        f"  code{place}: codeDiscountNodeByCode(code: $code{place}) {{ ...CodeParts }}"
        for place in range(count)
    )
    return f"query FindCodes({given}) {{\n  shop {{ currencyCode }}\n{asked}\n}}{CODE}"


CREATE, UPDATE, DEACTIVATE = "Create", "Update", "Deactivate"
# What each change of a discount takes.
TAKES: Final = {
    CREATE: {"basicCodeDiscount": "DiscountCodeBasicInput!"},
    UPDATE: {"id": "ID!", "basicCodeDiscount": "DiscountCodeBasicInput!"},
    DEACTIVATE: {"id": "ID!"},
}
_FIELDS: Final = {
    CREATE: "discountCodeBasicCreate",
    UPDATE: "discountCodeBasicUpdate",
    DEACTIVATE: "discountCodeDeactivate",
}


def change_codes(kinds: list[str]) -> str:
    """Change discounts one after the other, `change0` and on, each with arguments of its own."""
    given, asked = [], []
    for place, kind in enumerate(kinds):
        takes = TAKES[kind]
        given += [f"${name}{place}: {type}" for name, type in takes.items()]
        passed = ", ".join(f"{name}: ${name}{place}" for name in takes)
        asked.append(
            f"  change{place}: {_FIELDS[kind]}({passed}) {{ userErrors {{ code message }} }}"
        )
    body = "\n".join(asked)
    return f"mutation ChangeCodes({', '.join(given)}) {{\n{body}\n}}"

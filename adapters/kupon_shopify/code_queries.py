"""What the shop is asked for about discount codes, in GraphQL.

Source: spec adapters-commerce, section 5.4; schema of the Admin API 2026-10.
"""

from __future__ import annotations

from typing import Final

# Codes that a search for one may bring along.
ALIKE: Final = 20
# Codes that are added in one call.
MOST_ADDED: Final = 250

_CODE: Final = """
fragment CodeParts on DiscountCodeNode {
  id
  codeDiscount {
    ... on DiscountCodeBasic {
      tags status usageLimit
      codes(first: 1) { nodes { ...RedeemCodeParts } }
      context { ... on DiscountCustomers { customers { id } } }
    }
  }
}
"""
_REDEEM_CODE: Final = """
fragment RedeemCodeParts on DiscountRedeemCode { id code asyncUsageCount }
"""


def find_codes(count: int) -> str:
    """Look for so many codes at once, `$code0` and on; answers are named the same."""
    given = ", ".join(f"$code{place}: String!" for place in range(count))
    asked = "\n".join(
        f"  code{place}: codeDiscountNodeByCode(code: $code{place}) {{ ...CodeParts }}"
        for place in range(count)
    )
    body = f"query FindCodes({given}) {{\n  shop {{ currencyCode }}\n{asked}\n}}"
    return f"{body}{_CODE}{_REDEEM_CODE}"


def find_shared(count: int) -> str:
    """Look for codes among the others of their discounts, `$code0` and on."""
    given = ", ".join(f"$code{place}: String!" for place in range(count))
    asked = "\n".join(
        f"  code{place}: codeDiscountNodeByCode(code: $code{place}) {{ codeDiscount {{"
        " ... on DiscountCodeBasic {"
        f" codes(first: {ALIKE}, query: $code{place}, sortKey: RELEVANCE)"
        " { nodes { ...RedeemCodeParts } } } } }"
        for place in range(count)
    )
    return f"query FindShared({given}) {{\n{asked}\n}}{_REDEEM_CODE}"


FIND_TAGGED: Final = """
query FindTagged($query: String!) {
  discountNodes(first: 50, query: $query) {
    nodes { id discount { ... on DiscountCodeBasic { tags status usageLimit } } }
  }
}
"""
ADD_CODES: Final = """
mutation AddCodes($id: ID!, $codes: [DiscountRedeemCodeInput!]!) {
  discountRedeemCodeBulkAdd(discountId: $id, codes: $codes) {
    bulkCreation { id }
    userErrors { code message }
  }
}
"""
ADDED: Final = f"""
query Added($id: ID!) {{
  discountRedeemCodeBulkCreation(id: $id) {{
    done
    codes(first: {MOST_ADDED}) {{ nodes {{ code errors {{ code message }} }} }}
  }}
}}
"""

CREATE, UPDATE, RENEW, DEACTIVATE, REMOVE = "Create", "Update", "Renew", "Deactivate", "Remove"
_DISCOUNT: Final = "DiscountCodeBasicInput!"
_MAKE: Final = "discountCodeBasicCreate"
# What each change takes, and what it calls, the last of which is answered for.
_TAKES: Final = {
    CREATE: {"basicCodeDiscount": _DISCOUNT},
    UPDATE: {"id": "ID!", "basicCodeDiscount": _DISCOUNT},
    RENEW: {"id": "ID!", "basicCodeDiscount": _DISCOUNT},
    DEACTIVATE: {"id": "ID!"},
    REMOVE: {"discountId": "ID!", "ids": "[ID!]!"},
}
_CALLS: Final = {
    CREATE: ((_MAKE, ("basicCodeDiscount",)),),
    UPDATE: (("discountCodeBasicUpdate", ("id", "basicCodeDiscount")),),
    RENEW: (("discountCodeDelete", ("id",)), (_MAKE, ("basicCodeDiscount",))),
    DEACTIVATE: (("discountCodeDeactivate", ("id",)),),
    REMOVE: (("discountCodeRedeemCodeBulkDelete", ("discountId", "ids")),),
}


def change_codes(kinds: list[str]) -> str:
    """Change discounts one after the other, `change0` and on, each with arguments of its own."""
    given, asked = [], []
    for place, kind in enumerate(kinds):
        given += [f"${name}{place}: {type}" for name, type in _TAKES[kind].items()]
        *before, last = [_call(field, names, place) for field, names in _CALLS[kind]]
        asked += [f"  before{place}: {call}" for call in before]
        asked.append(f"  change{place}: {last}")
    body = "\n".join(asked)
    return f"mutation ChangeCodes({', '.join(given)}) {{\n{body}\n}}"


def _call(field: str, names: tuple[str, ...], place: int) -> str:
    passed = ", ".join(f"{name}: ${name}{place}" for name in names)
    made = "codeDiscountNode { id } " if field == _MAKE else ""
    return f"{field}({passed}) {{ {made}userErrors {{ code message }} }}"

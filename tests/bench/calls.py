"""The requests that are measured, and what must be in their answers.

amount      2 x 18.90 + 1 x 64.50 + 3 x 7.25              = 124.05
10 % off    3.78 + 6.45 + 2.18 (2.175 rounded half up)    =  12.41
to pay      124.05 - 12.41                                = 111.64
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

PRODUCTS = [("coffee-1kg", "Coffee beans, 1 kg", 1890), ("hand-grinder", "Hand grinder", 6450)]
PRODUCTS += [("mug", "Stoneware mug", 725)]
QUANTITIES = [2, 1, 3]
DISCOUNT = {"type": "PERCENT", "percent_off": 10, "effect": "APPLY_TO_ITEMS"}

OTHER_DISCOUNT = {"type": "AMOUNT", "amount_off": 500, "effect": "APPLY_TO_ORDER"}

AMOUNT = 12405
TO_PAY = 11164

# What qualifications send besides, for conditions that no index can narrow.
ORDER_METADATA: dict[str, Any] = {"place": "harbour", "weight": 12}
METADATA: dict[str, Any] = {"till": "till-7"}
# The ids of the tiers that fit begin so, and that many there are in each project.
FITTING = "promo_fit_"
FITTING_COUNT = 10

# The generator puts numbers of seven digits in their place, so all requests are equally long.
CODE_NUMBER = "%(n)07d"
BUYER_NUMBER = "%(buyer)07d"


def cart_body(code: str) -> dict[str, Any]:
    """One coupon, a known customer, three lines of products that the catalogue knows."""
    return {
        "redeemables": [{"object": "voucher", "id": code}],
        "customer": _customer(),
        "order": {"items": _items()},
    }


def qualification_body() -> dict[str, Any]:
    """The same customer and lines, and a page that has room for more than what fits."""
    return {
        "customer": _customer(),
        "order": {"items": _items(), "metadata": ORDER_METADATA},
        "metadata": METADATA,
        "options": {"limit": 50},
    }


def _customer() -> dict[str, Any]:
    return {"source_id": f"buyer-{BUYER_NUMBER}"}


def _items() -> list[dict[str, Any]]:
    return [
        {"product_id": name, "quantity": quantity, "price": price}
        for (name, _, price), quantity in zip(PRODUCTS, QUANTITIES, strict=True)
    ]


def write_request(path: str, body: Any, headers: Mapping[str, str]) -> bytes:
    """The template of a POST; its length counts the seven digits that replace each number."""
    text = json.dumps(body, separators=(",", ":"))
    length = len(text.replace(CODE_NUMBER, "0000000").replace(BUYER_NUMBER, "0000000"))
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json"]
    lines += [f"Content-Length: {length}", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join([*lines, "", ""]) + text).encode()


def key_headers(credentials: Mapping[str, str]) -> dict[str, str]:
    """The headers of a server key."""
    return {"X-App-Id": credentials["app_id"], "X-App-Token": credentials["app_token"]}


def check_validation(answer: Any) -> None:
    """Every figure of a validated cart.

    Raises:  AssertionError, as the others do.
    """
    assert answer["valid"] is True, answer
    _check_order(answer["order"])
    assert len(answer["redeemables"]) == 1, answer
    assert answer["redeemables"][0]["status"] == "APPLICABLE", answer


def check_qualification(answer: Any) -> None:
    """All that fits, nothing else, and every figure of each."""
    page = answer["redeemables"]
    found = [offer["id"] for offer in page["data"]]
    assert len(found) == FITTING_COUNT, found
    assert all(name.startswith(FITTING) for name in found), found
    assert page["has_more"] is False, page["more_starting_after"]
    for offer in page["data"]:
        _check_order(offer["order"])


def check_redemption(answer: Any) -> None:
    """Every figure of a redeemed cart."""
    assert [redemption["result"] for redemption in answer["redemptions"]] == ["SUCCESS"], answer
    _check_order(answer["order"])


def check_use(answer: Any) -> None:
    """The yardstick's redemption was the first one of its code."""
    assert answer == {"used": 1}, answer


def _check_order(order: Any) -> None:
    got = (order["amount"], order["total_discount_amount"], order["total_amount"])
    assert got == (AMOUNT, AMOUNT - TO_PAY, TO_PAY), order
    assert [item["discount_amount"] for item in order["items"]] == [378, 645, 218], order

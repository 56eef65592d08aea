"""The spec's worked examples: a cart and its redeemables in, verdicts and numbers out.

worked_examples.jsonl holds the cases of discounts-and-stacking, section 14, in its short notation:
`k` is the product of a line, `in` the collections that it belongs to, `to` and `not` the product
lists, `when` a rule on the order's amounts, `coin` paying with points.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kupon.engine.cart import build_order
from kupon.engine.collections import Collection, Collections
from kupon.engine.discounts import parse_discount
from kupon.engine.figures import earlier_items, figures, item_figures
from kupon.engine.giftcards import GiftCredits
from kupon.engine.limits import Validity
from kupon.engine.model import (
    Category,
    Evaluation,
    Redeemable,
    Snapshot,
    StackingRules,
    Step,
    Voucher,
    Worth,
)
from kupon.engine.order import Order
from kupon.engine.points import PointsPayment
from kupon.engine.rules import Rule, parse_rule
from kupon.engine.situation import Article
from kupon.engine.validate import evaluate

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ALL_PRODUCTS = "pc_a11pr0dUc75"
CASES: list[dict[str, Any]] = [
    json.loads(line)
    for line in Path(__file__).with_name("worked_examples.jsonl").read_text().splitlines()
]


def order_of(case: Mapping[str, Any]) -> Order:
    order = dict(case["order"])
    lines = order.pop("items", ())
    order["items"] = [
        {"product_id": line["k"]} | {name: line[name] for name in line if name not in ("k", "in")}
        for line in lines
    ]
    return build_order(order, {})


def collections_of(case: Mapping[str, Any]) -> Collections:
    products: dict[str, set[str]] = {}
    for line in case["order"].get("items", ()):
        for name in line.get("in", ()):
            products.setdefault(name, set()).add(line["k"])
    return Collections(
        {
            name: Collection(id=name, products=frozenset(members), skus=frozenset())
            for name, members in products.items()
        }
    )


def entry_of(entry: Mapping[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in entry.items() if name not in ("k", "coll", "all")}
    if "k" in entry:
        return {"object": "product", "id": entry["k"], **rest}
    return {"object": "products_collection", "id": entry.get("coll", ALL_PRODUCTS), **rest}


def rules_of(redeemable: Mapping[str, Any]) -> tuple[Rule, ...]:
    worth = redeemable.get("discount") or redeemable.get("gift") or {}
    definition: dict[str, Any] = {"name": "rule", "rules": {}}
    if "to" in worth or "not" in worth:
        definition["applicable_to"] = {
            "included": [
                entry_of(entry) for entry in worth.get("to", ()) if entry != {"all": True}
            ],
            "excluded": [entry_of(entry) for entry in worth.get("not", ())],
            "included_all": {"all": True} in worth.get("to", ()),
        }
    operators = {"gt": "$more_than", "lt": "$less_than"}
    for label, (subject, value) in enumerate(redeemable.get("when", {}).items(), 1):
        name, _, operator = subject.rpartition("_")
        condition = {operators[operator]: [value]}
        definition["rules"][str(label)] = {"name": name, "conditions": condition}
    if "bundle" in redeemable:
        definition["bundle_rules"] = {"limit": redeemable["bundle"]["limit"]} | {
            str(label): bundle_part(part)
            for label, part in enumerate(redeemable["bundle"]["rules"], 1)
        }
    return (parse_rule("val_1", definition),) if len(definition) > 2 or definition["rules"] else ()


def bundle_part(part: Mapping[str, Any]) -> dict[str, Any]:
    what = {"id": part["k"], "type": "product_or_sku", "object": "product"}
    quantity = {
        "name": "order.items.aggregated_quantity",
        "conditions": {"$is": [part["quantity"]]},
    }
    return {
        "name": "order.items.any",
        "conditions": {"$is": [what]},
        "rules": {"1": quantity, "logic": "1"},
    }


def worth_of(redeemable: Mapping[str, Any]) -> Worth:
    if "gift" in redeemable:
        gift = redeemable["gift"]
        return GiftCredits(
            balance=gift["balance"],
            asked=gift.get("credits"),
            effect=gift.get("effect", "APPLY_TO_ORDER"),
        )
    if "coin" in redeemable:
        coin = redeemable["coin"]
        return PointsPayment(
            exchange_ratio=Decimal(coin["exchange_ratio"]),
            points_ratio=coin["points_ratio"],
            balance=coin["balance"],
            asked=coin.get("points"),
        )
    discount = redeemable["discount"]
    return parse_discount({name: discount[name] for name in discount if name not in ("to", "not")})


def redeemable_of(definition: Mapping[str, Any]) -> Redeemable:
    category = definition.get("cat")
    expires = NOW - timedelta(days=1) if definition.get("invalid") == "voucher_expired" else None
    voucher = Voucher(
        id=f"v_{definition['id']}",
        code=definition["id"],
        worth=worth_of(definition),
        validity=Validity(expiration_date=expires),
        category=Category(id=category["id"], hierarchy=category["hierarchy"]) if category else None,
        rules=rules_of(definition),
        is_multiplied=definition.get("multiply", True),
    )
    return Redeemable(object="voucher", id=definition["id"], source=voucher)


def stacking_rules_of(case: Mapping[str, Any]) -> StackingRules:
    exclusive = {
        redeemable["cat"]["id"]
        for redeemable in case["redeemables"]
        if redeemable.get("cat", {}).get("type") == "EXCLUSIVE"
    }
    given = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in case.get("rules", {}).items()
    }
    assert set(given) <= {field.name for field in fields(StackingRules)}
    return StackingRules(exclusive_categories=tuple(sorted(exclusive)), **given)


def evaluation_of(case: Mapping[str, Any]) -> Evaluation:
    return evaluate(
        Snapshot(
            now=NOW,
            timezone=ZoneInfo("Europe/Warsaw"),
            order=order_of(case),
            redeemables=tuple(redeemable_of(each) for each in case["redeemables"]),
            rules=stacking_rules_of(case),
            collections=collections_of(case),
            articles={
                name: Article(kind="product", id=name, price=article["price"])
                for name, article in case.get("catalog", {}).items()
            },
        )
    )


def assert_figures(expected: Mapping[str, Any], after: Order, before: Order) -> None:
    printed = figures(after, since=before)
    for name, value in expected.items():
        if name in _FIGURES:
            assert printed.get(name, 0) == value, name
    assert_items(expected.get("items", {}), after, before)


def assert_items(expected: Mapping[str, Any], after: Order, before: Order) -> None:
    printed = [item_figures(*pair) for pair in earlier_items(after, before)]
    for place, line in expected.items():
        for name, value in line.items():
            if name == "k":
                assert after.items[int(place)].product_id == value
            else:
                assert printed[int(place)].get(name, None if value is None else 0) == value, name


_FIGURES = {
    "amount",
    "initial_amount",
    "discount_amount",
    "items_discount_amount",
    "total_discount_amount",
    "applied_discount_amount",
    "items_applied_discount_amount",
    "total_applied_discount_amount",
    "total_amount",
}


def assert_step(expected: Mapping[str, Any], step: Step) -> None:
    assert step.redeemable.id == expected["id"]
    assert step.status == expected.get("status", "APPLICABLE")
    reason = step.refusal or step.skip
    assert (reason.key if reason else None) == expected.get("key")
    assert_figures(expected, step.after, step.before)
    if "credits" in expected:
        assert step.applied is not None
        assert step.applied.credits == expected["credits"]
    if "points" in expected:
        assert step.applied is not None
        assert step.applied.points == expected["points"]
    if "bundle_quantity" in expected:
        assert step.bundle is not None
        assert step.bundle.quantity == expected["bundle_quantity"]


@pytest.mark.parametrize("case", [pytest.param(case, id=case["id"]) for case in CASES])
def test_worked_example(case: dict[str, Any]) -> None:
    evaluation = evaluation_of(case)

    expected = case["expect"]
    assert evaluation.is_valid is expected.get("valid", True)
    if "steps" in expected:
        for wanted, step in zip(expected["steps"], evaluation.steps, strict=True):
            assert_step(wanted, step)
    order = expected.get("order", {}) | {"items": expected.get("items", {})}
    assert_figures(order, evaluation.end, evaluation.start)

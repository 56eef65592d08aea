"""Requests to the engine in a few words: lines, lists, codes, tiers, evaluations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from kupon.engine.cart import build_order
from kupon.engine.collections import ALL_PRODUCTS, Collection, Collections
from kupon.engine.discounts import parse_discount
from kupon.engine.figures import earlier_items, figures, item_figures
from kupon.engine.limits import parse_validity
from kupon.engine.model import (
    Category,
    Evaluation,
    PromotionTier,
    Redeemable,
    Snapshot,
    StackingRules,
    Step,
    Voucher,
    Worth,
)
from kupon.engine.order import Item, Order
from kupon.engine.rules import Rule, parse_rule
from kupon.engine.situation import Article
from kupon.engine.validate import evaluate

# A Monday.
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Warsaw")
Definition = Mapping[str, Any]
TEN_OFF: Definition = {"type": "AMOUNT", "effect": "APPLY_TO_ORDER", "amount_off": 1000}
HALF: Definition = {"type": "PERCENT", "effect": "APPLY_TO_ORDER", "percent_off": 50}
HALF_OF_ITEMS: Definition = {"type": "PERCENT", "effect": "APPLY_TO_ITEMS", "percent_off": 50}
EVERY_PRODUCT = {"object": "products_collection", "id": ALL_PRODUCTS}


def line(
    name: str, quantity: int | None = 1, price: int | None = 1000, /, **more: Any
) -> dict[str, Any]:
    """A line of a product as it is sent; members that are None are left out."""
    members = {"product_id": name, "quantity": quantity, "price": price, **more}
    return {name: value for name, value in members.items() if value is not None}


def cart(*lines: Any, **members: Any) -> Order:
    """An order of lines."""
    return build_order({"items": list(lines), **members}, {})


def product(name: str, **settings: Any) -> dict[str, Any]:
    """A member of a product list."""
    return {"object": "product", "id": name, **settings}


def collection(name: str, **settings: Any) -> dict[str, Any]:
    """A member of a product list that names a collection."""
    return {"object": "products_collection", "id": name, **settings}


def rule(rules: Definition | None = None, rule_id: str = "val_1", **definition: Any) -> Rule:
    """A validation rule; rules by label."""
    return parse_rule(rule_id, {"name": "rule", "rules": rules or {}, **definition})


def listed(*included: Any, excluded: Sequence[Any] = (), all: bool = False) -> Rule:
    """A rule that only has product lists."""
    lists = {"included": list(included), "excluded": list(excluded), "included_all": all}
    return rule(applicable_to=lists)


def worth_of(worth: Worth | Definition) -> Worth:
    """A discount from its definition."""
    return parse_discount(worth) if isinstance(worth, Mapping) else worth


def code(name: str, worth: Worth | Definition = TEN_OFF, **facts: Any) -> Redeemable:
    """A code of a name; limits are read from their wire form."""
    limits = parse_validity(facts.pop("limits", {}))
    voucher = Voucher(id=f"v_{name}", code=name, worth=worth_of(worth), validity=limits, **facts)
    return Redeemable(object="voucher", id=name, source=voucher)


def tier(
    name: str, worth: Worth | Definition = TEN_OFF, stack_id: str | None = None, **facts: Any
) -> Redeemable:
    """A promotion tier of a name; limits are its own and campaign_limits its campaign's."""
    source = PromotionTier(
        id=name,
        worth=worth_of(worth),
        validity=parse_validity(facts.pop("limits", {})),
        campaign_validity=parse_validity(facts.pop("campaign_limits", {})),
        **facts,
    )
    return Redeemable(object="promotion_tier", id=name, source=source, stack_id=stack_id)


def category(name: str, hierarchy: int = 1) -> Category:
    """A category."""
    return Category(id=name, hierarchy=hierarchy)


def collections(**members: Sequence[str]) -> Collections:
    """Collections of products by name."""
    return Collections(
        {name: Collection(id=name, products=frozenset(ids)) for name, ids in members.items()}
    )


def article(name: str, price: int | None = None, **facts: Any) -> Article:
    """A product of the catalogue."""
    return Article(kind="product", id=name, price=price, **facts)


def asked(
    *redeemables: Redeemable,
    order: Order | None = None,
    articles: Sequence[Article] = (),
    facts: Definition | None = None,
    **rules: Any,
) -> Snapshot:
    """A request; facts are further members of the snapshot, the rest are stacking rules."""
    return Snapshot(
        now=NOW,
        timezone=ZONE,
        order=cart(amount=10_000) if order is None else order,
        redeemables=redeemables,
        rules=StackingRules(**rules),
        articles={name: each for each in articles for name in each.names},
        **(facts or {}),
    )


def judge(*redeemables: Redeemable, **request: Any) -> Evaluation:
    """What comes of a request."""
    return evaluate(asked(*redeemables, **request))


def verdicts(evaluation: Evaluation) -> list[str]:
    """The status of each step, or the key of what stands against it."""
    return [verdict(step) for step in evaluation.steps]


def verdict(step: Step) -> str:
    """The status of a step, or the key of what stands against it."""
    reason = step.refusal or step.skip
    return reason.key if reason else step.status.value


def answered(after: Order, since: Order) -> dict[str, Any]:
    """An order as the wire prints it: what names its lines, metadata and all numbers."""
    items = [_answered(*pair) for pair in earlier_items(after, since)]
    return {**figures(after, since=since), "items": items, "metadata": dict(after.metadata)}


def _answered(item: Item, since: Item) -> dict[str, Any]:
    names = ("id", "product_id", "sku_id", "source_id", "related_object")
    named = {name: getattr(item, name) for name in names}
    return {
        **{name: value for name, value in named.items() if value is not None},
        **item_figures(item, since),
        "metadata": dict(item.metadata),
    }

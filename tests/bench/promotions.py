"""Shops with promotions: however many tiers are live, the same ten fit the cart and its buyer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg
from tests.bench import calls
from tests.bench.seeds import Shop

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Node = dict[str, Any]

_PER_CAMPAIGN = 20
# Kinds of conditions take turns; each names one of so many segments, clubs and collections.
_GROUPS = 100
_FITTING_GROUPS = 2


class Promotions(NamedTuple):
    """How many tiers a project has, and whether an index can narrow the search among them."""

    count: int
    are_indexable: bool = True


PROJECTS = {
    "10": Promotions(10),
    "100": Promotions(100),
    "10k": Promotions(10_000),
    "unfilterable_10": Promotions(10, are_indexable=False),
    "unfilterable_10k": Promotions(10_000, are_indexable=False),
}


@dataclass(frozen=True, slots=True)
class _Tier:
    """A tier, and the nodes of its rule, all of which must hold."""

    number: int
    nodes: Sequence[Node]
    fits: bool

    @property
    def id(self) -> str:
        return f"{calls.FITTING if self.fits else 'promo_'}{self.number:05}"

    @property
    def rule_id(self) -> str:
        return f"val_{self.number:05}"


def seed(database_url: str, project_id: str, promotions: Promotions) -> None:
    """Fill an empty project with live tiers."""
    nodes = _indexable if promotions.are_indexable else _unindexable
    fitting, others = nodes(fits=True), nodes(fits=False)
    # Those that fit are spread among the others, from the newest to the oldest.
    step = promotions.count // calls.FITTING_COUNT
    tiers = [
        _Tier(number, next(fitting if number % step == 0 else others), number % step == 0)
        for number in range(promotions.count)
    ]
    with psycopg.connect(database_url) as connection:
        shop = Shop(connection, project_id)
        shop.add_products()
        _add_groups(shop, shop.add_customers())
        _add_tiers(shop, tiers)
        _add_rules(shop, tiers)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def _indexable(*, fits: bool) -> Iterator[Sequence[Node]]:
    """Conditions on article, segment, collection and customer, some with a least amount too."""
    number = 0
    while True:
        group = number % _FITTING_GROUPS if fits else number % (_GROUPS - 2) + _FITTING_GROUPS
        name = calls.PRODUCTS[number % 3][0] if fits else f"article-{number}"
        club = "gold" if fits else f"club-{group}"
        amount = 10 * number if fits else 100 * number
        yield [_any_of("product", name)]
        yield [_any_of("product", name), _node("order.amount", {"$more_than": [amount]})]
        yield [_any_of("products_collection", _collection_id(group))]
        yield [_node("customer.segment", {"$is": [_segment_id(group)]})]
        yield [_node("customer.metadata", {"$is": [club]}, "club")]
        if not fits:
            yield [_any_of("sku", name)]
        number += 1


def _unindexable(*, fits: bool) -> Iterator[Sequence[Node]]:
    """Conditions on the metadata of order and redemption."""
    number = 0
    while True:
        place = calls.ORDER_METADATA["place"] if fits else f"other-{number}"
        weight = calls.ORDER_METADATA["weight"] - 1 if fits else 1000 + number
        till = calls.METADATA["till"] if fits else f"other-{number}"
        yield [_node("order.metadata", {"$is": [place]}, "place")]
        yield [_node("order.metadata", {"$more_than": [weight]}, "weight")]
        yield [_node("redemption.metadata", {"$in": [till, "none"]}, "till")]
        number += 1


def _node(name: str, conditions: Node, key: str | None = None) -> Node:
    return {"name": name, "conditions": conditions} | ({"property": key} if key else {})


def _any_of(kind: str, name: str) -> Node:
    return _node("order.items.any", {"$is": [{"id": name, "object": kind}]})


def _segment_id(group: int) -> str:
    return f"seg_{group:03}"


def _collection_id(group: int) -> str:
    return f"pc_{group:03}"


def _add_groups(shop: Shop, customer_ids: Sequence[str]) -> None:
    """Segments and collections: by turns a list and a filter, the first two hold those at hand."""
    shop.copy(
        "segments",
        ("id", "name", "type", "filter", "watched_since", "swept_on", "created_at"),
        (
            (_segment_id(group), f"S{group}", *_of_segment(group), *[shop.now] * 3)
            for group in range(_GROUPS)
        ),
    )
    members = ((_segment_id(0), customer_id) for customer_id in customer_ids)
    shop.copy("segment_members", ("segment_id", "customer_id"), members)
    shop.copy(
        "product_collections",
        ("id", "name", "type", "products", "filter", "created_at"),
        (
            (_collection_id(group), f"C{group}", *_of_collection(group), shop.now)
            for group in range(_GROUPS)
        ),
    )


def _of_segment(group: int) -> tuple[str, str | None]:
    if group % 2 == 0:
        return "static", None
    is_fitting = group < _FITTING_GROUPS
    city = {"conditions": {"$is": ["gold" if is_fitting else f"city-{group}"]}}
    name = "metadata.club" if is_fitting else "address.city"
    return "passive", json.dumps({"junction": "and", name: city})


def _of_collection(group: int) -> tuple[str, str | None, str | None]:
    is_fitting = group < _FITTING_GROUPS
    if group % 2 == 0:
        names = [calls.PRODUCTS[0][0]] if is_fitting else [f"c{group}-{n}" for n in range(20)]
        products = [{"id": name, "object": "product"} for name in names]
        return "STATIC", json.dumps(products), None
    price = {"$more_than": [6000 if is_fitting else 100_000 + group]}
    return "AUTO_UPDATE", None, json.dumps({"junction": "and", "price": {"conditions": price}})


def _add_tiers(shop: Shop, tiers: Sequence[_Tier]) -> None:
    campaigns = [f"camp_{number:05}" for number in range(0, len(tiers), _PER_CAMPAIGN)]
    shop.copy(
        "campaigns",
        (
            *("id", "name", "campaign_type", "type", "creation_status"),
            *("vouchers_generation_status", "created_at"),
        ),
        (
            (campaign_id, campaign_id, "PROMOTION", "STATIC", "DONE", "DONE", shop.now)
            for campaign_id in campaigns
        ),
    )
    shop.copy(
        "promotion_tiers",
        ("id", "campaign_id", "name", "action", "hierarchy", "created_at"),
        (
            (
                *(tier.id, campaigns[tier.number // _PER_CAMPAIGN], f"Tier {tier.number}"),
                *(_action(tier), tier.number % _PER_CAMPAIGN + 1),
                shop.now - timedelta(seconds=tier.number),
            )
            for tier in tiers
        ),
    )


def _action(tier: _Tier) -> str:
    return json.dumps({"discount": calls.DISCOUNT if tier.fits else calls.OTHER_DISCOUNT})


def _add_rules(shop: Shop, tiers: Sequence[_Tier]) -> None:
    shop.copy(
        "validation_rules",
        ("id", "name", "rules", "type", "context_type", "was_assigned", "created_at"),
        (
            (tier.rule_id, tier.id, _logic(tier.nodes), "expression", "global", True, shop.now)
            for tier in tiers
        ),
    )
    shop.copy(
        "validation_rule_assignments",
        ("id", "rule_id", "related_object_type", "related_object_id", "created_at"),
        (
            (f"asgm_{tier.number:05}", tier.rule_id, "promotion_tier", tier.id, shop.now)
            for tier in tiers
        ),
    )


def _logic(nodes: Sequence[Node]) -> str:
    labelled = {str(place): node for place, node in enumerate(nodes, 1)}
    return json.dumps({**labelled, "logic": " and ".join(labelled)})

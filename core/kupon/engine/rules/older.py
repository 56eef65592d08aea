"""The rule names for articles from before `order.items.*`, which stored rules still use.

Source: spec rules-and-qualification, section 6.5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from kupon.engine.conditions.subjects import read_flag
from kupon.engine.references import PRODUCT, SKU
from kupon.engine.rules.items import read_articles
from kupon.engine.rules.kinds import NodeDefinition, Picking, Reading, RuleKind
from kupon.engine.rules.lines import (
    amount_of,
    article_metadata,
    read_price,
    read_sum,
    units_of,
)
from kupon.engine.rules.subject import Match, Subject
from kupon.engine.rules.verdict import MISSING_ITEMS, ORDER_VIOLATED, Failure


def _read_article(kind: str) -> Callable[[NodeDefinition], Picking]:
    def read(node: NodeDefinition) -> Picking:
        articles = read_articles(node, kind)

        def select(subject: Subject) -> Match | Failure:
            items = subject.order.items
            if not items:
                return MISSING_ITEMS
            lines = articles.pick(articles.pool(items, subject), subject)
            # "Is not" asks for a cart without the article, not for a line that is another.
            is_free = articles.unwanted is None or not any(
                articles.unwanted.matches(line, subject.collections, subject.surroundings)
                for line in items
            )
            return Match(is_free and bool(lines), lines)

        targets = tuple(_targets(node, kind))
        return Picking(select=select, necessary=articles.necessary, targets=targets)

    return read


def _targets(node: NodeDefinition, kind: str) -> Iterator[Mapping[str, Any]]:
    for operator in ("$is", "$in"):
        for reference in node.listed(operator, node.conditions.get(operator)):
            named = {"id": reference} if isinstance(reference, str) else reference
            yield {
                "object": named.get("object") or kind,
                "id": named.get("id"),
                "source_id": named.get("source_id"),
            }


def _read_metadata(node: NodeDefinition) -> Picking:
    hold, name = node.read_metadata("product").hold, node.property

    def select(subject: Subject) -> Match | Failure:
        items, moment = subject.order.items, subject.moment
        if not items:
            return MISSING_ITEMS
        lines = tuple(line for line in items if hold(article_metadata(line, name), moment))
        return Match(bool(lines), lines)

    return Picking(select=select)


def _read_match_all(node: NodeDefinition) -> Reading:
    # `$is: [false]` asks for nothing.
    is_wanted = node.read("boolean")

    def check(subject: Subject, match: Match) -> bool:
        is_every = len(match.lines) == len(subject.order.items)
        return is_every or not is_wanted.hold(True, subject.moment)

    return Reading(check=check)


def _read_mark(node: NodeDefinition) -> Reading:
    values = node.listed("$is", node.conditions.get("$is", True))
    is_mark = any(read_flag(value) for value in values)
    return Reading(check=lambda _subject, _match: True, is_mark=is_mark)


def _kind(
    read: Callable[[NodeDefinition], Reading | Picking],
    *,
    needs_property: bool = False,
    is_subrule: bool = True,
) -> RuleKind:
    return RuleKind(
        read=read,
        violated=ORDER_VIOLATED,
        needs_property=needs_property,
        is_subrule=is_subrule,
    )


KINDS: Final = {
    "product.id": _kind(_read_article(PRODUCT), is_subrule=False),
    "product.price": _kind(read_price),
    "product.quantity": _kind(read_sum(units_of)),
    "product.discount_applicable": _kind(_read_mark),
    "sku.id": _kind(_read_article(SKU), is_subrule=False),
    "sku.price": _kind(read_price),
    "sku.quantity": _kind(read_sum(units_of)),
    "sku.discount_applicable": _kind(_read_mark),
    "product.metadata": _kind(_read_metadata, needs_property=True, is_subrule=False),
    "product.metadata.aggregated_quantity": _kind(read_sum(units_of), needs_property=True),
    "product.metadata.aggregated_amount": _kind(read_sum(amount_of), needs_property=True),
    "product.metadata.discount_applicable": _kind(_read_mark, needs_property=True),
    "product.metadata.match_all": _kind(_read_match_all, needs_property=True),
}

"""From the engine's verdicts to what answers print.

Source: spec discounts-and-stacking, sections 5.4 and 10.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kupon.engine.applicability import EVERYTHING
from kupon.engine.giftcards import GiftCredits
from kupon.engine.judging import applicability_of
from kupon.engine.model import Evaluation, Incentive, Redeemable, Status, Step
from kupon.engine.points import PointsPayment, PointsSpending
from kupon.engine.refusals import Refusal
from kupon.engine.reporting import applicable_entries, inapplicable_entries
from kupon.engine.situation import Applied, Article
from kupon.features.orders.schemas import dump_calculated
from kupon.kit.errors import KuponError
from kupon.storage.definitions import Definitions
from kupon.storage.queries.offers import CampaignFacts
from kupon.storage.queries.promotions import TierFacts
from kupon.storage.snapshots import VoucherFacts

IncentiveFacts = VoucherFacts | TierFacts
EMPTY_LIST: dict[str, Any] = {"data": [], "total": 0, "data_ref": "data", "object": "list"}


def dump_step(
    step: Step,
    facts: IncentiveFacts | None,
    definitions: Definitions,
    articles: Mapping[str, Article],
    expand: frozenset[str],
    request_id: str,
) -> dict[str, Any]:
    """One incentive with its verdict, as `redeemables` and its two sisters list it.

    Shapes:  articles by the names by which discounts call the products that they give.
    """
    body: dict[str, Any] = {
        "status": step.status.value,
        "id": step.redeemable.id,
        "object": step.redeemable.object,
    }
    source = step.redeemable.source
    if step.applied is not None and facts is not None and source is not None:
        if "order" in expand:
            body["order"] = dump_calculated(step.after, since=step.before, is_step=True)
        body |= dump_articles(source, step)
        body["result"] = dump_result(source, facts, step.applied, articles)
    elif step.refusal is not None:
        body["result"] = _dump_refusal(step.redeemable, step.refusal, request_id)
    elif step.skip is not None:
        body["result"] = {"details": {"key": step.skip.key, "message": step.skip.message}}
    if step.bundle is not None:
        body["result"]["bundle"] = step.bundle.wire()
    if facts is not None:
        _expand(body, facts, definitions, expand)
    return body


def dump_articles(source: Incentive, step: Step) -> dict[str, Any]:
    """Which articles an incentive is for and which not, spelled out for the cart."""
    lists = applicability_of(source.rules)
    if lists is EVERYTHING:
        return {"applicable_to": EMPTY_LIST, "inapplicable_to": EMPTY_LIST}
    return {
        "applicable_to": _listed(applicable_entries(lists, step.covered, step.before)),
        "inapplicable_to": _listed(inapplicable_entries(lists)),
    }


def _listed(entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"data": entries, "total": len(entries), "data_ref": "data", "object": "list"}


def dump_result(
    source: Incentive,
    facts: IncentiveFacts | CampaignFacts,
    applied: Applied,
    articles: Mapping[str, Article],
) -> dict[str, Any]:
    """What an incentive comes to: its discount with what formulas yielded, or a card's payment."""
    if isinstance(source.worth, GiftCredits):
        return {"gift": {"balance": source.worth.balance, "credits": applied.credits}}
    if isinstance(source.worth, PointsPayment | PointsSpending):
        return {"loyalty_card": {"points": applied.points}}
    return {"discount": dump_discount(facts.discount or {}, applied, articles)}


def dump_discount(
    discount: Mapping[str, Any], applied: Applied, articles: Mapping[str, Article]
) -> dict[str, Any]:
    """A discount as answered: computed values in place of formulas' fallbacks, articles named."""
    units = discount.get("units")
    is_dynamic = any(f"{name}_formula" in discount for name in applied.values)
    body: dict[str, Any] = {**discount, "is_dynamic": is_dynamic}
    if is_dynamic:
        body |= {
            name: _number(value)
            for name, value in applied.values.items()
            if f"{name}_formula" in discount
        }
    if units:
        counts = applied.values["units"]
        body["units"] = [
            _dump_unit(unit, count, articles) for unit, count in zip(units, counts, strict=True)
        ]
        body["is_dynamic"] = any(unit["is_dynamic"] for unit in body["units"])
    elif "unit_type" in discount:
        body |= _dump_article(articles.get(discount["unit_type"]))
    return body


def _dump_unit(
    unit: Mapping[str, Any], count: int, articles: Mapping[str, Article]
) -> dict[str, Any]:
    is_dynamic = "unit_off_formula" in unit
    body = {**unit, "is_dynamic": is_dynamic} | ({"unit_off": count} if is_dynamic else {})
    return body | _dump_article(articles.get(unit["unit_type"]))


def _dump_article(article: Article | None) -> dict[str, Any]:
    if article is None or not article.product:
        return {}
    product = _named(article.product, "name")
    if article.kind == "product":
        return {"product": product}
    # The reference's schema calls a SKU's `sku` its name.
    sku = _named(article.sku, "sku")
    return {"product": product, "sku": sku | {"name": sku["sku"]}}


def _named(facts: Mapping[str, Any], title: str) -> dict[str, Any]:
    """Who an article is; one without a title goes by its id, since a title is required."""
    names = {name: facts[name] for name in ("id", "source_id") if name in facts}
    return names | {title: facts.get(title) or facts["id"]}


def _number(value: Any) -> int | float:
    """A computed value as JSON has it: percentages may have decimals."""
    return int(value) if value == int(value) else float(value)


def refusal_error(redeemable: Redeemable, refusal: Refusal) -> KuponError:
    """The error that a refused incentive stands for."""
    return KuponError(
        refusal.key,
        refusal.details,
        message=refusal.message,
        resource_id=refusal.resource_id,
        resource_type=refusal.resource_type,
        redeemable_id=redeemable.id,
        redeemable_type=redeemable.object,
        error=None if refusal.custom is None else {"message": refusal.custom},
    )


def _dump_refusal(redeemable: Redeemable, refusal: Refusal, request_id: str) -> dict[str, Any]:
    error = refusal_error(redeemable, refusal)
    return {
        "error": error.body() | {"request_id": request_id},
        "details": {"message": refusal.custom or error.message, "key": error.key},
    }


def _expand(
    body: dict[str, Any], facts: IncentiveFacts, definitions: Definitions, expand: frozenset[str]
) -> None:
    if "redeemable" in expand:
        body["metadata"] = facts.incentive_metadata
        if facts.campaign_id is not None:
            body["campaign_id"] = facts.campaign_id
            body["campaign_name"] = facts.campaign_name
        if isinstance(facts, TierFacts):
            body["name"] = facts.name
    if "category" in expand:
        category = definitions.category(facts.effective_category_id)
        body["categories"] = [] if category is None else [category]


def dump_lists(
    evaluation: Evaluation, dumped: list[dict[str, Any]]
) -> dict[str, list[dict[str, Any]]]:
    """Sort the dumped steps into the answer's three lists.

    Source:  spec discounts-and-stacking, table 10.1.
    """
    by_status: dict[str, list[dict[str, Any]]] = {status.value: [] for status in Status}
    for body in dumped:
        by_status[body["status"]].append(body)
    lists = {"redeemables": by_status["APPLICABLE"] if evaluation.is_valid else dumped}
    if by_status["INAPPLICABLE"]:
        lists["inapplicable_redeemables"] = by_status["INAPPLICABLE"]
    if by_status["SKIPPED"]:
        lists["skipped_redeemables"] = by_status["SKIPPED"]
    return lists

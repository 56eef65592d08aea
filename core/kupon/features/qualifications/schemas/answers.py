"""Wire shapes of answers: what qualifies, a page of it, and the cart as each would leave it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from kupon.engine.giftcards import GiftCredits
from kupon.engine.model import Redeemable
from kupon.engine.order import Order
from kupon.engine.points import PointsPayment
from kupon.engine.qualify import Qualified
from kupon.engine.situation import Article
from kupon.features.management.schemas import StackingRulesBody
from kupon.features.orders.schemas import CalculatedOrder, dump_calculated
from kupon.features.validation_rules.schemas import RuleAssignment
from kupon.features.validations.schemas import Articles, dump_articles, dump_result
from kupon.kit.timestamps import format_moment
from kupon.storage.definitions import Definitions
from kupon.storage.queries.offers import CampaignFacts
from kupon.storage.queries.promotions import StackFacts, TierFacts
from kupon.storage.snapshots import VoucherFacts
from kupon.web.fields import CountedList, Json, Many, PagedList, Part, Text, WireSchema

OfferFacts = VoucherFacts | TierFacts | CampaignFacts | StackFacts
Wire = Mapping[str, Any]


class QualifiedRule(RuleAssignment):
    """A rule that holds, and how certain that is."""

    validation_status = Text(required=True)
    validation_omitted_rules = Many(Text())


class QualifiedRules(CountedList):
    """The rules that hold for something."""

    data = Many(Part(QualifiedRule), required=True)


class QualifiedTier(WireSchema):
    """One tier of a stack that qualifies."""

    id = Text()
    object = Text()
    created_at = Text()
    result = Json()
    order = Part(CalculatedOrder)
    applicable_to = Part(Articles)
    inapplicable_to = Part(Articles)
    metadata = Json()
    categories = Many(Json())
    banner = Text()
    name = Text()
    campaign_name = Text()
    campaign_id = Text()
    validation_rule_id = Text()
    validation_rules_assignments = Part(QualifiedRules)
    validation_status = Text()
    validation_omitted_rules = Many(Text())


class QualifiedRedeemable(QualifiedTier):
    """Something that qualifies."""

    redeemables = Many(Part(QualifiedTier))


class QualifiedRedeemables(CountedList, PagedList):
    """A page of what qualifies."""

    data = Many(Part(QualifiedRedeemable), required=True)


class QualificationAnswer(WireSchema):
    """Answer of POST /v1/qualifications."""

    redeemables = Part(QualifiedRedeemables, required=True)
    tracking_id = Text()
    order = Part(CalculatedOrder)
    stacking_rules = Part(StackingRulesBody, required=True)


def dump_page(
    offers: Sequence[Wire], following: object | None, definitions: Definitions
) -> dict[str, Any]:
    """The answer around a page of offers; following is where the next page goes on."""
    page: dict[str, Any] = {
        "object": "list",
        "data_ref": "data",
        "data": offers,
        "total": len(offers),
        "has_more": following is not None,
    }
    if following is not None:
        page["more_starting_after"] = str(following)
    return {"redeemables": page, "stacking_rules": definitions.stacking_rules_wire}


def dump_plain_order(order: Order) -> dict[str, Any]:
    """The order that was asked about, as it came."""
    return dump_calculated(order, since=order)


def dump_offer(
    redeemable: Redeemable,
    facts: OfferFacts,
    qualified: Qualified,
    articles: Mapping[str, Article],
    stacked: Sequence[Wire],
) -> dict[str, Any]:
    """Something that qualifies, with the order as if nothing else were applied.

    Shapes:  articles by the names by which discounts call the products that they give; stacked
        are the wire forms of a stack's tiers.
    """
    step, source = qualified.step, redeemable.source
    body = _dump_head(redeemable, facts.created_at, qualified)
    if isinstance(facts, StackFacts):
        body["redeemables"] = stacked
    elif source is not None and step.applied is not None:
        body["result"] = dump_result(source, facts, step.applied, articles)
        if isinstance(source.worth, PointsPayment):
            body["result"]["loyalty_card"] |= _dump_ratio(source.worth)
        if step.bundle is not None:
            body["result"]["bundle"] = step.bundle.wire()
        body |= dump_articles(source, step)
    body["order"] = dump_calculated(step.after, since=step.before)
    return body


def _dump_ratio(worth: PointsPayment) -> dict[str, Any]:
    """What there is on a loyalty card, and what it is worth."""
    ratio = worth.exchange_ratio
    return {
        "balance": worth.balance,
        "exchange_ratio": int(ratio) if ratio == int(ratio) else float(ratio),
        "points_ratio": worth.points_ratio,
    }


def add_locked_credits(body: dict[str, Any], redeemable: Redeemable) -> None:
    """Tell in a gift card's result what sessions hold of it."""
    source = redeemable.source
    if source is not None and isinstance(source.worth, GiftCredits):
        body["result"]["gift"]["locked_credits"] = source.worth.locked


# The same promotions are told again and again.
_format_moment = lru_cache(maxsize=10_000)(format_moment)


def _dump_head(redeemable: Redeemable, created_at: Any, qualified: Qualified) -> dict[str, Any]:
    return {
        "id": redeemable.id,
        "object": redeemable.object,
        "created_at": _format_moment(created_at),
        **_dump_certainty(qualified.labels),
    }


def _dump_certainty(labels: Sequence[str]) -> dict[str, Any]:
    """How certain it is that rules hold of which some nodes were not asked."""
    if not labels:
        return {"validation_status": "VALID"}
    return {"validation_status": "PARTIALLY_VALID", "validation_omitted_rules": list(labels)}


def dump_rules(rules: Wire, qualified: Qualified) -> dict[str, Any]:
    """The rules that hold for something, each with how certain it is; rules are the wire's list."""
    rows = [
        row | _dump_certainty(qualified.omitted.get(row["rule_id"], ())) for row in rules["data"]
    ]
    body: dict[str, Any] = {"validation_rules_assignments": {**rules, "data": rows}}
    if rows:
        body["validation_rule_id"] = rows[0]["rule_id"]
    return body


def expand_offer(
    facts: OfferFacts, definitions: Definitions, expand: frozenset[str]
) -> dict[str, Any]:
    """The members that were asked for besides."""
    body: dict[str, Any] = {}
    if "redeemable" in expand:
        body |= _dump_redeemable(facts)
    if "category" in expand:
        category = definitions.category(facts.effective_category_id)
        body["categories"] = [] if category is None else [category]
    return body


def _dump_redeemable(facts: OfferFacts) -> dict[str, Any]:
    if isinstance(facts, CampaignFacts):
        return {"name": facts.name, "metadata": facts.incentive_metadata}
    body: dict[str, Any] = {}
    if facts.campaign_id is not None:
        body |= {"campaign_id": facts.campaign_id, "campaign_name": facts.campaign_name}
    if isinstance(facts, StackFacts):
        return body | {"name": facts.name}
    body["metadata"] = facts.incentive_metadata
    if isinstance(facts, TierFacts):
        body["name"] = facts.name
        if facts.banner is not None:
            body["banner"] = facts.banner
    return body

"""Wire shapes of qualifications."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from kupon.engine.model import Redeemable
from kupon.engine.order import Order
from kupon.engine.qualify import SCENARIOS, Qualified
from kupon.engine.situation import Article
from kupon.features.customers.schemas import CustomerBody
from kupon.features.orders.schemas import CalculatedOrder, OrderBody, dump_order, order_columns
from kupon.features.validations.schemas import Articles, dump_articles, dump_result
from kupon.kit.timestamps import format_moment
from kupon.storage.definitions import Definitions
from kupon.storage.queries.offered_campaigns import CampaignFacts
from kupon.storage.queries.promotions import StackFacts, TierFacts
from kupon.storage.snapshots import VoucherFacts
from kupon.web.fields import Flag, Json, Many, Part, Text, Whole, WireSchema, between, one_of

OfferFacts = VoucherFacts | TierFacts | CampaignFacts
Wire = Mapping[str, Any]

FILTERS: Final = (
    "category_id",
    "campaign_id",
    "campaign_type",
    "resource_id",
    "resource_type",
    "voucher_type",
    "code",
    "holder_role",
)
OPERATORS: Final = ("$is", "$is_not", "$in", "$not_in", "$has_value", "$is_unknown")
SORTING_RULES: Final = ("BEST_DEAL", "LEAST_DEAL", "DEFAULT")
EXPANDS: Final = ("redeemable", "category", "validation_rules")
MOST: Final = 50
_NOBODY: Final = {"customer_id": None, "referrer_id": None}

QualificationConditions = WireSchema.from_dict(
    {operator: Many(Json(), allow_none=True) for operator in OPERATORS},
    name="QualificationConditions",
)


class QualificationFilter(WireSchema):
    """What is asked of one field."""

    conditions = Part(QualificationConditions)


class QualificationFilters(WireSchema):
    """Which offers to look at."""

    junction = Text(validate=one_of("and", "or", "AND", "OR"))
    category_id = Part(QualificationFilter)
    campaign_id = Part(QualificationFilter)
    campaign_type = Part(QualificationFilter)
    resource_id = Part(QualificationFilter)
    resource_type = Part(QualificationFilter)
    voucher_type = Part(QualificationFilter)
    code = Part(QualificationFilter)
    holder_role = Part(QualificationFilter)


class QualificationOptions(WireSchema):
    """How much to tell, and in which order."""

    limit = Whole(validate=between(1, MOST))
    starting_after = Text(allow_none=True)
    sorting_rule = Text(validate=one_of(*SORTING_RULES))
    expand = Many(Text(validate=one_of(*EXPANDS)))
    filters = Part(QualificationFilters, allow_none=True)


class QualificationSession(WireSchema):
    """Asks what sessions hold of gift cards."""

    type = Text(validate=one_of("LOCK"))


class QualificationBody(WireSchema):
    """Body of POST /v1/qualifications."""

    customer = Part(CustomerBody, allow_none=True)
    order = Part(OrderBody, allow_none=True)
    tracking_id = Text(allow_none=True)
    scenario = Text(validate=one_of(*SCENARIOS), allow_none=True)
    metadata = Json(allow_none=True)
    session = Part(QualificationSession, allow_none=True)
    options = Part(QualificationOptions, allow_none=True)


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
    validation_rules_assignments = Json()
    validation_status = Text()
    validation_omitted_rules = Many(Text())


class QualifiedRedeemable(QualifiedTier):
    """Something that qualifies."""

    redeemables = Many(Part(QualifiedTier))


class QualifiedRedeemables(WireSchema):
    """A page of what qualifies."""

    object = Text(required=True)
    data_ref = Text(required=True)
    data = Many(Part(QualifiedRedeemable), required=True)
    total = Whole(required=True)
    has_more = Flag(required=True)
    more_starting_after = Text()


class QualificationAnswer(WireSchema):
    """Answer of POST /v1/qualifications."""

    redeemables = Part(QualifiedRedeemables, required=True)
    tracking_id = Text()
    order = Part(CalculatedOrder)
    stacking_rules = Json(required=True)


def dump_page(
    offers: Sequence[Wire], following: str | None, definitions: Definitions
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
        page["more_starting_after"] = following
    return {"redeemables": page, "stacking_rules": definitions.stacking_rules_wire}


def dump_plain_order(order: Order) -> dict[str, Any]:
    """The order that was asked about, as it came."""
    return dump_order(order_columns(order, since=order) | _NOBODY)


def dump_offer(
    redeemable: Redeemable,
    facts: OfferFacts,
    qualified: Qualified,
    articles: Mapping[str, Article],
) -> dict[str, Any]:
    """Something that qualifies, with the order as if nothing else were applied."""
    step, source = qualified.step, redeemable.source
    body = _dump_head(redeemable, facts.created_at, qualified)
    if source is not None and step.applied is not None:
        body["result"] = dump_result(source, facts, step.applied, articles)
        if step.bundle is not None:
            body["result"]["bundle"] = step.bundle.wire()
        body |= dump_articles(source, step)
    columns = order_columns(step.after, since=step.before)
    return body | {"order": dump_order(columns | _NOBODY)}


def dump_stack(
    redeemable: Redeemable, stack: StackFacts, qualified: Qualified, tiers: Sequence[Wire]
) -> dict[str, Any]:
    """A promotion stack that qualifies; tiers are in their wire forms."""
    step = qualified.step
    columns = order_columns(step.after, since=step.before)
    return _dump_head(redeemable, stack.created_at, qualified) | {
        "order": dump_order(columns | _NOBODY),
        "redeemables": tiers,
    }


def _dump_head(redeemable: Redeemable, created_at: Any, qualified: Qualified) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": redeemable.id,
        "object": redeemable.object,
        "created_at": format_moment(created_at),
        "validation_status": qualified.validation_status,
    }
    if qualified.omitted:
        body["validation_omitted_rules"] = list(qualified.omitted)
    return body


def expand_offer(
    facts: OfferFacts | StackFacts, definitions: Definitions, expand: frozenset[str]
) -> dict[str, Any]:
    """The members that were asked for besides."""
    body: dict[str, Any] = {}
    if "redeemable" in expand:
        body |= _dump_redeemable(facts)
    if "category" in expand:
        category = definitions.category(facts.effective_category_id)
        body["categories"] = [] if category is None else [category]
    return body


def _dump_redeemable(facts: OfferFacts | StackFacts) -> dict[str, Any]:
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

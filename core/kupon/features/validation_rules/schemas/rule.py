"""Wire shapes of a rule: bodies, queries and answers.

The fields only document and tidy: whether a definition makes sense is for the engine to say.
"""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields

from kupon.kit.timestamps import format_moment
from kupon.storage.tables.validation_rules import ValidationRule as RuleRow
from kupon.web.fields import (
    CountedList,
    Flag,
    Json,
    Many,
    Moment,
    Part,
    Text,
    Whole,
    WireSchema,
    at_most,
    one_of,
)
from kupon.web.query import ListQuery

LONGEST_NAME = 500
TYPES = ("expression", "basic", "advanced", "complex")

_TARGETS = (
    "apply_to_order",
    "apply_to_items",
    "apply_to_items_proportionally",
    "apply_to_items_proportionally_by_quantity",
    "apply_to_items_by_quantity",
    "fixed.apply_to_items",
    "percent.apply_to_items",
)
_DISCOUNTS = (
    "campaign.discount_coupons",
    "campaign.referral_program",
    "campaign.promotion",
    "voucher.discount_voucher",
)
_GIFTS = ("campaign.gift_vouchers", "voucher.gift_voucher")

# Source: spec rules-and-qualification, section 6.10.
CONTEXTS = (
    "global",
    "earning_rule.order.paid",
    "earning_rule.custom_event",
    "earning_rule.customer.segment.entered",
    *(
        f"earning_rule.customer.tier.{change}"
        for change in ("joined", "left", "upgraded", "downgraded", "prolonged")
    ),
    *_DISCOUNTS,
    *(f"{context}.discount.{target}" for context in _DISCOUNTS for target in _TARGETS),
    *_GIFTS,
    *(f"{context}.gift.{target}" for context in _GIFTS for target in _TARGETS[:2]),
    "campaign.loyalty_program",
    "voucher.loyalty_card",
    "distribution.custom_event",
    *(f"distribution.order.{change}" for change in ("paid", "created", "canceled", "updated")),
    "reward_assignment.pay_with_points",
)


class RuleError(WireSchema):
    """What the caller reads when nothing more particular is said."""

    message = Text()


class Articles(fields.List):
    """Articles and collections, bare or wrapped as the answers of validations wrap them."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Json(), **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        listed = value.get("data") if isinstance(value, dict) else value
        if not isinstance(listed, list):
            raise ValidationError("must be array")
        return super()._deserialize(listed, *args, **kwargs)


class ProductLists(WireSchema):
    """Which articles a discount is for: all or the included ones, less the excluded ones."""

    included = Articles()
    excluded = Articles()
    included_all = Flag()


_NODES = {
    "description": "Nodes by label, and how `logic` joins them",
    "properties": {"logic": {"type": "string"}},
}
_PARTS = {
    "description": "Parts of a bundle by label, and how many bundles count",
    "properties": {"limit": {"type": "integer", "nullable": True, "minimum": 1, "maximum": 100}},
}


class RuleChange(WireSchema):
    """What may be said of a rule at any time."""

    rules = Json(metadata=_NODES)
    bundle_rules = Json(allow_none=True, metadata=_PARTS)
    applicable_to = Part(ProductLists)
    error = Part(RuleError, allow_none=True)
    type = Text(validate=one_of(*TYPES))
    context_type = Text(validate=one_of(*CONTEXTS))


class ValidationRuleCreate(RuleChange):
    """Body of creation."""

    name = Text(required=True, validate=at_most(LONGEST_NAME))


class ValidationRuleUpdate(RuleChange):
    """Body of an update; what is absent stays, what is sent is replaced as a whole."""

    name = Text(validate=at_most(LONGEST_NAME))


class ValidationRule(WireSchema):
    """A rule."""

    id = Text(required=True)
    name = Text(required=True)
    rules = Json(required=True, metadata=_NODES)
    bundle_rules = Json(required=True, metadata=_PARTS)
    applicable_to = Part(ProductLists, required=True)
    error = Part(RuleError)
    type = Text(required=True)
    context_type = Text(required=True)
    assignments_count = Whole()
    created_at = Moment(required=True)
    updated_at = Moment()
    object = Text(required=True)


class ValidationRuleList(CountedList):
    """One page of rules."""

    data = Many(Part(ValidationRule), required=True)


class ValidationRulesQuery(ListQuery):
    """Which rules to list."""

    class Meta(ListQuery.Meta):
        exclude = ("created_at", "updated_at", "starting_after_id", "filters")

    ORDER = ("created_at", "updated_at", "name")


def dump_rule(row: RuleRow, assignments_count: int = 0) -> dict[str, Any]:
    """The wire's rule; how many objects have it is told where there are any."""
    body: dict[str, Any] = {
        "id": row.id,
        "name": row.name,
        "rules": row.rules,
        "bundle_rules": row.bundle_rules,
        "applicable_to": row.applicable_to,
        "type": row.type,
        "context_type": row.context_type,
        "created_at": format_moment(row.created_at),
        "object": "validation_rules",
    }
    if row.error is not None:
        body["error"] = row.error
    if assignments_count:
        body["assignments_count"] = assignments_count
    if row.updated_at is not None:
        body["updated_at"] = format_moment(row.updated_at)
    return body

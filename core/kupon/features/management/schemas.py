"""Wire shapes of stacking rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError

from kupon.web.fields import (
    CountedList,
    Json,
    Many,
    Moment,
    Part,
    Text,
    Whole,
    WireSchema,
    between,
    one_of,
)


class CategoryLimits(Json):
    """How many incentives of a category may apply, by the category's id."""

    # 10 in management.json, 30 in the guide (discounts-and-stacking, K6).
    limit = Whole(validate=between(1, 30))

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(keys=Text(), values=self.limit, **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> dict[str, int]:
        limits: dict[str, int] = {}
        for category_id, limit in super()._deserialize(value, *args, **kwargs).items():
            try:
                limits[category_id] = self.limit.deserialize(limit)
            except ValidationError as error:
                raise ValidationError({category_id: error.messages}) from None
        return limits


class StackingRulesBody(WireSchema):
    """Body of creation and update; what is absent has its default, or stays."""

    redeemables_limit = Whole(validate=between(1, 30))
    applicable_redeemables_limit = Whole(validate=between(1, 30))
    applicable_redeemables_per_category_limit = Whole(validate=between(1, 30), allow_none=True)
    applicable_redeemables_category_limits = CategoryLimits()
    applicable_exclusive_redeemables_limit = Whole(validate=between(1, 5))
    # 30 in management.json, 5 in all other documents (discounts-and-stacking, K6).
    applicable_exclusive_redeemables_per_category_limit = Whole(
        validate=between(1, 5), allow_none=True
    )
    exclusive_categories = Many(Text())
    joint_categories = Many(Text())
    redeemables_application_mode = Text(validate=one_of("ALL", "PARTIAL"))
    redeemables_sorting_rule = Text(validate=one_of("REQUESTED_ORDER", "CATEGORY_HIERARCHY"))
    # UNCERTAIN: not in management.json; a second value is nowhere named.
    grouped_redeemables_sorting_rule = Text()
    redeemables_products_application_mode = Text(validate=one_of("STACK", "ONCE"))
    redeemables_no_effect_rule = Text(validate=one_of("REDEEM_ANYWAY", "SKIP"))
    no_effect_skip_categories = Many(Text())
    no_effect_redeem_anyway_categories = Many(Text())
    redeemables_rollback_order_mode = Text(validate=one_of("WITH_ORDER", "WITHOUT_ORDER"))
    discount_calculation_mode = Text(validate=one_of("INITIAL_AMOUNT", "DISCOUNTED_AMOUNT"))
    initial_amount_mode_categories = Many(Text())
    discounted_amount_mode_categories = Many(Text())


class StackingRules(StackingRulesBody):
    """The rules of a project; the defaults have neither id nor dates."""

    id = Text()
    created_at = Moment()
    updated_at = Moment()


class StackingRulesList(CountedList):
    """The rules of a project, as a list of one."""

    data = Many(Part(StackingRules), required=True)


def dump_stacking_rules(rules: Mapping[str, Any]) -> dict[str, Any]:
    """The wire's stacking rules, in the order of their schema."""
    names = StackingRules().fields
    return {name: rules[name] for name in ("id", *names) if name in rules}

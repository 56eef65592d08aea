"""Wire shapes of requests: who asks about which cart, and what is to be told."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, fields

from kupon.engine.qualify import SCENARIOS
from kupon.features.campaigns.schemas import CAMPAIGN_TYPES
from kupon.features.customers.schemas import CustomerBody
from kupon.features.orders.schemas import OrderBody
from kupon.web.fields import Json, Many, Part, Text, Whole, WireSchema, between, one_of

RESOURCE_TYPES: Final = ("campaign", "voucher", "promotion_tier")
HOLDER_ROLES: Final = ("OWNER", "REFERRER", "REFEREE")
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
SORTING_RULES: Final = ("BEST_DEAL", "LEAST_DEAL", "DEFAULT")
EXPANDS: Final = ("redeemable", "category", "validation_rules")
MOST: Final = 50

_LISTED: Final = ("$is", "$is_not", "$in", "$not_in")
_ASKED: Final = ("$has_value", "$is_unknown")


def _filter(name: str, *allowed: str) -> type[Schema]:
    """What is asked of one field: of a text, or of one of some words."""
    word = one_of(*allowed) if allowed else None
    conditions: dict[str, fields.Field[Any]] = {
        operator: Many(Text(validate=word), allow_none=True) for operator in _LISTED
    }
    if not allowed:
        conditions |= {operator: Many(fields.Raw(), allow_none=True) for operator in _ASKED}
    inner = WireSchema.from_dict(conditions, name=f"{name}Conditions")
    return WireSchema.from_dict({"conditions": Part(inner)}, name=name)


TextFilter = _filter("QualificationFilter")


class QualificationFilters(WireSchema):
    """Which offers to look at."""

    junction = Text(validate=one_of("and", "or", "AND", "OR"))
    category_id = Part(TextFilter)
    campaign_id = Part(TextFilter)
    campaign_type = Part(_filter("QualificationCampaignTypeFilter", *CAMPAIGN_TYPES))
    resource_id = Part(TextFilter)
    resource_type = Part(_filter("QualificationResourceTypeFilter", *RESOURCE_TYPES))
    voucher_type = Part(TextFilter)
    code = Part(TextFilter)
    holder_role = Part(_filter("QualificationHolderRoleFilter", *HOLDER_ROLES))


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

"""Wire shapes of assignments: what has which rule."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from marshmallow import validate

from kupon.kit.pages import list_body
from kupon.kit.timestamps import format_moment
from kupon.storage.tables.validation_rules import ValidationRuleAssignment
from kupon.web.fields import CountedList, Many, Moment, Part, Text, WireSchema, one_of
from kupon.web.query import ListQuery, Switch

RELATED_TYPES = (
    "voucher",
    "campaign",
    "promotion_tier",
    "earning_rule",
    "reward_assignment",
    "distribution",
)

# What bodies on campaigns, codes and tiers name their rule by; there is one at most.
rule_ids = Many(Text(), validate=validate.Length(max=1, error="must NOT have more than 1 items"))


class AssignmentCreate(WireSchema):
    """Body of an assignment: the object by type and id or, as older clients say it, by its type."""

    related_object_type = Text(load_default="voucher", validate=one_of(*RELATED_TYPES))
    related_object_id = Text()
    voucher = Text()
    campaign = Text()
    promotion_tier = Text()
    earning_rule = Text()
    reward_assignment = Text()
    distribution = Text()


class AssignmentForce(WireSchema):
    """Whether to replace the rule that the object has."""

    force = Switch(load_default=False)


class RuleAssignment(WireSchema):
    """The rule of an object."""

    id = Text(required=True)
    rule_id = Text(required=True)
    related_object_id = Text(required=True)
    related_object_type = Text(required=True, validate=one_of(*RELATED_TYPES))
    created_at = Moment(required=True)
    object = Text(required=True)


class RuleAssignments(CountedList):
    """Assignments: one page of them, or those that hold for one object."""

    data = Many(Part(RuleAssignment), required=True)


class RuleAssignmentsQuery(ListQuery):
    """Which assignments of a rule to list."""

    class Meta(ListQuery.Meta):
        exclude = (
            *("created_at", "updated_at", "start_date", "end_date"),
            *("starting_after_id", "filters"),
        )

    ORDER = ("created_at",)


class AssignmentsQuery(RuleAssignmentsQuery):
    """Which assignments of the project to list."""

    related_object_id = Text()
    rule = Text()


def dump_assignment(row: ValidationRuleAssignment) -> dict[str, Any]:
    """The wire's assignment."""
    return {
        "id": row.id,
        "rule_id": row.rule_id,
        "related_object_id": row.related_object_id,
        "related_object_type": row.related_object_type,
        "created_at": format_moment(row.created_at),
        "object": "validation_rules_assignment",
    }


def dump_assignments(rows: Iterable[ValidationRuleAssignment]) -> dict[str, Any]:
    """The wire's list of what holds for one object."""
    dumped = [dump_assignment(row) for row in rows]
    return list_body("data", dumped, total=len(dumped))

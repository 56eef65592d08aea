"""Routes of validation rules and their assignments."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from kupon.features.validation_rules import schemas, service
from kupon.kit.pages import PageRequest
from kupon.web.endpoint import Context, endpoint

blueprint = Blueprint("validation_rules", __name__)


@blueprint.get("/v1/validation-rules")
@endpoint(query=schemas.ValidationRulesQuery, returns=schemas.ValidationRuleList)
def list_validation_rules(ctx: Context, query: PageRequest) -> dict[str, Any]:
    return service.list_rules(ctx.uow, query, ctx.tz)


@blueprint.post("/v1/validation-rules")
@endpoint(body=schemas.ValidationRuleCreate, returns=schemas.ValidationRule)
def create_validation_rules(ctx: Context, body: dict[str, Any]) -> dict[str, Any]:
    return service.create_rule(ctx.uow, body)


@blueprint.get("/v1/validation-rules/<rule_id>")
@endpoint(returns=schemas.ValidationRule)
def get_validation_rule(ctx: Context, rule_id: str) -> dict[str, Any]:
    return service.get_rule(ctx.uow, rule_id)


@blueprint.put("/v1/validation-rules/<rule_id>")
@endpoint(body=schemas.ValidationRuleUpdate, returns=schemas.ValidationRule)
def update_validation_rule(ctx: Context, rule_id: str, body: dict[str, Any]) -> dict[str, Any]:
    return service.update_rule(ctx.uow, rule_id, body)


@blueprint.delete("/v1/validation-rules/<rule_id>")
@endpoint(status=204)
def delete_validation_rules(ctx: Context, rule_id: str) -> None:
    service.delete_rule(ctx.uow, rule_id)


@blueprint.get("/v1/validation-rules-assignments")
@endpoint(query=schemas.AssignmentsQuery, returns=schemas.RuleAssignments)
def list_validation_rules_assignments(ctx: Context, query: PageRequest) -> dict[str, Any]:
    return service.list_assignments(ctx.uow, query)


@blueprint.get("/v1/validation-rules/<rule_id>/assignments")
@endpoint(query=schemas.RuleAssignmentsQuery, returns=schemas.RuleAssignments)
def list_validation_rule_assignments(
    ctx: Context, rule_id: str, query: PageRequest
) -> dict[str, Any]:
    return service.list_of_rule(ctx.uow, rule_id, query)


@blueprint.post("/v1/validation-rules/<rule_id>/assignments")
@endpoint(
    query=schemas.AssignmentForce,
    body=schemas.AssignmentCreate,
    returns=schemas.RuleAssignment,
)
def create_validation_rule_assignment(
    ctx: Context, rule_id: str, query: dict[str, Any], body: dict[str, Any]
) -> dict[str, Any]:
    return service.assign(ctx.uow, ctx.project, rule_id, body, is_forced=query["force"])


@blueprint.delete("/v1/validation-rules/<rule_id>/assignments/<assignment_id>")
@endpoint(status=204)
def delete_validation_rule_assignment(ctx: Context, rule_id: str, assignment_id: str) -> None:
    service.unassign(ctx.uow, rule_id, assignment_id)

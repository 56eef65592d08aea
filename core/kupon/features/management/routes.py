"""Routes of management: stacking rules."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from kupon.features.management import schemas, service
from kupon.web.endpoint import Context, endpoint

blueprint = Blueprint("management", __name__, url_prefix="/management/v1/projects")


@blueprint.get("/<project_id>/stacking-rules")
@endpoint(surface="management", returns=schemas.StackingRulesList)
def list_stacking_rules(ctx: Context, project_id: str) -> dict[str, Any]:
    return service.list_stacking_rules(ctx.uow, project_id)


@blueprint.post("/<project_id>/stacking-rules")
@endpoint(surface="management", body=schemas.StackingRulesBody, returns=schemas.StackingRules)
def create_stacking_rules(ctx: Context, project_id: str, body: dict[str, Any]) -> dict[str, Any]:
    return service.create_stacking_rules(ctx.uow, project_id, body)


@blueprint.get("/<project_id>/stacking-rules/<stacking_rules_id>")
@endpoint(surface="management", returns=schemas.StackingRules)
def get_stacking_rules(ctx: Context, project_id: str, stacking_rules_id: str) -> dict[str, Any]:
    return service.get_stacking_rules(ctx.uow, project_id, stacking_rules_id)


@blueprint.put("/<project_id>/stacking-rules/<stacking_rules_id>")
@endpoint(surface="management", body=schemas.StackingRulesBody, returns=schemas.StackingRules)
def update_stacking_rules(
    ctx: Context, project_id: str, stacking_rules_id: str, body: dict[str, Any]
) -> dict[str, Any]:
    return service.update_stacking_rules(ctx.uow, project_id, stacking_rules_id, body)


@blueprint.delete("/<project_id>/stacking-rules/<stacking_rules_id>")
@endpoint(surface="management", status=204)
def delete_stacking_rules(ctx: Context, project_id: str, stacking_rules_id: str) -> None:
    service.delete_stacking_rules(ctx.uow, project_id, stacking_rules_id)

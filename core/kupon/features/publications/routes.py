"""Routes of publications."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_smorest import Blueprint

from kupon.features.publications import schemas, service
from kupon.kit.errors import KuponError
from kupon.kit.pages import PageRequest
from kupon.web.endpoint import Context, Refused, endpoint

blueprint = Blueprint("publications", __name__)


@blueprint.get("/v1/publications")
@endpoint(query=schemas.PublicationListQuery, returns=schemas.PublicationList)
def list_publications(ctx: Context, query: PageRequest) -> dict[str, Any]:
    return service.list_publications(ctx.uow, ctx.project, query)


@blueprint.post("/v1/publications")
@endpoint(query=schemas.JoinOnceQuery, body=schemas.PublicationBody, returns=schemas.Publication)
def create_publication(
    ctx: Context, query: Mapping[str, Any], body: Mapping[str, Any]
) -> dict[str, Any] | Refused:
    outcome = service.publish(ctx.uow, ctx.project, {**body, **query})
    return Refused(outcome.error) if isinstance(outcome, service.Declined) else outcome


@blueprint.get("/v1/publications/create")
@endpoint(query=schemas.PublicationQuery, returns=schemas.Publication, is_writing=True)
def create_publication_1(ctx: Context, query: Mapping[str, Any]) -> dict[str, Any] | Refused:
    if not ctx.key.is_integration:
        raise KuponError("integration_api_key_required", "An integration API key is required")
    asker = service.find_asker(ctx.uow, ctx.key.app_id)
    outcome = service.publish(ctx.uow, ctx.project, query, most=1, asker=asker)
    return Refused(outcome.error) if isinstance(outcome, service.Declined) else outcome

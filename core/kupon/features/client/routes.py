"""Routes of the client surface: client keys, an allowed origin, operations opened per project."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from kupon.features.events import schemas as events
from kupon.features.events import service as event_service
from kupon.features.promotions import schemas as promotions
from kupon.features.promotions import service as promotion_service
from kupon.features.publications import schemas as publications
from kupon.features.publications import service as publication_service
from kupon.features.qualifications import schemas as qualifications
from kupon.features.qualifications import service as qualification_service
from kupon.features.redemptions import schemas as redemptions
from kupon.features.redemptions import service
from kupon.features.validations import service as validations
from kupon.features.validations.schemas import StackableBody, Validation
from kupon.kit.errors import KuponError
from kupon.kit.pages import PageRequest
from kupon.web.endpoint import Context, Refused, endpoint

blueprint = Blueprint("client", __name__)


@blueprint.post("/client/v1/validations")
@endpoint(surface="client", body=StackableBody, returns=Validation)
def validate_stacked_discounts_client_side(ctx: Context, body: dict[str, Any]) -> dict[str, Any]:
    return validations.validate(ctx.uow, ctx.project, ctx.key.app_id, body)


@blueprint.post("/client/v1/redemptions")
@endpoint(surface="client", body=StackableBody, returns=redemptions.RedemptionResult)
def redeem_stacked_discounts_client_side(
    ctx: Context, body: dict[str, Any]
) -> dict[str, Any] | Refused:
    if not ctx.project.client_redeem_enabled:
        raise KuponError("forbidden", "Redemption is not enabled for client-side keys")
    outcome = service.redeem(ctx.uow, ctx.project, service.Caller(ctx.key.app_id), body)
    return Refused(outcome.error) if isinstance(outcome, service.Failed) else outcome


@blueprint.post("/client/v1/qualifications")
@endpoint(
    surface="client",
    body=qualifications.QualificationBody,
    is_body_optional=True,
    returns=qualifications.QualificationAnswer,
)
def check_eligibility_client_side(ctx: Context, body: dict[str, Any]) -> dict[str, Any]:
    return qualification_service.qualify(ctx.uow, ctx.project, ctx.key.app_id, body)


@blueprint.get("/client/v1/promotions/tiers")
@endpoint(
    surface="client", query=promotions.PromotionTiersQuery, returns=promotions.PromotionTierList
)
def list_promotion_tiers_client_side(ctx: Context, query: PageRequest) -> dict[str, Any]:
    return promotion_service.list_tiers(ctx.uow, query, ctx.tz)


@blueprint.post("/client/v1/publish")
@endpoint(
    surface="client",
    query=publications.JoinOnceQuery,
    body=publications.PublicationBody,
    returns=publications.Publication,
)
def create_publication_client_side(
    ctx: Context, query: dict[str, Any], body: dict[str, Any]
) -> dict[str, Any] | Refused:
    if not ctx.project.client_publish_enabled:
        raise KuponError("forbidden", "Publication is not enabled for client-side keys")
    outcome = publication_service.publish(ctx.uow, ctx.project, {**body, **query})
    if isinstance(outcome, publication_service.Declined):
        return Refused(outcome.error)
    return outcome


@blueprint.post("/client/v1/events")
@endpoint(surface="client", body=events.EventBody, returns=events.Event)
def track_custom_event_client_side(ctx: Context, body: dict[str, Any]) -> dict[str, Any]:
    if not ctx.project.client_loyalty_events_enabled:
        raise KuponError("forbidden", "Events are not enabled for client-side keys")
    return event_service.track_event(ctx.uow, ctx.project, body)

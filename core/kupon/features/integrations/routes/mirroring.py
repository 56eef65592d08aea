"""The route by which a platform is told of the codes that are there already."""

from __future__ import annotations

from typing import Any

from kupon.features.integrations import service
from kupon.features.integrations.routes.blueprint import blueprint, tenants_of
from kupon.features.integrations.schemas import outbound as schemas
from kupon.web.endpoint import Context, endpoint


@blueprint.post("/connections/<connection>/outbound/codes")
@endpoint(surface="management", returns=schemas.Outbound)
def mirror_connection_codes(ctx: Context, project_id: str, connection: str) -> dict[str, Any]:
    return service.mirror_codes(ctx.uow, tenants_of(ctx), project_id, connection)

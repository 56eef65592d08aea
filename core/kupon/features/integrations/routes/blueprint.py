"""The blueprint of integrations' administration, and what its routes share."""

from __future__ import annotations

from flask_smorest import Blueprint

from kupon.features.integrations.service.tenants import Tenants
from kupon.web.endpoint import Context

blueprint = Blueprint("integrations", __name__, url_prefix="/management/v1/projects/<project_id>")


def tenants_of(ctx: Context) -> Tenants:
    """The loaded plugins, which make adapters."""
    tenants = ctx.tenants
    if not isinstance(tenants, Tenants):
        raise TypeError("the application was built with other plugins")
    return tenants

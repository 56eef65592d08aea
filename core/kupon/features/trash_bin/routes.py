"""Routes of the bin."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from kupon.features.trash_bin import schemas, service
from kupon.kit.pages import PageRequest
from kupon.web.endpoint import Context, endpoint

blueprint = Blueprint("trash_bin", __name__, url_prefix="/v1/trash-bin")


@blueprint.get("")
@endpoint(query=schemas.BinQuery, returns=schemas.BinEntryList)
def list_bin_entries(ctx: Context, query: PageRequest) -> dict[str, Any]:
    return service.list_entries(ctx.uow, query)


@blueprint.delete("/<bin_entry_id>")
@endpoint(status=204)
def delete_bin_entry(ctx: Context, bin_entry_id: str) -> None:
    service.purge(ctx.uow, bin_entry_id)

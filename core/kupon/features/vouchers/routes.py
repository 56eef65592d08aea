"""Routes of vouchers."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from kupon.features.vouchers import schemas, service
from kupon.kit.pages import PageRequest
from kupon.web.endpoint import Context, endpoint

blueprint = Blueprint("vouchers", __name__)


@blueprint.get("/v1/vouchers")
@endpoint(query=schemas.VouchersQuery, returns=schemas.VoucherList)
def list_vouchers(ctx: Context, query: PageRequest) -> dict[str, Any]:
    return service.list_vouchers(ctx.uow, ctx.project, query)


@blueprint.post("/v1/vouchers")
@endpoint(body=schemas.VoucherCreate, returns=schemas.Voucher)
def generate_random_code(ctx: Context, body: dict[str, Any]) -> dict[str, Any]:
    return service.create_voucher(ctx.uow, ctx.project, body)


@blueprint.post("/v1/vouchers/<code>")
@endpoint(body=schemas.VoucherCreate, returns=schemas.Voucher)
def create_voucher(ctx: Context, code: str, body: dict[str, Any]) -> dict[str, Any]:
    return service.create_voucher(ctx.uow, ctx.project, body, code)


@blueprint.get("/v1/vouchers/<code>")
@endpoint(returns=schemas.Voucher)
def get_voucher(ctx: Context, code: str) -> dict[str, Any]:
    return service.get_voucher(ctx.uow, ctx.project, code)


@blueprint.put("/v1/vouchers/<code>")
@endpoint(body=schemas.VoucherUpdate, returns=schemas.Voucher)
def update_voucher(ctx: Context, code: str, body: dict[str, Any]) -> dict[str, Any]:
    return service.update_voucher(ctx.uow, ctx.project, code, body)


@blueprint.delete("/v1/vouchers/<code>")
@endpoint(query=schemas.ForceQuery, status=204)
def delete_voucher(ctx: Context, code: str, query: dict[str, Any]) -> None:
    service.delete_voucher(ctx.uow, ctx.project, code, is_forced=query["force"])


@blueprint.post("/v1/vouchers/<code>/enable")
@endpoint(returns=schemas.Voucher)
def enable_voucher(ctx: Context, code: str) -> dict[str, Any]:
    return service.set_active(ctx.uow, ctx.project, code, is_active=True)


@blueprint.post("/v1/vouchers/<code>/disable")
@endpoint(returns=schemas.Voucher)
def disable_voucher(ctx: Context, code: str) -> dict[str, Any]:
    return service.set_active(ctx.uow, ctx.project, code, is_active=False)


@blueprint.delete("/v1/vouchers/<code>/sessions/<session_key>")
@endpoint(status=204)
def release_validation_session(ctx: Context, code: str, session_key: str) -> None:
    service.release_session(ctx.uow, ctx.project, code, session_key)


@blueprint.get("/v1/vouchers/<code>/transactions")
@endpoint(query=schemas.TransactionsQuery, returns=schemas.TransactionList)
def list_voucher_transactions(ctx: Context, code: str, query: PageRequest) -> dict[str, Any]:
    return service.list_transactions(ctx.uow, ctx.project, code, query)


@blueprint.post("/v1/vouchers/<code>/balance")
@endpoint(body=schemas.BalanceUpdate, returns=schemas.Balance)
def update_voucher_balance(ctx: Context, code: str, body: dict[str, Any]) -> dict[str, Any]:
    return service.update_balance(
        ctx.uow, ctx.project, code, body, is_repeatable=ctx.key.is_integration
    )

"""Telling of validations where anybody listens: they leave no trace else, and cost nothing then.

Source: spec events-webhooks-data, section 4.2; adapters-marketing, section 1.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from kupon.engine.model import Status
from kupon.features.customers.schemas import dump_simple_customer
from kupon.features.validations.service.evaluation import Case
from kupon.hooks.tenancy import installed
from kupon.kit.timestamps import format_moment
from kupon.storage.definitions import Definitions
from kupon.storage.uow import UnitOfWork

SUCCEEDED: Final = "customer.validation.succeeded"
FAILED: Final = "customer.validation.failed"

_LISTS: Final = {
    "redeemables": Status.APPLICABLE,
    "inapplicable_redeemables": Status.INAPPLICABLE,
    "skipped_redeemables": Status.SKIPPED,
}
_ALL: Final = "*"


def tell(uow: UnitOfWork, case: Case, validation_id: str) -> None:
    """Tell what came of a stored customer's validation, if anybody but feeds wants to know."""
    customer = case.facts.customer
    type = SUCCEEDED if case.evaluation.is_valid else FAILED
    if customer is None or not _is_heard(case.definitions, type):
        return
    validation = {
        "id": validation_id,
        "customer_id": customer["id"],
        "session_id": (case.body.get("session") or {}).get("key"),
        "status": "VALID" if case.evaluation.is_valid else "INVALID",
        "created_at": format_moment(uow.now),
        **{name: _named(case, status) for name, status in _LISTS.items()},
    }
    told = {name: value for name, value in validation.items() if value is not None}
    payload = {"customer": dump_simple_customer(customer), "validation": told}
    uow.stage(type, customer["id"], payload)


def _named(case: Case, status: Status) -> list[dict[str, Any]]:
    steps = case.evaluation.having(status)
    return [{"id": each.redeemable.id, "type": each.redeemable.object} for each in steps]


def _is_heard(definitions: Definitions, type: str) -> bool:
    connections, receivers = definitions.listeners
    if not (connections or receivers or definitions.plugins):
        return False
    tenants = installed()
    adapters = tenants.contributions.adapters
    return (
        any(name in definitions.plugins for name in tenants.plugins.listeners())
        or any(_wants(events, type) for events in receivers)
        or any(
            adapter in adapters
            and adapters[adapter].manifest().can("events.push")
            and (events is None or _wants(events, type))
            for adapter, events in connections
        )
    )


def _wants(events: Sequence[str], type: str) -> bool:
    return type in events or _ALL in events

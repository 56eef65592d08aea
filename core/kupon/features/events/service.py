"""Taking custom events; what follows from them happens behind the answer.

Source: spec events-webhooks-data, section 7. UNCERTAIN there: unknown events, codes of another
    kind than they should be, and metadata that its schema does not allow are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kupon.engine.metadata import parse_schema, refuse_invalid
from kupon.engine.points import LOYALTY_CARD
from kupon.features.customers import service as customers
from kupon.features.events import schemas
from kupon.features.vouchers import service as vouchers
from kupon.features.vouchers.schemas import dump_campaign_summary, dump_simple_voucher
from kupon.kit.errors import invalid_payload, not_found
from kupon.runtime import ids
from kupon.storage.queries import custom_event_schemas, custom_events
from kupon.storage.queries.custom_event_schemas import NamedSchema
from kupon.storage.queries.customers import find_customers
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.queries.metadata_schemas import load_schemas
from kupon.storage.queries.vouchers import FoundVoucher, get_voucher
from kupon.storage.tables.campaigns import REFERRAL_PROGRAM
from kupon.storage.tables.custom_events import CustomEvent
from kupon.storage.uow import UnitOfWork

EVENT = "customer.custom_event"

Body = Mapping[str, Any]


def track_event(uow: UnitOfWork, project: ProjectFacts, body: Body) -> dict[str, Any]:
    """Store what a customer did, and the customer; the wire's event.

    Raises:  not_found for the event's name, the customer's id and codes; invalid_payload for a
        customer that nothing is said of; metadata_validation_failed.
    """
    if not customers.says_something(body["customer"]):
        raise invalid_payload("Property .customer must name a customer")
    return uow.attempt(lambda: _try(uow, project, body))


def _try(uow: UnitOfWork, project: ProjectFacts, body: Body) -> dict[str, Any]:
    schema = custom_event_schemas.find_by_name(uow, body["event"])
    if schema is None:
        raise not_found("custom_event_schema", body["event"])
    metadata = body.get("metadata") or {}
    _check_metadata(schema, metadata)
    customer = customers.hold_customer(uow, project, body["customer"], load_schemas(uow))
    referral = _find_code(uow, project, body.get("referral"), _is_referral_code)
    loyalty = _find_code(uow, project, body.get("loyalty"), _is_card)
    row = CustomEvent(
        project_id=uow.project_id,
        id=ids.new_id("event_"),
        name=schema.name,
        schema_id=schema.id,
        customer_id=customer["id"],
        event_metadata=metadata,
        created_at=uow.now,
    )
    custom_events.insert_event(uow, row)
    answer = schemas.dump_event(row, customer, _referred(referral), _earning(loyalty))
    payload = {
        "customer": answer["customer"],
        "event": schemas.dump_staged_event(row, answer),
        "event_schema": {"id": schema.id, "name": schema.name},
        "referral": None if referral is None else _referral(uow, referral),
        "loyalty": None if loyalty is None else _code(uow, loyalty),
    }
    uow.stage(EVENT, customer["id"], payload)
    return answer


def _check_metadata(schema: NamedSchema, metadata: Mapping[str, Any]) -> None:
    properties = {
        key: {**definition, "array": False} for key, definition in schema.properties.items()
    }
    known = {"custom_event": parse_schema({"properties": properties})}
    refuse_invalid(known, "custom_event", metadata, is_creation=True)


def _find_code(
    uow: UnitOfWork,
    project: ProjectFacts,
    sent: Body | None,
    is_meant: Callable[[FoundVoucher], bool],
) -> FoundVoucher | None:
    if sent is None:
        return None
    code: str = sent["code"]
    key = vouchers.code_key(code, is_case_sensitive=project.case_sensitive_codes)
    found = get_voucher(uow, code, key)
    if not is_meant(found):
        raise not_found("voucher", code)
    return found


def _is_referral_code(found: FoundVoucher) -> bool:
    return found.campaign is not None and found.campaign.campaign_type == REFERRAL_PROGRAM


def _is_card(found: FoundVoucher) -> bool:
    return found.voucher.type == LOYALTY_CARD


def _referred(found: FoundVoucher | None) -> dict[str, Any] | None:
    """The answer's referral; whoever was sent, the referrer is the one whom the code belongs to."""
    if found is None:
        return None
    referrer_id = found.voucher.holder_id
    known = {"id": found.voucher.id, "code": found.voucher.code, "referrer_id": referrer_id}
    return {name: value for name, value in known.items() if value is not None}


def _earning(found: FoundVoucher | None) -> dict[str, Any] | None:
    return None if found is None else {"code": found.voucher.code}


def _code(uow: UnitOfWork, found: FoundVoucher) -> dict[str, Any]:
    """A code and its campaign as events carry them."""
    [voucher] = vouchers.dump_all(uow, [found])
    campaign = None if found.campaign is None else dump_campaign_summary(found.campaign)
    return {"voucher": dump_simple_voucher(voucher), "campaign": campaign}


def _referral(uow: UnitOfWork, found: FoundVoucher) -> dict[str, Any]:
    return {"referrer": _referrer(uow, found.voucher.holder_id), **_code(uow, found)}


def _referrer(uow: UnitOfWork, customer_id: str | None) -> dict[str, Any] | None:
    if customer_id is None:
        return None
    row = find_customers(uow, [customer_id]).get(customer_id)
    return None if row is None else customers.dump_simple_customer(row)

"""What a body says of an earning rule, checked and tidied for storage.

Source: spec campaigns-loyalty-referral-gift, section 7.3. UNCERTAIN there: a property of metadata
    that no schema knows is taken, one of another type than number is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from kupon.engine.definitions import DefinitionError
from kupon.engine.loyalty.earning import ORDER_PAID, SEGMENT_ENTERED, TIER_EVENTS, parse_earning
from kupon.engine.loyalty.expiration import parse_expiration
from kupon.engine.loyalty.pending import parse_pending_points
from kupon.features.segments import service as segments
from kupon.features.vouchers import service as vouchers
from kupon.kit.errors import KuponError, invalid_payload, not_found
from kupon.storage.queries import custom_event_schemas, loyalty_tiers
from kupon.storage.queries.metadata_schemas import load_schemas
from kupon.storage.tables.loyalties import EarningRule
from kupon.storage.uow import UnitOfWork

Body = Mapping[str, Any]

ANY_TIER = "__ANY__"


@contextmanager
def refusing_definitions() -> Iterator[None]:
    """Answer with what the engine has against a definition."""
    try:
        yield
    except DefinitionError as error:
        raise KuponError(error.key, error.details) from None


def read_event(uow: UnitOfWork, body: Body, path: str) -> dict[str, Any]:
    """The columns that say on what a rule pays; a segment that was passive is watched from now on.

    Shapes:  without an event it is that of the object that the body names, else the paid order.
    Raises:  missing_param; invalid_payload for a custom event under another name than its own;
        not_found for the segment, the custom event or the tier.
    """
    event = body.get("event") or (SEGMENT_ENTERED if "segment" in body else ORDER_PAID)
    if event == ORDER_PAID and "custom_event" not in body:
        return {"event": event}
    if event == SEGMENT_ENTERED:
        segment_id = _named(body, "segment", "id", path)
        segments.activate_segment(uow, segment_id)
        return {"event": event, "segment_id": segment_id}
    if event in TIER_EVENTS:
        tier_id = _named(body, "loyalty_tier", "id", path)
        if tier_id != ANY_TIER and not loyalty_tiers.find_tiers(uow, [tier_id]):
            raise not_found("loyalty_tier", tier_id)
        return {"event": event, "loyalty_tier_id": tier_id}
    return _read_custom_event(uow, body, path)


def _read_custom_event(uow: UnitOfWork, body: Body, path: str) -> dict[str, Any]:
    schema_id = _named(body, "custom_event", "schema_id", path)
    try:
        schema = custom_event_schemas.get_event_schema(uow, uow.project_id, schema_id)
    except KuponError:
        raise not_found("event_schema", schema_id) from None
    if body.get("event") not in (None, schema.name):
        raise invalid_payload(f"Property {path}.event must be the name of the custom event")
    return {"event": schema.name, "custom_event_schema_id": schema.id}


def _named(body: Body, member: str, name: str, path: str) -> str:
    if member not in body:
        raise KuponError("missing_param", f"Property {path}.{member}.{name} is required")
    named: str = body[member][name]
    return named


def read_loyalty(uow: UnitOfWork, rule: EarningRule, sent: Body, path: str) -> dict[str, Any]:
    """What a rule gives, as it is stored.

    Raises:  invalid_payload.
    """
    with refusing_definitions():
        earning = parse_earning(sent, rule.event, path, _is_number(uow, rule))
    return dict(earning.definition)


def _is_number(uow: UnitOfWork, rule: EarningRule) -> Callable[[str, str], bool]:
    def is_number(resource: str, name: str) -> bool:
        if resource == "custom_event":
            schema_id = rule.custom_event_schema_id or ""
            schema = custom_event_schemas.get_event_schema(uow, uow.project_id, schema_id)
            known = schema.properties.get(name)
            return known is None or known["type"] == "number"
        found = load_schemas(uow).get(resource)
        definition = None if found is None else found.properties.get(name)
        return definition is None or definition.type == "number"

    return is_number


def read_pending_points(rule: EarningRule, sent: Body | None, path: str) -> dict[str, Any] | None:
    """How long points have to wait, as it is stored; None where they don't.

    Raises:  invalid_payload on other events than paid orders.
    """
    with refusing_definitions():
        pending = parse_pending_points(sent, f"{path}.pending_points", rule.event)
    return None if pending is None else dict(pending)


def read_expiration(sent: Body | None, path: str) -> dict[str, Any] | None:
    """When points end, as it is stored; None where the programme's rules hold.

    Raises:  invalid_payload.
    """
    if sent is None:
        return None
    rules = {name: value for name, value in sent.items() if value is not None}
    with refusing_definitions():
        parse_expiration(rules, f"{path}.expiration_rules")
    return rules


def set_time_limits(rule: EarningRule, body: Body, path: str) -> None:
    """Write the time limits that a body names into a rule.

    Raises:  invalid_payload.
    """
    limits = vouchers.read_time_limits(body, vouchers.time_limits_of(rule), path)
    for name, value in limits.items():
        setattr(rule, name, value)
